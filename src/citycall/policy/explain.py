"""Why a clock is due when it is, in words: the rule and its clause, the start, the limit, the days left out.

Pure: everything comes from the pack, the facts of the start and the closures that the caller names. `explain`
says how a clock comes to its due instant, whether it runs, has stopped or would only be started.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from citycall.policy.calendars import Closure
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind
from citycall.policy.model import Pack
from citycall.policy.rules import ClockRule
from citycall.policy.text import Text

Why = Literal["weekend", "holiday", "closure"]


@dataclass(frozen=True)
class Cited:
    """A clause that gives the rule, in the document's own words where the catalogue is at hand."""

    id: str
    quote: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Days in a row, or a half of one, that did not count, and why."""

    first: date
    last: date
    why: Why
    name: Text
    part: Literal["all", "morning", "afternoon"] = "all"


@dataclass(frozen=True)
class Coming:
    """One strike of the clock: when, what it does, and the clauses that ask for it."""

    code: str
    at: datetime
    says: Text
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a clock is due when it is. `sentences` say all of it, in order; the rest is the same as data."""

    rule: str
    name: Text
    clauses: tuple[Cited, ...]
    started_by: str
    happened_at: datetime
    starts_at: datetime
    limit: str
    limit_says: Text
    limit_from: Text
    left_out: tuple[LeftOut, ...]
    due: datetime
    strikes: tuple[Coming, ...]
    sentences: tuple[Text, ...]


def explain(
    pack: Pack,
    rule: ClockRule,
    *,
    kind: CaseKind,
    item: Item | None,
    happened_at: datetime,
    facts: Mapping[str, Any],
    closures: Iterable[Closure] = (),
    district: str | None = None,
    reasons: Mapping[date, Text] | None = None,
    due: datetime | None = None,
    after: datetime | None = None,
) -> Explanation:
    """Why the clock that `rule` starts at the event of `happened_at` is due when it is; raises LimitError.

    `facts`: the data of the event that started it. `closures`: the declared ones that count for the case,
    with `reasons` by day in the words of who declared them. `due`: the due instant on record, where it may
    differ from what the rules give today (a changed limit). `after`: only strikes to come after this instant
    are told.
    """
    raise NotImplementedError
