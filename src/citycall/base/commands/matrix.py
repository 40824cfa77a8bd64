"""Who may do what, written from the registry: `docs/permissions.md`."""

from collections import defaultdict
from collections.abc import Iterable

from citycall.base.commands.door import CommandSpec

_HEAD = """\
# Who may do what

Written by `citycall commands --markdown` from the commands themselves; a test keeps it in step. A policy pack
may give a command to other roles (`may` in `pack.yaml`). Beyond this table a command about a case asks that
the post belongs to the case's agency.

Words that are not roles: `system` is the program itself (workers, the command line), `staff` whoever is
signed in, `anyone` also somebody from outside.
"""


def markdown(specs: Iterable[CommandSpec]) -> str:
    """The permission matrix: each command with who may run it, then each role with its commands."""
    known = sorted(specs, key=lambda spec: spec.name)
    lines = [_HEAD]
    rooms: dict[str, list[CommandSpec]] = defaultdict(list)
    by_role: dict[str, list[str]] = defaultdict(list)
    for spec in known:
        rooms[spec.name.partition(".")[0]].append(spec)
        for role in spec.who:
            by_role[role].append(spec.name)
    for room, found in rooms.items():
        lines += [f"## {room}", "", "| command | who may | what it does | clauses |", "|---|---|---|---|"]
        lines += [_row(spec) for spec in found]
        lines.append("")
    lines += ["## By role", "", "| role | commands |", "|---|---|"]
    lines += [
        f"| `{role}` | {', '.join(f'`{name}`' for name in names)} |"
        for role, names in sorted(by_role.items())
    ]
    return "\n".join(lines) + "\n"


def _row(spec: CommandSpec) -> str:
    first = spec.doc.splitlines()[0] if spec.doc else ""
    who = ", ".join(f"`{role}`" for role in spec.who)
    cells = [f"`{spec.name}`", who, first.replace("|", "\\|"), ", ".join(spec.clauses)]
    return f"| {' | '.join(cells)} |"
