"""Why a case was late: said by the handler, analysed by the agency's evaluator (NT-5-4-8a, NT-5-4-8b)."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.base.events import record
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.inputs import Done, OfCase, WithReason
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, DelayAnalysis


@command("cases.explain_delay", who=WORKERS, clauses=("NT-5-4-8a",))
def explain_delay(ctx: Context, data: WithReason) -> Done:
    """The agency states why the case could not be finished in time (NT-5-4-8a)."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    _must_be_late(case)
    advance(ctx, case, "case.delay_explained", set={"late_reason": data.reason})
    ctx.audit("case", case.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


class AnalyseDelay(OfCase):
    """The cause, from the pack's list, and in words."""

    cause: Code
    text: Annotated[str, Field(min_length=2, max_length=2000)]


@command("cases.analyse_delay", who=("evaluator",), clauses=("NT-5-4-8b",))
def analyse_delay(ctx: Context, data: AnalyseDelay) -> Done:
    """The agency's evaluator analyses the cause (NT-5-4-8b); saying it again replaces what was said."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    _must_be_late(case)
    causes = {choice.code for choice in pack_for(case).kinds[case.kind].delay_causes}
    if data.cause not in causes:
        message = _("請從清單中選擇逾期原因。")
        raise Refused("invalid", message, fields={"cause": message}, status=422)
    analysis = DelayAnalysis.objects.filter(case=case).first() or DelayAnalysis()
    record(
        ctx,
        analysis,
        "delay_analysis.made",
        set={
            "case": case,
            "agency": case.agency,
            "cause": data.cause,
            "text": data.text,
            "analysed_by": ctx.actor.staff_id,
            "analysed_at": ctx.now,
        },
    )
    advance(ctx, case, "case.delay_analysed", info={"cause": data.cause})
    ctx.audit("case", case.pk, cause=data.cause)
    return Done(case=case.pk, number=case.number, status=case.status)


def _must_be_late(case: Case) -> None:
    if not (case.overdue or case.was_overdue or case.completed_late):
        raise Refused("not_late", _("案件沒有逾限。"), status=409)
