"""Long work in portions: a job over very many rows, done by any number of workers, a little at a time.

A job is asked for within a command. A worker lays out its portions (spans of row numbers), and each portion
is done by one worker in one short transaction together with its own mark: a worker that is killed has done
nothing of it, and nobody does it twice. One that cannot be done is halved until the row at fault stands
alone; that one is set aside and the rest goes on. A job that cannot even be laid out is tried again after
longer and longer waits, then set aside with its error, so that later jobs go on.

A job begins only when no command can still be working by what was known before the job was asked for: the
short memories of all processes have run out, and every transaction of that time has ended. So whatever such
a command wrote is there to be found, and what is written later was already done by the new knowledge. Jobs
follow one another; portions of one job run side by side.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Count, Q, Sum

from citycall.base import clock
from citycall.base.audit import TransactionIdField
from citycall.base.commands.context import Context, background
from citycall.base.timers import gone_aside, server_is_away

log = logging.getLogger("citycall.portions")

SETTLE = timedelta(seconds=2)  # twice as long as any process trusts its memory
HELD_UP = timedelta(minutes=5)  # waiting so long is no command's doing: somebody forgot a transaction
MOST_BROKEN = 50  # rows of a job set aside one by one; after that whole portions are
ATTEMPTS = 8  # of a job that cannot be laid out, before it is set aside: about two minutes
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)


class Job(models.Model):
    """One piece of long work: of which kind, about which row."""

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    subject_kind = models.TextField()
    subject_id = models.BigIntegerField()
    payload = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    horizon = TransactionIdField(null=True)  # written by earlier releases; `seen_at` says it now
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0, db_default=0)  # in vain, one after the other
    error = models.TextField(default="", db_default="")
    retry_at = models.DateTimeField(null=True)
    broken_at = models.DateTimeField(null=True)  # set aside: nobody tries it until it is mended

    class Meta:
        indexes = (
            models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="base_job_open"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="base_job_subject"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind}:{self.subject_id}"


class Portion(models.Model):
    """A span of rows of a job, both ends included, and what became of it (see `Span`)."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        BROKEN = "broken"

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="portions")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    stripe = models.SmallIntegerField(default=0, db_default=0)
    stripes = models.SmallIntegerField(default=1, db_default=1)
    rows = models.IntegerField()
    state = models.TextField(choices=State.choices, default=State.PENDING)
    changed = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        indexes = (
            models.Index(fields=["job", "id"], condition=Q(state="pending"), name="base_portion_pending"),
        )

    def __str__(self) -> str:
        return f"{self.first}–{self.last} {self.state}"

    @property
    def span(self) -> Span:
        return Span(self.first, self.last, self.rows, self.stripe, self.stripes)


@dataclass(frozen=True, slots=True)
class Span:
    """Rows to be done together: first and last number, and how many there are.

    With `stripes`, only those whose number leaves `stripe` when divided by it. Neighbours stand on one page
    of a table; where a few of each page are written at a time, the page has room for them, and no index is
    touched (ADR 0011).
    """

    first: int
    last: int
    rows: int
    stripe: int = 0
    stripes: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """What a portion did: rows changed, and spans to be done later (somebody else holds them now)."""

    changed: int
    later: Sequence[Span] = ()


Plan = Callable[[Job], Iterable[Span]]
Work = Callable[[Context, Job, Portion], Done]
_handlers: dict[str, tuple[Plan, Work]] = {}


def job_handler(kind: str, *, plan: Plan) -> Callable[[Work], Work]:
    """Register how jobs of a kind are laid out and done. Handlers live in a room's `timers` or `commands`."""

    def register(work: Work) -> Work:
        if kind in _handlers and _handlers[kind][1].__qualname__ != work.__qualname__:
            raise ValueError(f"two job handlers are called {kind}")
        _handlers[kind] = (plan, work)
        return work

    return register


def ask(
    ctx: Context, kind: str, subject_kind: str, subject_id: int, payload: dict[str, object] | None = None
) -> Job:
    """Ask for a job, in the transaction of the running command."""
    ctx.wake_worker()
    return Job.objects.create(
        kind=kind,
        subject_kind=subject_kind,
        subject_id=subject_id,
        payload=payload or {},
        asked_at=ctx.now,
    )


# --- how far it is ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: rows done of all, rows changed, spans set aside (one for a whole job)."""

    job: Job
    rows: int = 0
    done: int = 0
    changed: int = 0
    broken: int = 0

    @property
    def percent(self) -> int:
        if self.job.finished_at is not None:
            return 100
        return self.done * 100 // self.rows if self.rows else 0


def progress(subject_kind: str, subject_ids: Iterable[int]) -> dict[int, Progress]:
    """The last job about each of these rows, with how far it is. Two queries."""
    jobs = (
        Job.objects.filter(subject_kind=subject_kind, subject_id__in=list(subject_ids))
        .order_by("subject_id", "-id")
        .distinct("subject_id")
    )
    return {far.job.subject_id: far for far in progress_of(jobs)}


def progress_of(jobs: Iterable[Job]) -> list[Progress]:
    """How far each of these jobs is."""
    asked = list(jobs)
    done, broken = Q(state=Portion.State.DONE), Q(state=Portion.State.BROKEN)
    rows = (
        Portion.objects.filter(job__in=asked)
        .values("job")
        .annotate(
            all=Sum("rows"),
            ready=Sum("rows", filter=done, default=0),
            altered=Sum("changed", default=0),
            aside=Count("id", filter=broken),
        )
    )
    counted = {row["job"]: (row["all"], row["ready"], row["altered"], row["aside"]) for row in rows}
    found = []
    for job in asked:
        every, ready, altered, aside = counted.get(job.pk, (0, 0, 0, 0))
        found.append(Progress(job, every, ready, altered, aside + (job.broken_at is not None)))
    return found


def mend(job_id: int) -> int:
    """Give a job that was set aside, or its portions that were, another chance; how many there were."""
    with transaction.atomic():
        whole = Job.objects.filter(pk=job_id, broken_at__isnull=False).update(broken_at=None, **_NO_FAILURE)
        again = Portion.objects.filter(job=job_id, state=Portion.State.BROKEN).update(
            state=Portion.State.PENDING, done_at=None, error=""
        )
        if again:
            Job.objects.filter(pk=job_id).update(finished_at=None)
    return again + whole


_NO_FAILURE: dict[str, Any] = {"attempts": 0, "error": "", "retry_at": None}


@dataclass(frozen=True, slots=True)
class Holder:
    """A session of the database whose open transaction long work waits for."""

    pid: int
    program: str
    since: datetime


def waits_for(job: Job) -> list[Holder]:
    """Whose transactions a job that has not begun waits for, the oldest first; none once it is laid out."""
    if job.seen_at is None or job.planned_at is not None or clock.is_virtual():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            f"SELECT pid, application_name, xact_start {_BEFORE} ORDER BY xact_start, pid",  # nosec B608: a constant
            {"known_until": job.seen_at + SETTLE},
        )
        return [Holder(*row) for row in cursor.fetchall()]


def held_up() -> list[Holder]:
    """Whom long work has been waiting for longer than any command takes."""
    job = _open().filter(planned_at=None, asked_at__lt=clock.now() - HELD_UP).order_by("id").first()
    return waits_for(job) if job is not None else []


def broken() -> int:
    """How much was set aside and waits for somebody: whole jobs, and portions of others."""
    portions = Portion.objects.filter(state=Portion.State.BROKEN).count()
    return portions + Job.objects.filter(broken_at__isnull=False).count()


# --- the worker's part --------------------------------------------------------------------------------------


def work_off() -> int:
    """Do the next portion, or bring the oldest job a step further; 0 when there is nothing to do now."""
    job = _open().order_by("id").first()
    if job is None or (job.retry_at is not None and clock.now() < job.retry_at):
        return 0
    try:
        did = _prepare(job) if job.planned_at is None else _do_one(job) or _finish(job)
    except Exception as error:
        if server_is_away(error):
            raise
        if gone_aside(error):
            log.info("job %s gave way, it is tried again: %r", job, error)
            return 0
        return _failed(job, error)
    if did and job.attempts:
        Job.objects.filter(pk=job.pk).update(**_NO_FAILURE)
    return did


def _open() -> models.QuerySet[Job]:
    return Job.objects.filter(finished_at=None, broken_at=None)


def _failed(job: Job, error: Exception) -> int:
    """Note it and wait before the next attempt; after some, set the job aside. 1 when there is more to do."""
    words = "".join(traceback.format_exception(error, limit=-8))[-4000:]
    with transaction.atomic():
        held = _open().select_for_update(skip_locked=True).filter(pk=job.pk).first()
        if held is None:
            return 0
        held.attempts += 1
        held.error = words
        wait = timedelta(0)
        if held.attempts >= ATTEMPTS:
            held.broken_at = clock.now()
            log.error("job %s cannot be done and is set aside: %r", held, error)
        else:
            if not clock.is_virtual():  # there nothing happens between two moments
                wait = min(FIRST_WAIT * 2 ** (held.attempts - 1), LONGEST_WAIT)
            held.retry_at = clock.now() + wait
            log.warning("job %s failed, again in %s: %r", held, wait, error)
        held.save(update_fields=["attempts", "error", "retry_at", "broken_at"])
    return 0 if wait else 1


def settled() -> bool:
    """Whether nothing is left to do: for tests and rehearsals."""
    return not _open().exists()


def _prepare(job: Job) -> int:
    """Wait until the old knowledge is out of the house, then lay out the portions."""
    with transaction.atomic():
        held = Job.objects.select_for_update(skip_locked=True).filter(pk=job.pk, planned_at=None).first()
        if held is None:
            return 0
        if not _quiet(held):
            return 0
        plan, _work = _find(held.kind)
        spans = list(plan(held))
        Portion.objects.bulk_create(
            [_portion(held.pk, span) for span in spans],
            batch_size=2000,
        )
        held.planned_at = clock.now()
        held.save(update_fields=["planned_at"])
    return 1


def _quiet(job: Job) -> bool:
    """Whether nobody works by what was known before this job was asked for.

    Told by the database's clock alone, since those of the machines may differ: first when the job was seen,
    later whether a transaction is still open that began before the memories of that time had run out. Such a
    one counts even if it has written nothing yet. Transactions of other roles may be hidden from this one;
    all processes of CityCall use one role. A process with a clock of its own (a rehearsal) is the only one in
    its world and has forgotten already.
    """
    if clock.is_virtual():
        return True
    if job.seen_at is None:
        Job.objects.filter(pk=job.pk).update(seen_at=DatabaseClock())
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw at first
        cursor.execute(_QUIET, {"known_until": job.seen_at + SETTLE})
        row = cursor.fetchone()
    return bool(row and row[0])


class DatabaseClock(models.Func):
    """The instant by the database's own clock, moving on within a transaction."""

    function = "clock_timestamp"
    arity = 0
    output_field = models.DateTimeField()


# A dump of the database reads for hours and changes nothing.
_BEFORE = """
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
AND xact_start < %(known_until)s AND application_name <> 'pg_dump'
"""
_QUIET = f"SELECT clock_timestamp() >= %(known_until)s AND NOT EXISTS (SELECT {_BEFORE})"  # nosec B608: a constant


def _do_one(job: Job) -> int:
    """One portion that nobody else has in hand."""
    _plan, work = _find(job.kind)
    portion = None
    try:
        with background(f"job:{job.kind}") as ctx:
            portion = (
                Portion.objects.select_for_update(skip_locked=True)
                .filter(job=job, state=Portion.State.PENDING)
                .order_by("id")
                .first()
            )
            if portion is None:
                raise _Nothing
            ctx.audit(job.subject_kind, job.subject_id, first=portion.first, last=portion.last)
            done = work(ctx, job, portion)
            ctx.detail["changed"] = done.changed
            return _note(portion, done, ctx.now)
    except _Nothing:
        return 0
    except Exception as error:
        if portion is None or server_is_away(error):
            raise
        if gone_aside(error):
            log.info("job %s: portion %s gave way, it is tried again: %r", job, portion, error)
            return 0
        _set_aside(portion, error)
        return 1


class _Nothing(Exception):
    """No portion is free; no audit entry either."""


def _note(portion: Portion, done: Done, now: datetime) -> int:
    """Mark it done; what others held is left for later. 0 when that was all, so no hurry."""
    left = sum(span.rows for span in done.later)
    Portion.objects.bulk_create(_portion(portion.job_id, span) for span in done.later)
    portion.state, portion.done_at, portion.changed = Portion.State.DONE, now, done.changed
    portion.rows -= left
    portion.save(update_fields=["state", "done_at", "changed", "rows"])
    return 0 if left and portion.rows <= 0 else 1


def _portion(job: int, span: Span) -> Portion:
    return Portion(
        job_id=job,
        first=span.first,
        last=span.last,
        stripe=span.stripe,
        stripes=span.stripes,
        rows=span.rows,
    )


def _set_aside(portion: Portion, error: Exception) -> None:
    """Halve the span, or set the one row aside that cannot be done; where too many cannot, the whole span."""
    words = "".join(traceback.format_exception(error, limit=-8))[-4000:]
    with transaction.atomic():
        held = (
            Portion.objects.select_for_update(skip_locked=True)
            .filter(pk=portion.pk, state=Portion.State.PENDING)
            .first()
        )
        if held is None:
            return
        broken = Portion.objects.filter(job=held.job_id, state=Portion.State.BROKEN).count()
        if held.first == held.last or broken >= MOST_BROKEN:
            held.state, held.error, held.done_at = Portion.State.BROKEN, words, clock.now()
            held.save(update_fields=["state", "error", "done_at"])
            log.error("job %s: %s cannot be done and is set aside: %r", held.job, held, error)
            return
        log.warning("job %s: a portion of %d rows failed, halving it: %r", held.job, held.rows, error)
        middle = (held.first + held.last) // 2
        half = held.rows // 2
        rest = Span(middle + 1, held.last, held.rows - half, held.stripe, held.stripes)
        _portion(held.job_id, rest).save()
        held.last, held.rows = middle, half
        held.save(update_fields=["last", "rows"])


def _finish(job: Job) -> int:
    """Nothing of it is pending, in nobody's hand either."""
    if Portion.objects.filter(job=job, state=Portion.State.PENDING).exists():
        return 0
    return Job.objects.filter(pk=job.pk, finished_at=None).update(finished_at=clock.now())


def _find(kind: str) -> tuple[Plan, Work]:
    if kind not in _handlers:
        from citycall.base.worker import autoload

        autoload()
    if kind not in _handlers:
        raise LookupError(f"no job handler is called {kind}")
    return _handlers[kind]
