import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from citycall.base import clock, events, timers
from citycall.base.audit import AuditEntry
from citycall.base.commands import Context, background
from citycall.base.events import Event
from citycall.base.timers import State, Timer, timer_handler

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def setting(*minutes: int, handler: str = "toys.clock") -> list[Timer]:
    return timers.set_timers(
        Timer(due=START + timedelta(minutes=m), handler=handler, subject_kind="toy", subject_id=m)
        for m in minutes
    )


def states() -> list[str]:
    return list(Timer.objects.order_by("id").values_list("state", flat=True))


def test_due_timers_are_struck_once_in_order() -> None:
    seen: list[int] = []

    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        seen.extend(timer.subject_id for timer in batch)
        assert ctx.actor.kind == "system"
        assert ctx.now == clock.now()

    setting(9, 3, 30, 5, 3)
    with clock.at(START + timedelta(minutes=10)):
        assert timers.next_due() == START + timedelta(minutes=3)
        assert timers.sweep() == 4
        assert timers.sweep() == 0
    assert seen == [3, 3, 5, 9]
    assert timers.next_due() == START + timedelta(minutes=30)
    assert Timer.objects.filter(state=State.STRUCK, struck_at=START + timedelta(minutes=10)).count() == 4
    entry = AuditEntry.objects.get()
    assert (entry.command, entry.via, len(entry.detail["timers"])) == ("timer:toys.clock", "worker", 4)


def test_until_and_limit() -> None:
    timer_handler("toys.clock")(lambda ctx, batch: None)
    setting(1, 2, 3, 4)
    with clock.at(START + timedelta(minutes=10)):
        assert timers.sweep(until=START + timedelta(minutes=2)) == 2
        assert timers.sweep(limit=1) == 1
        assert timers.sweep() == 1


def test_a_daily_timer_sets_the_next_one() -> None:
    @timer_handler("toys.daily")
    def strike(ctx: Context, batch: list[Timer]) -> Iterable[Timer]:
        for timer in batch:
            yield Timer(
                due=timer.due + timedelta(days=1),
                handler=timer.handler,
                subject_kind=timer.subject_kind,
                subject_id=timer.subject_id,
                payload={"day": timer.payload.get("day", 0) + 1, "at": ctx.now},
            )

    setting(0, handler="toys.daily")
    for day in range(3):
        with clock.at(START + timedelta(days=day)):
            assert timers.sweep() == 1
            assert timers.sweep() == 0
    assert Timer.objects.get(state=State.PENDING).payload["day"] == 3


def test_a_broken_timer_is_set_aside_and_blocks_nobody(caplog: pytest.LogCaptureFixture) -> None:
    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        for timer in batch:
            events.record(ctx, timer, "toy.struck", {"error": "touched"})
            if timer.subject_id == 3:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")

    setting(1, 3, 5)
    with clock.at(START + timedelta(hours=1)), caplog.at_level(logging.ERROR, "citycall.timers"):
        assert timers.sweep() == 3
    assert states() == ["struck", "broken", "struck"]
    assert Event.objects.count() == 2  # nothing of the broken one, nothing twice
    broken = Timer.objects.get(state=State.BROKEN)
    assert "division by zero" in broken.error
    assert "set aside" in caplog.text
    assert timers.mend(broken.pk)
    assert states() == ["struck", "pending", "struck"]


def test_an_unknown_handler_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citycall.base.worker.autoload", lambda: None)
    setting(1, handler="toys.unknown")
    with clock.at(START + timedelta(hours=1)):
        assert timers.sweep() == 1
    assert "toys.unknown" in Timer.objects.get(state=State.BROKEN).error


@pytest.mark.parametrize(
    ("sqlstate", "left"),
    [
        ("57P01", "raises"),
        ("40P01", "pending"),
        ("55P03", "pending"),
        ("57014", "pending"),
        ("23505", "broken"),
    ],
)
def test_only_the_timers_own_faults_set_it_aside(sqlstate: str, left: str) -> None:
    class Cause(Exception):
        pass

    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        cause = Cause()
        cause.sqlstate = sqlstate  # type: ignore[attr-defined]
        kind: type[DatabaseError] = IntegrityError if sqlstate.startswith("23") else OperationalError
        raise kind("trouble") from cause

    setting(1, 2)
    with clock.at(START + timedelta(hours=1)):
        if left == "raises":
            with pytest.raises(OperationalError):
                timers.sweep()
            left = "pending"
        else:
            timers.sweep()
    assert states() == [left, left]


def test_a_row_locked_for_too_long_is_struck_by_the_next_sweep() -> None:
    """A single timer that meets a locked row waits; daily dunning does not end there."""
    row = Timer.objects.create(
        due=START + timedelta(days=9), handler="toys.row", subject_kind="toy", subject_id=0
    )

    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        Timer.objects.select_for_update().get(pk=row.pk)

    def sweeping() -> None:
        try:
            timers.sweep()
        finally:
            connection.close()

    (timer,) = setting(1)
    with clock.at(START + timedelta(hours=1)):
        with transaction.atomic():
            Timer.objects.select_for_update().get(pk=row.pk)
            thread = threading.Thread(target=sweeping)
            thread.start()
            thread.join(10)
        timer.refresh_from_db()
        assert (timer.state, timer.error) == ("pending", "")
        assert timers.sweep() == 1
    timer.refresh_from_db()
    assert timer.state == "struck"


def test_one_at_a_time() -> None:
    sizes = []

    @timer_handler("toys.clock", batch=False)
    def strike(ctx: Context, batch: list[Timer]) -> None:
        sizes.append(len(batch))

    setting(1, 2, 3)
    with clock.at(START + timedelta(hours=1)):
        assert timers.sweep() == 3
    assert sizes == [1, 1, 1]


def test_a_handler_may_find_a_timer_pointless() -> None:
    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        batch[0].state = State.CANCELLED

    setting(1, 2)
    with clock.at(START + timedelta(hours=1)):
        assert timers.sweep() == 2
    assert states() == ["cancelled", "struck"]


def test_cancelling() -> None:
    timer_handler("toys.clock")(lambda ctx, batch: None)
    one, two, other = (
        Timer(
            due=START, handler="toys.clock", subject_kind="toy", subject_id=1, payload={"clock": "a", "n": 1}
        ),
        Timer(due=START, handler="toys.clock", subject_kind="toy", subject_id=1, payload={"clock": "b"}),
        Timer(due=START, handler="toys.clock", subject_kind="toy", subject_id=2),
    )
    timers.set_timers([one, two, other])
    assert timers.cancel("toy", 1, payload={"clock": "a"}) == 1
    assert timers.cancel("toy", 1, handler="toys.other") == 0
    assert states() == ["cancelled", "pending", "pending"]
    assert timers.cancel("toy", 1) == 1
    with clock.at(START + timedelta(hours=1)):
        assert timers.sweep() == 1


def test_cancelling_what_is_just_being_struck_does_not_wait() -> None:
    """A sweep holds the timer and wants the row, a command holds the row and cancels the timer."""
    row = Timer.objects.create(
        due=START + timedelta(days=9), handler="toys.row", subject_kind="toy", subject_id=0
    )
    asking = threading.Event()
    found: list[str] = []

    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        asking.set()
        state = Timer.objects.select_for_update().get(pk=row.pk).payload.get("clock", "running")
        found.append(state)
        if state == "stopped":
            batch[0].state = State.CANCELLED

    def sweeping() -> None:
        try:
            timers.sweep()
        finally:
            connection.close()

    (timer,) = setting(1)
    thread = threading.Thread(target=sweeping)
    with clock.at(START + timedelta(hours=1)), background("toys.stop"):
        Timer.objects.select_for_update().get(pk=row.pk)
        thread.start()
        assert asking.wait(10)
        assert timers.cancel("toy", 1) == 0  # at once: the sweep has it
        Timer.objects.filter(pk=row.pk).update(payload={"clock": "stopped"})
    thread.join(10)
    assert found == ["stopped"]
    timer.refresh_from_db()
    assert timer.state == "cancelled"


def test_lateness_is_measured() -> None:
    timer_handler("toys.clock")(lambda ctx, batch: None)
    timers.lateness.take()
    setting(1, 2)
    with clock.at(START + timedelta(minutes=3)):
        timers.sweep()
    taken = timers.lateness.take()
    assert (taken.struck, taken.worst) == (2, timedelta(minutes=2))
    assert timers.lateness.take().worst == timedelta(0)


def test_a_sweep_that_dies_has_done_nothing() -> None:
    @timer_handler("toys.clock")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        events.record_many(ctx, [events.Change(timer, "toy.struck") for timer in batch])
        raise SystemExit

    setting(1, 2)
    with clock.at(START + timedelta(hours=1)), pytest.raises(SystemExit):
        timers.sweep()
    assert states() == ["pending", "pending"]
    assert not Event.objects.exists()
    assert transaction.get_connection().get_autocommit()
