"""A case's clocks: started, stopped and resumed by its events, struck by the sweep.

What a clock is, how long it runs and what it does comes from the pack; ``policy`` computes the
instants. A stopped clock leaves its timers in place: when they fall due the sweep finds the clock
stopped and lets them pass. So a command never waits for a timer, and a sweep never deadlocks with
a command: both lock the case first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from citycall.base.closures import calendar_of
from citycall.base.commands import Context
from citycall.base.encoding import jsonable
from citycall.base.events import Change, record_many
from citycall.base.policies import pack_of
from citycall.base.timers import State as TimerState
from citycall.base.timers import Timer, cancel, set_timers, timer_handler
from citycall.policy import Pack
from citycall.policy.basics import matches
from citycall.policy.clocks import (
    clocks_started_by,
    due_at,
    first_strikes,
    late_field,
    limit_text,
    next_strike,
    started_at,
)
from citycall.policy.rules import ClockRule, Strike
from citycall.services.cases import messages, tasks
from citycall.services.cases.models import Case, CaseClock
from citycall.services.cases.recompute.reckon import due_anew, ticking_of

HANDLER = "cases.clock"
SUBJECT = "case"


@dataclass
class Plan:
    """What an event does to the clocks of a case, and to the fields of the case that follow from them."""

    changes: dict[str, Any] = field(default_factory=dict)
    stopped: list[CaseClock] = field(default_factory=list)
    started: list[tuple[ClockRule, CaseClock]] = field(default_factory=list)
    resumed: list[tuple[ClockRule, CaseClock]] = field(default_factory=list)
    anew: bool = False  # the case was there before, and a clock may have run with the very limit that it has


def plan(
    pack: Pack,
    case: Case,
    event_kind: str,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> Plan:
    """Which clocks ``event_kind`` stops, starts and resumes, without writing anything."""
    out = Plan()
    if not case._state.adding:
        out.anew = True
        _plan_existing(pack, case, event_kind, facts, now, out)
    item = pack.items.get(case.item)
    kind = pack.kinds[case.kind]
    calendar = calendar_of(pack, case.district, case.agency)
    for rule in clocks_started_by(pack, case.kind, event_kind, messages.facts_of(case, facts)):
        begins = started_at(rule, now, facts, calendar)
        due = due_at(rule, item, kind, begins, facts, calendar)
        said = limit_text(rule, item, kind, facts)
        clock = CaseClock(case=case, code=rule.code, started_at=begins, due=due, limit=said)
        out.started.append((rule, clock))
        if rule.sets_due:
            out.changes["due_at"] = due
            out.changes["overdue"] = False
            if case.overdue:  # another limit does not undo that this one was missed (NT-5-4-8b)
                out.changes["was_overdue"] = True
    return out


def concerned(pack: Pack, event_kind: str) -> set[str]:
    """The clocks that an event may stop or set running again."""
    return {
        rule.code
        for rule in pack.clocks
        if event_kind in rule.stop or (rule.resume is not None and event_kind in rule.resume.on)
    }


def _plan_existing(
    pack: Pack, case: Case, event_kind: str, facts: Mapping[str, Any], now: datetime, out: Plan
) -> None:
    rules = {rule.code: rule for rule in pack.clocks}
    codes = concerned(pack, event_kind)
    if not codes:
        return
    latest: dict[str, CaseClock] = {}
    for clock in CaseClock.objects.filter(case=case, code__in=codes).order_by("id"):
        latest[clock.code] = clock
    for code, clock in latest.items():
        rule = rules[code]
        running = clock.state == CaseClock.State.RUNNING
        if running and event_kind in rule.stop and matches({}, rule.stop_unless, facts):
            clock.state = CaseClock.State.STOPPED
            clock.stopped_at, clock.stopped_by = now, event_kind
            clock.late = now > clock.due or (now == clock.due and _has_struck(case, clock))
            out.stopped.append(clock)
            late = late_field(rule, event_kind, now, clock.due, struck=clock.late)
            if late is not None:
                out.changes[late] = True
        elif (
            not running
            and rule.resume is not None
            and event_kind in rule.resume.on
            and clock.stopped_by in rule.resume.stopped_by
        ):
            clock.state = CaseClock.State.RUNNING
            clock.stopped_at, clock.stopped_by, clock.late = None, "", False
            calendar = calendar_of(pack, case.district, case.agency)
            clock.due = due_anew(ticking_of(case, clock), clock.started_at, calendar)
            out.resumed.append((rule, clock))
            if rule.sets_due:
                out.changes["due_at"] = clock.due
                if case.overdue and clock.due > now:  # a day was taken out of its time meanwhile
                    out.changes["overdue"] = False
            if rule.late_field:
                out.changes[rule.late_field] = False


def _has_struck(case: Case, clock: CaseClock) -> bool:
    """Whether the clock has struck at its limit already, at this very instant."""
    return Timer.objects.filter(
        subject_kind=SUBJECT,
        subject_id=case.pk,
        due=clock.due,
        state=TimerState.STRUCK,
        payload__clock=clock.code,
    ).exists()


def write(ctx: Context, done: Plan, case: Case, pack: Pack) -> None:
    """Write what ``plan`` found: one statement for clocks started, one for timers, one for those stopped."""
    changed = done.stopped + [clock for _rule, clock in done.resumed]
    if changed:
        CaseClock.objects.bulk_update(changed, ["state", "stopped_at", "stopped_by", "late", "due"])
    if done.started:
        ctx.run.insert([clock for _rule, clock in done.started])
    for _rule, clock in done.started if done.anew else ():
        # Joined twice or reopened at once, it has the limit that it had: it strikes once all the same.
        cancel(SUBJECT, case.pk, handler=HANDLER, payload={"clock": clock.code, "limit": clock.due})
    calendar = calendar_of(pack, case.district, case.agency)
    timers = [
        _timer(clock, strike, due)
        for rule, clock in done.started
        for strike, due in first_strikes(rule, clock.started_at, clock.due, calendar)
    ]
    for rule, clock in done.resumed:
        # Those from before it was stopped are still there where their time has not come.
        cancel(SUBJECT, case.pk, handler=HANDLER, payload={"clock": clock.code})
        for code, first in first_strikes(rule, clock.started_at, clock.due, calendar):
            definition = rule.strike(code)
            if first >= ctx.now:
                timers.append(_timer(clock, code, first))
            elif _unmarked(case, definition):
                # Its time passed while the clock stood still: what it says of the case is true now.
                timers.append(_timer(clock, code, ctx.now))
            else:
                due = next_strike(definition, ctx.now, clock.due, calendar)
                if due is not None:
                    timers.append(_timer(clock, code, due))
    set_timers(timers)


def _unmarked(case: Case, strike: Strike) -> bool:
    """Whether a strike that comes once has a mark to set that the case does not bear."""
    marks = [action.mark for action in strike.do if action.mark is not None]
    return not strike.when.daily and any(not getattr(case, mark) for mark in marks)


def _timer(clock: CaseClock, strike: str, due: datetime) -> Timer:
    """A strike of this very clock: a later one of the same name (a second second stage) has another limit."""
    return Timer(
        due=due,
        handler=HANDLER,
        subject_kind=SUBJECT,
        subject_id=clock.case_id,
        payload={"clock": clock.code, "strike": strike, "limit": clock.due},
    )


@timer_handler(HANDLER)
def strike(ctx: Context, timers: list[Timer]) -> list[Timer]:
    """Strike the clocks of many cases at once (NT-5-4-2e, NT-5-4-5a).

    A strike of a clock that has stopped passes without effect. Notices are keyed by clock, strike,
    day and recipient, so that nothing is sent twice even if a timer were struck twice. A daily
    strike that was missed while the service was down is made up once, for its own day, and the
    next one is set for the first such time after now.
    """
    cases = {
        case.pk: case
        for case in Case.objects.select_for_update()
        .filter(pk__in={timer.subject_id for timer in timers})
        .order_by("pk")
    }
    running = {
        (clock.case_id, clock.code): clock
        for clock in CaseClock.objects.filter(case_id__in=cases, state=CaseClock.State.RUNNING)
    }
    batch = messages.Batch(ctx.now, cases)
    owed = tasks.Strikes(cases)
    changes: list[Change] = []
    follow: list[Timer] = []
    for timer in timers:
        clock = running.get((timer.subject_id, timer.payload["clock"]))
        if clock is None or timer.payload.get("limit") not in (None, jsonable(clock.due)):
            timer.state = TimerState.CANCELLED
            continue
        case = cases[timer.subject_id]
        pack = pack_of(case.policy_version_id)
        definition = pack.clock(clock.code).strike(timer.payload["strike"])
        for action in definition.do:
            if action.mark is not None and not getattr(case, action.mark):
                setattr(case, action.mark, True)
                changes.append(_marked(case, clock, action.mark))
            if action.notify is not None:
                batch.add_strike(pack, case, clock, definition, timer.due, action.notify)
            if action.task is not None:
                owed.add(pack, case, action.task, ctx.now, {"clock": clock.code, "strike": definition.code})
        again = next_strike(definition, ctx.now, clock.due, calendar_of(pack, case.district, case.agency))
        if again is not None:
            follow.append(_timer(clock, definition.code, again))
    changes += owed.changes
    if changes:
        record_many(ctx, changes)
    if batch.queue():
        ctx.wake_worker()
    return follow


def _marked(case: Case, clock: CaseClock, mark: str) -> Change:
    """The event of a mark that a strike sets on a case, such as ``overdue``."""
    return Change(
        case,
        f"case.{mark}",
        set={mark: True},
        info={"clock": clock.code, "due": clock.due},
        agencies=[case.agency],
    )
