"""Deadlines that are no amount of time: the next working day, the 26th of the month, before an event's day.

Each is written plainly wherever the limit of a clock or a task stands, and ends a limit as `Limit` does:

- `next working day 10:00`: at that time of the first working day after the day of the start.
- `same working day 10:00`: at that time of the day of the start, and of the next working day where the start
  is no working day or comes later (TP-3-2-3b). `same day 10:00` counts every day.
- `day 26`: the 26th of the month is the last day, itself included (TP-3-5); in a shorter month its last day,
  and in the next month where it has passed.
- `before day of event_on`: before the day that the fact `event_on` names begins (TP-3-2-2a).

In place of a time of day stand `start`, `end` (the midnight after it; said when nothing is) or `office end`.
The arithmetic is pure and total, as that of limits: an instant or a `LimitError`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from citycall.policy.basics import clock_time
from citycall.policy.limits import Limit, LimitError, as_typed
from citycall.policy.text import language

if TYPE_CHECKING:
    from citycall.policy.calendars import Calendar

Moment = time | Literal["start", "end", "office end"]
Which = Literal["next working day", "same working day", "same day"]

_DAY = re.compile(r"^(next working day|same working day|same day)(?:\s+(.+))?$")
_MONTH = re.compile(r"^day\s+(\d{1,2})(?:\s+(.+))?$")
_BEFORE = re.compile(r"^before (?:day of ([a-z_]+)|(\d{4}-\d{2}-\d{2}))$")
_YEARS = 400  # no month is looked for further on
EXAMPLES = "an amount (4 hours, 6 working_days), next working day 10:00, day 26 or before day of event_on"


class _Deadline(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def after(self, start: datetime, cal: Calendar) -> datetime:
        """The instant (UTC) at which the deadline falls when it is counted from `start`."""
        if start.tzinfo is None:
            raise LimitError("the start of a limit needs a time zone")
        try:
            return self._after(start.astimezone(UTC), cal)
        except (OverflowError, ValueError) as error:
            if isinstance(error, LimitError):
                raise
            raise LimitError(f"{self} after {start.isoformat()} lies beyond the calendar") from error

    def _after(self, start: datetime, cal: Calendar) -> datetime:
        raise NotImplementedError


class ByDay(_Deadline):
    """A time of day on the same or the next (working) day."""

    which: Which
    at: Moment = "end"

    def _after(self, start: datetime, cal: Calendar) -> datetime:
        day = cal.local(start).date()
        if self.which == "next working day":
            return cal.moment_of(cal.next_working_day(day), self.at)
        if self.which == "same day" or cal.is_working_day(day):
            due = cal.moment_of(day, self.at)
            if due >= start:
                return due
        day = day + timedelta(days=1) if self.which == "same day" else cal.next_working_day(day)
        return cal.moment_of(day, self.at)

    def words(self, lang: str | None = None) -> str:
        """The deadline as people say it."""
        names = {"next working day": "次一工作日", "same working day": "當日（遇非工作日為次一工作日）"}
        if language(lang) == "en":
            return f"{self.which}, {_moment(self.at, lang)}"
        return f"{names.get(self.which, '當日')}{_moment(self.at, lang)}"

    def __str__(self) -> str:
        return f"{self.which} {_written(self.at)}"


class DayOfMonth(_Deadline):
    """A day of the month, itself included: the next such day that has not passed."""

    day: int = Field(ge=1, le=31)
    at: Moment = "end"

    def _after(self, start: datetime, cal: Calendar) -> datetime:
        local = cal.local(start)
        year, month = local.year, local.month
        for _ in range(_YEARS * 12):
            last = monthrange(year, month)[1]
            day = date(year, month, min(self.day, last))
            due = cal.moment_of(day, self.at)
            if due >= start and local.date() <= day:
                return due
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        raise LimitError(f"{self} after {start.isoformat()} lies beyond the calendar")

    def words(self, lang: str | None = None) -> str:
        """The deadline as people say it."""
        if language(lang) == "en":
            return f"day {self.day} of the month, {_moment(self.at, lang)}"
        return f"每月{self.day}日{_moment(self.at, lang)}前"

    def __str__(self) -> str:
        return f"day {self.day} {_written(self.at)}"


class BeforeDay(_Deadline):
    """Before a day begins: that of a fact of the event (`of`), or, once it is known, of this date."""

    of: str | None = None
    day: date | None = None

    @model_validator(mode="after")
    def _one(self) -> BeforeDay:
        if (self.of is None) == (self.day is None):
            raise ValueError("say exactly one of a fact and a day")
        return self

    def given(self, facts: Mapping[str, Any]) -> BeforeDay | None:
        """The deadline with its day put in from the facts; None where they name none."""
        told = None if self.of is None else facts.get(self.of)
        if self.of is None or told is None:
            return self if self.of is None else None
        if isinstance(told, str):
            try:
                told = date.fromisoformat(told)
            except ValueError:
                raise LimitError(f"{self.of}: {told!r} is no day") from None
        if isinstance(told, datetime) or not isinstance(told, date):
            raise LimitError(f"{self.of}: {told!r} is no day")
        return BeforeDay(day=told)

    def _after(self, start: datetime, cal: Calendar) -> datetime:
        if self.day is None:
            raise LimitError(f"nothing says which day {self.of} is")
        return cal.moment_of(self.day, "start")

    def words(self, lang: str | None = None) -> str:
        """The deadline as people say it."""
        what = self.day.isoformat() if self.day else str(self.of)
        return f"before {what}" if language(lang) == "en" else f"{what}（不含當日）前"

    def __str__(self) -> str:
        return f"before {self.day}" if self.day else f"before day of {self.of}"


Deadline = ByDay | DayOfMonth | BeforeDay
Due = Limit | Deadline


MOMENTS = {
    "start": ("開始", "its start"),
    "end": ("終了", "its end"),
    "office end": ("下班", "end of office"),
}


def _moment(at: Moment, lang: str | None) -> str:
    if isinstance(at, time):
        return f"{at:%H:%M}"
    return MOMENTS[at][1 if language(lang) == "en" else 0]


def _written(at: Moment) -> str:
    return at if isinstance(at, str) else f"{at:%H:%M}"


def _read_moment(words: str | None) -> Moment:
    said = " ".join((words or "end").replace("_", " ").split())
    if said in ("start", "end", "office end"):
        return said  # type: ignore[return-value]
    at = clock_time(said)
    if not isinstance(at, time):
        raise ValueError(f"{words!r} is not a time of day, start, end or office end")
    return at


def read_due(text: str) -> Due:
    """A limit or deadline as it is written, also as it was kept with a clock; raises ValueError."""
    try:
        return _read_due(as_typed(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        said = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        raise ValueError(said if str(text) in said else f"{text!r}: {said}") from None


class NotADue(ValueError):
    """Words that are neither an amount of time nor a deadline."""


def _read_due(said: str) -> Due:
    if found := _DAY.match(said):
        return ByDay(which=found[1], at=_read_moment(found[2]))  # type: ignore[arg-type]
    if found := _MONTH.match(said):
        return DayOfMonth(day=int(found[1]), at=_read_moment(found[2]))
    if found := _BEFORE.match(said):
        return BeforeDay(of=found[1], day=date.fromisoformat(found[2]) if found[2] else None)
    if said[:1].isdigit():
        return Limit.model_validate(said)
    raise NotADue(f"{said!r} is not a limit; write {EXAMPLES}")


def _read(value: Any) -> Any:
    return read_due(value) if isinstance(value, str) else value


Span = Annotated[Due, BeforeValidator(_read)]
"""Either of them as a pack writes it."""
