from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pydantic import BaseModel
from tests.base.actors import LEAD, OPERATOR, staff

from citycall.base import clock, events, live, policies, timers
from citycall.base.audit import AuditEntry
from citycall.base.commands import (
    SYSTEM,
    Context,
    Input,
    Line,
    Refused,
    background,
    citizen,
    command,
    commands,
    execute,
    may,
)
from citycall.base.commands.idempotency import IdempotencyKey
from citycall.base.events import Event
from citycall.base.timers import Timer

pytestmark = pytest.mark.django_db(transaction=True)


class Make(Input):
    name: Line
    agency: str = "works"
    fail: str = ""


class Made(BaseModel):
    id: int


def make(ctx: Context, data: Make) -> Made:
    """Make a thing.

    More about it.
    """
    row = Timer()
    fields = {"due": ctx.now, "handler": data.name, "subject_kind": "toy", "subject_id": 1}
    events.record(ctx, row, "toy.made", fields, {"why": "test"}, agencies=[data.agency])
    ctx.audit("toy", row.pk, name=data.name)
    if data.fail:
        raise Refused(data.fail, "不行。")
    return Made(id=row.pk)


@pytest.fixture
def made() -> Any:
    return command("toys.make", who=("operator", "system"), clauses=("NT-5-4-2a",), keyed=True)(make)


def written() -> tuple[int, int, int]:
    return Timer.objects.count(), Event.objects.count(), IdempotencyKey.objects.count()


def test_one_run_writes_row_event_and_audit_entry(made: Any) -> None:
    result = made(OPERATOR, {"name": "x"})
    entry = AuditEntry.objects.get()
    assert (entry.command, entry.outcome, entry.subject_kind) == ("toys.make", "done", "toy")
    assert (entry.subject_id, entry.post, entry.staff_id) == (str(result.id), "call_centre.operator", 7)
    assert (entry.ip, entry.detail) == ("127.0.0.1", {"name": "x"})
    assert Event.objects.get().post == "call_centre.operator"
    assert made(OPERATOR, Make(name="y")).id != result.id
    assert execute("toys.make", OPERATOR, {"name": "z"}).id


def test_a_keyed_run_takes_few_statements(made: Any) -> None:
    policies.in_force_or_none()
    with CaptureQueriesContext(connection) as queries:
        made(OPERATOR, {"name": "x"}, key="k1")
    said = [query["sql"].split()[0] for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
    assert len(said) == 4, said  # key, row, event; audit entry, answer and signals in one


def test_who_may(made: Any) -> None:
    made(SYSTEM, {"name": "x"})
    for actor in (LEAD, citizen(), staff()):
        assert not may(actor, "toys.make")
        with pytest.raises(Refused) as refused:
            made(actor, {"name": "x"})
        assert (refused.value.code, refused.value.status) == ("not_permitted", 403)
    assert may(OPERATOR, "toys.make")
    assert not may(OPERATOR, "toys.unknown")
    assert Timer.objects.count() == 1
    # The refusals are on record.
    outcomes = AuditEntry.objects.order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["done"] + 3 * ["not_permitted"]


def test_the_pack_may_give_a_command_to_others(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pack:
        may = {"toys.make": ["lead"]}  # noqa: RUF012

    monkeypatch.setattr(policies, "in_force_or_none", Pack)
    assert may(LEAD, "toys.make")
    assert not may(OPERATOR, "toys.make")
    made(LEAD, {"name": "x"})
    assert AuditEntry.objects.get().post == "call_centre.lead"


@pytest.mark.parametrize(
    ("word", "actor"),
    [("citizen", citizen()), ("staff", staff()), ("anyone", citizen()), ("anyone", staff())],
)
def test_the_words_of_who(word: str, actor: Any) -> None:
    assert command("toys.make", who=(word,))(make)(actor, {"name": "x"}).id


def test_a_refusal_writes_nothing(made: Any) -> None:
    with pytest.raises(Refused, match="wrong"):
        made(OPERATOR, {"name": "x", "fail": "wrong"}, key="k")
    assert written() == (0, 0, 0)
    assert not AuditEntry.objects.exists()
    assert made(OPERATOR, {"name": "x"}, key="k").id  # the key is free again


def test_permission_inside_a_command() -> None:
    def touch(ctx: Context, data: Make) -> None:
        """Touch a thing of an agency."""
        make(ctx, data)
        ctx.require_agency(data.agency)

    touched = command("toys.touch", who=("window", "head"))(touch)
    two = staff("env.window", "works.head")
    touched(two, {"name": "x", "agency": "works"})
    assert AuditEntry.objects.get().post == "works.head"
    before = written()
    with pytest.raises(Refused) as refused:
        touched(two, {"name": "x", "agency": "police"})
    assert refused.value.code == "not_permitted"
    assert written() == before
    assert AuditEntry.objects.latest("id").outcome == "not_permitted"


def test_a_command_within_a_command(made: Any) -> None:
    def outer(ctx: Context, data: Make) -> Made:
        """Make one, try another."""
        first: Made = made(ctx, {"name": data.name})
        with pytest.raises(Refused):
            made(ctx, {"name": "y", "fail": "wrong"})
        with pytest.raises(Refused):
            command("toys.other", who=("lead",))(make)(ctx, {"name": "z"})
        ctx.audit("toy", first.id)
        return first

    command("toys.outer", who=("operator",))(outer)(OPERATOR, {"name": "x"})
    assert Timer.objects.count() == 1  # what the refused one did is gone
    trail = AuditEntry.objects.order_by("id").values_list("command", "outcome")
    assert list(trail) == [
        ("toys.outer", "done"),
        ("toys.make", "done"),
        ("toys.other", "not_permitted"),
    ]
    assert len(set(AuditEntry.objects.values_list("xid", flat=True))) == 1


def test_what_a_refused_command_had_gathered_goes_with_it(made: Any) -> None:
    """Rows, audit entries, stored answers and signals put off to the closing statement are undone too."""

    def inner(ctx: Context, data: Make) -> None:
        """Make one with all that comes with it, and be refused."""
        made(ctx, {"name": "within"}, key="within")
        timer = Timer(due=ctx.now, handler="late", subject_kind="toy", subject_id=2)
        timers.set_timers([timer])
        ctx.signal("toy:inner")
        ctx.wake_worker()
        raise Refused("wrong", "不行。")

    refused = command("toys.inner", who=("operator",))(inner)

    def outer(ctx: Context, data: Make) -> bool:
        """Try it, and go on without."""
        ctx.signal("toy:outer")
        timers.set_timers([Timer(due=ctx.now, handler="kept", subject_kind="toy", subject_id=3)])
        with pytest.raises(Refused):
            refused(ctx, {"name": "x"})
        assert ctx.run.topics == {"toy:outer"}
        return ctx.run.wake

    assert command("toys.outer", who=("operator",))(outer)(OPERATOR, {"name": "x"}) is False
    assert [timer.handler for timer in Timer.objects.all()] == ["kept"]
    assert list(AuditEntry.objects.values_list("command", flat=True)) == ["toys.outer"]
    assert not IdempotencyKey.objects.exists()


def test_a_deadlock_is_tried_again() -> None:
    tries = []

    class Deadlock(Exception):
        sqlstate = "40P01"

    def stubborn(ctx: Context, data: Make) -> int:
        """Succeed at the third try."""
        tries.append(make(ctx, data))
        if len(tries) < 3:
            raise OperationalError("deadlock") from Deadlock()
        return len(tries)

    assert command("toys.stubborn", who=("operator",))(stubborn)(OPERATOR, {"name": "x"}) == 3
    assert written() == (1, 1, 0)
    assert AuditEntry.objects.count() == 1


def test_signals_come_once_and_only_with_the_commit(made: Any) -> None:
    with live.connect() as screen:
        with pytest.raises(Refused):
            made(OPERATOR, {"name": "x", "fail": "wrong"})
        result = made(OPERATOR, {"name": "x"})
        heard = [note.payload for note in screen.notifies(timeout=1, stop_after=2)]
    assert heard == ["agency:works", f"timer:{result.id}"]


def test_many_signals_come_too() -> None:
    topics = {f"toy:{number}" for number in range(60)}
    with live.connect() as screen:
        with background("toys.many") as ctx:
            ctx.signal(*topics)
        live.signal(["calls", "calls"])
        heard = [note.payload for note in screen.notifies(timeout=1, stop_after=61)]
    assert set(heard) == topics | {"calls"}
    assert len(heard) == 61


def test_background_work_is_audited_and_may_run_commands(made: Any) -> None:
    with background("toys.nightly") as ctx:
        made(ctx, {"name": "x"})
    assert list(AuditEntry.objects.order_by("id").values_list("command", "actor_kind")) == [
        ("toys.make", "system"),
        ("toys.nightly", "system"),
    ]


def test_the_registry_tells_what_can_be_done(made: Any) -> None:
    spec = commands()["toys.make"]
    assert (spec.who, spec.clauses, spec.keyed) == (("operator", "system"), ("NT-5-4-2a",), True)
    assert spec.doc.startswith("Make a thing.")
    assert spec.input_schema["required"] == ["name"]
    assert spec.input_schema["additionalProperties"] is False


def test_two_commands_cannot_have_one_name(made: Any) -> None:
    def other(ctx: Context, data: Make) -> None: ...

    with pytest.raises(ValueError, match="two commands"):
        command("toys.make", who=())(other)


def test_a_command_takes_one_input() -> None:
    def wrong(ctx: Context, name: str) -> None: ...

    wrongly: Callable[[Context, Any], None] = wrong
    with pytest.raises(TypeError, match="write it as"):
        command("toys.wrong", who=())(wrongly)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(Refused, match="not_found"):
        execute("toys.nothing", OPERATOR, {})


def test_the_time_is_fixed_for_one_run(made: Any) -> None:
    with clock.at(clock.now()):
        made(OPERATOR, {"name": "x"})
        assert Event.objects.get().at == AuditEntry.objects.get().at == Timer.objects.get().due == clock.now()
