"""The arithmetic held against a slow one that walks minute by minute over the official calendars.

The slow one shares nothing with the fast: working days come from the published tables, and time is counted
one minute after another. Starts lie where mistakes lie: Lunar New Year, year ends, leap days, make-up
Saturdays, midnight, the pause, the first and last minute of office; closures lie around them, whole days and
halves.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.official import official_days

from citycall.policy import Calendar, Closure, Limit, LimitError
from citycall.policy.deadlines import ByDay, DayOfMonth, Due, read_due

TAIPEI = ZoneInfo("Asia/Taipei")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OFFICIAL = official_days()


@dataclass
class Slow:
    """The same calendar, slowly."""

    hours: list[tuple[int, int]]  # minutes of the day
    closed: dict[date, set[str]] = field(default_factory=dict)
    pause: bool = False  # whether half days deduct it

    def works(self, day: date) -> bool:
        parts = self.closed.get(day, set())
        return OFFICIAL[day] and "all" not in parts and not {"morning", "afternoon"} <= parts

    def open(self, at: datetime, *, pause: bool) -> bool:
        """Whether offices are open in the minute that begins here."""
        day, minute = at.date(), at.hour * 60 + at.minute
        if not self.works(day):
            return False
        parts = self.closed.get(day, set())
        spans = [
            (a, b)
            for a, b in self.hours
            if not ("morning" in parts and b <= 720) and not ("afternoon" in parts and a >= 720)
        ]
        if not spans:
            return False
        if "morning" in parts:
            spans[0] = (max(spans[0][0], 720), spans[0][1])
        if "afternoon" in parts:
            spans[-1] = (spans[-1][0], min(spans[-1][1], 720))
        if not pause:
            spans = [(spans[0][0], spans[-1][1])]
        return any(a <= minute < b for a, b in spans)

    def after(self, limit: Due, start: datetime) -> datetime:
        if isinstance(limit, ByDay):
            return self._by_day(limit, start)
        if isinstance(limit, DayOfMonth):
            return self._walk(start, lambda at: self._month_day(limit, at, start))
        assert isinstance(limit, Limit)
        amount = int(limit.amount)
        match limit.unit:
            case "minutes":
                return self._minutes(start, amount, lambda _: True)
            case "hours":
                return self._minutes(start, amount * 60, lambda _: True)
            case "days":
                return self._days(start, amount, lambda _: True)
            case "working_days":
                if amount and not self.works(start.date()):
                    while not self.works(start.date()):
                        start = datetime.combine(start.date() + DAY, time())
                return self._days(start, amount, self.works)
            case "working_hours":
                return self._minutes(start, amount * 60, lambda at: self.open(at, pause=True))
            case "half_days":
                return self._minutes(start, amount * 240, lambda at: self.open(at, pause=self.pause))

    def _minutes(self, at: datetime, left: int, counts: Callable[[datetime], bool]) -> datetime:
        while left:
            left -= counts(at)
            at += MINUTE
        return at

    def _days(self, at: datetime, left: int, counts: Callable[[date], bool]) -> datetime:
        while left:
            at += DAY
            left -= counts(at.date())
        return at

    def _walk(self, start: datetime, there: Callable[[datetime], bool]) -> datetime:
        at = start
        while not there(at):
            at += MINUTE
        return at

    def _by_day(self, limit: ByDay, start: datetime) -> datetime:
        def there(at: datetime) -> bool:
            # The end of a day is the midnight after it.
            day = (at - MINUTE).date() if limit.at == "end" else at.date()
            shown = {"start": time(), "end": time(), "office end": self._office_end()}.get(str(limit.at))
            if at.time() != (limit.at if isinstance(limit.at, time) else shown) or day < start.date():
                return False
            if limit.which == "next working day":
                return day > start.date() and self.works(day)
            return limit.which == "same day" or self.works(day)

        return self._walk(start, there)

    def _month_day(self, limit: DayOfMonth, at: datetime, start: datetime) -> bool:
        day = (at - MINUTE).date() if limit.at == "end" else at.date()
        shown = {"start": time(), "end": time(), "office end": self._office_end()}.get(str(limit.at))
        if at.time() != (limit.at if isinstance(limit.at, time) else shown) or day < start.date():
            return False
        return day.day == min(limit.day, monthrange(day.year, day.month)[1])

    def _office_end(self) -> time:
        end = self.hours[-1][1]
        return time(end // 60, end % 60)


# --- calendars and starts that look for trouble ------------------------------------------------------

TROUBLE = [
    date(2019, 12, 30), date(2020, 1, 21), date(2020, 2, 14), date(2020, 2, 28), date(2022, 1, 28),
    date(2023, 1, 6), date(2023, 1, 19), date(2023, 12, 29), date(2024, 2, 7), date(2024, 2, 16),
    date(2024, 2, 28), date(2025, 1, 23), date(2025, 2, 7), date(2025, 12, 30), date(2026, 2, 13),
    date(2026, 12, 31), date(2027, 2, 4),
]  # fmt: skip
HOURS = [
    [(480, 720), (780, 1020)], [(510, 750), (810, 1050)], [(480, 720), (810, 1050)], [(480, 1200)],
    [(0, 719), (721, 1439)], [(700, 730)],
]  # fmt: skip
MINUTES = [0, 1, 479, 480, 481, 719, 720, 721, 780, 1019, 1020, 1021, 1439]


@st.composite
def both(draw: st.DrawFn) -> tuple[Calendar, Slow, datetime]:
    """A calendar, the slow one of the same, and a start close to its closures."""
    day = draw(
        st.one_of(
            st.sampled_from(TROUBLE),
            st.dates(date(2019, 1, 2), date(2020, 10, 1)),
            st.dates(date(2022, 1, 2), date(2027, 10, 1)),
        )
    ) + timedelta(days=draw(st.integers(0, 3)))
    minute = draw(st.one_of(st.sampled_from(MINUTES), st.integers(0, 1439)))
    start = datetime.combine(day, time(minute // 60, minute % 60))
    hours = draw(st.sampled_from(HOURS))
    closures = draw(
        st.lists(st.tuples(st.integers(-1, 12), st.sampled_from(["all", "morning", "afternoon"])), max_size=6)
    )
    pause = draw(st.booleans())
    closed: dict[date, set[str]] = {}
    for offset, part in closures:
        closed.setdefault(day + timedelta(days=offset), set()).add(part)
    calendar = Calendar(
        office_hours=tuple((time(a // 60, a % 60), time(b // 60, b % 60)) for a, b in hours),
        closures=frozenset(Closure(on, part) for on, parts in closed.items() for part in parts),  # type: ignore[arg-type]
        half_day_deducts_pause=pause,
    )
    return calendar, Slow(hours, closed, pause), start


units = st.one_of(
    st.builds(lambda n: Limit(amount=n, unit="minutes"), st.integers(0, 3000)),
    st.builds(lambda n: Limit(amount=n, unit="hours"), st.integers(0, 100)),
    st.builds(lambda n: Limit(amount=n, unit="days"), st.integers(0, 40)),
    st.builds(lambda n: Limit(amount=n, unit="working_days"), st.integers(0, 14)),
    st.builds(lambda n: Limit(amount=n, unit="working_hours"), st.integers(0, 30)),
    st.builds(lambda n: Limit(amount=n, unit="half_days"), st.integers(0, 6)),
)
moments = st.sampled_from(["start", "end", "office end", "00:00", "09:59", "10:00", "14:00", "23:59"])
deadlines = st.one_of(
    st.builds(
        lambda which, at: read_due(f"{which} {at}"),
        st.sampled_from(["next working day", "same working day", "same day"]),
        moments,
    ),
    st.builds(
        lambda day, at: read_due(f"day {day} {at}"), st.sampled_from([1, 15, 26, 28, 29, 30, 31]), moments
    ),
)


def utc(local: datetime) -> datetime:
    return local.replace(tzinfo=TAIPEI)


@settings(deadline=None, max_examples=300)
@given(both(), units)
def test_amounts_agree_with_the_slow_oracle(three: tuple[Calendar, Slow, datetime], limit: Limit) -> None:
    calendar, slow, start = three
    assert limit.after(utc(start), calendar) == utc(slow.after(limit, start))


@settings(deadline=None, max_examples=150)
@given(both(), deadlines)
def test_deadlines_agree_with_the_slow_oracle(three: tuple[Calendar, Slow, datetime], due: Due) -> None:
    calendar, slow, start = three
    assert due.after(utc(start), calendar) == utc(slow.after(due, start))


@settings(deadline=None, max_examples=150)
@given(
    both(),
    st.lists(st.sampled_from([time(0), time(9), time(11, 59), time(12), time(14)]), min_size=1),
    st.booleans(),
)
def test_rounds_agree_with_the_slow_oracle(
    three: tuple[Calendar, Slow, datetime], rounds: list[time], working: bool
) -> None:
    """TP-5-2a: the next round at the start or later; on working days none in a half that is closed."""
    calendar, slow, start = three

    def there(at: datetime) -> bool:
        if at.time() not in rounds:
            return False
        half = "morning" if at.hour < 12 else "afternoon"
        return not working or (slow.works(at.date()) and half not in slow.closed.get(at.date(), set()))

    found = calendar.next_round(utc(start), rounds, working_days=working)
    assert found == utc(slow._walk(start, there))


@settings(deadline=None, max_examples=200)
@given(both(), deadlines, st.integers(0, 5000))
def test_deadlines_are_monotone(three: tuple[Calendar, Slow, datetime], due: Due, later: int) -> None:
    """A later start never ends earlier, and no deadline lies before its start."""
    calendar, _, start = three
    first = due.after(utc(start), calendar)
    assert first >= utc(start)
    assert due.after(utc(start + timedelta(minutes=later)), calendar) >= first


# --- the official calendar, day by day ----------------------------------------------------------------


def test_every_day_of_the_official_calendars() -> None:
    """All 2,922 days that are published and carried by the package, make-up Saturdays among them."""
    calendar = Calendar()
    assert len(OFFICIAL) == 2922
    assert {day: calendar.is_working_day(day) for day in OFFICIAL} == OFFICIAL
    made_up = [day for day, works in OFFICIAL.items() if works and day.weekday() >= 5]
    assert len(made_up) >= 10
    for day in OFFICIAL:
        coming = [day + timedelta(days=n) for n in range(1, 15)]
        if all(one in OFFICIAL for one in coming):
            assert calendar.next_working_day(day) == next(one for one in coming if OFFICIAL[one])


def test_one_working_day_from_every_official_day() -> None:
    calendar, slow = Calendar(), Slow(HOURS[0])
    for day in OFFICIAL:
        if day.month == 12 and day.day > 20:
            continue  # the tables of 2021 and 2028 are not there
        start = datetime.combine(day, time(10))
        assert calendar.add_working_days(utc(start), 3) == utc(
            slow.after(Limit(amount=3, unit="working_days"), start)
        )


# --- particular cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        # a limit that would end inside a closure ends after it; wall time does not stop for it
        ("6 working_days", "2026-07-02 10:00", "2026-07-13 10:00"),
        ("4 working_hours", "2026-07-09 15:00", "2026-07-13 10:00"),
        ("1 half_days", "2026-07-09 15:00", "2026-07-13 10:00"),
        ("24 hours", "2026-07-09 15:00", "2026-07-10 15:00"),
        ("1 days", "2026-07-09 15:00", "2026-07-10 15:00"),
        ("next working day 10:00", "2026-07-09 15:00", "2026-07-13 10:00"),
        ("same working day 10:00", "2026-07-10 09:00", "2026-07-13 10:00"),
        # by the 26th, itself included (TP-3-5)
        ("day 26", "2026-09-26 23:59", "2026-09-27 00:00"),
        ("day 26", "2026-09-27 00:00", "2026-10-27 00:00"),
        ("day 26 office end", "2026-09-26 17:01", "2026-10-26 17:00"),
        ("day 31", "2027-02-10 08:00", "2027-03-01 00:00"),
        ("day 29", "2028-02-10 08:00", "2028-03-01 00:00"),
        ("day 31", "2026-12-31 23:59", "2027-01-01 00:00"),
        # before 10:00 of the same or the next working day (TP-3-2-3b): 10:00:00 is still in time
        ("same working day 10:00", "2026-03-02 09:59", "2026-03-02 10:00"),
        ("same working day 10:00", "2026-03-02 10:00", "2026-03-02 10:00"),
        ("same working day 10:00", "2026-03-06 10:01", "2026-03-09 10:00"),
        ("same working day 10:00", "2026-02-14 08:00", "2026-02-23 10:00"),  # over the Lunar New Year
        ("next working day", "2026-03-06 10:00", "2026-03-10 00:00"),
        ("next working day start", "2026-03-06 10:00", "2026-03-09 00:00"),
        ("next working day office end", "2026-03-06 10:00", "2026-03-09 17:00"),
        # before the day of the event (TP-3-2-2a)
        ("before 2026-09-10", "2026-09-01 08:00", "2026-09-10 00:00"),
    ],
)  # fmt: skip
def test_known(limit: str, start: str, due: str) -> None:
    calendar = Calendar().with_closures([Closure(date(2026, 7, 10))])
    found = read_due(limit).after(datetime.fromisoformat(start).replace(tzinfo=TAIPEI), calendar)
    assert found == datetime.fromisoformat(due).replace(tzinfo=TAIPEI)


@given(deadlines, st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
@settings(deadline=None, max_examples=150)
def test_deadlines_are_total(due: Due, start: datetime) -> None:
    """Any deadline from any instant gives an instant or the documented error."""
    with suppress(LimitError):
        assert due.after(start.replace(tzinfo=TAIPEI), Calendar()).tzinfo is not None


WRITTEN = ["next working day 10:00", "same day", "day 26 office end", "before day of event_on",
           "before 2026-09-10", "6 working_days"]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_written_and_read_again(text: str) -> None:
    """What is kept with a clock is read again as it was, and fits into its column."""
    due = read_due(text)
    assert read_due(str(due)) == due
    assert len(str(due)) <= 32
    assert due.words("zh")
    assert due.words("en")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Taipei", "Asia/Kathmandu"])
@given(start=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), days=st.integers(0, 400))
@settings(deadline=None, max_examples=60)
def test_local_time_by_offset_is_that_of_the_zone(zone: str, start: datetime, days: int) -> None:
    """The short cut for places without summer time agrees with the zone; elsewhere it is not taken."""
    here = ZoneInfo(zone)
    at = start.replace(tzinfo=ZoneInfo("UTC"))
    wall = at.astimezone(here).replace(tzinfo=None) + timedelta(days=days)
    assert Calendar(timezone=zone).add_days(at, days) == wall.replace(tzinfo=here).astimezone(ZoneInfo("UTC"))
