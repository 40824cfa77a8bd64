from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from citycall.base import clock, events
from citycall.base.audit import AuditEntry
from citycall.base.commands import background
from citycall.base.events import Change, Event
from citycall.base.timers import State, Timer

pytestmark = pytest.mark.django_db(transaction=True)


def new(subject_id: int = 1) -> Timer:
    row = Timer()
    with background("toys.made") as ctx:
        fields = {
            "due": ctx.now,
            "handler": "toys.x",
            "subject_kind": "toy",
            "subject_id": subject_id,
            "state": State.PENDING,
        }
        events.record(ctx, row, "toy.made", fields)
    return row


def test_the_row_is_the_fold_of_its_events() -> None:
    row = new()
    with background("toys.changed") as ctx:
        events.record(ctx, row, "toy.struck", {"state": State.STRUCK, "struck_at": ctx.now}, {"late": False})
        events.record(ctx, row, "toy.seen")
    folded = events.fold("timer", row.pk)
    assert folded["state"] == "struck"
    assert folded["handler"] == "toys.x"
    assert folded["struck_at"].endswith("Z")
    assert events.differences(row) == {}
    kinds = [event.kind for event in events.history("timer", row.pk)]
    assert kinds == ["toy.made", "toy.struck", "toy.seen"]
    assert events.history("timer", row.pk)[1].info == {"late": False}

    Timer.objects.filter(pk=row.pk).update(state=State.BROKEN)  # past the events
    assert events.differences(row) == {"state": ("broken", "struck")}


def test_the_audit_entry_is_about_the_first_row_recorded() -> None:
    row = new()
    entry = AuditEntry.objects.get()
    assert (entry.subject_kind, entry.subject_id) == ("timer", str(row.pk))


@pytest.mark.parametrize("statement", ["UPDATE base_event SET kind = 'x'", "DELETE FROM base_event"])
def test_the_database_refuses_to_change_an_event(statement: str) -> None:
    new()
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.get().kind == "toy.made"


def test_many_changes_take_few_statements() -> None:
    rows = [new(number) for number in range(30)]
    with CaptureQueriesContext(connection) as queries, background("toys.all") as ctx:
        made = events.record_many(
            ctx, [Change(row, "toy.struck", {"state": State.STRUCK}, {"n": 1}, ["works"]) for row in rows]
        )
    statements = [query["sql"] for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
    assert len(statements) == 3  # rows, events, and the closing one
    assert all(event.pk for event in made)
    assert all(events.differences(row) == {} for row in rows)


def test_new_rows_may_be_among_many_changes() -> None:
    known = new()
    fields = {"due": clock.now(), "handler": "toy", "subject_kind": "toy", "subject_id": 1}
    made = [Timer(), Timer()]
    with background("toys.all") as ctx:
        changes = [Change(row, "toy.made", fields) for row in made]
        events.record_many(ctx, [*changes, Change(known, "toy.grew", {"subject_id": 9})])
    for row in (*made, known):
        assert events.differences(row) == {}
    assert [events.history("timer", row.pk).get().kind for row in made] == ["toy.made", "toy.made"]


def test_personal_data_never_goes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timer._meta.get_field("error"), "private", True, raising=False)
    row = new()
    with pytest.raises(TypeError, match="personal"), background("toys.leak") as ctx:
        events.record(ctx, row, "toy.leaked", {"error": "0912345678"})
    assert Event.objects.count() == 1


@pytest.mark.parametrize("fields", [{"nothing": 1}, {"error": object()}])
def test_what_is_no_column_or_no_json_is_refused(fields: dict[str, Any]) -> None:
    row = new()
    with pytest.raises((TypeError, FieldDoesNotExist)), background("toys.wrong") as ctx:
        events.record(ctx, row, "toy.wrong", fields)
    assert Event.objects.count() == 1
