"""One lifecycle table: who may do what with a case, when, and what follows from it.

The table itself, and how an act is added to it, stands in ``table``.
"""

from __future__ import annotations

from dataclasses import dataclass

from citycall.base.commands import Actor, Context, Refused, effective_who
from citycall.policy import Pack
from citycall.services.cases.acts import stale
from citycall.services.cases.acts.checks import callers
from citycall.services.cases.acts.standing import Standing, first_refusal
from citycall.services.cases.acts.table import BY_CODE, BY_COMMAND, TABLE, CaseAct
from citycall.services.cases.models import Case


@dataclass(frozen=True)
class Possible:
    """One act of the table for one person and case; `refused` says why it is not possible now."""

    act: CaseAct
    refused: Refused | None

    @property
    def possible(self) -> bool:
        return self.refused is None

    @property
    def permitted(self) -> bool:
        """Whether it is this person's act at all, whatever stands in its way now."""
        return self.refused is None or self.refused.code != "not_permitted"


def why_not(act: CaseAct, at: Standing) -> Refused | None:
    """The refusal that the command of this act would give; None when it is possible."""
    return act.who.refuses(at, act.command) or first_refusal(at, act.checks)


def possible_acts(actor: Actor, case: Case, pack: Pack, at: Standing | None = None) -> list[Possible]:
    """Every act that such a case knows, with whether this person can do it now and if not, why.

    Some are asked of the database; ``at`` is a standing into which what was read already has been laid.
    """
    at = at or Standing(actor, case, pack)
    return [Possible(act, why_not(act, at)) for act in TABLE if act.happens_in(at.kind, pack)]


def require(ctx: Context, case: Case, pack: Pack) -> None:
    """Refused where the table does not allow the command that runs; it then acts under the post that may.

    ``stale`` comes before what else stands in the way: it says who changed the case, and when.
    """
    act = BY_COMMAND.get(ctx.command)
    if act is None:
        return
    at = Standing(ctx.actor, case, pack, ctx.now, ctx.given)
    refused = act.who.refuses(at, act.command)
    if refused is None and not act.adds:
        replaced = act.events if act.replaces else ()
        refused = stale.refusal(ctx.actor, case, pack, at.asked("seen"), replaced)
    refused = refused or first_refusal(at, act.checks)
    if refused is not None:
        raise refused
    ctx.post = act.who.post(at, effective_who(act.command)) or ctx.post


__all__ = [
    "BY_CODE",
    "BY_COMMAND",
    "TABLE",
    "CaseAct",
    "Possible",
    "Standing",
    "callers",
    "possible_acts",
    "require",
    "why_not",
]
