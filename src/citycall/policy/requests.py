"""Requests: what somebody asks for about a case and somebody else decides (改分、加分、解除列管、展延、爭議).

One rule says who may ask, within which window, what the request must hold, to whose list it goes and what
follows from consent. Pure: nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from citycall.policy.basics import Clauses, Code, Rule
from citycall.policy.calendars import Calendar
from citycall.policy.deadlines import Span
from citycall.policy.limits import Limit
from citycall.policy.text import Text

RECEIVED = "received"
CASE, ANYWHERE = "case", "any"
# What follows from consent: another agency, a further one, the end of tracking, a later limit, a ruling.
Effect = Literal["reassign", "join", "release", "extend", "dispute"]
Asked = Literal["agency", "agencies", "place", "attempt", "consent", "memo", "until"]
Running = Mapping[str, tuple[datetime, datetime]]  # the clocks of a case: code -> (start, limit)

# The events of a case that each effect brings about, which the moves of its kind must allow.
EVENTS: dict[str, tuple[str, ...]] = {
    "reassign": ("case.requested", "case.request_decided", "case.reassigned"),
    "join": (
        "case.requested",
        "case.request_decided",
        "case.joined",
        "case.join_answered",
        "case.all_joined",
    ),
    "release": ("case.requested", "case.request_decided", "case.released"),
    "extend": ("case.requested", "case.request_decided", "case.extended"),
    "dispute": (
        "case.requested",
        "case.request_decided",
        "case.position_stated",
        "case.ruled",
        "case.reassigned",
    ),
}


class Window(Rule):
    """Until when a request is in time: `within` a span after an event, or `until` the limit of a clock.

    `after`: `received` (when the agency got the case) or a clock, from whose start it counts (TP-6-6-0).
    `site_inspection`: only where the request says that the place must be seen first (TP-5-3-2d).
    `day_ends`: how its days end, where not as the calendar says.
    """

    within: Span | None = None
    after: Code = RECEIVED
    until: Code | None = None
    site_inspection: bool = False
    day_ends: Literal["same_time", "end_of_day", "office_end"] | None = None
    clauses: Clauses = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.within is None) == (self.until is None):
            raise ValueError("say exactly one of within, until")
        return self

    def end(self, received: datetime, running: Running, cal: Calendar) -> datetime | None:
        """When this window closes; None where what it is counted from has not been."""
        if self.until is not None:
            return running[self.until][1] if self.until in running else None
        if self.after == RECEIVED:
            start = received
        elif self.after in running:
            start = running[self.after][0]
        else:
            return None
        if self.day_ends is not None:
            cal = replace(cal, day_ends=self.day_ends, working_day_ends=self.day_ends)
        assert self.within is not None
        return self.within.after(start, cal)


class Ground(Rule):
    """A ground for asking, what it asks for besides, the dispute that it opens (TP-6-6-1 to TP-6-6-5)."""

    code: Code
    name: Text
    asks: tuple[Asked, ...] = ()
    opens: Code | None = None
    clauses: Clauses = ()


class Level(Rule):
    """A level whose consent counts, such as the chief secretary (TP-5-3-2b)."""

    code: Code
    name: Text


class RequestRule(Rule):
    """One kind of request.

    `asked_by`, `asked_in`: roles and agency of who may ask (`case`: the case's own; with `join_asks`, a
    joined one too). `windows`: in time while one of them is open; `late`: afterwards marked or refused.
    `asks`: what it must hold beside the reason. `consents`: whose consent counts where `consent` is asked.
    `refused_by`: at least so many agencies have asked to be rid of the case. `direct`: done by asking.
    `decided_by`, `decided_in`: whose list it goes to and who decides (`any`: wherever that role sits).
    `most`: how far an extension may reach from the limit it moves; `times`: how often one is granted.
    `owes`: what a joined agency owes, its own result, with what was found (TP-5-3-0), or only its words in
    the consultation (NT-5-2-2b); `blocks`: events that wait until all joined agencies have answered.
    """

    code: Code
    name: Text
    kinds: tuple[Code, ...] = Field(min_length=1)
    effect: Effect
    asked_by: tuple[str, ...] = Field(min_length=1)
    asked_in: Code = CASE
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    refused_by: int = Field(default=0, ge=0)
    windows: tuple[Window, ...] = ()
    late: Literal["mark", "refuse"] = "mark"
    asks: tuple[Asked, ...] = ()
    consents: tuple[Level, ...] = ()
    grounds: tuple[Ground, ...] = ()
    direct: bool = False
    decided_by: tuple[str, ...] = ()
    decided_in: Code = CASE
    most: Limit | None = None
    times: int | None = Field(default=None, ge=1)
    owes: Literal["result", "consultation"] = "result"
    blocks: tuple[str, ...] = ()
    sample: bool = False
    clauses: Clauses = ()

    def ground(self, code: str) -> Ground | None:
        """The ground of this code, or None."""
        return next((one for one in self.grounds if one.code == code), None)

    def asked(self, ground: Ground | None) -> tuple[Asked, ...]:
        """What a request on this ground must hold beside its reason."""
        return tuple(dict.fromkeys((*self.asks, *(ground.asks if ground is not None else ()))))

    def decides_in(self, agency: Code) -> Code:
        """The agency on whose list a request about a case of this agency lies; empty for any."""
        return {CASE: agency, ANYWHERE: ""}.get(self.decided_in, self.decided_in)

    def asks_in(self, agency: Code) -> Code:
        """The agency whose people may ask about a case of this agency."""
        return agency if self.asked_in == CASE else self.asked_in


@dataclass(frozen=True)
class InTime:
    """Whether a request comes in time, and until when it would have; no `end` where nothing limits it."""

    late: bool
    end: datetime | None


def in_time(
    rule: RequestRule,
    now: datetime,
    *,
    received: datetime,
    running: Running,
    calendar: Calendar,
    site_inspection: bool = False,
) -> InTime:
    """Whether a request made now is in time (NT-5-2-2a, TP-5-3-1a, TP-5-3-2a, TP-5-3-2d, TP-6-6-0).

    One that no open window knows, because its clock never ran, is late.
    """
    windows = [one for one in rule.windows if site_inspection or not one.site_inspection]
    if not windows:
        return InTime(late=False, end=None)
    ends = [end for one in windows if (end := one.end(received, running, calendar)) is not None]
    last = max(ends, default=None)
    return InTime(late=last is None or now > last, end=last)
