"""What a variation point and a reading are, and the words their values are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Annotated, Any, Literal, get_origin

from pydantic import BeforeValidator, StringConstraints, TypeAdapter

from citycall.policy.basics import Clauses, Rule, clock_time
from citycall.policy.limits import Limit
from citycall.policy.text import Text


def _time_of_day(value: Any) -> Any:
    if not isinstance(value, str | time):
        raise ValueError("write a time of day as 18:00")
    return clock_time(value)


ClockTime = Annotated[time, BeforeValidator(_time_of_day)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.:-]*$")]  # a code: of an agency, a role…
Words = tuple[Word, ...]
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Part = Literal["name", "phone", "email", "address", "contact"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Every = Literal["day", "week", "month", "quarter", "half_year", "year", "regularly", "irregularly"]
Channel = Literal["email", "sms", "egov", "screen", "chosen", "contact", "phone", "letter"]
# Capabilities of the catalogue whose rooms are there; a setting of theirs is to be used.
BUILT = frozenset({"policy", "clocks-deadlines", "dispatch", "fast-service", "urgent-report", "notify"})
# The room that serves a capability, or will when it is built.
ROOMS = {
    "agency-notices": "services/notices",
    "calls": "services/calls",
    "case-intake": "services/cases",
    "clocks-deadlines": "services/cases",
    "counter-queue": "services/counters",
    "directory": "people",
    "dispatch": "services/cases",
    "duplicates-abuse": "services/cases",
    "faq": "services/knowledge",
    "fast-service": "services/cases",
    "notify": "services/cases",
    "operations": "services/operations",
    "petition": "services/cases",
    "policy": "oversight",
    "privacy-audit": "base",
    "quality-programme": "oversight",
    "reassignment": "services/cases",
    "reports": "oversight",
    "sign-language": "services/sign_language",
    "spot-check": "oversight",
    "surveys": "oversight",
    "transfer-callback": "services/transfers",
    "urgent-report": "services/cases",
}


class Value(Rule):
    """The value of a point. A field left out says that the document is silent on it."""


class Bounds(Value):
    """The least and the most that a limit may be."""

    min: Limit | None = None
    max: Limit | None = None


@dataclass(frozen=True)
class Point:
    """One variation point: its topic, the capability that reads it, and the type of its value.

    `code`: whether code asks for the value itself, beside the rules that refer to it; or which parts of it.
    """

    slug: str
    topic: Text
    capability: str
    type: Any
    code: bool | tuple[str, ...] = False
    adapter: TypeAdapter[Any] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "adapter", TypeAdapter(self.type))

    @property
    def room(self) -> str:
        return ROOMS[self.capability]

    @property
    def built(self) -> bool:
        return self.capability in BUILT

    @property
    def by_kind(self) -> bool:
        """Whether the value is said for each kind of case."""
        return get_origin(self.type) is Mapping

    def asked(self, part: str) -> bool:
        """Whether code asks for this part of the value; the whole is the part without a name."""
        parts = ("",) if self.code is True else self.code or ()
        return any(not one or part == one or part.startswith(f"{one}.") for one in parts)

    def read(self, value: Any) -> Any:
        """The value in its type, None where the document is silent; raises pydantic's ValidationError."""
        return None if value is None else self.adapter.validate_python(value)


@dataclass(frozen=True)
class ReadingPoint(Point):
    """One place where a document leaves a reading open: as a point, with the clauses it is about."""

    clauses: Clauses = ()


def point(
    slug: str, zh: str, en: str, capability: str, type: Any, *, code: bool | tuple[str, ...] = False
) -> Point:
    return Point(slug, Text(zh=zh, en=en), capability, type, code)


def by_kind(value: type[Value]) -> Any:
    """A value for each kind of case (`dispatch`, `petition`…)."""
    return Mapping[Word, value]  # type: ignore[valid-type]
