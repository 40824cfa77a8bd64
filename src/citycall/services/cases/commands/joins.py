"""Joined agencies answer; parties to a dispute state their position (NT-5-2-2b, TP-5-3-0, TP-5-4)."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Refused, command, not_permitted
from citycall.base.commands.inputs import RowId
from citycall.base.events import record
from citycall.services.cases import requests
from citycall.services.cases.commands.inputs import OfCase
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, CaseJoin, CasePosition, CaseRequest

ANSWERERS = ("handler", "intake_window", "window", "section_chief", "allotter")
Text = Annotated[str, Field(min_length=2, max_length=2000)]


class AnswerJoin(OfCase):
    """What the joined agency found and did, or has to say in the consultation.

    `finding`: one of the kind's findings, where the rule says that it owes a result (TP-5-3-0).
    """

    text: Text
    finding: Annotated[str, Field(max_length=32)] = ""


class JoinAnswered(BaseModel):
    join: int
    case: int
    agency: str
    waiting_for: int


@command("cases.answer_join", who=ANSWERERS, clauses=("NT-5-2-2b", "TP-5-3-0"), keyed=True)
def answer_join(ctx: Context, data: AnswerJoin) -> JoinAnswered:
    """A joined agency enters its own answer; the citizen is told by the lead agency alone (NT-5-2-2b)."""
    case = load_for_change(data.case)
    own = [post.agency for post in ctx.actor.posts if post.role in ctx.who]
    join = (
        CaseJoin.objects.select_for_update().filter(case=case, agency__in=own).order_by("state", "id").last()
    )
    if join is None:
        raise not_permitted()
    if join.state != CaseJoin.State.OPEN:
        raise Refused("already_answered", _("貴機關已填報，或已毋庸填報。"), status=409)
    ctx.require_agency(join.agency)
    _check_owed(case, join, data.finding)
    record(
        ctx,
        join,
        "case_join.answered",
        set={
            "state": CaseJoin.State.DONE,
            "finding": data.finding,
            "text": data.text,
            "answered_at": ctx.now,
            "answered_by": ctx.actor.staff_id,
        },
        agencies=[join.agency],
    )
    left = len(requests.open_joins(case))
    advance(
        ctx,
        case,
        "case.join_answered",
        info={"agency": join.agency, "join": join.pk},
        data={"other_agency": requests.both_names(join.agency), "all": not left},
    )
    if not left:
        advance(ctx, case, "case.all_joined")
    ctx.audit("case", case.pk, join=join.pk)
    return JoinAnswered(join=join.pk, case=case.pk, agency=join.agency, waiting_for=left)


def _check_owed(case: Case, join: CaseJoin, finding: str) -> None:
    """A result says what was found, as the case's own does; a word in a consultation does not."""
    known = [choice.code for choice in requests.joined_findings(pack_for(case), case, join)]
    if not known and finding:
        message = _("會辦只須表示意見，查處情形由主政機關登錄。")
        raise Refused("invalid", message, fields={"finding": message}, status=422)
    if known and finding not in known:
        message = _("請選擇貴機關部分的查處情形。")
        raise Refused("invalid", message, fields={"finding": message}, status=422)


class StatePosition(OfCase):
    """What this agency says of who is responsible."""

    case_request: RowId
    text: Text


class PositionStated(BaseModel):
    position: int
    case: int
    agency: str


@command(
    "cases.state_position",
    who=(*ANSWERERS, "head", "supervisor"),
    clauses=("TP-5-4", "TP-6-6-5"),
    keyed=True,
)
def state_position(ctx: Context, data: StatePosition) -> PositionStated:
    """A party to a dispute states its position, until the ruling (TP-5-4)."""
    case = load_for_change(data.case)
    own = [post.agency for post in ctx.actor.posts if post.role in ctx.who]
    waiting = CaseRequest.objects.filter(pk=data.case_request, case=case, effect="dispute")
    position = (
        CasePosition.objects.select_for_update()
        .filter(request__in=waiting, agency__in=own)
        .order_by("id")
        .first()
    )
    if position is None:
        raise not_permitted()
    if position.request.state != CaseRequest.State.PENDING:
        raise Refused("not_pending", _("爭議已經裁示，不再受理主張。"), status=409)
    ctx.require_agency(position.agency)
    record(
        ctx,
        position,
        "case_position.stated",
        set={"text": data.text, "stated_at": ctx.now, "stated_by": ctx.actor.staff_id},
        agencies=[position.agency],
    )
    advance(
        ctx,
        case,
        "case.position_stated",
        info={"agency": position.agency, "request": data.case_request},
    )
    ctx.audit("case", case.pk, position=position.pk)
    return PositionStated(position=position.pk, case=case.pk, agency=position.agency)
