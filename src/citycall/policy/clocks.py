"""Clock rules at work: which clocks an event starts and stops, when they are due, when they strike.

Pure: nothing is stored and nobody is told here. An event first stops what it stops and then starts what it
starts, so that `case.stage_changed` can end one clock and begin the next (NT-5-4-7).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from citycall.policy.basics import matches
from citycall.policy.calendars import Calendar
from citycall.policy.deadlines import BeforeDay, ByDay, DayOfMonth, Due, read_due
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind
from citycall.policy.limits import Limit, LimitError
from citycall.policy.model import Pack
from citycall.policy.rules import ClockRule, OnDay, Strike

UNTIL = "until"  # kept as the limit of a clock whose due instant was given

_MICROSECOND = timedelta(microseconds=1)


def clocks_started_by(
    pack: Pack, kind: str, event_kind: str, event_data: Mapping[str, Any]
) -> list[ClockRule]:
    """The clocks that an event of a case of this kind starts."""
    return [
        rule
        for rule in pack.clocks
        if kind in rule.kinds
        and rule.start.on == event_kind
        and matches(rule.start.where, rule.start.unless, event_data)
    ]


def stopped_by(pack: Pack, kind: str, event_kind: str) -> list[ClockRule]:
    """The clocks that an event of a case of this kind stops."""
    return [rule for rule in pack.clocks if kind in rule.kinds and event_kind in rule.stop]


def resumed_by(pack: Pack, kind: str, event_kind: str, stopped_on: str) -> list[ClockRule]:
    """The clocks that an event sets running again, with their old limit, after `stopped_on` stopped them."""
    return [
        rule
        for rule in pack.clocks
        if kind in rule.kinds
        and rule.resume is not None
        and event_kind in rule.resume.on
        and stopped_on in rule.resume.stopped_by
    ]


def started_at(rule: ClockRule, at: datetime, event_data: Mapping[str, Any], cal: Calendar) -> datetime:
    """The instant a clock runs from: the event's, or the true instant the rule names (NT-5-4-3b).

    With `rounds` it is the next of these times of day, on a working day where the rule says so (TP-5-2a).
    """
    told = event_data.get(rule.start.at) if rule.start.at else None
    if isinstance(told, str):
        told = _instant(told, "start")
    begins = told if isinstance(told, datetime) else at
    if not rule.start.rounds:
        return begins
    return cal.next_round(begins, rule.start.rounds, working_days=rule.start.working_days)


def limit_of(rule: ClockRule, item: Item | None, kind: CaseKind, event_data: Mapping[str, Any]) -> Due | None:
    """The limit a clock runs for, or None where the item, the kind or the event gives none.

    `kind.category` is the limit of the kind's category that the fact `category` names, else the ordinary
    limit (TP-5-5-4). `event.until` is no limit: the event gives the due instant itself (see `due_at`).
    """
    match rule.limit:
        case Limit() | ByDay() | DayOfMonth() as limit:
            return limit
        case BeforeDay() as limit:
            return limit.given(event_data)
        case "item.stage1":
            return None if item is None else item.stage1
        case "kind.ordinary":
            return _ordinary(kind)
        case "kind.category":
            found = kind.category_limit(event_data.get("category"))
            return _ordinary(kind) if found is None else found
        case "event.limit":
            given = event_data.get("limit")
            if given is None:
                return None
            return given if isinstance(given, Limit) else Limit.model_validate(given)
        case "event.until":
            return None


def _ordinary(kind: CaseKind) -> Limit | None:
    stage = kind.stages.get("ordinary")
    return stage.limit if stage is not None and isinstance(stage.limit, Limit) else None


def limit_text(rule: ClockRule, item: Item | None, kind: CaseKind, event_data: Mapping[str, Any]) -> str:
    """The limit as written (`6 working_days`), to be kept with the clock; `until` for a given instant."""
    if rule.limit == "event.until":
        return UNTIL
    limit = limit_of(rule, item, kind, event_data)
    return "" if limit is None else str(limit)


def read_limit(text: str) -> Due | None:
    """The limit that `limit_text` wrote; None for one that gave the instant itself, or none."""
    return None if text in ("", UNTIL) else read_due(text)


def due_at(
    rule: ClockRule,
    item: Item | None,
    kind: CaseKind,
    start: datetime,
    event_data: Mapping[str, Any],
    cal: Calendar,
) -> datetime:
    """The instant (UTC) at which a clock started at `start` is due; raises LimitError without a limit.

    `event.until`: the fact `until` is the instant itself, or a day that ends with it (TP-5-5-6a).
    """
    if rule.limit == "event.until":
        return _until(rule, event_data.get("until"), cal)
    limit = limit_of(rule, item, kind, event_data)
    if limit is None:
        raise LimitError(f"clock {rule.code} finds no limit ({rule.limit})")
    return limit.after(start, cal)


def _until(rule: ClockRule, told: Any, cal: Calendar) -> datetime:
    if isinstance(told, str):
        try:
            told = date.fromisoformat(told)
        except ValueError:
            told = _instant(told, rule.code)
    if isinstance(told, datetime):
        if told.tzinfo is None:
            raise LimitError(f"clock {rule.code}: the instant it ends at needs a time zone")
        return told.astimezone(UTC)
    if isinstance(told, date):
        return cal.end_of_day(told)
    raise LimitError(f"clock {rule.code} finds no instant to end at")


def _instant(told: str, what: str) -> datetime:
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        raise LimitError(f"{what}: {told!r} is no instant") from None


def late_field(
    rule: ClockRule, event_kind: str, at: datetime, due: datetime, *, struck: bool = False
) -> str | None:
    """The field to set when this event stops the clock too late, or None when it comes in time (NT-5-4-2d).

    An event at the very limit is in time, unless the clock has struck at its limit before (`struck`): then
    the record already says that the limit passed first.
    """
    if rule.late_field is None or (rule.late_on and event_kind not in rule.late_on):
        return None
    return rule.late_field if struck or at > due else None


def strike_at(strike: Strike, start: datetime, due: datetime, cal: Calendar) -> datetime:
    """The first instant (UTC) of a strike. A daily one comes strictly after the limit (NT-5-4-5a)."""
    when = strike.when
    if when.at is not None:
        return due if when.at == "limit" else start
    if when.after_limit is not None:
        return when.after_limit.after(due, cal)
    if when.before_limit is not None:
        return when.before_limit.before(due, cal)
    if when.after_start is not None:
        return when.after_start.after(start, cal)
    if when.on_day is not None:
        return _on_day(when.on_day, start, due, cal)
    return _daily(strike, due if when.from_ == "limit" else start, cal)


def _on_day(rule: OnDay, start: datetime, due: datetime, cal: Calendar) -> datetime:
    """The time of day on a day counted from that of the start or the limit (TP-6-3-4a, TP-6-3-4b).

    A limit that ends with a day (at midnight) belongs to the day that ends.
    """
    count = max(rule.days - rule.first_day, 0)
    if rule.after == "start":
        return cal.time_on(cal.local(start).date(), count, rule.at)
    ends = cal.local(due - _MICROSECOND).date()
    return cal.time_on(ends, -count if rule.before else count, rule.at)


def first_strikes(
    rule: ClockRule, start: datetime, due: datetime, cal: Calendar
) -> list[tuple[str, datetime]]:
    """Every strike of a running clock with its first instant, earliest first.

    A reminder ahead of the limit whose instant lies before the start is left out: it was never due. A limit
    that had passed before the start (an instant given by the event) strikes all the same.
    """
    strikes = [(strike.code, strike_at(strike, start, due, cal)) for strike in rule.strikes]
    first = min(start, due)
    return sorted((pair for pair in strikes if pair[1] >= first), key=lambda pair: pair[1])


def next_strike(strike: Strike, after: datetime, due: datetime, cal: Calendar) -> datetime | None:
    """The next instant (UTC) of a daily strike after `after`; None for a strike that comes only once."""
    if not strike.when.daily:
        return None
    return _daily(strike, max(after, due) if strike.when.from_ == "limit" else after, cal)


def _daily(strike: Strike, after: datetime, cal: Calendar) -> datetime:
    working = strike.when.working_days
    return min(cal.next_time_of_day(after, at, working_days=working) for at in strike.when.daily_at)
