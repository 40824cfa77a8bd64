"""A draft rehearsed against what really happened: which cases of a month would have been late under it.

Each clock of the month's cases is counted as the draft counts it, from the same instants; when it was
stopped, or that it still runs, stays as it was. What people would have done otherwise nobody knows, so it is
a figure to think with. A clock whose rule, limit and calendar the draft leaves alone keeps what is on record.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count
from django.db.models.functions import TruncMonth

from citycall.base import clock
from citycall.base.closures import calendar_of
from citycall.base.policies import pack_of
from citycall.policy import LimitError, Pack
from citycall.policy.clocks import due_at, limit_text, started_at
from citycall.policy.rules import ClockRule
from citycall.services.cases.models import Case, CaseClock

MOST = 60_000  # clocks looked at
SECONDS = 8.0  # and no longer than this
MONTHS = 24  # so far back a month can be chosen; the latest that has cases always can
_CHUNK = 1000
# The instant of an event, where the case keeps it.
_AT = {
    "case.established": "established_at",
    "case.acknowledged": "acknowledged_at",
    "case.registered": "registered_at",
    "case.completed": "completed_at",
}
_OF_CASE = (
    "pk", "number", "kind", "item", "category", "district", "agency", "policy_version_id", "notified_at",
    "entered_late", *_AT.values(),
)  # fmt: skip
_OF_CLOCK = ("case_id", "code", "started_at", "due", "stopped_at", "limit")


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
    over: timedelta  # by how much it would have been late; of one that is spared, by how much it was

    @property
    def shift(self) -> timedelta:
        """How much later the draft has it due; negative: earlier."""
        return self.would_be_due - self.due


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


def months_with_cases() -> dict[str, int]:
    """The months in which cases were established, the latest first, with how many: ``2026-03`` -> 37.

    Those of the last two years before the newest case, whenever that was. Two queries.
    """
    newest = Case.objects.order_by("-pk").values_list("established_at", flat=True).first()
    if newest is None:
        return {}
    here = clock.local(newest)
    first = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _n in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    rows = (
        Case.objects.filter(established_at__gte=first)
        .annotate(month=TruncMonth("established_at", tzinfo=clock.TAIPEI))
        .values("month")
        .annotate(n=Count("id"))
        .order_by("-month")
    )
    return {f"{row['month']:%Y-%m}": row["n"] for row in rows}


def touches_limits(before: Pack, after: Pack) -> bool:
    """Whether a draft changes anything that is looked at here: limits, their beginning, the calendar."""

    def looked_at(pack: Pack) -> tuple[Any, ...]:
        clocks = [(rule.code, rule.kinds, rule.start, rule.limit) for rule in pack.clocks]
        kinds = {
            code: (kind.stages, [(one.code, kind.category_limit(one.code)) for one in kind.categories])
            for code, kind in pack.kinds.items()
        }
        items = {code: (item.stage1, item.stage2_max) for code, item in pack.items.items()}
        return clocks, kinds, items, pack.clock_calendar

    return looked_at(before) != looked_at(after)


def rehearse(draft: Pack, since: datetime, until: datetime) -> Trial:
    """The clocks of all cases established in this time, counted by the draft."""
    trial = Trial()
    known: dict[tuple[int, str, str, str, str], _Ruled | None] = {}
    now, began = clock.now(), time.monotonic()
    for cases in _portions(since, until):
        clocks = CaseClock.objects.filter(case_id__in=cases).exclude(stopped_by="case.withdrawn")
        for row in clocks.order_by("case_id", "id").values(*_OF_CLOCK):
            if trial.clocks >= MOST:
                trial.stopped_short = True
                return trial
            trial.clocks += 1
            case = cases[row["case_id"]]
            key = (case["policy_version_id"], row["code"], case["kind"], case["item"], case["category"])
            if key not in known:
                known[key] = _ruled(draft, *key)
            _count(trial, draft, known[key], case, row, now)
        trial.cases += len(cases)
        if time.monotonic() - began > SECONDS:
            trial.stopped_short = True
            break
    return trial


def _portions(since: datetime, until: datetime) -> Iterator[dict[int, dict[str, Any]]]:
    """The month's cases, some at a time, by their row's number."""
    found = Case.objects.filter(established_at__gte=since, established_at__lt=until)
    portion: dict[int, dict[str, Any]] = {}
    for case in found.order_by("pk").values(*_OF_CASE)[: MOST + 1].iterator(chunk_size=_CHUNK):
        portion[case["pk"]] = case
        if len(portion) == _CHUNK:
            yield portion
            portion = {}
    if portion:
        yield portion


def _count(
    trial: Trial,
    draft: Pack,
    ruled: _Ruled | None,
    case: Mapping[str, Any],
    row: Mapping[str, Any],
    now: datetime,
) -> None:
    due, ended = row["due"], row["stopped_at"]
    late = (ended or now) > due
    trial.was_late += late
    if ruled is None:
        return
    would = _would_be_due(draft, ruled, case, row)
    if would is None:
        trial.uncounted += 1
        return
    if would == due:
        return
    trial.changed += 1
    would_be_late = (ended or now) > would
    if would_be_late == late:
        return
    into, numbers = (trial.late, trial.late_cases) if would_be_late else (trial.spared, trial.spared_cases)
    number, agency, item = case["number"], case["agency"], case["item"]
    if would_be_late:
        if number not in numbers:
            trial.by_agency[agency] += 1
            trial.by_item[item] += 1
        trial.by_clock[row["code"]] += 1
    numbers.add(number)
    over = (ended or now) - (would if would_be_late else due)
    into.append(Hit(number, agency, item, row["code"], due, would, ended, over))


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
    draft: Pack, ruled: _Ruled, case: Mapping[str, Any], row: Mapping[str, Any]
) -> datetime | None:
    rule = ruled.rule
    if rule is None:
        return None
    calendar = calendar_of(draft, case["district"] or None, case["agency"])
    facts: dict[str, Any] = {"category": case["category"], "limit": row["limit"] or None, "until": row["due"]}
    if case["entered_late"] and case["notified_at"] is not None:
        facts["notified_at"] = case["notified_at"]
    begins = row["started_at"]
    if not ruled.same_start:
        happened = case.get(_AT.get(rule.start.on, ""))
        if happened is None:
            return None
        begins = happened
    try:
        if not ruled.same_start:
            begins = started_at(rule, begins, facts, calendar)
        return due_at(rule, draft.items.get(case["item"]), draft.kinds[case["kind"]], begins, facts, calendar)
    except (LimitError, ValueError):
        return None
