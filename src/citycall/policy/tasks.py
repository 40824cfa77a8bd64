"""Tasks: what somebody owes a case beside its clocks, such as a telephone notice that must be recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from citycall.policy.basics import Clauses, Code, Rule
from citycall.policy.calendars import Calendar
from citycall.policy.deadlines import Span
from citycall.policy.text import Text

Asked = Literal["person", "at", "text", "reference", "date", "authority"]


class TaskRule(Rule):
    """One kind of task: what opens it, who owes it, what must be entered, what it holds up.

    `on`: events of the case that open it (a strike opens it with `task:`; staff with `opened_by` may open it
    by hand). `owed_by`: `case` for the case's own agency, otherwise an agency's code, such as `call_centre`.
    `asks`: what its record must hold: the person spoken to, the instant, a text, a document's number, its
    date, the authority written to. `rings`: roles of the case's agency who are to be telephoned, shown with
    their numbers. `rings_citizen`: who owes it may open the citizen's number for it. `limit`: by when,
    counted from its opening or, as `counts_from` says, from the release of the case; `day_ends`: how its days
    end, where not as the calendar says. `blocks`: events refused with `task_open` while it is open.
    `done_by`: events that do it, so that nobody ticks it off by hand. `cancelled_by`: events after which
    nobody owes it any more.
    """

    code: Code
    name: Text
    kinds: tuple[Code, ...] = Field(min_length=1)
    on: tuple[str, ...] = ()
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    opened_by: tuple[str, ...] = ()
    owed_by: Code = "case"
    roles: tuple[str, ...] = Field(min_length=1)
    asks: tuple[Asked, ...] = ()
    rings: tuple[str, ...] = ()
    rings_citizen: bool = False
    limit: Span | None = None
    counts_from: Literal["opening", "release"] = "opening"
    day_ends: Literal["same_time", "end_of_day", "office_end"] | None = None
    blocks: tuple[str, ...] = ()
    done_by: tuple[str, ...] = ()
    cancelled_by: tuple[str, ...] = ()
    clauses: Clauses = ()

    def due(self, opened: datetime, released: datetime | None, cal: Calendar) -> datetime | None:
        """By when it is owed (TP-6-7b); None where nothing limits it."""
        if self.limit is None:
            return None
        start = released if self.counts_from == "release" and released is not None else opened
        if self.day_ends is not None:
            cal = replace(cal, day_ends=self.day_ends, working_day_ends=self.day_ends)
        return self.limit.after(start, cal)
