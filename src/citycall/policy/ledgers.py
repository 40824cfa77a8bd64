"""What calendars count with: official working days, running totals of office time, local time by offset."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY = 86_400_000_000  # microseconds
ZERO = datetime(1, 1, 1)  # noqa: DTZ001 - local time, counted from its beginning


@lru_cache(maxsize=256)
def official(country: str, year: int) -> tuple[bool, ...]:
    """Whether each day of a year is a working day, in order."""
    days = holidays.country_holidays(country, years=year)
    first = date(year, 1, 1)
    length = 366 if _leap(year) else 365
    return tuple(days.is_working_day(first + timedelta(days=n)) for n in range(length))


@lru_cache(maxsize=256)
def official_ordinals(country: str, year: int) -> tuple[int, ...]:
    """The working days of a year by their ordinals."""
    first = date(year, 1, 1).toordinal()
    return tuple(first + n for n, works in enumerate(official(country, year)) if works)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def micro(at: time) -> int:
    """A time of day in microseconds."""
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


def micros(span: timedelta) -> int:
    """A span in microseconds."""
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def since_zero(wall: datetime) -> int:
    """A local instant in microseconds since year 1."""
    seconds = (wall.hour * 60 + wall.minute) * 60 + wall.second
    return (wall.toordinal() - 1) * DAY + seconds * 1_000_000 + wall.microsecond


def year_end(year: int) -> int:
    return date(year, 12, 31).toordinal() * DAY


@dataclass(frozen=True, slots=True)
class Ledger:
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


class Offsets:
    """How far a place's clock is from UTC, year by year; None for a year in which that changes."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._known: dict[int, timedelta | None] = {}

    def of(self, year: int) -> timedelta | None:
        try:
            return self._known[year]
        except KeyError:
            return self._known.setdefault(year, self._constant(year))

    def _constant(self, year: int) -> timedelta | None:
        """The one offset of the year and the weeks around it, looked at twice a month."""
        if not 2 <= year <= 9998:
            return None
        looked = [(year + n, month, day) for n in (-1, 0, 1) for month in range(1, 13) for day in (1, 15)]
        found = {datetime(*one, tzinfo=UTC).astimezone(self.zone).utcoffset() for one in looked}
        return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=32)
def offsets_of(timezone: str) -> Offsets:
    return Offsets(ZoneInfo(timezone))
