"""`citycall worker`, `citycall audit`, `citycall commands`."""

import json
import signal
import sys
import threading
from dataclasses import asdict

import click

from citycall.base import audit as trail
from citycall.base.commands import commands as registered
from citycall.base.commands import matrix


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
def worker(once: bool) -> None:
    """Run one worker: timers, notices, audit chain. Start as many as you like, on any machine."""
    from citycall.base import worker as work

    if once:
        click.echo("  ".join(f"{name}: {count}" for name, count in work.run_once().items()))
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work.run_forever(stop)


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
