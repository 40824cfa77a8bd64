"""For those who run the system: `citycall worker`, `timers`, `jobs`, `notices`, `audit`, `commands`."""

import json
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

import click

from citycall.base import audit as trail
from citycall.base import clock
from citycall.base.commands import SYSTEM, Refused, execute, matrix
from citycall.base.commands import commands as registered

ACTOR = replace(SYSTEM, via="cli")
MOST_LISTED = 200


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
@click.option("--health", is_flag=True, help="Say how the workers are; exit code 1 when not well.")
def worker(once: bool, health: bool) -> None:
    """Run one worker: timers, notices, audit chain. Start as many as you like, on any machine."""
    from citycall.base import worker as work

    if health:
        found = work.health()
        click.echo(
            f"workers: {found.workers}  broken timers: {found.broken}  long work set aside: {found.aside}"
            f"  held up by sessions: {found.held_up}"
            f"  oldest overdue: {found.oldest_overdue or 'none'}"
            f"  worst lateness: {found.worst_lateness if found.worst_lateness is not None else 'unknown'}"
        )
        if not found.ok:
            sys.exit(1)
        return
    if once:
        click.echo("  ".join(f"{name}: {count}" for name, count in work.run_once().items()))
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work.run_forever(stop)


@click.group()
def timers() -> None:
    """Timers: what is to be done when, and what could not be."""


@timers.command("list")
@click.option("--broken", is_flag=True, help="Only those that were set aside, with their error.")
def list_timers(broken: bool) -> None:
    """Timers that wait, the next one first, and those that were set aside."""
    from citycall.base.timers import State, Timer

    wanted = [State.BROKEN] if broken else [State.BROKEN, State.PENDING]
    found = Timer.objects.filter(state__in=wanted).order_by("due", "id")
    for timer in found[:MOST_LISTED]:
        click.echo(f"{timer.pk}  {_at(timer.due)}  {timer}")
        if timer.error:
            click.echo(f"    {timer.error.strip().splitlines()[-1]}")
    _rest(found.count())


@timers.command("mend")
@click.argument("timer", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="All that were set aside.")
def mend_timers(timer: int | None, every: bool) -> None:
    """Give a timer that was set aside another chance."""
    from citycall.base.timers import State, Timer

    broken = Timer.objects.filter(state=State.BROKEN).order_by("id")
    _again("base.mend_timer", "timer", timer, broken if every else None)


@click.group()
def jobs() -> None:
    """Long work, such as counting clocks anew after a closure: how far it is, and what could not be done."""


@jobs.command("list")
def list_jobs() -> None:
    """Jobs under way, and those that were set aside or of which portions were, with the last error.

    Of one that has not begun: the sessions of the database whose transactions it waits for.
    """
    from citycall.base.portions import Job, Portion, progress_of, waits_for

    broken = Job.objects.filter(portions__state=Portion.State.BROKEN)
    found = (Job.objects.filter(finished_at=None) | broken).distinct().order_by("id")
    for far in progress_of(found[:MOST_LISTED]):
        aside = f"  {far.broken} portions set aside" if far.broken else ""
        if far.job.broken_at is not None:
            aside = f"  set aside after {far.job.attempts} attempts"
        elif far.job.attempts:
            aside = f"  attempt {far.job.attempts + 1} at {_at(far.job.retry_at)}"
        click.echo(f"{far.job.pk}  {_at(far.job.asked_at)}  {far.job}  {far.done} of {far.rows}{aside}")
        if far.job.error:
            click.echo(f"    {far.job.error.strip().splitlines()[-1]}")
        for held in waits_for(far.job):
            click.echo(
                f"    waits for process {held.pid} ({held.program or '?'}), open since {_at(held.since)}"
            )
    _rest(found.count())


@jobs.command("mend")
@click.argument("job", type=int)
def mend_job(job: int) -> None:
    """Give a job that was set aside, or portions of it, another chance."""
    _again("base.mend_job", "job", job, None)


@click.group()
def notices() -> None:
    """Notices: what people are told, and what did not reach them."""


@notices.command("list")
@click.option("--state", type=click.Choice(["failed", "undeliverable", "pending"]), help="Only those.")
def list_notices(state: str | None) -> None:
    """Notices that are not out, the oldest first, and why."""
    from citycall.base.notices import Notice

    wanted = [state] if state else ["failed", "undeliverable", "pending"]
    found = Notice.objects.filter(state__in=wanted).order_by("id")
    for notice in found[:MOST_LISTED]:
        about = f"{notice.about_kind}:{notice.about_id}"
        click.echo(f"{notice.pk}  {_at(notice.due_at)}  {about}  {notice}  {notice.reason}".rstrip())
    _rest(found.count())


@notices.command("retry")
@click.argument("notice", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="All that failed or could not be delivered.")
def retry_notices(notice: int | None, every: bool) -> None:
    """Send a notice that failed, or could not be delivered, once more."""
    from citycall.base.notices import Notice

    failed = Notice.objects.filter(state__in=["failed", "undeliverable"]).order_by("id")
    _again("base.retry_notice", "notice", notice, failed if every else None)


def _at(instant: Any) -> str:
    return f"{clock.local(instant):%Y-%m-%d %H:%M:%S}"


def _rest(number: int) -> None:
    if number > MOST_LISTED:
        click.echo(f"... and {number - MOST_LISTED} more")


def _again(name: str, what: str, one: int | None, every: Any) -> None:
    """Run a command for one row, or for each of these; one audit entry each."""
    if (one is None) == (every is None):
        raise click.UsageError("give an ID, or --all")
    ids: Iterable[int] = [one] if one is not None else list(every.values_list("pk", flat=True))
    done = 0
    for number in ids:
        try:
            execute(name, ACTOR, {what: number})
        except Refused as refused:
            if one is not None:
                raise click.ClickException(refused.message) from None
            continue  # somebody else was quicker
        done += 1
    click.echo(f"{done} taken up again")


@click.group()
def audit() -> None:
    """The audit chain."""


def _head(value: str | None) -> trail.Head | None:
    if value is None:
        return None
    seq, _, digest = value.partition(":")
    if not seq.isdigit() or len(digest) != 64:
        raise click.BadParameter("a head looks like SEQ:HASH, as `citycall audit head` prints it")
    return trail.Head(int(seq), digest)


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--head", "head_", metavar="SEQ:HASH", help="A head noted earlier, that must still be there.")
def verify(as_json: bool, head_: str | None) -> None:
    """Walk the chain; exit code 1 and the first fault when an entry was altered, removed or never chained."""
    report = trail.verify(_head(head_))
    if as_json:
        click.echo(json.dumps(asdict(report)))
    elif report.first_fault is None:
        click.echo(f"ok: {report.links} links, head {report.head}, {report.waiting} entries not chained yet")
    else:
        for fault in report.faults:
            where = f"link {fault.seq}" if fault.seq is not None else "no link"
            entry = f", entry {fault.entry_id}" if fault.entry_id is not None else ""
            click.echo(f"{fault.kind}: {where}{entry}", err=True)
    if not report.ok:
        sys.exit(1)


@audit.command()
def head() -> None:
    """Print the last link, to be kept where the database's administrators cannot reach it."""
    click.echo(str(trail.head()))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Name, input schema and who may, for programs.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The permission matrix (docs/permissions.md).")
def commands(as_json: bool, as_markdown: bool) -> None:
    """List every command: all that can be done, by whom."""
    specs = registered().values()
    if as_markdown:
        click.echo(matrix.markdown(specs), nl=False)
        return
    if as_json:
        rows = [
            {
                "name": spec.name,
                "who": list(spec.who),
                "input": spec.input_schema,
                "clauses": list(spec.clauses),
                "keyed": spec.keyed,
                "doc": spec.doc,
            }
            for spec in specs
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max((len(spec.name) for spec in specs), default=0)
    for spec in specs:
        first = spec.doc.splitlines()[0] if spec.doc else ""
        click.echo(f"{spec.name:<{width}}  {', '.join(spec.who)}\n{'':<{width}}  {first}")
