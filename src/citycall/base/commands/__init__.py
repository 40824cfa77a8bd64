"""Commands: the one way to change anything.

@command("cases.acknowledge", who=("intake_window", "window"), clauses=("NT-5-4-2d",))
def acknowledge(ctx: Context, data: Acknowledge) -> Acknowledged: ...

acknowledge(actor, {"case": 12})          # a form, the API, a scenario: all come through here
"""

from citycall.base.commands.actors import SYSTEM, Actor, ActorPost, citizen
from citycall.base.commands.context import Context, background, current
from citycall.base.commands.door import (
    Command,
    CommandSpec,
    autoload,
    command,
    commands,
    effective_who,
    execute,
    may,
)
from citycall.base.commands.inputs import Code, Input, Line, OptionalLine, Paragraphs, RowId
from citycall.base.commands.refusals import Refused, invalid, not_found, not_permitted

__all__ = [
    "SYSTEM",
    "Actor",
    "ActorPost",
    "Code",
    "Command",
    "CommandSpec",
    "Context",
    "Input",
    "Line",
    "OptionalLine",
    "Paragraphs",
    "Refused",
    "RowId",
    "autoload",
    "background",
    "citizen",
    "command",
    "commands",
    "current",
    "effective_who",
    "execute",
    "invalid",
    "may",
    "not_found",
    "not_permitted",
]
