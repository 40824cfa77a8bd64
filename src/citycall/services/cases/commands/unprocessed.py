"""A petition left unprocessed by decision; a result told to who rings again; a wish for reopening."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code, RowId
from citycall.services.cases.commands.handling import close_case, owe_nothing
from citycall.services.cases.commands.inputs import Done, OfCase, Reason
from citycall.services.cases.lifecycle import advance, lapse_request, load_for_change, pack_for
from citycall.services.cases.models import Case
from citycall.services.cases.queries.petitions import answer_of
from citycall.services.cases.queries.public import code_fits
from citycall.services.cases.results import unprocessed_result

# All that a pack may name (`unprocessed.by`); each kind names its own among them.
DECIDERS = ("section_chief", "head", "supervisor", "secretary_general")


class LeaveUnprocessed(OfCase):
    """On which ground, and why."""

    ground: Code | None = None
    reason: Reason


@command(
    "cases.leave_unprocessed",
    who=DECIDERS,
    clauses=("NT-5-2-5a", "NT-5-2-5b", "TP-5-6a", "TP-6-8-2c"),
    keyed=True,
)
def leave_unprocessed(ctx: Context, data: LeaveUnprocessed) -> Done:
    """Decide that a petition is not processed (不予處理), on a legal ground: it stays registered, and closes.

    Only those whom the pack names may, in the case's agency; ground, decider and date stay on the case.
    """
    case = load_for_change(data.case)
    rule = pack_for(case).kinds[case.kind].unprocessed
    assert rule is not None  # the lifecycle table has asked
    ctx.require_role(*rule.by, agency=case.agency)
    ground = rule.ground(data.ground or "")
    if ground is None:
        message = _("請選擇不予處理之法規依據。")
        raise Refused("invalid", message, fields={"ground": message}, status=422)
    advance(
        ctx,
        case,
        "case.not_processed",
        set={
            "unprocessed_at": ctx.now,
            "unprocessed_by": ctx.actor.staff_id,
            "unprocessed_ground": ground.code,
            "finding": "",
            "result": unprocessed_result(ground, data.reason),
            "completed_at": ctx.now,
            "completed_by": ctx.actor.staff_id,
        },
        info={"ground": ground.code, "reason": data.reason},
        data={"reason": {"zh": ground.name.zh, "en": ground.name.en}},
    )
    owe_nothing(ctx, case)
    lapse_request(ctx, case)
    close_case(ctx, case, ground=ground.code)
    ctx.audit("case", case.pk, ground=ground.code)
    return _done(case)


class TellResult(OfCase):
    """In which call it was told."""

    call_id: RowId | None = None


@command("cases.tell_result", who=("operator", "lead"), clauses=("NT-5-2-4b", "TP-5-5-3b"), keyed=True)
def tell_result(ctx: Context, data: TellResult) -> Done:
    """Who rang was told the result by the operator, who looked it up: on record, with who and when.

    Refused with ``no_result`` as long as none counts: before the approval nothing of it is told.
    """
    case = load_for_change(data.case)
    if not answer_of(case).told:
        raise Refused("no_result", _("案件尚無可以告知的辦理結果。"), status=409)
    advance(ctx, case, "case.result_told", info={"by": "phone", "call": data.call_id})
    ctx.audit("case", case.pk)
    return _done(case)


class AskReopening(OfCase):
    """What the citizen is not satisfied with. `code`: the look-up code, where the citizen asks themselves."""

    reason: Reason
    code: Annotated[str, Field(max_length=16)] = ""


@command("cases.ask_reopening", who=("operator", "lead", "citizen"), clauses=("NT-5-4-9c",), keyed=True)
def ask_reopening(ctx: Context, data: AskReopening) -> Done:
    """The citizen is not satisfied with a closed case: somebody looks whether it is opened again.

    By telephone through the operator, or by number and look-up code; within the time that the pack sets.
    """
    by_phone = ctx.actor.has("operator") or ctx.actor.has("lead")
    if not by_phone:
        meant = Case.objects.filter(pk=data.case).first()
        if meant is None or not code_fits(meant, data.code):
            raise Refused("not_found", _("查無此案件，請確認案號與查詢碼。"), status=404)
    case = load_for_change(data.case)
    advance(
        ctx,
        case,
        "case.reopening_asked",
        info={"by": "phone" if by_phone else "web"},
        data={"reason": data.reason},
    )
    ctx.audit("case", case.pk)
    return _done(case)


def _done(case: Case) -> Done:
    return Done(case=case.pk, number=case.number, status=case.status)
