"""A draft rehearsed against what really happened: which cases of a month would have been late under it.

Each clock of the month's cases is counted as the draft counts it, from the same instants; when it was
stopped, or that it still runs, stays as it was. What people would have done otherwise nobody knows, so it is
a figure to think with. A clock whose rule, limit and calendar the draft leaves alone keeps what is on record.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from citycall.base import clock
from citycall.base.closures import calendar_of
from citycall.base.policies import pack_of
from citycall.policy import LimitError, Pack
from citycall.policy.clocks import due_at, limit_text, started_at
from citycall.policy.rules import ClockRule
from citycall.services.cases.models import CaseClock

MOST = 60_000  # clocks looked at
SECONDS = 8.0  # and no longer than this
SHOWN = 200
_CHUNK = 2000
# The instant of an event, where the case keeps it.
_AT = {
    "case.established": "case__established_at",
    "case.acknowledged": "case__acknowledged_at",
    "case.registered": "case__registered_at",
    "case.completed": "case__completed_at",
}
_FIELDS = (
    "code", "started_at", "due", "stopped_at", "stopped_by", "limit", "case__number", "case__kind",
    "case__item", "case__category", "case__district", "case__agency", "case__policy_version_id",
    "case__notified_at", "case__entered_late", *_AT.values(),
)  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """One clock that would have ended otherwise."""

    number: str
    agency: str
    item: str
    clock: str
    due: datetime
    would_be_due: datetime
    ended: datetime | None  # None: it runs still


@dataclass
class Trial:
    """What a month's cases would have been under a draft."""

    cases: int = 0
    clocks: int = 0
    changed: int = 0  # clocks that would have been due at another time
    was_late: int = 0
    late: list[Hit] = field(default_factory=list)  # would have been late, and were not
    spared: list[Hit] = field(default_factory=list)  # were late, and would not have been
    late_cases: set[str] = field(default_factory=set)
    spared_cases: set[str] = field(default_factory=set)
    by_agency: Counter[str] = field(default_factory=Counter)
    by_item: Counter[str] = field(default_factory=Counter)
    by_clock: Counter[str] = field(default_factory=Counter)
    uncounted: int = 0  # clocks that the draft does not have, or cannot count
    stopped_short: bool = False  # more than could be looked at


class _Ruled(NamedTuple):
    """How the draft counts the clocks of one rule, kind, item and category; None where it changes nothing."""

    rule: ClockRule | None
    same_start: bool


def rehearse(draft: Pack, since: datetime, until: datetime) -> Trial:
    """The clocks of all cases established in this time, counted by the draft."""
    trial, seen = Trial(), set[str]()
    known: dict[tuple[int, str, str, str, str], _Ruled | None] = {}
    rows = (
        CaseClock.objects.filter(case__established_at__gte=since, case__established_at__lt=until)
        .exclude(stopped_by="case.withdrawn")
        .order_by("case_id", "id")
        .values(*_FIELDS)
    )
    now, began = clock.now(), time.monotonic()
    for row in rows[: MOST + 1].iterator(chunk_size=_CHUNK):
        if trial.clocks >= MOST or (trial.clocks % 500 == 0 and time.monotonic() - began > SECONDS):
            trial.stopped_short = True
            break
        trial.clocks += 1
        seen.add(row["case__number"])
        key = (
            row["case__policy_version_id"], row["code"], row["case__kind"], row["case__item"],
            row["case__category"],
        )  # fmt: skip
        if key not in known:
            known[key] = _ruled(draft, *key)
        _count(trial, draft, known[key], row, now)
    trial.cases = len(seen)
    return trial


def _count(trial: Trial, draft: Pack, ruled: _Ruled | None, row: Mapping[str, Any], now: datetime) -> None:
    due, ended = row["due"], row["stopped_at"]
    late = (ended or now) > due
    trial.was_late += late
    if ruled is None:
        return
    would = None if ruled.rule is None else _would_be_due(draft, ruled.rule, row, same_start=ruled.same_start)
    if would is None:
        trial.uncounted += 1
        return
    if would == due:
        return
    trial.changed += 1
    would_be_late = (ended or now) > would
    if would_be_late == late:
        return
    into, cases = (trial.late, trial.late_cases) if would_be_late else (trial.spared, trial.spared_cases)
    if row["case__number"] not in cases and would_be_late:
        trial.by_agency[row["case__agency"]] += 1
        trial.by_item[row["case__item"]] += 1
    if would_be_late:
        trial.by_clock[row["code"]] += 1
    cases.add(row["case__number"])
    if len(into) < SHOWN:
        into.append(
            Hit(row["case__number"], row["case__agency"], row["case__item"], row["code"], due, would, ended)
        )


def _ruled(draft: Pack, version: int, code: str, kind: str, item: str, category: str) -> _Ruled | None:
    """What the draft makes of these clocks; None where it counts them as they were counted."""
    pack = pack_of(version)
    old = next((rule for rule in pack.clocks if rule.code == code), None)
    new = next((rule for rule in draft.clocks if rule.code == code and kind in rule.kinds), None)
    if new is None or old is None or kind not in draft.kinds or kind not in pack.kinds:
        return _Ruled(None, same_start=False)
    facts = {"category": category}
    same_start = old.start == new.start
    if (
        same_start
        and old.limit == new.limit
        and pack.clock_calendar == draft.clock_calendar
        and limit_text(old, pack.items.get(item), pack.kinds[kind], facts)
        == limit_text(new, draft.items.get(item), draft.kinds[kind], facts)
    ):
        return None
    return _Ruled(new, same_start)


def _would_be_due(
    draft: Pack, rule: ClockRule, row: Mapping[str, Any], *, same_start: bool
) -> datetime | None:
    calendar = calendar_of(draft, row["case__district"] or None, row["case__agency"])
    facts: dict[str, Any] = {
        "category": row["case__category"],
        "limit": row["limit"] or None,
        "until": row["due"],
    }
    if row["case__entered_late"] and row["case__notified_at"] is not None:
        facts["notified_at"] = row["case__notified_at"]
    begins = row["started_at"]
    if not same_start:
        happened = row.get(_AT.get(rule.start.on, ""))
        if happened is None:
            return None
        begins = started_at(rule, happened, facts, calendar)
    try:
        return due_at(
            rule, draft.items.get(row["case__item"]), draft.kinds[row["case__kind"]], begins, facts, calendar
        )
    except (LimitError, ValueError):
        return None
