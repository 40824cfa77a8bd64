"""A running clock counted anew: when it is due, and when it strikes, by the calendar of now.

Nothing is written here. A clock is counted from the instant it started with the limit that was kept with it;
one of a release that kept none, with what its rule, its case or the decision about its stage says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from citycall.base.closures import calendar_of
from citycall.base.policies import pack_of
from citycall.policy import Calendar, Limit, LimitError, Pack
from citycall.policy.clocks import limit_text, next_strike, read_limit, strike_at
from citycall.policy.deadlines import ByDay, Due
from citycall.policy.rules import ClockRule, Strike
from citycall.services.cases.models import Case, CaseClock, Stage, StageRequest

WORKING = frozenset({"working_days", "working_hours", "half_days"})
Calendars = Callable[[Pack, str, str], Calendar]  # by pack, district and agency


class Ticking(NamedTuple):
    """A running clock with what of its case is needed to count it."""

    clock: int
    code: str
    started_at: datetime
    due: datetime
    limit: str
    case: int
    kind: str
    item: str
    category: str
    district: str
    agency: str
    version: int
    established_at: datetime


def ticking_of(case: Case, clock: CaseClock) -> Ticking:
    """The same of rows that are at hand."""
    return Ticking(
        clock=clock.pk,
        code=clock.code,
        started_at=clock.started_at,
        due=clock.due,
        limit=clock.limit,
        case=case.pk,
        kind=case.kind,
        item=case.item,
        category=case.category,
        district=case.district,
        agency=case.agency,
        version=case.policy_version_id,
        established_at=case.established_at,
    )


class Wanted(NamedTuple):
    """A strike that should wait for this instant from now on; `raw` is when it would strike by the rule."""

    strike: str
    at: datetime
    raw: datetime
    daily: bool
    of_limit: bool


class Anew(NamedTuple):
    """What counting a clock anew has found; `wanted` are strikes that come at another time now."""

    ticking: Ticking
    started_at: datetime
    due: datetime
    sets_due: bool
    wanted: list[Wanted]
    never: list[str]  # strikes that would come before the clock began: they are not due at all
    unmark: frozenset[str]  # marks of strikes that lie ahead again

    @property
    def moved(self) -> bool:
        return self.due != self.ticking.due or self.started_at != self.ticking.started_at


# --- what of a rule depends on the calendar -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ring:
    """A strike as recounting needs it."""

    strike: Strike
    daily: bool
    of_limit: bool
    counts: bool
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Ruled:
    rule: ClockRule
    rings: tuple[_Ring, ...]
    counts: bool
    rounds: bool


def counts_working_time(limit: Due | None) -> bool:
    """Whether closures can matter to a limit at all."""
    return (isinstance(limit, Limit) and limit.unit in WORKING) or (
        isinstance(limit, ByDay) and "working" in limit.which
    )


def _ring(strike: Strike) -> _Ring:
    when = strike.when
    on_day = when.on_day
    of_limit = (
        when.at == "limit"
        or when.after_limit is not None
        or when.before_limit is not None
        or (on_day is not None and "limit" in (on_day.after, on_day.before))
        or (when.daily and when.from_ == "limit")
    )
    counts = (when.daily and when.working_days) or any(
        counts_working_time(limit) for limit in (when.after_limit, when.before_limit, when.after_start)
    )
    marks = frozenset(action.mark for action in strike.do if action.mark is not None)
    return _Ring(strike, when.daily, of_limit, counts, marks)


_known: dict[int, tuple[Pack, dict[str, _Ruled]]] = {}


def _rules(version: int) -> dict[str, _Ruled]:
    """The clock rules of a version of the pack, by their codes."""
    pack = pack_of(version)
    known = _known.get(version)
    if known is None or known[0] is not pack:
        known = _known[version] = (pack, {rule.code: _ruled(rule) for rule in pack.clocks})
    return known[1]


def _ruled(rule: ClockRule) -> _Ruled:
    rings = tuple(_ring(strike) for strike in rule.strikes)
    rounds = bool(rule.start.rounds) and rule.start.working_days
    return _Ruled(rule, rings, any(ring.counts for ring in rings), rounds)


def codes_that_count(versions: Iterable[int]) -> list[str]:
    """The clocks whose strikes or beginning depend on closures, whatever their limit."""
    found = {
        code
        for version in versions
        for code, ruled in _rules(version).items()
        if ruled.counts or ruled.rounds
    }
    return sorted(found)


# --- limits -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _read(text: str) -> Due | None:
    return read_limit(text)


def limit_kept(ticking: Ticking) -> str:
    """The limit as written: as it was kept with the clock, or what can still be known of it."""
    if ticking.limit:
        return ticking.limit
    pack = pack_of(ticking.version)
    rule = pack.clock(ticking.code)
    kind = pack.kinds[ticking.kind]
    facts: dict[str, object] = {"category": ticking.category}
    if rule.limit == "event.limit":
        granted = (
            StageRequest.objects.filter(
                case=ticking.case, state=StageRequest.State.APPROVED, decided_at=ticking.started_at
            )
            .order_by("-id")
            .first()
        )
        if granted is None:
            return ""
        ordinary = kind.stages.get("ordinary")
        if granted.to == Stage.SECOND and granted.days:
            facts["limit"] = Limit(amount=granted.days, unit="days")
        elif ordinary is not None and isinstance(ordinary.limit, Limit):
            facts["limit"] = ordinary.limit
    return limit_text(rule, pack.items.get(ticking.item), kind, facts)


def due_anew(ticking: Ticking, started: datetime, calendar: Calendar) -> datetime:
    """When a clock is due by this calendar; as before, where its limit is not known or was an instant."""
    try:
        limit = _read(limit_kept(ticking))
        return ticking.due if limit is None else limit.after(started, calendar)
    except ValueError:  # no limit that this release reads, or one that ends beyond the calendar
        return ticking.due


# --- counting -----------------------------------------------------------------------------------------------


def by_now(pack: Pack, district: str, agency: str) -> Calendar:
    """The calendar with all closures that stand."""
    return calendar_of(pack, district, agency)


def anew(ticking: Ticking, day: date, now: datetime, calendars: Calendars = by_now) -> Anew | None:
    """What a closure of `day` that was declared or withdrawn makes of a clock; None where it changes nothing.

    Only a clock whose time includes that day is due at another time (TP-5-5-1b); strikes that count working
    days may move besides. Raises LimitError where the calendar ends.
    """
    pack = pack_of(ticking.version)
    calendar = calendars(pack, ticking.district, ticking.agency)
    ruled = _rules(ticking.version)[ticking.code]
    started, due = ticking.started_at, ticking.due
    if ruled.rounds:
        started = _begun(ruled.rule, ticking, calendar)
    if calendar.local(ticking.due).date() >= day or started != ticking.started_at:
        due = due_anew(ticking, started, calendar)
    moved = due != ticking.due or started != ticking.started_at
    if not moved and not ruled.counts:
        return None
    wanted: list[Wanted] = []
    never: list[str] = []
    unmark: frozenset[str] = frozenset()
    for ring in ruled.rings:
        if not moved and not ring.counts:
            continue
        at = _instant(ring, started, due, calendar, now)
        if not moved and not _between(ring, started, due, at, day, now, calendar):
            continue
        if not ring.daily and at < min(started, due):
            never.append(ring.strike.code)
            continue
        wanted.append(Wanted(ring.strike.code, max(at, now), at, ring.daily, ring.of_limit))
        if ring.of_limit and not ring.daily and at > now >= ticking.due:
            unmark |= ring.marks
    if not moved and not wanted and not never:
        return None
    return Anew(ticking, started, due, ruled.rule.sets_due, wanted, never, unmark)


def _instant(ring: _Ring, started: datetime, due: datetime, calendar: Calendar, now: datetime) -> datetime:
    """When a strike comes (next, if it comes daily) of a clock that began and is due then."""
    if ring.strike.when.at == "limit":
        return due
    if ring.daily:
        again = next_strike(ring.strike, max(now, started), due, calendar)
        assert again is not None
        return again
    return strike_at(ring.strike, started, due, calendar)


def _between(
    ring: _Ring, started: datetime, due: datetime, at: datetime, day: date, now: datetime, calendar: Calendar
) -> bool:
    """Whether the day lies between what a strike is counted from and its instant."""
    anchor = due if ring.of_limit else started
    if ring.daily:
        anchor = max(anchor, now)
    first, last = sorted((calendar.local(anchor).date(), calendar.local(at).date()))
    return first <= day <= last


def _begun(rule: ClockRule, ticking: Ticking, calendar: Calendar) -> datetime:
    """The round from which a clock runs, by this calendar (TP-5-2a)."""
    from_event = rule.start.on == "case.established" and rule.start.at is None
    origin = ticking.established_at if from_event else ticking.started_at
    return calendar.next_round(origin, rule.start.rounds, working_days=True)


__all__ = [
    "Anew",
    "LimitError",
    "Ticking",
    "Wanted",
    "anew",
    "codes_that_count",
    "due_anew",
    "limit_kept",
    "ticking_of",
]
