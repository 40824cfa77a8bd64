"""A complaint that whoever received it passes to the supervisor in one step (HR-3-1-2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from citycall.base.commands import Context, command
from citycall.services.cases.acts.checks import supervisor_of
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.inputs import Done, OfCase
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for


class PassUp(OfCase):
    note: Annotated[str, Field(max_length=1000)] = ""


class PassedUp(Done):
    post: str


@command("cases.pass_up", who=(*WORKERS, "operator", "lead"), clauses=("HR-3-1-2",), keyed=True)
def pass_up(ctx: Context, data: PassUp) -> PassedUp:
    """Pass a complaint to the supervisor, who has it from now on. Whom, the pack says; one step, no form."""
    case = load_for_change(data.case)
    found = supervisor_of(pack_for(case).kinds[case.kind], case.agency, ctx.now)
    assert found is not None  # the lifecycle table has asked
    post, person = found
    advance(
        ctx,
        case,
        "case.passed_up",
        set={"taken_post": post, "taken_by": person.pk},
        info={"post": post, "note": data.note},
    )
    ctx.audit("case", case.pk, post=post)
    return PassedUp(case=case.pk, number=case.number, status=case.status, post=post)
