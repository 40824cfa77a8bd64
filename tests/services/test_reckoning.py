"""A clock counted anew after a closure is what counting from scratch gives, on random rules and calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = ZoneInfo("Asia/Taipei")
POLICIES = Path(__file__).parents[2] / "policies"
FIRST = date(2026, 2, 9)  # the week before Lunar New Year
DAYS = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))
PARTS = st.sampled_from(["all", "all", "morning", "afternoon"])
CLOSED = st.tuples(DAYS, PARTS)
STARTS = st.builds(
    lambda day, minute: datetime(day.year, day.month, day.day, tzinfo=HERE) + timedelta(minutes=minute),
    DAYS,
    st.integers(0, 24 * 60 - 1),
)
LIMITS = st.one_of(
    st.builds("{} working_days".format, st.integers(1, 12)),
    st.builds("{} working_hours".format, st.integers(1, 40)),
    st.builds("{} half_days".format, st.integers(1, 8)),
    st.builds("{} hours".format, st.integers(1, 200)),
    st.builds("{} days".format, st.integers(1, 20)),
    st.sampled_from(["next working day 10:00", "same working day 10:00", "day 26"]),
)
WHENS = st.sampled_from(
    [
        {"at": "limit"},
        {"at": "start"},
        {"after_limit": "1 hours"},
        {"after_limit": "2 working_days"},
        {"before_limit": "1 working_days"},
        {"before_limit": "3 hours"},
        {"after_start": "1 working_days"},
        {"on_day": {"days": 1, "before": "limit", "at": "08:00"}},
        {"on_day": {"days": 3, "after": "start", "at": "08:00"}},
        {"daily_at": "08:00", "from": "limit"},
        {"daily_at": "18:00", "from": "limit", "working_days": True},
        {"daily_at": "18:00", "from": "start", "working_days": True},
    ]
)


@cache
def newtaipei() -> Any:
    from citycall.policy import load_pack

    return load_pack(POLICIES / "newtaipei")


def rule(whens: list[Any]) -> Any:
    from citycall.policy import ClockRule

    return ClockRule.model_validate(
        {
            "code": "test",
            "name": {"zh": "測試", "en": "Test"},
            "kinds": ["petition"],
            "start": {"on": "case.established"},
            "limit": "kind.ordinary",
            "stop": ["case.closed"],
            "sets_due": True,
            "strikes": [
                {"code": f"strike{n}", "when": when, "do": [{"mark": "overdue"}]}
                for n, when in enumerate(whens)
            ],
        }
    )


def counted(
    monkeypatch: pytest.MonkeyPatch,
    whens: list[Any],
    ticking: dict[str, Any],
    day: date,
    now: datetime,
    cal: Any,
) -> tuple[Any, Any]:
    """The clock's rule, and what counting it anew by this calendar has found."""
    from citycall.services.cases.recompute import reckon

    pack = newtaipei().model_copy(update={"clocks": (rule(whens),)})
    monkeypatch.setattr(reckon, "pack_of", lambda version: pack)
    fields = {
        "clock": 1,
        "code": "test",
        "case": 1,
        "kind": "petition",
        "item": "",
        "category": "",
        "district": "",
        "agency": "civil",
        "version": 1,
        "established_at": ticking["started_at"],
    }
    one = reckon.Ticking(**fields | ticking)  # type: ignore[arg-type]
    counting = reckon.Counting(day, now, lambda *_: cal)
    return pack.clocks[0], counting.anew(one)


@settings(max_examples=400, deadline=None)
@given(
    STARTS,
    LIMITS,
    st.lists(WHENS, min_size=1, max_size=4),
    st.frozensets(CLOSED, max_size=4),
    CLOSED,
    st.booleans(),
)
def test_anew_is_as_from_scratch(
    start: datetime,
    limit: str,
    whens: list[Any],
    others: frozenset[tuple[date, Any]],
    closed: tuple[date, Any],
    withdrawn: bool,
) -> None:
    """Declared or withdrawn, among any others: the due instant and every strike still to come."""
    from citycall.policy import Closure
    from citycall.policy.clocks import first_strikes, read_limit

    pack = newtaipei()
    start = start.astimezone(UTC)
    known = {Closure(day, part) for day, part in others}
    one = Closure(*closed)
    without, with_it = pack.calendar(known - {one}), pack.calendar(known | {one})
    before, after = (with_it, without) if withdrawn else (without, with_it)
    duration = read_limit(limit)
    assert duration is not None
    old = duration.after(start, before)
    with pytest.MonkeyPatch.context() as monkeypatch:
        ticking = {"started_at": start, "due": old, "limit": limit}
        ruled, found = counted(monkeypatch, whens, ticking, one.day, start - timedelta(days=1), after)
    fresh = duration.after(start, after)
    was = dict(first_strikes(ruled, start, old, before))
    will = dict(first_strikes(ruled, start, fresh, after))
    if found is None:
        assert fresh == old
        assert was == will
        return
    assert found.due == fresh
    assert (found.old == found.new) == (fresh == old)
    kept = {code: at for code, at in was.items() if code not in found.never}
    assert kept | {wanted.strike: wanted.raw for wanted in found.wanted} == will


@settings(max_examples=200, deadline=None)
@given(STARTS, LIMITS, st.lists(WHENS, min_size=1, max_size=4), CLOSED, st.integers(-3, 20))
def test_nothing_is_wanted_in_the_past(
    start: datetime, limit: str, whens: list[Any], closed: tuple[date, Any], days: int
) -> None:
    """Whenever it is counted: what should have come by now comes now, what comes daily at its next time."""
    from citycall.policy import Closure
    from citycall.policy.clocks import next_strike, read_limit

    pack = newtaipei()
    start = start.astimezone(UTC)
    after = pack.calendar([Closure(*closed)])
    duration = read_limit(limit)
    assert duration is not None
    old = duration.after(start, pack.calendar())
    now = start + timedelta(days=days, hours=5)
    with pytest.MonkeyPatch.context() as monkeypatch:
        ticking = {"started_at": start, "due": old, "limit": limit}
        ruled, found = counted(monkeypatch, whens, ticking, closed[0], now, after)
    for wanted in found.wanted if found else ():
        strike = ruled.strike(wanted.strike)
        if strike.when.daily:
            assert wanted.at == next_strike(strike, max(now, start), found.due, after)
            continue
        assert wanted.at == max(wanted.raw, now)
    if found and found.unmark:
        assert found.due > now - timedelta(days=20)
        assert old <= now


def test_of_a_limit_that_nobody_kept() -> None:
    """A clock without a limit as written, and one whose due instant was given: they stay."""
    from citycall.policy import Closure

    cal = newtaipei().calendar([Closure(date(2026, 7, 8))])
    start = datetime(2026, 7, 2, 2, tzinfo=UTC)
    due = datetime(2026, 7, 10, 2, tzinfo=UTC)
    now = start + timedelta(hours=1)
    for limit in ("until", "3 moons"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            ticking = {"started_at": start, "due": due, "limit": limit}
            _rule, found = counted(monkeypatch, [{"at": "limit"}], ticking, date(2026, 7, 8), now, cal)
        assert found is None, limit


def test_of_a_release_that_kept_no_limit() -> None:
    """It is the kind's own, by the rule."""
    from citycall.policy import Closure

    cal = newtaipei().calendar([Closure(date(2026, 7, 8))])
    start = datetime(2026, 7, 2, 2, tzinfo=UTC)
    ticking = {"started_at": start, "due": datetime(2026, 7, 10, 2, tzinfo=UTC), "limit": ""}
    with pytest.MonkeyPatch.context() as monkeypatch:
        _rule, found = counted(
            monkeypatch, [{"at": "limit"}], ticking, date(2026, 7, 8), start + timedelta(hours=1), cal
        )
    assert found.due == datetime(2026, 7, 13, 2, tzinfo=UTC)


def test_a_round_on_a_closed_day_is_none() -> None:
    """TP-5-2a: what runs from the next round runs from that of the next working day, and back again."""
    from citycall.policy import Closure
    from citycall.services.cases.recompute import reckon

    made = rule([{"at": "limit"}]).model_copy(
        update={
            "start": rule([{"at": "limit"}]).start.model_validate(
                {"on": "case.established", "rounds": ["09:00", "14:00"], "working_days": True}
            )
        }
    )
    pack = newtaipei().model_copy(update={"clocks": (made,)})
    entered = datetime(2026, 7, 7, 10, tzinfo=UTC)  # 18:00, after the rounds of the day
    nine = datetime(2026, 7, 8, 1, tzinfo=UTC)
    ticking = reckon.Ticking(
        1, "test", nine, nine + timedelta(hours=1), "1 hours", 1, "petition", "", "", "", "civil", 1, entered
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(reckon, "pack_of", lambda version: pack)
        closed = pack.calendar([Closure(date(2026, 7, 8))])
        found = reckon.Counting(date(2026, 7, 8), entered, lambda *_: closed).anew(ticking)
        assert found is not None
        assert (found.started_at, found.due) == (nine + timedelta(days=1), nine + timedelta(days=1, hours=1))
        later = ticking._replace(started_at=found.started_at, due=found.due)
        back = reckon.Counting(date(2026, 7, 8), entered, lambda *_: pack.calendar()).anew(later)
    assert back is not None
    assert (back.started_at, back.due) == (ticking.started_at, ticking.due)


@settings(max_examples=150, deadline=None)
@given(
    DAYS,
    st.lists(st.integers(0, 24 * 3600 * 1000 - 1), min_size=2, max_size=8),
    st.integers(1, 12),
    st.frozensets(CLOSED, max_size=4),
    CLOSED,
)
def test_what_starts_on_one_day_is_counted_together(
    day: date, starts: list[int], days: int, others: frozenset[tuple[date, Any]], closed: tuple[date, Any]
) -> None:
    """The span found for the first of them holds for all, whatever their time of day."""
    from citycall.policy import Closure
    from citycall.policy.clocks import read_limit
    from citycall.services.cases.recompute import reckon

    pack = newtaipei().model_copy(update={"clocks": (rule([{"at": "limit"}]),)})
    before = pack.calendar(Closure(*one) for one in others)
    after = before.with_closures([Closure(*closed)])
    limit = read_limit(f"{days} working_days")
    assert limit is not None
    midnight = datetime(day.year, day.month, day.day, tzinfo=HERE)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(reckon, "pack_of", lambda version: pack)
        counting = reckon.Counting(closed[0], midnight.astimezone(UTC), lambda *_: after)
        for milliseconds in starts:
            start = (midnight + timedelta(milliseconds=milliseconds)).astimezone(UTC)
            old = limit.after(start, before)
            ticking = reckon.Ticking(
                1, "test", start, old, str(limit), 1, "petition", "", "", "", "civil", 1, start
            )
            found = counting.anew(ticking)
            assert (found.due if found else old) == limit.after(start, after)
