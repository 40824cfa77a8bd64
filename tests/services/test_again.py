"""A case that is reopened, given another limit twice, or done while something about it was still open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import LAMP, as_post, kept_world

pytestmark = pytest.mark.xdist_group("lifecycle")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    with kept_world(django_db_blocker) as timeline:
        yield timeline


@pytest.fixture
def time(world: Any, db: None) -> Iterator[Any]:
    from citycall.base import clock

    start = clock.now()
    yield world
    clock.set_virtual(start)


def do(command: str, by: str, /, **given: Any) -> Any:
    from citycall.base.commands import execute

    return execute(command, as_post(by), given)


def taken(**changes: Any) -> int:
    from citycall.base.commands import execute

    case: int = execute("cases.establish", as_post("call_centre.operator1"), {**LAMP, **changes}).case
    do("cases.acknowledge", "works.intake_window", case=case)
    do("cases.take", "works.handler1", case=case)
    return case


def complete(case: int, **more: Any) -> None:
    do("cases.complete", "works.handler1", case=case, finding="resolved", result="已更換燈泡。", **more)


def reopen(case: int) -> None:
    do("cases.reopen", "call_centre.lead", case=case, reason="現場仍未修復")


def of(case: int) -> Any:
    from citycall.services.cases.models import Case

    return Case.objects.get(pk=case)


def pending(case: int) -> list[tuple[str, str]]:
    from citycall.base.timers import Timer

    found = Timer.objects.filter(state="pending", subject_kind="case", subject_id=case).order_by("due", "id")
    return [(timer.payload["clock"], timer.payload["strike"]) for timer in found]


def test_reopened_after_its_limit_it_is_overdue(time: Any) -> None:
    """Nothing struck at the limit, for the case was closed then; now the limit has passed and it is open."""
    case = taken()
    complete(case)
    time.work()
    assert of(case).status == "closed"
    time.move(time.now + timedelta(hours=6))
    assert not of(case).overdue
    reopen(case)
    time.work()
    assert of(case).overdue
    assert of(case).due_at < time.now
    time.move(time.now + timedelta(days=1))
    assert pending(case) == [("first_stage", "dunning")]
    complete(case, late_reason="待料")
    time.work()
    assert of(case).completed_late


def test_reopened_within_its_limit_it_strikes_once(time: Any) -> None:
    from citycall.base.events import Event
    from citycall.base.timers import Timer

    case = taken()
    for _ in range(3):
        complete(case)
        time.work()
        reopen(case)
    assert pending(case) == [
        ("sign_off", "second_notice"),
        ("first_stage", "overdue"),
        ("first_stage", "dunning"),
    ]
    time.move(time.now + timedelta(days=2))
    struck = Timer.objects.filter(state="struck", subject_kind="case", subject_id=case)
    assert struck.filter(payload__strike="overdue").count() == 1
    assert Event.objects.filter(subject_kind="case", subject_id=case, kind="case.overdue").count() == 1


def test_a_second_second_stage_is_not_struck_by_the_first(time: Any) -> None:
    """Second stage for a day, ordinary, second stage for a fortnight: the day's limit is nobody's."""
    case = taken()
    for to, days in (("second", 1), ("ordinary", None), ("second", 14)):
        do("cases.request_stage", "works.handler1", case=case, to=to, days=days, reason="須開挖路面")
        do("cases.decide_stage", "call_centre.lead", case=case, approve=True, reason="同意")
        time.move(time.now + timedelta(minutes=10))
    time.move(time.now + timedelta(days=3))
    found = of(case)
    assert (found.stage, found.overdue) == ("second", False)
    time.move(found.due_at + timedelta(minutes=1))
    assert of(case).overdue


def test_a_call_owed_is_owed_once(time: Any) -> None:
    """Reopened before the citizen was telephoned: the call is called off, and owed again when it is done."""
    from citycall.services.cases.models import PhoneTask

    case = taken(reply_by="phone")
    complete(case)
    assert PhoneTask.objects.get(case=case).state == "open"
    reopen(case)
    assert PhoneTask.objects.get(case=case).state == "cancelled"
    complete(case)
    assert sorted(PhoneTask.objects.filter(case=case).values_list("state", flat=True)) == [
        "cancelled",
        "open",
    ]
    do("cases.open_phone", "works.handler1", case=case)
    said = {"callee": "王小明", "at": time.now, "content": "已說明處理情形"}
    done = do("cases.record_phone_reply", "works.handler1", case=case, **said)
    assert done.status == "closed"


@pytest.mark.parametrize("end", ["done", "withdrawn"])
def test_a_request_lapses_with_its_case(time: Any, end: str) -> None:
    """Nobody decides about another limit of a case that is over; the lead's list has it no longer."""
    from citycall.services.cases.models import StageRequest
    from citycall.services.cases.queries import stage_requests_pending

    case = taken()
    do("cases.request_stage", "works.handler1", case=case, to="ordinary", reason="須開挖路面")
    assert [request.case_id for request, _ in stage_requests_pending()] == [case]
    if end == "done":
        complete(case)
    else:
        do("cases.withdraw", "call_centre.operator1", case=case, reason="entered_by_mistake")
    assert stage_requests_pending() == []
    assert StageRequest.objects.get(case=case).state == "lapsed"


def test_who_was_spoken_to_is_kept_encrypted(time: Any) -> None:
    from django.db import connection

    from citycall.services.cases.models import PhoneRecord

    case = taken(reply_by="phone")
    complete(case)
    do("cases.open_phone", "works.handler1", case=case)
    do(
        "cases.record_phone_reply",
        "works.handler1",
        case=case,
        callee="王小明",
        at=time.now,
        content="已說明",
    )
    assert PhoneRecord.objects.get(case=case).callee == "王小明"
    with connection.cursor() as cursor:
        cursor.execute("SELECT callee FROM cases_phonerecord WHERE case_id = %s", [case])
        assert "王小明".encode() not in bytes(cursor.fetchone()[0])
