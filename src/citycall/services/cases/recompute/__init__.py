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

from collections.abc import Mapping
from itertools import groupby

from django.db import connection

from citycall.base import policies
from citycall.base.closures import Closure
from citycall.base.commands import Context
from citycall.base.portions import Done, Job, Portion, Span, ask, job_handler
from citycall.services.cases.recompute import owed, writing
from citycall.services.cases.recompute.reading import area, running
from citycall.services.cases.recompute.reckon import (
    Anew,
    Counting,
    LimitError,
    Ticking,
    codes_that_count,
)

JOB = "cases.recompute"
SUBJECT = "closure"
DUE_CHANGED = writing.EVENT
CASES = 1000  # open cases in one portion
STRIPES = 5  # a portion writes so many times fewer rows of a page than stand on it (ADR 0011)
_SIGNALLED = 50  # more cases than this in one portion: only their agencies' lists are told


def begin(ctx: Context, closure: Closure) -> Job:
    """Ask, within the command that declares or withdraws a closure, that clocks be counted anew."""
    return ask(ctx, JOB, SUBJECT, closure.pk, {"withdrawn": closure.withdrawn_at is not None})


def plan(job: Job) -> list[Span]:
    """Spans of open cases of the area, and single ones. None where offices were closed that day anyway."""
    closure = Closure.objects.get(pk=job.subject_id)
    if not policies.in_force()[1].calendar().is_working_day(closure.day):
        return []
    where, values = area(closure)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id), count(*), stripe, %(stripes)s FROM"
            " (SELECT id, id %% %(stripes)s AS stripe,"
            "   (row_number() OVER (PARTITION BY id %% %(stripes)s ORDER BY id) - 1) / %(size)s AS n"
            f" FROM cases_case c WHERE {where}) AS numbered GROUP BY stripe, n ORDER BY stripe, n",  # nosec B608
            values | {"size": CASES, "stripes": STRIPES},
        )
        spans = [Span(*row) for row in cursor.fetchall()]
        cursor.execute(f"SELECT DISTINCT policy_version_id FROM cases_case c WHERE {where}", values)  # nosec B608
        job.payload["codes"] = codes_that_count(row[0] for row in cursor.fetchall())
    job.payload["tasks"] = owed.any_for(closure)
    job.save(update_fields=["payload"])
    return spans + [Span(case, case, 1) for case in owed.after_the_end(closure)]


@job_handler(JOB, plan=plan)
def recompute(ctx: Context, job: Job, portion: Portion) -> Done:
    """Count the clocks of one span of cases anew, and write what has changed."""
    closure = Closure.objects.get(pk=job.subject_id)
    writing.one_by_one()
    found: list[Anew] = []
    unknown = 0
    counting = Counting(closure.day, ctx.now)
    span = portion.span
    for ticking in running(closure, job.payload["codes"], span):
        try:
            one = counting.anew(ticking)
        except LimitError:
            unknown += 1
            continue
        if one is not None:
            found.append(one)
    if unknown:
        ctx.detail["beyond_the_calendar"] = unknown
    tasks = owed.anew(closure, span) if job.payload.get("tasks", True) else []
    if not found and not tasks:
        return Done(0)
    held, busy = writing.hold(
        sorted({one.ticking.case for one in found} | {one.case for one in tasks}),
        {mark for one in found for mark in one.unmark},
    )
    gone = {one.ticking.case for one in found if _elsewhere(held, one.ticking.case, one.ticking)}
    gone |= {one.case for one in tasks if _elsewhere(held, one.case, one)}
    if gone:  # counted by a calendar that is no longer theirs: read anew, and later
        held = {case: row for case, row in held.items() if case not in gone}
        busy = sorted({*busy, *gone})
    mine = writing.clocks([one for one in found if one.ticking.case in held])
    if writing.timers(mine, ctx.now):
        ctx.wake_worker()
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
    moved = sum(one.moved for one in mine)
    moved += owed.write(ctx, [one for one in tasks if one.case not in busy], closure.pk)
    return Done(moved, _later(busy, span))


def _elsewhere(held: Mapping[int, writing.Held], case: int, read: Ticking | owed.Owed) -> bool:
    """Whether a case was passed on between reading and holding it, so that another calendar is its own."""
    row = held.get(case)
    return row is not None and (
        row.agency != read.agency or row.district != read.district or row.version != read.version
    )


def _later(busy: list[int], of: Span) -> list[Span]:
    """Cases of a span that somebody is working on, as spans for later: neighbours together."""
    spans = []
    for _key, group in groupby(enumerate(busy), key=lambda pair: pair[1] // of.stripes - pair[0]):
        cases = [case for _place, case in group]
        spans.append(Span(cases[0], cases[-1], len(cases), of.stripe, of.stripes))
    return spans
