"""`citycall`: one command, its sub-commands contributed by the rooms and imported only when used."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

import click

# One line per sub-command: name -> (where it is, what the list says about it).
COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("citycall.base.cli:audit", "Verify the audit chain."),
    "classify": ("citycall.services.cases.classify.cli:classify", "Items suggested, learned from cases."),
    "commands": ("citycall.base.cli:commands", "List every command, its input and who may use it."),
    "conformance": ("citycall.rehearsal.cli:conformance", "Clauses served, from the scenarios that passed."),
    "django": ("citycall.run.cli:django", "Any management command of Django."),
    "import": ("citycall.rehearsal.cli_data:import_", "Take in published case files."),
    "index": ("citycall.services.cases.cli:index", "Search terms for cases that have none."),
    "init": ("citycall.people.cli:init", "Begin a real installation from a policy pack."),
    "jobs": ("citycall.base.cli:jobs", "Long work: how far it is, and mending what was set aside."),
    "lifecycle": ("citycall.services.cases.cli:lifecycle", "Every move of a case: who, needs, causes."),
    "messages": ("citycall.run.cli:messages", "Message catalogues of the languages."),
    "migrate": ("citycall.run.cli:migrate", "Bring the database to this version."),
    "mutants": ("citycall.rehearsal.cli_mutants:command", "Does a story notice when a rule is lost?"),
    "notices": ("citycall.base.cli:notices", "What did not reach people, and sending it again."),
    "places": ("citycall.policy.cli_places:places", "Outlines of districts; how addresses are read."),
    "policy": ("citycall.policy.cli:policy", "Check and compare policy packs; why a case is due then."),
    "rehearse": ("citycall.rehearsal.cli:rehearse", "Run scenarios on a virtual clock."),
    "replay": ("citycall.rehearsal.cli_data:replay", "Establish imported cases at the times they came."),
    "run": ("citycall.run.cli:run", "Start everything: database, web, worker."),
    "simulate": ("citycall.services.calls.cli:simulate", "Let a simulated call ring."),
    "staff": ("citycall.people.cli:staff", "Accounts of staff."),
    "timers": ("citycall.base.cli:timers", "What waits for its time, and mending what was set aside."),
    "token": ("citycall.people.cli:token", "Tokens of programs that use the API."),
    "worker": ("citycall.base.cli:worker", "Run one worker: timers, notices, audit chain."),
}
# These manage the process tree and the files of the clone; the others need Django's models.
WITHOUT_DJANGO = {"django", "messages", "places", "policy", "run"}
# These work on the installation's database, and start it when `citycall run` does not run.
ON_THE_DATABASE = {"audit", "import", "init", "migrate", "notices", "replay", "simulate", "staff"}
ON_THE_DATABASE |= {"classify", "index", "jobs", "timers", "token"}
BEFORE_A_GOVERNMENT = {"init", "migrate"}
# These play, and get a database that is thrown away.
ON_A_PLAYGROUND = {"conformance", "mutants", "rehearse"}


class Rooms(click.Group):
    """Knows the names of the sub-commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        if not _exists(module):
            raise click.ClickException(
                f"`citycall {cmd_name}` is not part of this version ({module} is missing)."
            )
        asked_for_help = ctx.resilient_parsing or bool({"-h", "--help"} & set(sys.argv))
        if not asked_for_help:
            _bring_database(ctx, cmd_name)
        if cmd_name not in WITHOUT_DJANGO:
            import django

            django.setup()
        needs_one = cmd_name in ON_THE_DATABASE - BEFORE_A_GOVERNMENT
        if needs_one and not asked_for_help and not _files_alone(cmd_name):
            _check_keys()
        room = import_module(module)
        if cmd_name == "policy":
            room.show_case = _show_case  # type: ignore[attr-defined]
        command = getattr(room, attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


def _show_case(number: str, lang: str, as_json: bool) -> None:
    """`citycall policy show CASE`: the one thing of that command that needs the installation."""
    import django

    _bring_database(click.get_current_context(), "audit")
    django.setup()
    _check_keys()
    from django.db import ProgrammingError

    from citycall.services.cases.cli import show_case

    try:
        show_case(number, lang, as_json=as_json)
    except ProgrammingError:
        raise click.ClickException(
            "this installation has no cases yet: start it with `citycall run`"
        ) from None


def _check_keys() -> None:
    """A real government is not worked on with a sample's keys, by no door."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import ProgrammingError

    from citycall.people.sample_guard import check_installation

    try:
        check_installation()
    except ProgrammingError:
        return  # the tables are still to be made: there is no government yet
    except ImproperlyConfigured as wrong:
        raise click.ClickException(str(wrong)) from wrong


def _bring_database(ctx: click.Context, name: str) -> None:
    if name not in ON_THE_DATABASE | ON_A_PLAYGROUND or _files_alone(name):
        return
    from citycall.run import embedded, grounds

    try:
        ctx.with_resource(grounds.thrown_away() if name in ON_A_PLAYGROUND else grounds.of_the_installation())
    except embedded.EmbeddedError as error:
        raise click.ClickException(str(error)) from None


def _files_alone(name: str) -> bool:
    """Whether it looks at files and needs no installation: `classify evaluate --train A --test B`."""
    return name == "classify" and {"evaluate", "--train"} <= set(sys.argv)


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="citycall")
def citycall() -> None:
    """CityCall, the open-source 1999."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citycall.settings")
    citycall(prog_name="citycall")


if __name__ == "__main__":
    main()
