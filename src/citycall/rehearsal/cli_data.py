"""`citycall import` and `citycall replay`: real files of a hotline, taken in and lived through again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from django.utils import translation
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from citycall.rehearsal.imports import Taken

Progress = Callable[[int, int], None]
_FILE = click.Path(path_type=Path)


@contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
    """A bar on the terminal; nothing at all where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)


@contextmanager
def speaking() -> Iterator[None]:
    """The language of the terminal: English where the environment says so, else 正體中文."""
    said = next(
        (os.environ[name] for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)),
        "",
    )
    with translation.override("en" if said.startswith("en") else "zh-hant"):
        yield


@contextmanager
def _on_this_schema() -> Iterator[None]:
    """A database that was never migrated is said as such."""
    from django.db import ProgrammingError

    from citycall.rehearsal.models import ImportedStep

    try:
        ImportedStep.objects.exists()
    except ProgrammingError as error:
        raise click.ClickException(_("資料庫還沒有準備好，請先執行 citycall migrate")) from error
    yield


@click.group(name="import")
def import_() -> None:
    """Take in published case files."""


@import_.command()
@click.argument("file", type=_FILE)
@click.option("--mapping", "mapping_file", required=True, type=_FILE, help="YAML: field -> column")
@click.option("--steps", type=_FILE, help="what became of the cases, with times")
@click.option("--rejects", type=_FILE, help="CSV for the rows that could not be taken")
@click.option("--policy", "pack_folder", type=_FILE, help="pack folder; default: the mapping's own")
def cases(
    file: Path, mapping_file: Path, steps: Path | None, rejects: Path | None, pack_folder: Path | None
) -> None:
    """Stage the cases of FILE (CSV or JSON) for `citycall replay`. Safe to run again."""
    from citycall.policy import PackError, load_pack
    from citycall.rehearsal.imports import import_cases, import_steps
    from citycall.rehearsal.mapping import MappingError, Reader, load
    from citycall.rehearsal.reading import Unreadable

    with speaking(), _on_this_schema():
        try:
            pack = load_pack(pack_folder or _pack_of(mapping_file))
            reader = Reader(load(mapping_file), pack)
            with progress_bar(_("匯入案件")) as tell:
                taken = import_cases(file, reader, rejects, tell)
            _say(_("案件"), taken, rejects)
            if steps:
                beside = rejects.with_suffix(f".steps{rejects.suffix}") if rejects else None
                with progress_bar(_("匯入辦理歷程")) as tell:
                    taken = import_steps(steps, reader, beside, tell)
                _say(_("辦理歷程"), taken, beside)
        except (MappingError, Unreadable, PackError) as error:
            raise click.ClickException(str(error)) from error


def _pack_of(mapping_file: Path) -> Path:
    """A mapping lies in its pack: PACK/import/NAME.yaml."""
    folder = mapping_file.absolute().parent.parent
    if not (folder / "pack.yaml").is_file():
        raise click.ClickException(_("%s 不在規則包裡，請以 --policy 指明規則包") % mapping_file)
    return folder


def _say(what: str, taken: Taken, rejects: Path | None) -> None:
    click.echo(
        _("%(what)s：共 %(rows)s 列；新增 %(new)s，更新 %(changed)s，相同 %(unchanged)s，退回 %(rejected)s")
        % {
            "what": what,
            "rows": f"{taken.rows:,}",
            "new": f"{taken.new:,}",
            "changed": f"{taken.changed:,}",
            "unchanged": f"{taken.unchanged:,}",
            "rejected": f"{taken.rejected:,}",
        }
    )
    for reject in taken.first_rejects:
        said = _("第 %(line)s 列：%(reason)s") % {"line": reject.line, "reason": reject.reason}
        click.echo(f"  {said}", err=True)
    if taken.rejected > len(taken.first_rejects):
        said = _("（其餘 %s 列略）") % (taken.rejected - len(taken.first_rejects))
        click.echo(f"  {said}", err=True)
    if taken.rejected:
        for reason, count in taken.reasons.most_common(10):
            click.echo(f"  {count:>7,}  {reason}")
        if rejects:
            click.echo(_("退回的列在 %s，改好後可以直接再匯入") % rejects)
        else:
            click.echo(_("以 --rejects FILE 把退回的列另存，改好後可以直接再匯入"))


@click.command()
@click.option(
    "--policy", "policy", default="kaohsiung", show_default=True, help="pack: its folder or its code"
)
@click.option("--source", default=None, help="only cases of this source of the mappings")
@click.option("--from", "since", default=None, help="only cases received from this day on")
@click.option("--to", "until", default=None, help="only cases received before this day")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="only the first so many cases")
@click.option("--keep", "keep_as", default=None, help="keep the database of the replay, under this name")
@click.option("--report", type=_FILE, default=None, help="write the figures as JSON")
def replay(
    policy: str,
    source: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    keep_as: str | None,
    report: Path | None,
) -> None:
    """Establish the staged cases through the ordinary commands, at the times they really came."""
    from citycall.rehearsal.replay import ReplayError, Wanted, replay_cases

    with speaking(), _on_this_schema():
        try:
            wanted = Wanted.read(policy, source, since, until, limit)
            with progress_bar(_("重播案件")) as tell:
                figures = replay_cases(wanted, keep_as=keep_as, tell=tell)
        except ReplayError as error:
            raise click.ClickException(str(error)) from error
        for line in figures.lines():
            click.echo(line)
        if report:
            report.write_bytes(orjson.dumps(figures.as_dict(), option=orjson.OPT_INDENT_2))
