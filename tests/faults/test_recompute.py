"""Clocks are counted anew by several workers, some of which are killed; and a strike is just being made."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections, transaction
from tests.faults.processes import database_url, kill, until, worker
from tests.guards.worlds import HERE, as_post

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("world"), pytest.mark.xdist_group("faults")]

CASES = 40
PETITION: dict[str, Any] = {
    "kind": "petition",
    "agency": "civil",
    "description": "建議延長市民活動中心開放時間",
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}


def run(command: str, by: str, /, **given: Any) -> Any:
    from citycall.base.commands import execute

    return execute(command, as_post(by), given)


def petitions(number: int = CASES) -> list[int]:
    return [run("cases.establish", "call_centre.operator1", **PETITION).case for _ in range(number)]


def working_day(after: int) -> date:
    """A working day so many working days from now."""
    from citycall.base import clock, policies

    calendar = policies.in_force()[1].calendar()
    day = clock.today()
    for _ in range(after):
        day = calendar.next_working_day(day)
    return day


def close(day: date) -> int:
    made: int = run("oversight.declare_closure", "research.director", day=day, reason="颱風").closure
    return made


def sound(day: date, cases: list[int]) -> None:
    """Each case was moved once, and is what its events tell; each strike waits once, at the new limit."""
    from citycall.base import events, policies
    from citycall.base.closures import calendar_of
    from citycall.base.events import Event
    from citycall.base.portions import Portion
    from citycall.base.timers import Timer
    from citycall.policy.clocks import read_limit
    from citycall.services.cases.models import Case, CaseClock

    policies.refresh()
    calendar = calendar_of(policies.in_force()[1])
    assert not calendar.is_working_day(day)
    for running in CaseClock.objects.filter(state="running", code="petition"):
        limit = read_limit(running.limit)
        assert limit is not None
        assert running.due == limit.after(running.started_at, calendar)
        assert running.case.due_at == running.due
        waiting = Timer.objects.filter(subject_id=running.case_id, state="pending", payload__clock="petition")
        assert [timer.due for timer in waiting] == [running.due]
    told = Counter(Event.objects.filter(kind="case.due_changed").values_list("subject_id", flat=True))
    assert told == Counter(cases)
    for case in Case.objects.all():
        assert events.differences(case) == {}
    assert not Portion.objects.exclude(state="done").exists()


def waits() -> bool:
    """Another process or thread waits for a lock in this database."""
    with psycopg.connect(database_url(), autocommit=True) as own:
        found = own.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        ).fetchone()
    return bool(found and found[0])


def lay_out(monkeypatch: pytest.MonkeyPatch, size: int, stripes: int = 1) -> None:
    """Have the job begun at once, in portions of so many cases, each of every so-many-th case."""
    from citycall.base.portions import Job, work_off
    from citycall.services.cases import recompute

    monkeypatch.setattr(recompute, "CASES", size)
    monkeypatch.setattr(recompute, "STRIPES", stripes)
    Job.objects.update(seen_at=datetime(2026, 1, 1, tzinfo=HERE), horizon=1)
    assert work_off() == 1


def test_killed_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A portion half done is undone, and done by who comes after; nothing twice."""
    from citycall.base import audit
    from citycall.base.portions import Job, Portion
    from citycall.services.cases.models import CaseClock

    log = tmp_path / "log"
    cases = petitions()
    day = working_day(2)
    close(day)
    lay_out(monkeypatch, 7)

    def states() -> list[str]:
        return list(Portion.objects.order_by("id").values_list("state", flat=True))

    assert states() == ["pending"] * 6
    with transaction.atomic():
        # Its limit is being written by somebody: the worker comes to wait here, amid the third portion.
        list(CaseClock.objects.select_for_update().filter(case=cases[18], code="petition"))
        with worker(log) as process:
            until(waits)
            kill(process)
    until(lambda: not waits())
    assert states() == ["done"] * 2 + ["pending"] * 4
    half = CaseClock.objects.filter(case__in=cases[14:21], code="petition")
    assert not [clock for clock in half if clock.case.due_at != clock.due]
    with worker(log) as first, worker(log):
        until(lambda: states().count("done") > 2)
        kill(first)
        until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
    sound(day, cases)
    until(lambda: not audit.chain() and audit.verify().waiting == 0)
    assert audit.verify().ok


def test_by_itself_as_it_runs(tmp_path: Path) -> None:
    """Declared while workers run and cases come in: none is left with the limit of before."""
    from citycall.base.portions import Job

    log = tmp_path / "log"
    cases = petitions(12)
    day = working_day(2)
    with worker(log), worker(log):
        close(day)
        later = petitions(6)  # by a process that knows of it at once
        until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
    assert len(later) == 6
    sound(day, cases)


def test_who_did_not_know_yet_is_found(tmp_path: Path) -> None:
    """A case that another process takes by what it knew before is counted anew like the others."""
    from citycall.base import closures
    from citycall.base.portions import Job

    log = tmp_path / "log"
    cases = petitions(3)
    day = working_day(2)
    close(day)
    # For the time of its memory a process may go on as if nothing were declared.
    known = closures._known
    known.standing, known.by_place, known.checked_at = frozenset(), {}, float("inf")
    cases += petitions(3)
    known.checked_at = float("-inf")
    with worker(log):
        until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
    sound(day, cases)


@pytest.mark.parametrize("stripes", [1, 5])
def test_somebody_is_working_on_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stripes: int) -> None:
    """It is passed over, the others are done, and it is done when it is free."""
    from citycall.base.portions import Job
    from citycall.services.cases.models import Case

    log = tmp_path / "log"
    cases = petitions(10)
    day = working_day(2)
    close(day)
    lay_out(monkeypatch, 1000, stripes)
    with worker(log), transaction.atomic():
        (mine,) = Case.objects.select_for_update().filter(pk=cases[4])
        until(lambda: _due_moved() == set(cases) - {mine.pk})
        assert not Job.objects.filter(finished_at__isnull=False).exists()
    with worker(log):
        until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
    sound(day, cases)


def _due_moved() -> set[int]:
    with psycopg.connect(database_url(), autocommit=True) as own:
        rows = own.execute("SELECT subject_id FROM base_event WHERE kind = 'case.due_changed'").fetchall()
    return {row[0] for row in rows}


def test_a_strike_is_just_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep has the timer in its hands and waits for the case: neither is lost, neither comes twice."""
    from citycall.base import clock, timers
    from citycall.base.portions import settled, work_off
    from citycall.base.timers import Timer
    from citycall.services.cases.models import Case
    from citycall.services.cases.recompute import writing

    day = working_day(2)
    (case,) = petitions(1)
    before = Case.objects.get(pk=case).due_at
    assert before is not None
    really, sweeping = writing.timers, []

    def timers_while_sweeping(*given: Any) -> Any:
        thread = threading.Thread(target=_sweep, args=(timers,))
        thread.start()
        sweeping.append(thread)
        until(waits)
        return really(*given)

    monkeypatch.setattr(writing, "timers", timers_while_sweeping)
    with clock.at(before + timedelta(minutes=1)):
        close(day)
        while not settled():
            work_off()
        sweeping[0].join(30)
        assert not sweeping[0].is_alive()
        moved = Case.objects.get(pk=case)
        assert moved.due_at is not None
        assert moved.due_at > before
        assert not moved.overdue
        states = Timer.objects.filter(subject_id=case).order_by("id").values_list("state", "due")
        assert list(states) == [("cancelled", before), ("pending", moved.due_at)]
    sound(day, [case])
    with clock.at(moved.due_at + timedelta(minutes=1)):
        assert timers.sweep() == 1
        assert Case.objects.get(pk=case).overdue


def _sweep(timers: Any) -> None:
    try:
        timers.sweep()
    finally:
        connections.close_all()


@pytest.mark.parametrize("closed", [False, True])
def test_missed_for_days(tmp_path: Path, closed: bool) -> None:
    """Nobody worked for days: dunning is made up once, for its own day, and goes on in its time (NT-5-4-5a).

    A closure of those days that is declared on return does not make it twice.
    """
    from citycall.base import audit, clock
    from citycall.base.notices import Notice
    from citycall.base.portions import Job
    from citycall.base.timers import Timer
    from citycall.services.cases.models import Case

    now = clock.now()
    lamp = {
        "item": "streetlight",
        "description": "路燈不亮",
        "place": {"address": "新北市板橋區中山路一段161號"},
        "reporter": {"name": "王小明", "phone": "0912345678"},
    }
    cases = []
    with clock.at(now - timedelta(days=20)):
        for _ in range(8):
            case = run("cases.establish", "call_centre.operator1", **lamp).case
            run("cases.acknowledge", "works.intake_window", case=case)
            run("cases.take", "works.handler1", case=case)
            asked = {"case": case, "to": "ordinary", "reason": "須開挖路面"}
            run("cases.request_stage", "works.handler1", **asked)
            run("cases.decide_stage", "call_centre.lead", case=case, approve=True, reason="同意")
            cases.append(case)
    due = Case.objects.get(pk=cases[0]).due_at
    assert due is not None
    assert due < now - timedelta(days=5)
    log = tmp_path / "log"
    with worker(log), worker(log):
        if closed:
            close(clock.local(now - timedelta(days=16)).date())
            until(lambda: Job.objects.filter(finished_at__isnull=False).exists())
        until(lambda: not Timer.objects.filter(state="pending", due__lte=clock.now()).exists())
        until(lambda: Notice.objects.filter(template="fast.overdue").exists())
    dunned = Counter(
        Notice.objects.filter(template="fast.overdue").values_list("about_id", "to_post", "channel")
    )
    assert set(dunned.values()) == {1}
    assert {case for case, _post, _channel in dunned} == set(cases)
    waiting = Timer.objects.filter(state="pending", payload__strike="dunning")
    assert Counter(timer.subject_id for timer in waiting) == Counter(cases)
    assert all(now < timer.due <= now + timedelta(days=1, hours=1) for timer in waiting)
    assert set(Case.objects.values_list("overdue", flat=True)) == {True}
    until(lambda: not audit.chain() and audit.verify().waiting == 0)
    assert audit.verify().ok
