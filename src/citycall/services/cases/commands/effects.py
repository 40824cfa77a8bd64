"""What follows from consent to a request: another agency, a further one, release, a later limit, a ruling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from citycall.base.commands import Context
from citycall.base.encoding import jsonable
from citycall.base.events import record
from citycall.policy.requests import RequestRule
from citycall.services.cases import requests, tasks
from citycall.services.cases.commands.tracking import release_now
from citycall.services.cases.lifecycle import advance, lapse_request, pack_for
from citycall.services.cases.models import Case, CaseJoin, CaseRequest, CaseTask

# Steps that the agency of a case has taken, and that the next one takes anew.
UNTAKEN: dict[str, Any] = {
    "acknowledged_at": None,
    "acknowledged_by": None,
    "acknowledged_late": False,
    "registered_at": None,
    "registered_by": None,
    "registered_late": False,
    "reported_back_at": None,
    "reported_back_by": None,
    "taken_by": None,
    "taken_post": "",
}


def carry_out(ctx: Context, case: Case, rule: RequestRule, request: CaseRequest) -> None:
    """Do what was consented to. The case keeps its number, its history and its times."""
    match rule.effect:
        case "reassign":
            reassign(ctx, case, request.decided_agencies[0], request)
        case "join":
            join(ctx, case, rule, request)
        case "release":
            ground = rule.ground(request.ground)
            release_now(
                ctx,
                case,
                ground=request.ground,
                name=ground.name if ground is not None else None,
                reason=request.decision_reason or request.reason,
                info={"request": request.pk, **whose(request)},
            )
        case "extend":
            extend(ctx, case, request)
        case "dispute":
            rule_on(ctx, case, rule, request)


def whose(request: CaseRequest) -> dict[str, str]:
    """Whose the released matter is, as decided: another agency's of the city, or an authority's outside it,
    to which the original agency then writes (TP-6-7a, TP-6-7b); `unsaid` where nobody was named.
    """
    if request.decided_agencies:
        return {"belongs": "city"}
    if request.authority:
        return {"belongs": "outside", "authority": request.authority}
    return {"belongs": "unsaid"}


def reassign(ctx: Context, case: Case, agency: str, request: CaseRequest) -> None:
    """The case goes to another agency, which signs for it anew; its limit runs on (KM-7-5a, TP-5-3-2c)."""
    before = case.agency
    kept = {name: getattr(case, name) for name in UNTAKEN if getattr(case, name) not in (None, "", False)}
    advance(
        ctx,
        case,
        "case.reassigned",
        set={"agency": agency, "assigned_at": ctx.now, **UNTAKEN},
        info={
            "from": before,
            "to": agency,
            "reason": request.decision_reason or request.reason,
            "request": request.pk,
            "before": jsonable(kept),
        },
        data={
            "former": [before],
            "other_agency": requests.both_names(before),
            "reason": request.decision_reason or request.reason,
            "category": case.category,
        },
    )
    _pass_on_tasks(ctx, case, before)
    _end_join(ctx, case, agency)
    lapse_request(ctx, case, joins=False)
    ctx.signal(f"agency:{before}", f"agency:{agency}")


def _pass_on_tasks(ctx: Context, case: Case, before: str) -> None:
    """What the agency of the case owed, the next one owes (its limit runs on too)."""
    pack = pack_for(case)
    for task in CaseTask.objects.filter(case=case, agency=before, state=CaseTask.State.OPEN):
        rule = tasks.rule_of(pack, case, task.code)
        if rule is not None and rule.owed_by == "case":
            record(ctx, task, "case_task.passed_on", set={"agency": case.agency}, agencies=[before])


def _end_join(ctx: Context, case: Case, agency: str) -> None:
    """An agency that is now responsible joins no longer beside itself."""
    for joined in CaseJoin.objects.filter(case=case, agency=agency, state=CaseJoin.State.OPEN):
        record(ctx, joined, "case_join.ended", set={"state": CaseJoin.State.ENDED}, agencies=[agency])


def join(ctx: Context, case: Case, rule: RequestRule, request: CaseRequest) -> None:
    """Further agencies join; each owes an answer of its own (NT-5-2-2b, TP-5-3-0, TP-5-3-1c)."""
    agencies: Sequence[str] = request.decided_agencies
    for agency in agencies:
        joined = CaseJoin.objects.filter(case=case, agency=agency).first() or CaseJoin(
            case=case, agency=agency
        )
        record(
            ctx,
            joined,
            "case_join.opened",
            set={
                "case": case,
                "agency": agency,
                "code": rule.code,
                "state": CaseJoin.State.OPEN,
                "joined_at": ctx.now,
                "finding": "",
                "text": "",
                "answered_at": None,
                "answered_by": None,
            },
            agencies=[agency],
        )
    advance(
        ctx,
        case,
        "case.joined",
        info={"agencies": list(agencies), "request": request.pk, "owes": rule.owes},
        data={
            **requests.words_of(rule, request),
            "joined": list(agencies),
            "received": requests.received(case),
        },
    )


def extend(ctx: Context, case: Case, request: CaseRequest) -> None:
    """The limit moves to the day that was granted, and the citizen is told why."""
    advance(
        ctx,
        case,
        "case.extended",
        info={
            "old_due": case.due_at,
            "until": _iso(request),
            "reason": request.reason,
            "request": request.pk,
        },
        data={"until": request.until, "planned_end": _iso(request), "reason": request.reason},
    )


def _iso(request: CaseRequest) -> str:
    return request.until.isoformat() if request.until is not None else ""


def rule_on(ctx: Context, case: Case, rule: RequestRule, request: CaseRequest) -> None:
    """The ruling names the agency and ends the dispute, with all that hung on it (KM-7-5b, TP-5-4)."""
    agency = request.decided_agencies[0]
    advance(
        ctx,
        case,
        "case.ruled",
        info={"agency": agency, "reason": request.decision_reason, "request": request.pk},
        data=requests.words_of(rule, request),
    )
    if agency == case.agency:
        lapse_request(ctx, case, joins=False)
    else:
        reassign(ctx, case, agency, request)
