"""What `sample/cases.yaml` of a pack says: fates of sample cases, and the cases that have them.

A fate is a list of ordinary commands, each some time after the case was taken; so a pack whose cases live
another life writes another list, and nothing here knows of it. docs/rehearsals.md explains the form.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from citycall.rehearsal import lines, moments

_AGO = re.compile(r"^-(?P<hours>\d+(\.\d+)?)h$")
_WORKING_DAYS_AGO = re.compile(r"^-(?P<days>[1-9]\d?)wd (?P<clock>\d{2}:\d{2})$")
_LAST_MONTH = re.compile(r"^last month (?P<day>\d{1,2}) (?P<clock>\d{2}:\d{2})$")
_FORMS = (_AGO, _WORKING_DAYS_AGO, _LAST_MONTH)
REQUEST = "$request"  # the last request that was made about the case


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampleStep(_Form):
    """A command, by a post of the case's agency (``handler1``) or of any (``call_centre.lead``)."""

    at: str
    do: str
    post: str = Field(alias="as")
    given: dict[str, Any] = Field(alias="with", default_factory=dict)

    @field_validator("at")
    @classmethod
    def _after_the_taking(cls, value: str) -> str:
        if not value.startswith("+") or not moments.is_moment(value):
            raise ValueError(f"not a time after the case was taken: {value!r} (write +10m, +4h, +3d or +2wd)")
        return value


class Fate(_Form):
    """What becomes of a case: the steps of another fate first, if it names one, and then its own."""

    begins: str | None = None
    then: tuple[SampleStep, ...] = ()


class SampleCase(_Form):
    """One case: when it came, what was said by whom, and what became of it."""

    at: str
    fate: str
    said: str
    by: str
    kind: str | None = None
    item: str | None = None
    agency: str | None = None
    category: str | None = None
    address: str | None = None
    reply_by: str | None = None
    told: str | None = None  # who at the agency was told by telephone, two minutes before

    @field_validator("at")
    @classmethod
    def _before_now(cls, value: str) -> str:
        if not any(form.match(value) for form in _FORMS):
            raise ValueError(
                f"not a past time: {value!r} (write -2.5h, '-3wd 09:40' or 'last month 12 09:40')"
            )
        return value

    @model_validator(mode="after")
    def _belongs_to_somebody(self) -> Self:
        if self.item is None and self.agency is None:
            raise ValueError("a case without an item names its agency")
        return self


class SampleCases(_Form):
    fates: dict[str, Fate]
    cases: tuple[SampleCase, ...]

    def steps(self, fate: str) -> tuple[SampleStep, ...]:
        """All steps of a fate, those of the fates it begins as included."""
        found = self.fates[fate]
        return (self.steps(found.begins) if found.begins else ()) + found.then


def read(path: Path, citizens: set[str]) -> SampleCases:
    """The file, checked; a ScenarioError names its line."""
    document = lines.read(path)
    try:
        found = SampleCases.model_validate(document.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise document.error(list(first["loc"]), str(first["msg"])) from error
    earlier: set[str] = set()
    for name, fate in found.fates.items():
        if fate.begins and fate.begins not in earlier:  # and so none begins as itself
            raise document.error(["fates", name], f"there is no fate {fate.begins!r} above this one")
        earlier.add(name)
    for index, case in enumerate(found.cases):
        if case.fate not in found.fates:
            raise document.error(["cases", index, "fate"], f"there is no fate {case.fate!r}")
        if case.by not in citizens:
            raise document.error(["cases", index, "by"], f"there is no sample citizen {case.by!r}")
    return found


def begun(at: str, now: datetime, zone: ZoneInfo, calendar: moments.WorkingDays) -> datetime:
    """The instant at which a case came, seen from now."""
    if ago := _AGO.match(at):
        return now - timedelta(hours=float(ago["hours"]))
    today = now.astimezone(zone).date()
    if past := _WORKING_DAYS_AGO.match(at):
        day, wanted = today, int(past["days"])
        while wanted:
            day -= timedelta(days=1)
            wanted -= calendar.is_working_day(day)
    else:
        past = _LAST_MONTH.match(at)
        assert past is not None
        last = today.replace(day=1) - timedelta(days=1)
        day = last.replace(day=min(int(past["day"]), last.day))
    return datetime.combine(day, time.fromisoformat(past["clock"]), zone)


def filled(value: Any, at: datetime, names: dict[str, str]) -> Any:
    """A value of a step with what is known only at its instant: `$now`, `$today`, `$in 20 days`, `$name`.

    `$request` stays as it is: which request that is, is known once the step before has made it.
    """
    if isinstance(value, dict):
        return {key: filled(part, at, names) for key, part in value.items()}
    if not isinstance(value, str) or not value.startswith("$") or value == REQUEST:
        return value
    if value == "$now":
        return at
    if value.startswith("$in "):
        return day_of(at) + timedelta(days=int(value.split()[1]))
    return day_of(at) if value == "$today" else names[value[1:]]


def day_of(at: datetime) -> date:
    """The local day of an instant that is told in local time."""
    return at.date()
