"""Working days, office hours and closures of a government.

Taiwan's official working days, make-up working days included, come from the package `holidays`; what
staff declare on top (a typhoon day) is passed in as closures. All instants are aware; results are UTC.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from citycall.policy.limits import LimitError

Part = Literal["all", "morning", "afternoon"]
DayEnd = Literal["same_time", "end_of_day", "office_end"]
Span = tuple[int, int]

_DAY = 86_400_000_000
_HORIZON_YEARS = 40  # working time is counted no further than this
_MICROSECOND = timedelta(microseconds=1)
_ZERO = datetime(1, 1, 1)  # noqa: DTZ001 - local time, counted from its beginning


@dataclass(frozen=True)
class Closure:
    """A day, or half of one, on which offices are closed beyond the official calendar."""

    day: date
    part: Part = "all"
    area: str = "all"


@lru_cache(maxsize=256)
def _official(country: str, year: int) -> tuple[bool, ...]:
    """Whether each day of a year is a working day, in order."""
    days = holidays.country_holidays(country, years=year)
    first = date(year, 1, 1)
    length = 366 if _leap(year) else 365
    return tuple(days.is_working_day(first + timedelta(days=n)) for n in range(length))


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _micro(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


@dataclass(frozen=True)
class _Ledger:
    """The open spans of some years as running totals: local microseconds since year 1, ascending."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]  # working time before each span opens

    def worked(self, at: int) -> int:
        """Working time from the beginning of the ledger to `at`."""
        n = bisect_right(self.opens, at) - 1
        if n < 0:
            return 0
        return self.before[n] + min(at, self.closes[n]) - self.opens[n]

    def reach(self, worked: int) -> int | None:
        """The earliest instant by which this much working time has passed."""
        n = bisect_left(self.before, worked) - 1
        if n < 0:
            return None
        at = self.opens[n] + worked - self.before[n]
        return at if at <= self.closes[n] else None

    def leave(self, worked: int) -> int | None:
        """The latest instant before which no more than this much working time has passed."""
        n = bisect_right(self.before, worked) - 1
        if n < 0:
            return None
        at = self.opens[n] + worked - self.before[n]
        return at if at <= self.closes[n] else None


@dataclass(frozen=True)
class Calendar:
    """One government's calendar: official working days, office hours, closures, and how days end."""

    timezone: str = "Asia/Taipei"
    country: str = "TW"
    office_hours: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(13), time(17)))
    closures: frozenset[Closure] = frozenset()
    half_day: timedelta = timedelta(hours=4)
    half_day_counts: Literal["working", "clock"] = "working"
    half_day_deducts_pause: bool = False
    day_ends: DayEnd = "same_time"
    working_day_ends: DayEnd = "same_time"
    zone: ZoneInfo = field(init=False, repr=False, compare=False, hash=False)
    _ledgers: dict[tuple[int, bool], _Ledger] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )
    _workdays: dict[int, tuple[int, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.timezone))
        if not self.office_hours:
            raise LimitError("a calendar needs office hours")
        end = -1
        for opens, closes in self.office_hours:
            if _micro(opens) <= end or _micro(closes) <= _micro(opens):
                raise LimitError("office hours are spans in order, each ending after it begins")
            end = _micro(closes)

    def with_closures(self, closures: Iterable[Closure]) -> Calendar:
        """The same calendar with these closures added."""
        return Calendar(
            timezone=self.timezone,
            country=self.country,
            office_hours=self.office_hours,
            closures=self.closures | frozenset(closures),
            half_day=self.half_day,
            half_day_counts=self.half_day_counts,
            half_day_deducts_pause=self.half_day_deducts_pause,
            day_ends=self.day_ends,
            working_day_ends=self.working_day_ends,
        )

    # --- days -----------------------------------------------------------------------------------

    def local(self, at: datetime) -> datetime:
        """The instant on the government's own clock."""
        return at.astimezone(self.zone)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on that day at all (make-up days yes, a whole-day closure no)."""
        return self.is_official_day(day) and not self._shut(day)

    def is_official_day(self, day: date) -> bool:
        """Whether the official calendar has it as a working day, whatever was declared."""
        return _official(self.country, day.year)[day.timetuple().tm_yday - 1]

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return date.fromordinal(self._nth_working_day(day.toordinal(), 1))

    def add_days(self, start: datetime, days: int) -> datetime:
        """Calendar days on; the first day is not counted (NT-5-4-1b, NT-5-4-1c)."""
        local = self.local(start).replace(tzinfo=None)
        if days <= 0 or self.day_ends == "same_time":
            return self._instant(local + timedelta(days=days))
        return self._end_of(local.date() + timedelta(days=days), self.day_ends)

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Working days on; a start on a day off counts as the next working day's first instant."""
        if days <= 0:
            return start.astimezone(UTC)
        local = self.local(start).replace(tzinfo=None)
        ordinal = local.toordinal()
        if self.working_day_ends != "same_time":
            day = date.fromordinal(self._nth_working_day(ordinal, days))
            return self._end_of(day, self.working_day_ends)
        at = local.time()
        if not self.is_working_day(local.date()):
            ordinal, at = self._nth_working_day(ordinal, 1), time()
        day = date.fromordinal(self._nth_working_day(ordinal, days))
        return self._instant(datetime.combine(day, at))

    def subtract_working_days(self, end: datetime, days: int) -> datetime:
        """Working days back, at the same time of day; from a day off, from the next working day's start."""
        if days <= 0:
            return end.astimezone(UTC)
        local = self.local(end).replace(tzinfo=None)
        ordinal, at = local.toordinal(), local.time()
        if not self.is_working_day(local.date()):
            ordinal, at = self._nth_working_day(ordinal, 1), time()
        day = date.fromordinal(self._nth_working_day(ordinal, -days))
        return self._instant(datetime.combine(day, at))

    # --- hours ----------------------------------------------------------------------------------

    def open_spans(self, day: date, *, pause: bool = True) -> tuple[Span, ...]:
        """The spans of the day in which offices work, in local microseconds of the day."""
        if not self.is_working_day(day):
            return ()
        hours = tuple((_micro(opens), _micro(closes)) for opens, closes in self.office_hours)
        parts = self.closed_parts(day)
        if "morning" in parts:
            hours = tuple((max(a, _DAY // 2), b) for a, b in hours if b > _DAY // 2)
        if "afternoon" in parts:
            hours = tuple((a, min(b, _DAY // 2)) for a, b in hours if a < _DAY // 2)
        if not pause and hours:
            hours = ((hours[0][0], hours[-1][1]),)
        return hours

    def add_working_time(self, start: datetime, span: timedelta, *, pause: bool = True) -> datetime:
        """The earliest instant by which this much office time has passed."""
        amount = span // _MICROSECOND
        if amount <= 0:
            return start.astimezone(UTC)
        wall = self.local(start).replace(tzinfo=None)
        local, first = (wall - _ZERO) // _MICROSECOND, wall.year
        goal: int | None = None
        for year in range(first, first + _HORIZON_YEARS):
            ledger = self._ledger(year, pause)
            if goal is None:
                goal = ledger.worked(local) + amount
            found = ledger.reach(goal)
            if found is not None:
                return self._from_micro(found)
            goal -= ledger.worked(_year_end(year))
        raise LimitError("no working time left in the calendar")

    def subtract_working_time(self, end: datetime, span: timedelta, *, pause: bool = True) -> datetime:
        """The latest instant from which this much office time ends no later than `end`."""
        amount = span // _MICROSECOND
        if amount <= 0:
            return end.astimezone(UTC)
        wall = self.local(end).replace(tzinfo=None)
        local, last = (wall - _ZERO) // _MICROSECOND, wall.year
        goal: int | None = None
        for year in range(last, last - _HORIZON_YEARS, -1):
            ledger = self._ledger(year, pause)
            if goal is None:
                goal = ledger.worked(local) - amount
            if goal >= 0:
                found = ledger.leave(goal)
                if found is not None:
                    return self._from_micro(found)
            goal += self._ledger(year - 1, pause).worked(_year_end(year - 1))
        raise LimitError("no working time before that in the calendar")

    def add_half_days(self, start: datetime, count: int) -> datetime:
        """Half days on: 4 hours each, in working time with the pause kept in, unless set (NT-5-1-1d)."""
        if self.half_day_counts == "clock":
            return start.astimezone(UTC) + self.half_day * count
        return self.add_working_time(start, self.half_day * count, pause=self.half_day_deducts_pause)

    def subtract_half_days(self, end: datetime, count: int) -> datetime:
        if self.half_day_counts == "clock":
            return end.astimezone(UTC) - self.half_day * count
        return self.subtract_working_time(end, self.half_day * count, pause=self.half_day_deducts_pause)

    # --- times of day ---------------------------------------------------------------------------

    def next_time_of_day(
        self, after: datetime, at: time, *, working_days: bool = False, inclusive: bool = False
    ) -> datetime:
        """The next instant strictly after `after` (or at it) at which the clock shows `at`."""
        local = self.local(after).replace(tzinfo=None)
        day = local.date()
        passed = local.time() > at if inclusive else local.time() >= at
        if passed:
            day += timedelta(days=1)
        if working_days and not self.is_working_day(day):
            day = self.next_working_day(day)
        return self._instant(datetime.combine(day, at))

    def next_round(self, after: datetime, rounds: Sequence[time], *, working_days: bool = False) -> datetime:
        """The next of these times of day, at `after` or later; a round in a closed half of a day is none."""
        try:
            local = self.local(after).replace(tzinfo=None)
            day = local.date()
            for at in sorted(rounds):
                if at >= local.time() and (not working_days or self._takes_place(day, at)):
                    return self._instant(datetime.combine(day, at))
            for _ in range(_HORIZON_YEARS * 366):
                day = self.next_working_day(day) if working_days else day + timedelta(days=1)
                for at in sorted(rounds):
                    if not working_days or self._takes_place(day, at):
                        return self._instant(datetime.combine(day, at))
        except (OverflowError, ValueError) as error:
            raise LimitError("the next round lies beyond the calendar") from error
        raise LimitError("no round left in the calendar")

    def _takes_place(self, day: date, at: time) -> bool:
        if not self.is_working_day(day):
            return False
        return ("morning" if at.hour < 12 else "afternoon") not in self.closed_parts(day)

    def time_on(self, day: date, days: int, at: time) -> datetime:
        """A time of day so many days after (or, below zero, before) a day."""
        try:
            return self._instant(datetime.combine(day + timedelta(days=days), at))
        except (OverflowError, ValueError) as error:
            raise LimitError(f"{days} days from {day} lies beyond the calendar") from error

    def end_of_day(self, day: date) -> datetime:
        """The instant at which a day is over: the midnight after it."""
        return self.time_on(day, 1, time())

    def moment_of(self, day: date, at: time | Literal["start", "end", "office end"]) -> datetime:
        """A moment of a day: its start, its end (the midnight after), when offices close, or a time of day.

        Offices close at their usual time also on a day on which they are closed.
        """
        if at == "end":
            return self.end_of_day(day)
        if isinstance(at, time):
            return self.time_on(day, 0, at)
        return self.time_on(day, 0, time() if at == "start" else self.office_hours[-1][1])

    # --- within ---------------------------------------------------------------------------------

    def closed_parts(self, day: date) -> frozenset[str]:
        """The parts of a day on which offices are closed by declaration."""
        if not self.closures:
            return frozenset()
        return self._closed_by_day.get(day, frozenset())

    @property
    def _closed_by_day(self) -> dict[date, frozenset[str]]:
        return _closed_by_day(self.closures)

    def _shut(self, day: date) -> bool:
        parts = self.closed_parts(day)
        return "all" in parts or {"morning", "afternoon"} <= parts

    def _working_ordinals(self, year: int) -> tuple[int, ...]:
        found = self._workdays.get(year)
        if found is None:
            first = date(year, 1, 1).toordinal()
            found = tuple(
                first + n
                for n, works in enumerate(_official(self.country, year))
                if works and not (self.closures and self._shut(date.fromordinal(first + n)))
            )
            self._workdays[year] = found
        return found

    def _nth_working_day(self, ordinal: int, count: int) -> int:
        """The ordinal of the n-th working day after (or, below zero, before) a day; the day not counted."""
        first = year = date.fromordinal(ordinal).year
        days = self._working_ordinals(year)
        if count > 0:
            place, step = bisect_right(days, ordinal) + count - 1, 1
        else:
            place, step = bisect_left(days, ordinal) + count, -1
        while not 0 <= place < len(days):
            if step > 0:
                place -= len(days)
            year += step
            if abs(year - first) > _HORIZON_YEARS or not 1 <= year <= 9999:
                raise LimitError("no working day left in the calendar")
            days = self._working_ordinals(year)
            if step < 0:
                place += len(days)
        return days[place]

    def _end_of(self, day: date, end: DayEnd) -> datetime:
        if end == "office_end":
            return self._instant(datetime.combine(day, self.office_hours[-1][1]))
        return self._instant(datetime.combine(day + timedelta(days=1), time()))

    def _instant(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def _from_micro(self, local: int) -> datetime:
        return self._instant(_ZERO + timedelta(microseconds=local))

    def _ledger(self, year: int, pause: bool) -> _Ledger:
        found = self._ledgers.get((year, pause))
        if found is None:
            opens: list[int] = []
            closes: list[int] = []
            before: list[int] = []
            total = 0
            for ordinal in self._working_ordinals(year):
                midnight = (ordinal - 1) * _DAY
                for a, b in self.open_spans(date.fromordinal(ordinal), pause=pause):
                    opens.append(midnight + a)
                    closes.append(midnight + b)
                    before.append(total)
                    total += b - a
            found = _Ledger(tuple(opens), tuple(closes), tuple(before))
            self._ledgers[year, pause] = found
        return found


def _year_end(year: int) -> int:
    return date(year, 12, 31).toordinal() * _DAY


@lru_cache(maxsize=64)
def _closed_by_day(closures: frozenset[Closure]) -> dict[date, frozenset[str]]:
    by_day: dict[date, set[str]] = {}
    for closure in closures:
        by_day.setdefault(closure.day, set()).add(closure.part)
    return {day: frozenset(parts) for day, parts in by_day.items()}
