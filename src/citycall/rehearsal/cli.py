"""`citycall rehearse` and `citycall conformance`."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import translation

from citycall.base import private
from citycall.policy import PackError, load_pack
from citycall.rehearsal import clauses, sample, scenario
from citycall.rehearsal import conformance as conforming
from citycall.rehearsal import result as results
from citycall.rehearsal.result import Result
from citycall.rehearsal.runner import check
from citycall.rehearsal.runner import rehearse as tell
from citycall.rehearsal.scenario import Scenario, ScenarioError
from citycall.rehearsal.scratch import scratch

STORIES = "scenarios"
A_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("places", metavar="FILE_OR_FOLDER...", nargs=-1, required=True, type=A_PATH)
@click.option("--policy", metavar="PACK_OR_PATH", help="Rehearse under this pack instead of the one named.")
@click.option("--json", "as_json", is_flag=True, help="The outcome for programs.")
def rehearse(places: tuple[Path, ...], policy: str | None, as_json: bool) -> None:
    """Run scenarios on a virtual clock, each in a database of its own that is thrown away.

    Ends with 0 only if every expectation held, with 1 if one did not, with 2 if a file is no scenario.
    """
    stories = _load(places)
    folder = _pack(policy) if policy else None
    began = time.perf_counter()
    told: list[Result] = []
    with _quiet(), _database():
        _check_all(stories)
        for one in _tell_all(stories, folder):
            told.append(one)
            if not as_json:
                _say(one)
    seconds = time.perf_counter() - began
    summary = results.told(told, seconds)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        failed = f", {summary['failed']} failed" if summary["failed"] else ", all held"
        click.echo(f"{len(told)} rehearsals{failed} ({seconds:.1f} s)")
    sys.exit(0 if summary["held"] else 1)


@click.command()
@click.option("--seed", metavar="NT", help="Only the clauses of this document.")
@click.option("--json", "as_json", is_flag=True, help="The outcome for programs.")
@click.option("--scenarios", "folder", default=None, type=A_PATH, help="Where the stories are.")
def conformance(seed: str | None, as_json: bool, folder: Path | None) -> None:
    """Run the scenarios and count the clauses that those which passed show to be served."""
    catalogue = clauses.catalogue()
    known = {clause.seed for clause in catalogue.values()}
    if seed is not None and seed not in known:
        raise click.BadParameter(
            f"no such document; there are {', '.join(sorted(known))}", param_hint="--seed"
        )
    wanted = [clause for clause in catalogue.values() if seed in (None, clause.seed)]
    ids = {clause.id for clause in wanted}
    stories = [one for one in _load([folder or _stories()]) if ids & set(one.clauses)]
    told: list[Result] = []
    with _quiet(), _database():
        _check_all(stories)
        for one in _tell_all(stories, None):
            told.append(one)
            if not one.held:
                click.echo(f"failed: {one.path}", err=True)
    found = conforming.count(wanted, told)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        _table(found)


# -- what both need ----------------------------------------------------------------------------------------


def _load(places: Sequence[Path]) -> list[Scenario]:
    known = clauses.catalogue()
    stories: list[Scenario] = []
    errors: list[ScenarioError] = []
    try:
        paths = scenario.find(places)
    except ScenarioError as error:
        _give_up([error])
    for path in paths:
        try:
            stories.append(scenario.load(path, known))
        except ScenarioError as error:
            errors.append(error)
    if errors:
        _give_up(errors)
    return stories


def _check_all(stories: Sequence[Scenario]) -> None:
    errors: list[ScenarioError] = []
    for story in stories:
        try:
            check(story)
        except ScenarioError as error:
            errors.append(error)
    if errors:
        _give_up(errors)


def _give_up(errors: Sequence[ScenarioError]) -> None:
    for error in errors:
        click.echo(str(error), err=True)
    sys.exit(2)


def _tell_all(stories: Sequence[Scenario], folder: Path | None) -> Iterator[Result]:
    try:
        with scratch() as databases, translation.override(settings.LANGUAGE_CODE):
            for story in stories:
                yield tell(story, databases, folder)
    except ScenarioError as error:
        _give_up([error])


def _pack(policy: str) -> Path:
    try:
        folder = sample.pack_folder(policy)
        load_pack(folder)
        return folder
    except (sample.NoPack, PackError) as error:
        raise click.BadParameter(str(error), param_hint="--policy") from error


def _stories() -> Path:
    """The stories beside the packs."""
    place = (Path(settings.CITYCALL_POLICIES).parent / STORIES).resolve()
    here = Path.cwd()
    return place.relative_to(here) if place.is_relative_to(here) else place


@contextmanager
def _quiet() -> Iterator[None]:
    """What a story does on purpose (a channel taken away, a worker killed) is no news for the log."""
    log = logging.getLogger("citycall")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _database() -> Iterator[None]:
    """A server to make scratch databases on, and keys that are thrown away with them.

    Where the server of the installation does not answer, one is started for the time of the rehearsal.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="citycall-rehearsal-")))
        folder.chmod(0o755)
        before = settings.CITYCALL_KEYS
        stack.callback(setattr, settings, "CITYCALL_KEYS", before)
        settings.CITYCALL_KEYS = folder / "keys" / "keys.json"
        private.create_key_file(settings.CITYCALL_KEYS, sample=True)
        try:
            connection.ensure_connection()
        except OperationalError as error:
            _start_server(stack, folder, error)
        yield


def _start_server(stack: ExitStack, folder: Path, error: OperationalError) -> None:
    from citycall.run import database_url
    from citycall.run.embedded import EmbeddedPostgres

    if not settings.DATABASE_URL.startswith("postgresql://citycall@/citycall?host="):
        raise click.ClickException(f"the database server does not answer: {str(error).strip()}") from error
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    server = EmbeddedPostgres(folder / "postgres", folder / "socket", options=quick)
    server.start()
    stack.callback(server.stop)
    server.make_database()
    before = dict(connection.settings_dict)
    stack.callback(connection.settings_dict.update, before)
    stack.callback(connection.close)
    found = database_url.parse(server.url())
    found["OPTIONS"] = {**before["OPTIONS"], **found["OPTIONS"]}
    connection.settings_dict.update({**found})


def _say(one: Result) -> None:
    click.echo(f"{'ok    ' if one.held else 'FAILED'}  {one.path}  {one.title}  [{', '.join(one.clauses)}]")
    for failure in one.failures:
        click.echo(f"        {one.path}:{failure.line}")
        click.echo(f"          expected  {failure.expected}")
        click.echo(f"          found     {failure.found}")


def _table(found: conforming.Conformance) -> None:
    for title, shares in (("capability", found.capabilities), ("document", found.seeds)):
        click.echo(f"{title:<22}served / total")
        for name, share in shares.items():
            click.echo(f"  {name:<20}{len(share.served):>6} / {share.total}")
        click.echo("")
    for clause, stories in found.stories.items():
        click.echo(f"{clause:<12}{', '.join(stories)}")
    if found.failed:
        click.echo(f"\nnot counted, for they failed: {', '.join(found.failed)}")
