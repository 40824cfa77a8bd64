"""Clocks counted anew after a closure was declared or withdrawn (TP-5-5-1b).

Running clocks of open cases get a new due, their timers ring at other times, and each case whose limit moved
says so in one event, `case.due_changed`. Closed cases and stopped clocks keep theirs; one that is set running
again later is counted by the calendar of then. The system writes that event of itself in any open status:
it stands in no `moves` table, as the marks that strikes set do not either.

The work goes in portions (`base.portions`) that any number of workers do, each in a short transaction. A
portion looks at its clocks without holding anything, holds only the cases that change, and leaves those that
somebody is working on for later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection

from citycall.base import policies
from citycall.base.clock import TAIPEI
from citycall.base.closures import AGENCY, CITY, Closure
from citycall.base.commands import Context
from citycall.base.portions import Done, Job, Portion, Span, ask, job_handler
from citycall.services.cases.models import OPEN_STATUSES
from citycall.services.cases.recompute import writing
from citycall.services.cases.recompute.reckon import (
    Anew,
    LimitError,
    Ticking,
    anew,
    codes_that_count,
)

JOB = "cases.recompute"
SUBJECT = "closure"
DUE_CHANGED = writing.EVENT
CASES = 1000  # open cases in one portion
_SIGNALLED = 50  # more cases than this in one portion: only their agencies' lists are told
# A limit in these units ends at the same instant whatever is closed.
_NEVER = r" (minutes|hours|days)$|^until$"


def begin(ctx: Context, closure: Closure) -> Job:
    """Ask, within the command that declares or withdraws a closure, that clocks be counted anew."""
    return ask(ctx, JOB, SUBJECT, closure.pk, {"withdrawn": closure.withdrawn_at is not None})


def plan(job: Job) -> list[Span]:
    """Spans of open cases of the area. None where offices were closed that day anyway."""
    closure = Closure.objects.get(pk=job.subject_id)
    if not policies.in_force()[1].calendar().is_working_day(closure.day):
        return []
    where, values = _area(closure)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id), count(*) FROM"
            " (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS n FROM cases_case c"
            f" WHERE {where}) AS numbered GROUP BY n ORDER BY n",  # nosec B608
            values | {"size": CASES},
        )
        spans = [Span(*row) for row in cursor.fetchall()]
        cursor.execute(f"SELECT DISTINCT policy_version_id FROM cases_case c WHERE {where}", values)  # nosec B608
        job.payload["codes"] = codes_that_count(row[0] for row in cursor.fetchall())
    job.save(update_fields=["payload"])
    return spans


def _area(closure: Closure) -> tuple[str, dict[str, Any]]:
    """Which cases a closure can matter to, as a condition on `cases_case c`."""
    values: dict[str, Any] = {"open": [str(status) for status in OPEN_STATUSES]}
    if closure.area == CITY:
        return "c.status = ANY(%(open)s)", values
    if closure.area.startswith(AGENCY):
        values["area"] = closure.area.removeprefix(AGENCY)
        return "c.status = ANY(%(open)s) AND c.agency = %(area)s", values
    values["area"] = closure.area
    return "c.status = ANY(%(open)s) AND c.district = %(area)s", values


def day_of(closure: Closure) -> tuple[datetime, datetime]:
    """The first instant of the closed day, and the first after it."""
    first = datetime(closure.day.year, closure.day.month, closure.day.day, tzinfo=TAIPEI)
    return first.astimezone(UTC), (first + timedelta(days=1)).astimezone(UTC)


def running(closure: Closure, codes: list[str], first: int, last: int) -> list[Ticking]:
    """The running clocks of open cases of a span that the closure can matter to."""
    where, values = _area(closure)
    begins, ends = day_of(closure)
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT k.id, k.code, k.started_at, k.due, k."limit", c.id, c.kind, c.item, c.category,'
            " c.district, c.agency, c.policy_version_id, c.established_at"
            " FROM cases_case c JOIN cases_caseclock k ON k.case_id = c.id"
            f" WHERE {where} AND c.id BETWEEN %(first)s AND %(last)s AND k.state = 'running'"  # nosec B608
            " AND (k.code = ANY(%(codes)s) OR"
            '  (k.started_at < %(ends)s AND k.due >= %(begins)s AND k."limit" !~ %(never)s))'
            " ORDER BY c.id, k.id",
            values
            | {"first": first, "last": last, "codes": codes, "begins": begins, "ends": ends, "never": _NEVER},
        )
        return [Ticking._make(row) for row in cursor.fetchall()]


@job_handler(JOB, plan=plan)
def recompute(ctx: Context, job: Job, portion: Portion) -> Done:
    """Count the clocks of one span of cases anew, and write what has changed."""
    closure = Closure.objects.get(pk=job.subject_id)
    found: list[Anew] = []
    unknown = 0
    for ticking in running(closure, job.payload["codes"], portion.first, portion.last):
        try:
            one = anew(ticking, closure.day, ctx.now)
        except LimitError:
            unknown += 1
            continue
        if one is not None:
            found.append(one)
    if unknown:
        ctx.detail["beyond_the_calendar"] = unknown
    if not found:
        return Done(0)
    held, busy = writing.hold(
        sorted({one.ticking.case for one in found}), {mark for one in found for mark in one.unmark}
    )
    mine = writing.clocks([one for one in found if one.ticking.case in held])
    writing.timers(mine, ctx.now)
    told = {
        "closure": closure.pk,
        "day": closure.day,
        "part": closure.part,
        "reason": closure.reason,
        "withdrawn": bool(job.payload.get("withdrawn")),
    }
    changed = writing.cases(mine, held, ctx.now, told)
    if len(changed) <= _SIGNALLED:
        ctx.signal(*(f"case:{case}" for case in changed))
    ctx.signal(*(f"agency:{held[case].agency}" for case in changed))
    if mine:
        ctx.wake_worker()  # what is due earlier now may be due at once
    return Done(sum(one.moved for one in mine), _later(busy))


def _later(busy: list[int]) -> list[Span]:
    """Cases that somebody is working on, as spans for later: neighbours together."""
    spans = []
    for _key, group in groupby(enumerate(busy), key=lambda pair: pair[1] - pair[0]):
        cases = [case for _place, case in group]
        spans.append(Span(cases[0], cases[-1], len(cases)))
    return spans
