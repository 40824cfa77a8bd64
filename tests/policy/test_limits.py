"""Limits and calendars: known instants, and what must hold for all of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from citycall.policy import Calendar, Closure, Limit, LimitError
from citycall.policy.limits import UNITS

TAIPEI = ZoneInfo("Asia/Taipei")
PLAIN = Calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def limit(text: str) -> Limit:
    return Limit.model_validate(text)


KNOWN = [
    # limit, start, end (all local)
    ("10 minutes", "2026-03-02 10:00", "2026-03-02 10:10"),
    ("4 hours", "2026-03-01 02:30", "2026-03-01 06:30"),  # a Sunday night: day and night (NT-5-4-1a)
    ("4 hours", "2026-12-31 22:00", "2027-01-01 02:00"),
    ("1 days", "2026-03-02 10:00", "2026-03-03 10:00"),
    ("1 days", "2028-02-28 10:00", "2028-02-29 10:00"),
    ("14 days", "2026-02-20 10:00", "2026-03-06 10:00"),
    ("1 working_days", "2026-03-06 10:00", "2026-03-09 10:00"),  # Friday to Monday
    ("1 working_days", "2026-03-07 10:00", "2026-03-10 00:00"),  # from a Saturday: all of Monday
    ("6 working_days", "2026-02-13 10:00", "2026-03-03 10:00"),  # over the Lunar New Year of 2026
    ("6 working_days", "2025-12-31 23:59", "2026-01-09 23:59"),  # over New Year's Day and a weekend
    ("1 working_days", "2024-02-16 10:00", "2024-02-17 10:00"),  # a make-up Saturday
    ("4 working_hours", "2026-03-02 10:00", "2026-03-02 15:00"),
    ("4 working_hours", "2026-03-06 16:00", "2026-03-09 11:00"),
    ("4 working_hours", "2026-03-06 12:30", "2026-03-06 17:00"),
    ("8 working_hours", "2026-03-06 08:00", "2026-03-06 17:00"),
    ("0.5 working_hours", "2026-03-06 11:45", "2026-03-06 13:15"),
    ("1 half_days", "2026-03-02 10:00", "2026-03-02 14:00"),  # the pause is not deducted (NT-5-1-1d)
    ("1 half_days", "2026-03-06 15:00", "2026-03-09 10:00"),
    ("0 hours", "2026-03-07 10:00", "2026-03-07 10:00"),
]


@pytest.mark.parametrize(("text", "start", "end"), KNOWN)
def test_known(text: str, start: str, end: str) -> None:
    assert limit(text).after(at(start), PLAIN) == at(end)


def test_results_are_utc() -> None:
    for unit in UNITS:
        assert (
            Limit.model_validate({"amount": 2, "unit": unit}).after(at("2026-03-02 10:00"), PLAIN).tzinfo
            is UTC
        )


@pytest.mark.parametrize(
    ("written", "amount", "unit"),
    [
        ("4 hours", 4, "hours"), ("4h", 4, "hours"), ("1 day", 1, "days"), ("6 wd", 6, "working_days"),
        ("1.5 hours", 1.5, "hours"), ("10分鐘", 10, "minutes"), ("4 小時", 4, "hours"),
        ("2 工作日", 2, "working_days"),
        ("1 半日", 1, "half_days"), ({"amount": 4, "unit": "hours"}, 4, "hours"),
    ],
)  # fmt: skip
def test_written(written: object, amount: float, unit: str) -> None:
    assert Limit.model_validate(written) == Limit.model_validate({"amount": amount, "unit": unit})


@pytest.mark.parametrize(
    "written", ["", "4", "hours", "-1 hours", "1.5 days", "4 fortnights", "1e3 hours", "9999999 days",
                "nan hours",
                {"amount": float("nan"), "unit": "hours"}, {"amount": float("inf"), "unit": "hours"}],
)  # fmt: skip
def test_not_a_limit(written: object) -> None:
    with pytest.raises(ValidationError):
        Limit.model_validate(written)


def test_round_trip_and_words() -> None:
    one = limit("6 working_days")
    assert Limit.model_validate(one.model_dump()) == one
    assert limit(str(one)) == one
    assert one.words("zh-hant") == "6 個工作日"
    assert limit("1 hours").words("en") == "1 hour"
    assert limit("10 minutes").words() == "10 分鐘"


def test_within() -> None:
    least, most = limit("4 hours"), limit("1 days")
    assert limit("4 hours").within(least, most)
    assert limit("24 hours").within(least, most)
    assert not limit("3 hours").within(least, most)
    assert not limit("2 days").within(least, most)
    assert limit("2 days").within(least, None)


def test_documented_errors() -> None:
    with pytest.raises(LimitError):
        limit("1 hours").after(datetime(2026, 3, 2, 10), PLAIN)
    with pytest.raises(LimitError):
        limit("1 hours").before(datetime(2026, 3, 2, 10), PLAIN)
    for text in ("999999 days", "999999 working_days", "999999 hours", "999999 working_hours"):
        with pytest.raises(LimitError):
            limit(text).after(at("9998-01-01 00:00"), PLAIN)
        with pytest.raises(LimitError):
            limit(text).before(at("0002-01-03 00:00"), PLAIN)
    with pytest.raises(LimitError):
        Calendar(office_hours=())
    with pytest.raises(LimitError):
        Calendar(office_hours=((time(9), time(8)),))


class TestClosures:
    typhoon = PLAIN.with_closures([Closure(date(2026, 7, 10))])
    morning = PLAIN.with_closures([Closure(date(2026, 7, 10), "morning")])

    def test_whole_day(self) -> None:
        assert not self.typhoon.is_working_day(date(2026, 7, 10))
        assert limit("1 working_days").after(at("2026-07-09 10:00"), self.typhoon) == at("2026-07-13 10:00")
        assert limit("4 working_hours").after(at("2026-07-09 16:00"), self.typhoon) == at("2026-07-13 11:00")

    def test_half_day(self) -> None:
        assert self.morning.is_working_day(date(2026, 7, 10))
        assert limit("1 working_days").after(at("2026-07-09 10:00"), self.morning) == at("2026-07-10 10:00")
        assert limit("4 working_hours").after(at("2026-07-09 16:00"), self.morning) == at("2026-07-10 16:00")

    def test_two_halves_are_a_day(self) -> None:
        both = self.morning.with_closures([Closure(date(2026, 7, 10), "afternoon")])
        assert not both.is_working_day(date(2026, 7, 10))

    def test_wall_time_does_not_stop(self) -> None:
        assert limit("4 hours").after(at("2026-07-10 02:00"), self.typhoon) == at("2026-07-10 06:00")
        assert limit("1 days").after(at("2026-07-09 10:00"), self.typhoon) == at("2026-07-10 10:00")


class TestReadings:
    """How days and half days end is a reading that a pack may set."""

    def test_end_of_day(self) -> None:
        cal = Calendar(day_ends="end_of_day", working_day_ends="office_end")
        assert limit("1 days").after(at("2026-03-02 10:00"), cal) == at("2026-03-04 00:00")
        assert limit("1 working_days").after(at("2026-03-06 10:00"), cal) == at("2026-03-09 17:00")

    def test_half_day_on_the_wall_or_without_the_pause(self) -> None:
        wall = Calendar(half_day_counts="clock")
        assert limit("1 half_days").after(at("2026-03-06 16:00"), wall) == at("2026-03-06 20:00")
        deducted = Calendar(half_day_deducts_pause=True)
        assert limit("1 half_days").after(at("2026-03-02 10:00"), deducted) == at("2026-03-02 15:00")


class TestBefore:
    def test_known(self) -> None:
        assert limit("1 days").before(at("2026-03-03 10:00"), PLAIN) == at("2026-03-02 10:00")
        assert limit("1 working_days").before(at("2026-03-09 10:00"), PLAIN) == at("2026-03-06 10:00")
        assert limit("4 working_hours").before(at("2026-03-09 11:00"), PLAIN) == at("2026-03-06 16:00")
        assert limit("1 half_days").before(at("2026-03-02 14:00"), PLAIN) == at("2026-03-02 10:00")


class TestTimeOfDay:
    def test_strictly_after(self) -> None:
        assert PLAIN.next_time_of_day(at("2026-03-02 17:59"), time(18)) == at("2026-03-02 18:00")
        assert PLAIN.next_time_of_day(at("2026-03-02 18:00"), time(18)) == at("2026-03-03 18:00")
        assert PLAIN.next_time_of_day(at("2026-03-02 18:00"), time(18), inclusive=True) == at(
            "2026-03-02 18:00"
        )
        assert PLAIN.next_time_of_day(at("2026-03-06 18:00"), time(9), working_days=True) == at(
            "2026-03-09 09:00"
        )


# --- properties ----------------------------------------------------------------------------------

instants = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)).map(lambda d: d.replace(tzinfo=TAIPEI))
minutes_near = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1)).map(
    lambda d: d.replace(second=0, microsecond=0, tzinfo=TAIPEI)
)
spans = st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=6, unique=True).map(sorted)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Random office hours and closures."""
    marks = draw(spans)
    hours = tuple(
        (time(a // 60, a % 60), time(b // 60, b % 60)) for a, b in zip(marks[::2], marks[1::2], strict=False)
    )
    days = st.dates(date(2023, 12, 1), date(2028, 1, 31))
    closures = st.lists(
        st.builds(Closure, days, st.sampled_from(["all", "morning", "afternoon"])), max_size=12
    )
    return Calendar(office_hours=hours, closures=frozenset(draw(closures)))


limits = st.one_of(
    st.builds(
        lambda amount, unit: Limit(amount=amount, unit=unit),
        st.integers(0, 200),
        st.sampled_from(["days", "half_days", "working_days"]),
    ),
    st.builds(
        lambda amount, unit: Limit(amount=amount, unit=unit),
        st.integers(0, 400),
        st.sampled_from(["minutes", "hours", "working_hours"]),
    ),
)


@settings(deadline=None)
@given(limits, instants, instants, calendars())
def test_monotone_in_the_start(one: Limit, a: datetime, b: datetime, cal: Calendar) -> None:
    try:
        first, second = sorted((one.after(a, cal), one.after(b, cal)))
    except LimitError:
        assume(False)
    early, late = sorted((a, b))
    assert (one.after(early, cal), one.after(late, cal)) == (first, second)
    assert first >= early


@settings(deadline=None)
@given(limits, st.integers(0, 50), instants, calendars())
def test_monotone_in_the_amount(one: Limit, more: int, start: datetime, cal: Calendar) -> None:
    longer = Limit(amount=one.amount + more, unit=one.unit)
    try:
        assert one.after(start, cal) <= longer.after(start, cal)
    except LimitError:
        assume(False)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.sampled_from(sorted(UNITS)), instants, calendars())
@example(1, 1, "working_days", datetime(2026, 3, 7, 10, tzinfo=TAIPEI), PLAIN)
def test_additive(a: int, b: int, unit: str, start: datetime, cal: Calendar) -> None:
    one, other, both = (Limit.model_validate({"amount": n, "unit": unit}) for n in (a, b, a + b))
    try:
        assert other.after(one.after(start, cal), cal) == both.after(start, cal)
    except LimitError:
        assume(False)


@settings(deadline=None)
@given(st.integers(1, 120), st.sampled_from(["working_hours", "half_days"]), minutes_near, calendars())
def test_before_is_the_latest_start(amount: int, unit: str, end: datetime, cal: Calendar) -> None:
    """From the instant found, the limit ends no later than `end`; from a bit later, it does."""
    one = Limit.model_validate({"amount": amount, "unit": unit})
    try:
        start = one.before(end, cal)
        assert one.after(start, cal) <= end
        assert one.after(start + timedelta(microseconds=1), cal) > end
    except LimitError:
        assume(False)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), minutes_near, calendars(), st.booleans())
def test_working_time_agrees_with_a_slow_oracle(
    quarters: int, start: datetime, cal: Calendar, pause: bool
) -> None:
    """Minute by minute on random calendars."""
    span = timedelta(minutes=15 * quarters)
    try:
        got = cal.add_working_time(start, span, pause=pause)
    except LimitError:
        assume(False)
    assume(got - start < timedelta(days=60))
    left, now = 15 * quarters, start
    while left:
        day = now.date()
        minute = (now.hour * 60 + now.minute) * 60_000_000
        if any(a <= minute < b for a, b in cal.open_spans(day, pause=pause)):
            left -= 1
        now += timedelta(minutes=1)
    assert got == now


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), minutes_near, calendars())
def test_working_days_agree_with_a_slow_oracle(count: int, start: datetime, cal: Calendar) -> None:
    got = cal.add_working_days(start, count)
    day, at_time, left = start.date(), start.time(), count
    if not cal.is_working_day(day):
        at_time, left = time(), count + 1
    while left:
        day += timedelta(days=1)
        left -= cal.is_working_day(day)
    assert got == datetime.combine(day, at_time, TAIPEI)


@given(
    st.builds(Limit, amount=st.integers(0, 1_000_000), unit=st.sampled_from(sorted(UNITS))),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(lambda d: d.replace(tzinfo=UTC)),
)
@example(limit("1 days"), datetime.max.replace(tzinfo=UTC))
@example(limit("1 working_days"), datetime.max.replace(tzinfo=UTC))
@example(limit("1 working_hours"), datetime.min.replace(tzinfo=UTC))
@example(limit("1 half_days"), datetime.min.replace(tzinfo=TAIPEI))
@settings(deadline=None, max_examples=60)
def test_total(one: Limit, start: datetime) -> None:
    """Any limit from any instant gives an instant or the documented error, forwards and back."""
    for count in (one.after, one.before):
        with suppress(LimitError):
            assert count(start, PLAIN).tzinfo is UTC


def test_official_working_days() -> None:
    """The numbers of working days measured against the official calendars."""
    for year, days in {2023: 249, 2024: 251, 2025: 247, 2026: 245, 2027: 244}.items():
        first = date(year, 1, 1)
        year_days = (first + timedelta(days=n) for n in range(366 if year == 2024 else 365))
        assert sum(PLAIN.is_working_day(day) for day in year_days) == days
    assert PLAIN.is_working_day(date(2024, 2, 17))
    assert PLAIN.is_working_day(date(2025, 2, 8))
    assert PLAIN.next_working_day(date(2026, 2, 13)) == date(2026, 2, 23)
