"""A running clock counted anew: when it is due, and when it strikes, by the calendar of now.

Nothing is written here. A clock is counted from the instant it started with the limit that was kept with it;
one of a release that kept none, with what its rule, its case or the decision about its stage says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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


def utc_text(at: datetime) -> str:
    """An instant in UTC as events and timers keep it (`jsonable`), without asking what it is."""
    return at.isoformat()[:-6] + "Z"


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
    """A strike that should wait for this instant (in words too) from now on.

    `raw` is when it comes by the rule (first, if it comes daily and its time has begun), past or to come.
    """

    strike: str
    at: datetime
    said: str
    raw: datetime
    daily: bool
    of_limit: bool


class Anew(NamedTuple):
    """What counting a clock anew has found; `wanted` are strikes that come at another time now.

    `old` and `new` are the limits as events and timers keep them.
    """

    ticking: Ticking
    started_at: datetime
    due: datetime
    old: str
    new: str
    moved: bool
    sets_due: bool
    wanted: list[Wanted]
    never: list[str]  # strikes that would come before the clock began: they are not due at all
    unmark: frozenset[str]  # marks of strikes that lie ahead again


# --- what of a rule depends on the calendar -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ring:
    """A strike as recounting needs it."""

    strike: Strike
    code: str
    at_limit: bool
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
    sets_due: bool


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
    return _Ring(strike, strike.code, when.at == "limit", when.daily, of_limit, counts, marks)


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
    return _Ruled(rule, rings, any(ring.counts for ring in rings), rounds, rule.sets_due)


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
        limit = read_limit(limit_kept(ticking))
        return ticking.due if limit is None else limit.after(started, calendar)
    except ValueError:  # no limit that this release reads, or one that ends beyond the calendar
        return ticking.due


# --- counting -----------------------------------------------------------------------------------------------


class _Group(NamedTuple):
    """What clocks of one rule, limit and place have in common."""

    ruled: _Ruled
    calendar: Calendar
    limit: Due | None
    known: bool  # whether the limit was kept: else each clock's is looked for
    opens: datetime  # the first instant of the closed day
    # Limits in working days, by the day of the start: how long after it, or at which instant, all of that
    # day are due; None where that is not the same for all.
    by_day: dict[int, timedelta | datetime | None] | None

    def due(self, started: datetime) -> datetime:
        """When a clock of this group is due."""
        assert self.limit is not None
        if self.by_day is None:
            return self.limit.after(started, self.calendar)
        day = started.astimezone(self.calendar.zone).toordinal()
        if day not in self.by_day:
            self.by_day[day] = self._of_day(started)
        known = self.by_day[day]
        if isinstance(known, datetime):
            return known
        return self.limit.after(started, self.calendar) if known is None else started + known

    def _of_day(self, started: datetime) -> timedelta | datetime | None:
        """What all that starts on this day have in common."""
        assert self.limit is not None
        due = self.limit.after(started, self.calendar)
        days = [self.calendar.local(at).date() for at in (started, due)]
        if not self.calendar.is_working_day(days[0]) or self.calendar.working_day_ends != "same_time":
            return due  # counted from the day, not from the time of day
        midnights = [self.calendar.time_on(day, n, time()) for day in days for n in (0, 1)]
        offsets = {self.calendar.local(at).utcoffset() for at in midnights}
        return due - started if len(offsets) == 1 else None  # None: a clock is put back on one of the days


class Counting:
    """Counts clocks anew after a closure of `day` was declared or withdrawn, by `calendars` (those of now).

    Only a clock whose time includes that day is due at another time (TP-5-5-1b); strikes that count working
    days may move besides.
    """

    def __init__(self, day: date, now: datetime, calendars: Calendars = calendar_of) -> None:
        self.day = day
        self.now = now
        self._calendars = calendars
        self._groups: dict[tuple[int, str, str, str, str], _Group] = {}

    def anew(self, ticking: Ticking) -> Anew | None:
        """What it makes of one clock; None where it changes nothing. LimitError where the calendar ends."""
        key = (ticking.version, ticking.code, ticking.limit, ticking.district, ticking.agency)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._group(ticking)
        ruled, calendar, now = group.ruled, group.calendar, self.now
        started, due = ticking.started_at, ticking.due
        if ruled.rounds:
            started = _begun(ruled.rule, ticking, calendar)
        if due >= group.opens or started != ticking.started_at:
            if not group.known:
                due = due_anew(ticking, started, calendar)
            elif group.limit is not None:
                due = group.due(started)
        moved = due != ticking.due or started != ticking.started_at
        if not moved and not ruled.counts:
            return None
        old = utc_text(ticking.due)
        new = utc_text(due) if moved else old
        wanted: list[Wanted] = []
        never: list[str] = []
        unmark: frozenset[str] = frozenset()
        for ring in ruled.rings:
            if not moved and not ring.counts:
                continue
            at = due if ring.at_limit else _instant(ring, started, due, calendar, now)
            if not moved and not self._between(ring, started, due, at, calendar):
                continue
            if not ring.daily and at < due and at < started:
                never.append(ring.code)
                continue
            comes = at if at > now else now
            said = new if comes is due else utc_text(comes)
            if ring.daily and ticking.due <= now:
                at = strike_at(ring.strike, started, due, calendar)
            wanted.append(Wanted(ring.code, comes, said, at, ring.daily, ring.of_limit))
            if ring.marks and ring.of_limit and at > now >= ticking.due:
                unmark |= ring.marks
        if not moved and not wanted and not never:
            return None
        return Anew(ticking, started, due, old, new, moved, ruled.sets_due, wanted, never, unmark)

    def _group(self, ticking: Ticking) -> _Group:
        calendar = self._calendars(pack_of(ticking.version), ticking.district, ticking.agency)
        limit, known = None, bool(ticking.limit)
        if known:
            try:
                limit = read_limit(ticking.limit)
            except ValueError:  # written by another release
                known = False
        opens = datetime(self.day.year, self.day.month, self.day.day, tzinfo=calendar.zone).astimezone(UTC)
        counted = isinstance(limit, Limit) and limit.unit == "working_days" and limit.amount > 0
        by_day: dict[int, timedelta | datetime | None] | None = {} if counted else None
        return _Group(_rules(ticking.version)[ticking.code], calendar, limit, known, opens, by_day)

    def _between(
        self, ring: _Ring, started: datetime, due: datetime, at: datetime, calendar: Calendar
    ) -> bool:
        """Whether the day lies between what a strike is counted from and its instant."""
        anchor = due if ring.of_limit else started
        if ring.daily:
            anchor = max(anchor, self.now)
        first, last = sorted((calendar.local(anchor).date(), calendar.local(at).date()))
        return first <= self.day <= last


def _instant(ring: _Ring, started: datetime, due: datetime, calendar: Calendar, now: datetime) -> datetime:
    """When a strike comes (next, if it comes daily) of a clock that began and is due then."""
    if ring.daily:
        again = next_strike(ring.strike, max(now, started), due, calendar)
        assert again is not None
        return again
    return strike_at(ring.strike, started, due, calendar)


def _begun(rule: ClockRule, ticking: Ticking, calendar: Calendar) -> datetime:
    """The round from which a clock runs, by this calendar (TP-5-2a)."""
    from_event = rule.start.on == "case.established" and rule.start.at is None
    origin = ticking.established_at if from_event else ticking.started_at
    return calendar.next_round(origin, rule.start.rounds, working_days=True)


__all__ = [
    "Anew",
    "Counting",
    "LimitError",
    "Ticking",
    "Wanted",
    "codes_that_count",
    "due_anew",
    "limit_kept",
    "ticking_of",
]
