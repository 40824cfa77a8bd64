"""The second stage and the ordinary limit: the agency asks, the call centre decides (NT-5-4-1c, NT-5-4-7)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Refused, command
from citycall.base.events import record
from citycall.policy import Limit
from citycall.policy.kinds import CaseKind
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.inputs import OfCase, Reason
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, Stage, StageRequest

Days = Annotated[int, Field(gt=0, le=3650)]


class RequestStage(OfCase):
    """Which limit is asked for, for how many days, and why it cannot be done at once."""

    to: Literal["second", "ordinary"]
    days: Days | None = None
    reason: Reason


class StageDone(BaseModel):
    request: int
    case: int
    state: str
    stage: str


@command("cases.request_stage", who=(*WORKERS, "supervisor"), clauses=("NT-5-4-1c", "NT-5-4-7"), keyed=True)
def request_stage(ctx: Context, data: RequestStage) -> StageDone:
    """The agency applies; nothing changes until the call centre consents."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    kind = pack_for(case).kinds[case.kind]
    if data.to == "second":
        _check_days(kind, case, data.days)
    if StageRequest.objects.filter(case=case, state=StageRequest.State.PENDING).exists():
        raise Refused("already_requested", _("已有一件申請待話務中心審核。"), status=409)
    stage = kind.stages.get(data.to)
    if stage is None or not stage.on_application or case.stage == data.to:
        message = _("案件不能改列這個階段。")
        raise Refused("invalid", message, fields={"to": message}, status=422)
    request = StageRequest(case=case)
    record(
        ctx,
        request,
        "stage_request.made",
        set={
            "case": case,
            "to": data.to,
            "days": data.days if data.to == "second" else None,
            "reason": data.reason,
            "state": StageRequest.State.PENDING,
            "requested_by": ctx.actor.staff_id,
            "requested_at": ctx.now,
            "old_stage": case.stage,
            "old_due": case.due_at,
        },
    )
    advance(
        ctx,
        case,
        "case.stage_requested",
        info={"request": request.pk, "to": data.to, "days": request.days, "reason": data.reason},
        data=_asked_for(kind, data.to, request.days),
    )
    ctx.audit("case", case.pk, request=request.pk)
    return StageDone(request=request.pk, case=case.pk, state=request.state, stage=case.stage)


class DecideStage(OfCase):
    """Consent or not, with the reason; the days may be fewer than were asked for."""

    approve: bool
    reason: Reason
    days: Days | None = None


@command("cases.decide_stage", who=("lead",), clauses=("NT-5-4-1c", "NT-5-4-7"), keyed=True)
def decide_stage(ctx: Context, data: DecideStage) -> StageDone:
    """An authorised person of the call centre decides; decider, reason and old limit are kept (NT-5-4-7)."""
    case = load_for_change(data.case)
    request = (
        StageRequest.objects.select_for_update().filter(case=case, state=StageRequest.State.PENDING).first()
    )
    if request is None:
        raise Refused("nothing_requested", _("這個案件沒有待審核的申請。"), status=409)
    kind = pack_for(case).kinds[case.kind]
    asked = kind.stages["second" if request.to == Stage.SECOND else "ordinary"]
    ctx.require_role(*asked.decided_by)
    days = request.days
    if data.approve and request.to == Stage.SECOND:
        days = data.days or days
        _check_days(kind, case, days)
    record(
        ctx,
        request,
        "stage_request.decided",
        set={
            "state": StageRequest.State.APPROVED if data.approve else StageRequest.State.REFUSED,
            "days": days,
            "decided_by": ctx.actor.staff_id,
            "decided_at": ctx.now,
            "decision_reason": data.reason,
            "old_stage": case.stage,
            "old_due": case.due_at,
        },
    )
    if data.approve:
        # First, so that what the agency is told names the new limit.
        advance(
            ctx,
            case,
            "case.stage_changed",
            set={"stage": request.to},
            info={"old_stage": request.old_stage, "old_due": request.old_due},
            data={"stage": request.to, "limit": _limit(kind, request.days)},
        )
    advance(
        ctx,
        case,
        "case.stage_decided",
        info={"approved": data.approve, "to": request.to, "days": request.days, "reason": data.reason},
        data=_asked_for(kind, request.to, request.days),
    )
    ctx.audit("case", case.pk, request=request.pk, approved=data.approve)
    return StageDone(request=request.pk, case=case.pk, state=request.state, stage=case.stage)


def _limit(kind: CaseKind, days: int | None) -> Limit | str | None:
    """The second stage is granted for a number of days; the ordinary limit is the kind's own."""
    return Limit(amount=days, unit="days") if days else kind.stages["ordinary"].limit


def _asked_for(kind: CaseKind, to: str, days: int | None) -> dict[str, Any]:
    """The stage and its limit in words, for what people are told."""
    limit = _limit(kind, days)
    names = {Stage.SECOND: ("第2階段", "second stage"), Stage.ORDINARY: ("一般案件", "ordinary case")}
    zh, en = names[Stage(to)]
    words = {"zh": limit.words("zh-hant"), "en": limit.words("en")} if isinstance(limit, Limit) else ""
    return {"stage": {"zh": zh, "en": en}, "limit": words}


def _check_days(kind: CaseKind, case: Case, days: int | None) -> None:
    least, most = kind.second_stage_limits(pack_for(case).items.get(case.item))
    message = ""
    if days is None:
        message = _("請填寫需要的天數。")
    else:
        asked = Limit(amount=days, unit="days").nominal_minutes
        if least is not None and asked < least.nominal_minutes:
            message = _("第二階段至少 %(n)s 日。") % {"n": least.amount}
        elif most is not None and asked > most.nominal_minutes:
            message = _("這個項目的第二階段最多 %(n)s 日。") % {"n": most.amount}
    if message:
        raise Refused("invalid", message, fields={"days": message}, status=422)
