"""Working days, office hours and closures of a government.

Taiwan's official working days, make-up working days included, come from the package `holidays`; what
staff declare on top (a typhoon day) is passed in as closures. All instants are aware; results are UTC.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from citycall.policy.ledgers import (
    DAY,
    ZERO,
    Ledger,
    Offsets,
    micro,
    micros,
    official,
    official_ordinals,
    offsets_of,
    since_zero,
    year_end,
)
from citycall.policy.limits import LimitError

Part = Literal["all", "morning", "afternoon"]
DayEnd = Literal["same_time", "end_of_day", "office_end"]
Span = tuple[int, int]

_HORIZON_YEARS = 40  # working time is counted no further than this
_MIDNIGHT = time()
_ONE_DAY = timedelta(days=1)


class Closure(NamedTuple):
    """A day, or half of one, on which offices are closed beyond the official calendar."""

    day: date
    part: Part = "all"
    area: str = "all"


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
    _offsets: Offsets = field(init=False, repr=False, compare=False, hash=False)
    _closed: dict[date, frozenset[str]] = field(init=False, repr=False, compare=False, hash=False)
    _ledgers: dict[tuple[int, bool], Ledger] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )
    _workdays: dict[int, tuple[int, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        offsets = offsets_of(self.timezone)
        object.__setattr__(self, "zone", offsets.zone)
        object.__setattr__(self, "_offsets", offsets)
        object.__setattr__(self, "_closed", _by_day(self.closures))
        if not self.office_hours:
            raise LimitError("a calendar needs office hours")
        end = -1
        for opens, closes in self.office_hours:
            if micro(opens) <= end or micro(closes) <= micro(opens):
                raise LimitError("office hours are spans in order, each ending after it begins")
            end = micro(closes)

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
        ordinal = day.toordinal()
        days = self._working_ordinals(day.year)
        place = bisect_left(days, ordinal)
        return place < len(days) and days[place] == ordinal

    def is_official_day(self, day: date) -> bool:
        """Whether the official calendar has it as a working day, whatever was declared."""
        return official(self.country, day.year)[day.toordinal() - date(day.year, 1, 1).toordinal()]

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return date.fromordinal(self._nth_working_day(day.toordinal(), 1))

    def add_days(self, start: datetime, days: int) -> datetime:
        """Calendar days on; the first day is not counted (NT-5-4-1b, NT-5-4-1c)."""
        wall = self._wall(start)
        if days <= 0 or self.day_ends == "same_time":
            return self._instant(wall + timedelta(days=days))
        return self._end_of(wall.date() + timedelta(days=days), self.day_ends)

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Working days on; a start on a day off counts as the next working day's first instant."""
        if days <= 0:
            return start.astimezone(UTC)
        wall = self._wall(start)
        ordinal = wall.toordinal()
        if self.working_day_ends != "same_time":
            day = date.fromordinal(self._nth_working_day(ordinal, days))
            return self._end_of(day, self.working_day_ends)
        return self._instant(self._nth_from(wall, ordinal, days))

    def subtract_working_days(self, end: datetime, days: int) -> datetime:
        """Working days back, at the same time of day; from a day off, from the next working day's start."""
        if days <= 0:
            return end.astimezone(UTC)
        wall = self._wall(end)
        return self._instant(self._nth_from(wall, wall.toordinal(), -days))

    def _nth_from(self, wall: datetime, ordinal: int, days: int) -> datetime:
        """The n-th working day from a local instant, at its time; from a day off, from the next one."""
        known = self._working_ordinals(wall.year)
        place = bisect_left(known, ordinal)
        if place == len(known) or known[place] != ordinal:  # a day off
            wall = datetime.combine(wall, _MIDNIGHT)
            first = self._nth_working_day(ordinal, 1)
            wall += timedelta(days=first - ordinal)
            ordinal = first
            found = self._nth_working_day(ordinal, days)
        else:
            place += days
            found = known[place] if 0 <= place < len(known) else self._nth_working_day(ordinal, days)
        return wall + timedelta(days=found - ordinal)

    # --- hours ----------------------------------------------------------------------------------

    def open_spans(self, day: date, *, pause: bool = True) -> tuple[Span, ...]:
        """The spans of the day in which offices work, in local microseconds of the day."""
        if not self.is_working_day(day):
            return ()
        hours = tuple((micro(opens), micro(closes)) for opens, closes in self.office_hours)
        parts = self.closed_parts(day)
        if "morning" in parts:
            hours = tuple((max(a, DAY // 2), b) for a, b in hours if b > DAY // 2)
        if "afternoon" in parts:
            hours = tuple((a, min(b, DAY // 2)) for a, b in hours if a < DAY // 2)
        if not pause and hours:
            hours = ((hours[0][0], hours[-1][1]),)
        return hours

    def add_working_time(self, start: datetime, span: timedelta, *, pause: bool = True) -> datetime:
        """The earliest instant by which this much office time has passed."""
        amount = micros(span)
        if amount <= 0:
            return start.astimezone(UTC)
        wall = self._wall(start)
        local, first = since_zero(wall), wall.year
        goal: int | None = None
        for year in range(first, first + _HORIZON_YEARS):
            ledger = self._ledger(year, pause)
            if goal is None:
                goal = ledger.worked(local) + amount
            found = ledger.reach(goal)
            if found is not None:
                return self._from_micro(found)
            goal -= ledger.worked(year_end(year))
        raise LimitError("no working time left in the calendar")

    def subtract_working_time(self, end: datetime, span: timedelta, *, pause: bool = True) -> datetime:
        """The latest instant from which this much office time ends no later than `end`."""
        amount = micros(span)
        if amount <= 0:
            return end.astimezone(UTC)
        wall = self._wall(end)
        local, last = since_zero(wall), wall.year
        goal: int | None = None
        for year in range(last, last - _HORIZON_YEARS, -1):
            ledger = self._ledger(year, pause)
            if goal is None:
                goal = ledger.worked(local) - amount
            if goal >= 0:
                found = ledger.leave(goal)
                if found is not None:
                    return self._from_micro(found)
            goal += self._ledger(year - 1, pause).worked(year_end(year - 1))
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
        local = self._wall(after)
        day = local.date()
        passed = local.time() > at if inclusive else local.time() >= at
        if passed:
            day += _ONE_DAY
        if working_days and not self.is_working_day(day):
            day = self.next_working_day(day)
        return self._instant(datetime.combine(day, at))

    def next_round(self, after: datetime, rounds: Sequence[time], *, working_days: bool = False) -> datetime:
        """The next of these times of day, at `after` or later; a round in a closed half of a day is none."""
        try:
            local = self._wall(after)
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
        return self._closed.get(day, _NONE)

    def _working_ordinals(self, year: int) -> tuple[int, ...]:
        found = self._workdays.get(year)
        if found is None:
            found = official_ordinals(self.country, year)
            shut = {
                day.toordinal() for day, parts in self._closed.items() if "all" in parts or len(parts) == 2
            }
            if shut:
                found = tuple(ordinal for ordinal in found if ordinal not in shut)
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

    def _wall(self, at: datetime) -> datetime:
        """The instant as the government's clocks show it, without a zone."""
        utc = at.astimezone(UTC)
        offset = self._offsets.of(utc.year)
        if offset is None:
            return utc.astimezone(self.zone).replace(tzinfo=None)
        return utc.replace(tzinfo=None) + offset

    def _instant(self, wall: datetime) -> datetime:
        offset = self._offsets.of(wall.year)
        if offset is None:
            return wall.replace(tzinfo=self.zone).astimezone(UTC)
        return (wall - offset).replace(tzinfo=UTC)

    def _from_micro(self, local: int) -> datetime:
        return self._instant(ZERO + timedelta(microseconds=local))

    def _ledger(self, year: int, pause: bool) -> Ledger:
        found = self._ledgers.get((year, pause))
        if found is None:
            opens: list[int] = []
            closes: list[int] = []
            before: list[int] = []
            total = 0
            for ordinal in self._working_ordinals(year):
                midnight = (ordinal - 1) * DAY
                for a, b in self.open_spans(date.fromordinal(ordinal), pause=pause):
                    opens.append(midnight + a)
                    closes.append(midnight + b)
                    before.append(total)
                    total += b - a
            found = Ledger(tuple(opens), tuple(closes), tuple(before))
            self._ledgers[year, pause] = found
        return found


_NONE: frozenset[str] = frozenset()


def _by_day(closures: frozenset[Closure]) -> dict[date, frozenset[str]]:
    by_day: dict[date, frozenset[str]] = {}
    for closure in closures:
        by_day[closure.day] = by_day.get(closure.day, _NONE) | {closure.part}
    return by_day
