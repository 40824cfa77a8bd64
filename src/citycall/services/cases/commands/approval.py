"""The result is approved before it counts and before the citizen is told (NT-5-2-3b, NT-5-3e, TP-5-5-2a).

Which kinds of case, and by whom, is the pack's: `completion.approved_by` of the kind.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from citycall.base.commands import Context, Refused, command
from citycall.services.cases.commands.completion import last_answer
from citycall.services.cases.commands.handling import completed
from citycall.services.cases.commands.inputs import Done, OfCase, WithReason
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case

APPROVERS = ("section_chief", "head")  # 督導主管 looks after limits and windows, and approves nothing


@command("cases.approve", who=APPROVERS, clauses=("NT-5-2-3b", "NT-5-3e", "NT-5-3g", "TP-5-5-2a"), keyed=True)
def approve(ctx: Context, data: OfCase) -> Done:
    """Approve what was submitted: the case is done, the citizen is told, the call centre reads the result.

    What the citizen was told before counts as the reply only where the pack wants the telephone reply before
    the result (NT-5-3e); anywhere else no reply goes out before this.
    """
    case = _submitted(ctx, data.case)
    kind = pack_for(case).kinds[case.kind]
    if ctx.actor.staff_id is not None and ctx.actor.staff_id == case.submitted_by:
        raise Refused("own_submission", _("不能核定自己陳核的案件，請由其他主管核定。"), status=409)
    changes: dict[str, Any] = {
        "approved_at": ctx.now,
        "approved_by": ctx.actor.staff_id,
        "completed_at": ctx.now,
        "completed_by": case.submitted_by,
    }
    told_first = "phone_reply" in kind.completion.requires
    answer = last_answer(case) if told_first and case.replied_at is None else None
    told = advance(ctx, case, "case.approved", set=changes).told_reporter
    if answer is not None and told == 0:
        advance(ctx, case, "case.replied", set={"replied_at": answer[1]}, info={"by": answer[0]})
    completed(ctx, case, kind, told=told)
    ctx.audit("case", case.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


@command("cases.return", who=APPROVERS, clauses=("NT-5-2-3b", "NT-5-3e", "TP-5-5-2a"), keyed=True)
def send_back(ctx: Context, data: WithReason) -> Done:
    """Send it back to the handler with the reason (陳核退回): it is in progress again, nobody was told."""
    case = _submitted(ctx, data.case)
    advance(
        ctx,
        case,
        "case.returned",
        set={"submitted_at": None, "submitted_by": None},
        info={"reason": data.reason},
        data={"reason": data.reason},
    )
    ctx.audit("case", case.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


def _submitted(ctx: Context, case_id: int) -> Case:
    """The case, if this person's post in its agency may approve such results."""
    case = load_for_change(case_id)
    ctx.require_agency(case.agency)
    roles = pack_for(case).kinds[case.kind].completion.approved_by
    if roles:
        ctx.require_role(*roles, agency=case.agency)
    return case
