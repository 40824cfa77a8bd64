"""Limits: an amount of time in its own unit, and the instant at which it ends.

The arithmetic is pure and total: for every aware start, every limit that could be built and every
calendar it either gives an instant or raises `LimitError` (a naive start, beyond the calendar, more than 40
years of working time).

How each unit counts (each limit carries its own unit, so 日 and 工作日 never mix):

- `minutes`, `hours`: time on the wall, day and night (NT-5-4-1a, NT-5-4-2d).
- `days`: calendar days; the first day is not counted and the limit ends at the same time of day, n days
  later (NT-5-4-1b, NT-5-4-1c). A pack may say `day_ends: end_of_day` instead.
- `working_hours`: time inside the office hours of working days; the pause is not counted.
- `half_days`: the pack's half day (4 hours in both seeds that name it), counted in working time or on the
  wall, with or without the pause, as the pack says (NT-5-1-1d).
- `working_days`: like days, counted in working days. A start on a day off counts as the first instant of
  the next working day, so that a later start never ends earlier.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from citycall.policy.calendars import Calendar

Unit = Literal["minutes", "hours", "working_hours", "days", "half_days", "working_days"]
UNITS: tuple[str, ...] = get_args(Unit)
WHOLE_UNITS = frozenset({"days", "half_days", "working_days"})
MOST = 1_000_000

# As people write units; 個 before one and blanks are left out first.
_SHORT = {
    "m": "minutes", "min": "minutes", "mins": "minutes", "minute": "minutes",
    "分鐘": "minutes", "分": "minutes",
    "h": "hours", "hr": "hours", "hrs": "hours", "hour": "hours", "小時": "hours", "鐘頭": "hours",
    "wh": "working_hours", "working_hour": "working_hours", "工作小時": "working_hours",
    "工作時": "working_hours", "上班小時": "working_hours", "工時": "working_hours",
    "d": "days", "day": "days", "日": "days", "天": "days", "日曆天": "days", "日曆日": "days",
    "hd": "half_days", "half_day": "half_days", "半日": "half_days", "半天": "half_days",
    "wd": "working_days", "working_day": "working_days", "business_day": "working_days",
    "business_days": "working_days", "工作日": "working_days", "工作天": "working_days",
    "上班日": "working_days", "上班天": "working_days",
}  # fmt: skip
SPOKEN = tuple(sorted((unit for unit in _SHORT if not unit.isascii()), key=len, reverse=True))
_WRITTEN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?: ?個)? ?([A-Za-z_\u4e00-\u9fff][A-Za-z_ \u4e00-\u9fff]*)")


def as_typed(text: str) -> str:
    """What was typed, in letters of one width and with single blanks: `１２　工作天` is `12 工作天`."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def unit_named(said: str) -> str:
    """The unit that a word means: 工作天, Working Days and `wd` are working_days; other words as they are."""
    word = "_".join(said.lower().split())
    word = word if word.isascii() else word.replace("_", "")
    return _SHORT.get(word, word)


_NOMINAL = {
    "minutes": 1,
    "hours": 60,
    "working_hours": 60,
    "half_days": 240,
    "days": 1440,
    "working_days": 1440,
}


class LimitError(ValueError):
    """A limit that cannot be written or counted: unknown unit, naive start, beyond the calendar."""


class Limit(BaseModel):
    """An amount of time in a unit of its own. Written `4 hours`, `6 working_days`, `4 小時`.

    Settings, tables of items and packs are read by the same words (`unit_named`), in either width of letters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: int | float = Field(ge=0, le=MOST, allow_inf_nan=False)
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        if isinstance(value, str):
            found = _WRITTEN.fullmatch(as_typed(value))
            if found is None:
                raise ValueError(
                    f"{value!r} is not a limit; write an amount and a unit, for example '4 hours'"
                )
            amount, unit = found.groups()
            unit = unit_named(unit)
            if unit not in UNITS:
                raise ValueError(f"{unit!r} is not a unit of time; one of {', '.join(UNITS)}")
            return {"amount": float(amount) if "." in amount else int(amount), "unit": unit}
        return value

    @model_validator(mode="after")
    def _whole(self) -> Limit:
        if self.unit in WHOLE_UNITS and self.amount != int(self.amount):
            raise ValueError(f"{self.unit} are counted whole, not {self.amount}")
        return self

    def after(self, start: datetime, cal: Calendar) -> datetime:
        """The instant (UTC) at which the limit ends when it runs from `start`."""
        if start.tzinfo is None:
            raise LimitError("the start of a limit needs a time zone")
        try:
            start = start.astimezone(UTC)
            match self.unit:
                case "minutes":
                    return start + timedelta(minutes=self.amount)
                case "hours":
                    return start + timedelta(hours=self.amount)
                case "days":
                    return cal.add_days(start, int(self.amount))
                case "working_days":
                    return cal.add_working_days(start, int(self.amount))
                case "half_days":
                    return cal.add_half_days(start, int(self.amount))
                case "working_hours":
                    return cal.add_working_time(start, timedelta(hours=self.amount))
        except (OverflowError, ValueError) as error:
            raise LimitError(f"{self} after {start.isoformat()} lies beyond the calendar") from error

    def before(self, end: datetime, cal: Calendar) -> datetime:
        """The instant (UTC) that lies this much before `end` (for reminders ahead of a limit).

        Working units give the latest instant from which the limit would end no later than `end`.
        """
        if end.tzinfo is None:
            raise LimitError("the end of a limit needs a time zone")
        try:
            end = end.astimezone(UTC)
            match self.unit:
                case "minutes":
                    return end - timedelta(minutes=self.amount)
                case "hours":
                    return end - timedelta(hours=self.amount)
                case "days":
                    return cal.add_days(end, -int(self.amount))
                case "working_days":
                    return cal.subtract_working_days(end, int(self.amount))
                case "half_days":
                    return cal.subtract_half_days(end, int(self.amount))
                case "working_hours":
                    return cal.subtract_working_time(end, timedelta(hours=self.amount))
        except (OverflowError, ValueError) as error:
            raise LimitError(f"{self} before {end.isoformat()} lies beyond the calendar") from error

    @property
    def nominal_minutes(self) -> float:
        """A rough length for comparing limits of different units (a day of any kind is 24 hours)."""
        return self.amount * _NOMINAL[self.unit]

    def within(self, least: Limit | None, most: Limit | None) -> bool:
        """Whether the limit lies between two others, both included (NT-5-4-1b, NT-5-4-1c)."""
        if least is not None and self.nominal_minutes < least.nominal_minutes:
            return False
        return most is None or self.nominal_minutes <= most.nominal_minutes

    def words(self, lang: str | None = None) -> str:
        """The limit as people say it: 4 小時, 6 個工作日, 10 minutes."""
        amount = f"{self.amount:g}"
        if lang and lang.lower().startswith("en"):
            unit = self.unit.replace("_", " ")
            return f"{amount} {unit[:-1] if self.amount == 1 else unit}"
        zh = {
            "minutes": "分鐘",
            "hours": "小時",
            "working_hours": "工作小時",
            "days": "日",
            "half_days": "個半日",
            "working_days": "個工作日",
        }
        return f"{amount} {zh[self.unit]}"

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"
