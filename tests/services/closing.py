"""A city whose days close, on a virtual clock, and the proof that every clock is as counted from scratch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import HERE, LAMP, as_post, kept_world

PETITION: dict[str, Any] = {
    "kind": "petition",
    "agency": "civil",
    "description": "建議延長市民活動中心開放時間",
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}
BANQIAO, SANCHONG = "65000010", "65000020"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    with kept_world(django_db_blocker) as timeline:
        yield timeline


@pytest.fixture
def time(world: Any, db: None) -> Iterator[Any]:
    from citycall.base import clock, closures

    start = clock.now()
    closures.refresh()
    yield world
    clock.set_virtual(start)
    closures.refresh()


def do(command: str, by: str, /, **given: Any) -> Any:
    from citycall.base.commands import execute

    return execute(command, as_post(by), given)


def take(**changes: Any) -> int:
    made: int = do("cases.establish", "call_centre.operator1", **{**PETITION, **changes}).case
    return made


def lamp(**changes: Any) -> int:
    return take(**{"agency": None, **LAMP, **changes})


def close(day: date, **changes: Any) -> int:
    given = {"day": day, "reason": "颱風"} | changes
    made: int = do("oversight.declare_closure", "research.director", **given).closure
    return made


def reopen_day(closure: int) -> None:
    do("oversight.withdraw_closure", "research.director", closure=closure, reason="照常上班")


def of(case: int) -> Any:
    from citycall.services.cases.models import Case

    return Case.objects.get(pk=case)


def clock_of(case: int, code: str = "petition") -> Any:
    from citycall.services.cases.models import CaseClock

    return CaseClock.objects.filter(case=case, code=code).latest("pk")


def pending(case: int, code: str = "petition") -> list[tuple[str, datetime]]:
    from citycall.base.timers import Timer

    found = Timer.objects.filter(
        state="pending", subject_kind="case", subject_id=case, payload__clock=code
    ).order_by("due", "id")
    return [(timer.payload["strike"], timer.due) for timer in found]


def moves(case: int) -> list[Any]:
    from citycall.base.events import Event

    return list(Event.objects.filter(subject_kind="case", subject_id=case, kind="case.due_changed"))


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


def sound() -> None:
    """Whatever happened: every running clock, its case and its timers are as counted from scratch now."""
    from citycall.base import clock, events
    from citycall.base.closures import calendar_of
    from citycall.base.policies import pack_of
    from citycall.base.portions import Portion, settled
    from citycall.base.timers import Timer
    from citycall.policy.clocks import first_strikes, read_limit
    from citycall.services.cases.models import OPEN_STATUSES, Case, CaseClock

    assert settled()
    assert not Portion.objects.filter(state="broken").exists()
    assert not Timer.objects.filter(state="broken").exists()
    now = clock.now()
    for running in CaseClock.objects.filter(state="running", case__status__in=OPEN_STATUSES):
        case = running.case
        pack = pack_of(case.policy_version_id)
        calendar = calendar_of(pack, case.district, case.agency)
        limit = read_limit(running.limit)
        assert limit is not None
        assert running.due == limit.after(running.started_at, calendar), (running, running.limit)
        rule = pack.clock(running.code)
        ahead = {
            strike: at
            for strike, at in first_strikes(rule, running.started_at, running.due, calendar)
            if at > now and not rule.strike(strike).when.daily
        }
        waiting = dict(pending(case.pk, running.code))
        daily = {strike.code for strike in rule.strikes if strike.when.daily}
        assert {code: at for code, at in waiting.items() if code not in daily} == ahead, running
        assert daily <= set(waiting), "what comes daily goes on coming"
        if rule.sets_due:
            assert case.due_at == running.due
            assert case.overdue == (running.due <= now), running
    for case in Case.objects.all():
        assert events.differences(case) == {}
    struck = Counter(
        Timer.objects.filter(state="pending").values_list(
            "subject_id", "payload__clock", "payload__strike", "payload__limit"
        )
    )
    assert max(struck.values(), default=1) == 1, "no strike waits twice"
