"""Closures as calendars see them: whose they are, which stop clocks, how long a process trusts its memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

HERE = ZoneInfo("Asia/Taipei")
TYPHOON = date(2026, 7, 8)  # a Wednesday
POLICIES = Path(__file__).parents[2] / "policies"


def stand(day: date = TYPHOON, part: str = "all", area: str = "all", cause: str = "disaster") -> Any:
    from citycall.base.closures import Stand

    return Stand(day, part, area, cause)  # type: ignore[arg-type]


def pack(name: str) -> Any:
    from citycall.policy import load_pack

    return load_pack(POLICIES / name)


@pytest.fixture
def known(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from citycall.base import closures

    monkeypatch.setattr(closures, "CHECK_EVERY", 1000.0)  # however slow the machine is
    closures.refresh()
    yield closures
    closures.refresh()


def declare(**changes: Any) -> Any:
    from citycall.base.closures import Closure

    fields = {"day": TYPHOON, "reason": "颱風", "declared_at": datetime(2026, 7, 7, 20, tzinfo=HERE)}
    return Closure.objects.create(**fields | changes)


@pytest.mark.parametrize(
    ("one", "other", "covers", "meets"),
    [
        ({}, {}, True, True),
        ({}, {"part": "morning"}, True, True),
        ({"part": "morning"}, {}, False, True),
        ({"part": "morning"}, {"part": "afternoon"}, False, False),
        ({}, {"area": "banqiao"}, True, False),
        ({"area": "banqiao"}, {}, False, False),
        ({"area": "banqiao"}, {"area": "agency:works"}, False, False),
        ({}, {"day": date(2026, 7, 9)}, False, False),
        ({"part": "morning"}, {"part": "morning", "area": "banqiao"}, True, False),
        ({"part": "morning"}, {"area": "banqiao"}, False, False),
    ],
)
def test_what_is_closed_already(one: Any, other: Any, covers: bool, meets: bool) -> None:
    assert stand(**one).covers(stand(**other)) is covers
    assert stand(**one).meets(stand(**other)) is meets


@pytest.mark.parametrize(
    ("of", "area", "cause", "stops"),
    [
        ("taipei", "all", "disaster", True),
        ("taipei", "all", "other", False),
        ("taipei", "63000020", "disaster", False),
        ("taipei", "agency:works", "disaster", False),
        ("newtaipei", "all", "other", True),
        ("newtaipei", "65000010", "disaster", True),
        ("newtaipei", "agency:works", "disaster", False),
    ],
)
def test_the_pack_says_which_stop_clocks(of: str, area: str, cause: str, stops: bool) -> None:
    """TP-5-5-1b, TP-5-5-1c."""
    from citycall.base.closures import stops_clocks

    assert stops_clocks(pack(of), stand(area=area, cause=cause)) is stops


def test_a_calendar_has_the_closures_of_its_place_and_no_other() -> None:
    from citycall.base.closures import calendar_with

    rules = pack("newtaipei")
    stands = [
        stand(),
        stand(date(2026, 7, 9), area="65000010"),
        stand(date(2026, 7, 10), area="agency:works"),
        stand(date(2026, 7, 13), part="morning"),
    ]
    here = calendar_with(rules, stands, "65000010", "works")
    assert not here.is_working_day(TYPHOON)
    assert not here.is_working_day(date(2026, 7, 9))
    assert here.is_working_day(date(2026, 7, 10)), "this pack lets no agency stop its clocks"
    assert here.is_working_day(date(2026, 7, 13)), "half a day is worked"
    there = calendar_with(rules, stands, "65000020", "works")
    assert there.is_working_day(date(2026, 7, 9))
    assert calendar_with(rules, stands, "65000020", "env") is there, "alike places share a calendar"
    assert calendar_with(rules, []) is rules.calendar()


def test_the_database_is_asked_once_in_a_while(known: Any, django_assert_num_queries: Any) -> None:
    rules = pack("newtaipei")
    with django_assert_num_queries(1):
        for _ in range(10):
            assert known.calendar_of(rules).is_working_day(TYPHOON)
    declare()
    with django_assert_num_queries(0):
        assert known.calendar_of(rules).is_working_day(TYPHOON), "another process may be a second behind"
    known.refresh()
    with django_assert_num_queries(1):
        assert not known.calendar_of(rules, "65000010", "works").is_working_day(TYPHOON)
        assert not known.calendar_of(rules).is_working_day(TYPHOON)


def test_who_declares_knows_it_at_once(known: Any) -> None:
    rules = pack("newtaipei")
    assert known.calendar_of(rules).is_working_day(TYPHOON)
    closure = declare()
    known.changed()
    assert not known.calendar_of(rules).is_working_day(TYPHOON)
    closure.withdrawn_at = closure.declared_at
    closure.save()
    known.changed()
    assert known.calendar_of(rules).is_working_day(TYPHOON)


def test_who_read_before_a_change_leaves_nothing_behind(known: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules, later = pack("newtaipei"), date(2026, 7, 9)
    declare()
    known.refresh()
    before = known.standing()
    declare(day=later)
    known.refresh()
    assert known.standing() != before
    with monkeypatch.context() as slow:  # another thread, which had looked before
        slow.setattr(known, "standing", lambda: before)
        assert known.calendar_of(rules).is_working_day(later)
    assert not known.calendar_of(rules).is_working_day(later)


def test_another_database_is_another_memory(known: Any) -> None:
    from citycall.base import policies

    declare()
    known.refresh()
    assert known.standing()
    known.Closure.objects.all().delete()
    policies.refresh()
    assert known.standing() == frozenset()


def test_the_same_is_not_declared_twice(known: Any) -> None:
    from django.db import IntegrityError, transaction

    first = declare()
    with pytest.raises(IntegrityError), transaction.atomic():
        declare()
    first.withdrawn_at = first.declared_at
    first.save()
    declare()
