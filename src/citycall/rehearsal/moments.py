"""The moments of a story: `+10m`, `+2wd`, `2026-03-02 10:10`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_RELATIVE = re.compile(r"^\+(\d+)(s|m|h|d|wd)$")
_ABSOLUTE = re.compile(r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class WorkingDays(Protocol):
    def is_working_day(self, day: date, /) -> bool: ...


def is_moment(text: object) -> bool:
    """Whether a value of a file reads as a moment: relative to the start, or absolute."""
    if isinstance(text, date):
        return True
    return isinstance(text, str) and bool(_RELATIVE.match(text) or looks_absolute(text))


def looks_absolute(text: str) -> bool:
    """Whether a text reads as a date, with or without a time of day."""
    return bool(_ABSOLUTE.match(text))


def absolute(value: str | date, zone: ZoneInfo) -> datetime:
    """A date and time of the government's place, as an aware UTC instant; ValueError if it is none."""
    if isinstance(value, str):
        if not looks_absolute(value):
            raise ValueError(f"not a date and time: {value!r} (write 2026-03-02 10:10)")
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def moment(value: str | date, start: datetime, zone: ZoneInfo, calendar: WorkingDays) -> datetime:
    """`+…` counts from the start of the story; anything else is absolute."""
    match = _RELATIVE.match(value) if isinstance(value, str) else None
    if match is None:
        return absolute(value, zone)
    amount, unit = int(match[1]), match[2]
    if unit != "wd":
        return start + timedelta(**{_UNITS[unit]: amount})
    local = start.astimezone(zone)
    day = local.date()
    while amount:
        day += timedelta(days=1)
        if calendar.is_working_day(day):
            amount -= 1
    return datetime.combine(day, local.timetz()).astimezone(UTC)
