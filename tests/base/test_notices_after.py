"""What follows when a notice is sent, and many notices at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.base.outbox import NOW, People, Wire, later, notice, overdue, people, the, wire

from citycall.base import notices, policies, timers
from citycall.base.audit import AuditEntry
from citycall.base.channels.recording import RecordedMessage
from citycall.base.commands import background
from citycall.base.notices import Notice
from citycall.base.notices.sending import LEASE
from citycall.base.timers import Timer

pytestmark = pytest.mark.django_db
__all__ = ["people", "wire"]


def test_what_follows_runs_once_with_the_whole_batch_in_the_same_transaction() -> None:
    seen: list[list[str]] = []

    @notices.on_sent("test.follow")
    def follow(rows: Sequence[Notice]) -> None:
        with background("test.follow"):
            assert all(Notice.objects.get(pk=row.pk).state == "sent" for row in rows)
            seen.append([row.key for row in rows])

    notices.queue([notice("n1", on_sent="test.follow"), notice("n2"), notice("n3", on_sent="test.follow")])
    notices.send_due()
    assert seen == [["n1", "n3"]]
    assert not Timer.objects.exists()
    assert AuditEntry.objects.get().command == "test.follow"  # one entry, the follower's own


def test_what_fails_afterwards_does_not_unsend_the_message_and_is_done_later(wire: Wire) -> None:
    done: list[str] = []
    wrong = ["n1"]

    @notices.on_sent("test.follow")
    def follow(rows: Sequence[Notice]) -> None:
        if any(row.key in wrong for row in rows):
            Notice.objects.update(reason="half done")
            raise RuntimeError("no such case")
        done.extend(row.key for row in rows)

    notices.queue([notice("n1", on_sent="test.follow"), notice("n2", on_sent="test.follow")])
    notices.send_due()
    assert (the("n1").state, the("n2").state, the("n1").reason) == ("sent", "sent", "")
    assert done == []
    assert timers.sweep() == 2
    assert done == ["n2"]
    broken = Timer.objects.get(state="broken")  # visible, and mended when its cause is gone
    assert (broken.handler, broken.payload["notice"]) == ("notices.followed", the("n1").pk)
    assert "no such case" in broken.error
    wrong.clear()
    assert timers.mend(broken.pk)
    timers.sweep()
    assert done == ["n2", "n1"]
    assert len(wire.sent) == 2


def test_an_unknown_follower_is_on_record() -> None:
    notices.queue([notice(on_sent="test.unknown")])
    notices.send_due()
    assert the().state == "sent"
    timers.sweep()
    assert "test.unknown" in Timer.objects.get(state="broken").error


@pytest.mark.django_db(transaction=True)
def test_a_locked_case_does_not_send_the_message_again(wire: Wire) -> None:
    """The case is locked for longer than the sender may wait: the answer is out once, and recorded later."""
    import threading

    case = Timer.objects.create(
        due=NOW + timedelta(days=1), handler="toys.case", subject_kind="case", subject_id=1
    )
    done: list[str] = []

    @notices.on_sent("test.follow")
    def follow(rows: Sequence[Notice]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        Timer.objects.select_for_update().get(pk=case.pk)
        done.extend(row.key for row in rows)

    notices.queue([notice(on_sent="test.follow")])
    counts: list[int] = []

    def sender() -> None:
        try:
            counts.append(notices.send_due())
            counts.append(timers.sweep())  # the case is still locked
        finally:
            connection.close()

    with transaction.atomic():
        Timer.objects.select_for_update().get(pk=case.pk)
        thread = threading.Thread(target=sender)
        thread.start()
        thread.join(20)
    assert counts == [1, 0]
    assert (the().state, done, len(wire.sent)) == ("sent", [], 1)
    assert timers.sweep() == 1
    with later(seconds=LEASE.total_seconds() + 1):
        assert notices.send_due() == 0
    assert (done, len(wire.sent)) == (["n1"], 1)


def test_a_batch_takes_the_same_few_statements_whatever_its_size(people: People) -> None:
    def statements(many: int, name: str) -> int:
        notices.queue([notice(f"{name}{number}") for number in range(many)])
        with CaptureQueriesContext(connection) as seen:
            assert notices.send_due(limit=500) == many
        return len(seen)

    policies.in_force()
    small, large = statements(2, "a"), statements(400, "b")
    assert large == small <= 10
    assert people.calls == 2


@pytest.mark.django_db(transaction=True)
def test_two_senders_share_the_work_and_nothing_goes_twice() -> None:
    import threading

    notices.queue([notice(f"n{number}") for number in range(300)])
    notices.queue([overdue(n) for n in range(1, 9)])
    counts: list[int] = []

    def work() -> None:
        try:
            while found := notices.send_due(limit=20):
                counts.append(found)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while notices.send_due():
        pass
    assert Notice.objects.filter(state="sent").count() == 308
    assert RecordedMessage.objects.count() == 301
