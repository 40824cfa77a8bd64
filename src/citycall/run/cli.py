"""Sub-commands about the program itself: run, migrate, messages, and Django's own."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at.")
@click.option("--port", default=1999, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--data",
    "data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the database, the files and the keys are kept (CITYCALL_DATA).",
)
@click.option(
    "--pack",
    default="",
    help="Whose sample a first start lays in: newtaipei (default), kinmen, taipei (CITYCALL_SAMPLE_PACK).",
)
def run(host: str, port: int, data: Path | None, pack: str) -> None:
    """Start everything: the embedded database (unless DATABASE_URL is set), the web, the worker."""
    from citycall.run.datadir import data_dir
    from citycall.run.supervisor import CannotRun, Supervisor

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    if data is not None:
        os.environ["CITYCALL_DATA"] = str(data.expanduser().absolute())
    if pack:
        os.environ["CITYCALL_SAMPLE_PACK"] = pack
    try:
        Supervisor(data_dir(), host, port).run()
    except CannotRun as refusal:
        raise click.ClickException(str(refusal)) from None


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def django(arguments: tuple[str, ...]) -> None:
    """Any management command of Django: `citycall django shell`."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["citycall django", *arguments])


@click.command()
def migrate() -> None:
    """Bring the database to this version of the program."""
    from django.core.management import call_command

    call_command("migrate", interactive=False)


@click.group()
def messages() -> None:
    """Message catalogues: the texts of the program in its languages."""


@messages.command("compile")
def compile_messages() -> None:
    """Make the .mo beside every .po that has none, or an older one."""
    import citycall
    from citycall.run.catalogues import compile_all

    for path in compile_all(Path(citycall.__file__).parent):
        click.echo(f"compiled {path}")
