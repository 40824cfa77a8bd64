"""Sub-commands about the program itself: run, migrate, messages, and Django's own."""

from __future__ import annotations

from pathlib import Path

import click


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
