"""Asking for something about a case, deciding on it, taking it back (改分、加分、解除列管、展延、爭議)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Refused, command, not_permitted
from citycall.base.commands.inputs import Code, RowId
from citycall.base.events import record
from citycall.policy import Pack
from citycall.policy.requests import RequestRule
from citycall.services.cases import requests
from citycall.services.cases.commands import effects
from citycall.services.cases.commands.completion import Date
from citycall.services.cases.commands.handling import keep_file
from citycall.services.cases.commands.inputs import Instant, OfCase, OneLine, Reason
from citycall.services.cases.commands.request_checks import check_decision, check_request, latest_until
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, CasePosition, CaseRequest

CLAUSES = (
    "KM-7-5a", "KM-7-5b", "KM-10-2", "NT-5-2-2a", "NT-5-2-2b", "TP-5-3-0", "TP-5-3-1a", "TP-5-3-1b",
    "TP-5-3-1c", "TP-5-3-2a", "TP-5-3-2b", "TP-5-3-2c", "TP-5-3-2d", "TP-5-4", "TP-6-6-0", "TP-6-6-1",
    "TP-6-6-2", "TP-6-6-3", "TP-6-6-4", "TP-6-6-5",
)  # fmt: skip
Agencies = Annotated[tuple[Code, ...], Field(max_length=10)]


class MakeRequest(OfCase):
    """Which request, why, and what its rule asks for besides.

    `agency`, `agencies`: whose it is instead, or who joins; in a dispute the parties. `authority`: whose it
    is where that is none of the city. `memo`: the signed memo
    (簽陳), as uploads. `attempt`, `attempt_at`: how and when it was tried in vain to reach the caller.
    """

    rule: Code
    reason: Reason
    ground: Code | None = None
    agency: Code | None = None
    agencies: Agencies = ()
    authority: Annotated[str, OneLine, Field(max_length=120)] = ""
    site_inspection: bool = False
    consent_level: Code | None = None
    consent_person: Annotated[str, OneLine, Field(max_length=80)] = ""
    consent_date: Date | None = None
    memo: Annotated[tuple[Any, ...], Field(max_length=5)] = ()
    place: Annotated[str, OneLine, Field(max_length=200)] = ""
    attempt: Annotated[str, Field(max_length=500)] = ""
    attempt_at: Instant | None = None
    until: Date | None = None


class Requested(BaseModel):
    case_request: int
    case: int
    state: str
    late: bool
    agency: str
    status: str


@command("cases.make_request", who=requests.ASKING, clauses=CLAUSES, keyed=True)
def make_request(ctx: Context, data: MakeRequest) -> Requested:
    """Ask for something about a case; nothing changes until whoever decides consents.

    Where the rule says that it is done by asking, it is done at once (KM-7-5a). Refused: ``not_permitted``,
    ``wrong_status``, ``already_requested``, ``not_disputed``, ``too_late`` where the window is closed for
    good (TP-6-6-0), ``invalid`` with the fields that are missing.
    """
    case = load_for_change(data.case)
    pack = pack_for(case)
    rule = requests.rule_of(pack, case, data.rule)
    if rule is None:
        raise not_permitted()
    ctx.require_role(*rule.asked_by, agency=rule.asks_in(case.agency))
    clocks = requests.clocks_of(case) if rule.windows else []
    timing = requests.timing(pack, case, rule, ctx.now, clocks, site_inspection=data.site_inspection)
    check_request(pack, rule, case, data, ctx.now)
    request = _make(ctx, pack, case, rule, data, late=timing.late, end=timing.end)
    ground = rule.ground(data.ground or "")
    if ground is not None and ground.opens is not None:
        _open_dispute(ctx, pack, case, ground.opens, data, request)
    if rule.direct:
        _settle(ctx, pack, case, rule, request, True, data.reason, request.proposed)
    ctx.audit("case", case.pk, request=request.pk, rule=rule.code)
    return _said(case, request)


def _make(
    ctx: Context,
    pack: Pack,
    case: Case,
    rule: RequestRule,
    data: MakeRequest,
    *,
    late: bool,
    end: Any,
    linked_to: CaseRequest | None = None,
) -> CaseRequest:
    files = [
        keep_file(ctx, case, upload, requests.said(rule), "memo").pk
        for upload in data.memo
        if linked_to is None
    ]
    named = [data.agency] if data.agency and rule.effect in ("reassign", "release") else list(data.agencies)
    request = CaseRequest()
    asks_for = "" if ctx.post is None else ctx.post.agency
    record(
        ctx,
        request,
        "case_request.made",
        set={
            "case": case,
            "code": rule.code,
            "effect": rule.effect,
            "agency": asks_for or case.agency,
            "owner": rule.decides_in(case.agency),
            "state": CaseRequest.State.PENDING,
            "reason": data.reason,
            "ground": (data.ground or "") if linked_to is None else "",
            "proposed": list(dict.fromkeys(named)),
            "late": late,
            "window_end": end,
            "authority": data.authority,
            "site_inspection": data.site_inspection,
            "consent_level": data.consent_level or "",
            "consent_person": data.consent_person,
            "consent_date": data.consent_date,
            "files": files,
            "place": data.place,
            "attempt_at": data.attempt_at,
            "attempt": data.attempt,
            "until": data.until,
            "linked_to": linked_to,
            "requested_by": ctx.actor.staff_id,
            "requested_at": ctx.now,
            "old_agency": case.agency,
            "old_due": case.due_at,
        },
        agencies=filter(None, (rule.decides_in(case.agency), case.agency)),
    )
    if rule.effect == "dispute":
        _name_parties(ctx, case, request)
    advance(ctx, case, "case.requested", info=_info(request), data=requests.words_of(rule, request))
    return request


def _open_dispute(
    ctx: Context, pack: Pack, case: Case, code: str, data: MakeRequest, asked: CaseRequest
) -> None:
    """A ground that is a dispute opens its record, linked to the request (TP-6-6-5)."""
    rule = requests.rule_of(pack, case, code)
    if rule is None:
        return
    _make(ctx, pack, case, rule, data, late=False, end=None, linked_to=asked)


def _name_parties(ctx: Context, case: Case, request: CaseRequest) -> None:
    """The parties: who was named, whose the case is, and who refused it, with what they said (TP-5-4)."""
    refused = requests.refusers(requests.asked_about(case))
    for agency in dict.fromkeys((case.agency, *refused, *request.proposed)):
        said = refused.get(agency)
        record(
            ctx,
            CasePosition(),
            "case_position.named",
            set={
                "request": request,
                "agency": agency,
                "text": said.reason if said is not None else "",
                "stated_at": said.requested_at if said is not None else None,
                "stated_by": said.requested_by if said is not None else None,
            },
            agencies=[agency],
        )


class DecideRequest(OfCase):
    """Which request; consent or not, why, and, where another is right, which agencies or which day.

    `authority`: whose a released matter is, where it belongs to no agency of the city (TP-6-7b).
    """

    case_request: RowId
    approve: bool
    reason: Reason
    agency: Code | None = None
    agencies: Agencies = ()
    authority: Annotated[str, OneLine, Field(max_length=120)] = ""
    until: Date | None = None


@command("cases.decide_request", who=requests.DECIDING, clauses=CLAUSES, keyed=True)
def decide_request(ctx: Context, data: DecideRequest) -> Requested:
    """Decide on a request: whoever the rule names, in the agency on whose list it lies.

    Consent carries it out at once. Refused: ``not_pending``, ``dispute_open`` while the dispute that it
    opened waits for its ruling, ``invalid`` without the agency or the day.
    """
    case = load_for_change(data.case)
    pack = pack_for(case)
    request = _pending(case, data.case_request)
    rule = requests.rule_of(pack, case, request.code)
    if rule is None:
        raise not_permitted()
    ctx.require_role(*rule.decided_by, agency=request.owner or None)
    agencies = check_decision(rule, case, request, data)
    if data.until is not None:
        record(ctx, request, "case_request.shortened", set={"until": data.until})
    authority = "" if agencies else data.authority or request.authority
    if data.approve and authority != request.authority:
        record(ctx, request, "case_request.redirected", set={"authority": authority})
    if data.approve and rule.effect == "extend":
        latest_until(rule, case, request.until, ctx.now)
    _settle(ctx, pack, case, rule, request, data.approve, data.reason, agencies)
    ctx.audit("case", case.pk, request=request.pk, approved=data.approve)
    return _said(case, request)


def _settle(
    ctx: Context,
    pack: Pack,
    case: Case,
    rule: RequestRule,
    request: CaseRequest,
    approve: bool,
    reason: str,
    agencies: Iterable[str],
) -> None:
    record(
        ctx,
        request,
        "case_request.decided",
        set={
            "state": CaseRequest.State.APPROVED if approve else CaseRequest.State.REFUSED,
            "decided_by": ctx.actor.staff_id,
            "decided_at": ctx.now,
            "decision_reason": reason,
            "decided_agencies": list(agencies) if approve else [],
            "old_agency": case.agency if rule.effect == "dispute" else request.old_agency,
            "old_due": case.due_at,
        },
        agencies=filter(None, (request.agency, request.owner)),
    )
    # First, so that it is told to the agency that asked; what follows may be another's.
    told = requests.words_of(rule, request)
    advance(ctx, case, "case.request_decided", info=_info(request), data=told)
    if approve:
        effects.carry_out(ctx, case, rule, request)


class WithdrawRequest(OfCase):
    case_request: RowId
    reason: Reason


@command("cases.withdraw_request", who=requests.ASKING, clauses=("TP-5-3-0",), keyed=True)
def withdraw_request(ctx: Context, data: WithdrawRequest) -> Requested:
    """The agency that asked takes its request back before it is decided."""
    case = load_for_change(data.case)
    request = _pending(case, data.case_request)
    rule = requests.rule_of(pack_for(case), case, request.code)
    if rule is None:
        raise not_permitted()
    ctx.require_role(*rule.asked_by, agency=request.agency)
    taken_back = [request, *request.linked.filter(state=CaseRequest.State.PENDING)]
    for one in taken_back:
        record(
            ctx,
            one,
            "case_request.withdrawn",
            set={
                "state": CaseRequest.State.WITHDRAWN,
                "decided_by": ctx.actor.staff_id,
                "decided_at": ctx.now,
                "decision_reason": data.reason,
            },
            agencies=filter(None, (one.agency, one.owner)),
        )
    told = requests.words_of(rule, request)
    advance(ctx, case, "case.request_decided", info=_info(request), data=told)
    ctx.audit("case", case.pk, request=request.pk)
    return _said(case, request)


def _pending(case: Case, pk: int) -> CaseRequest:
    request = CaseRequest.objects.select_for_update().filter(case=case, pk=pk).first()
    if request is None or request.state != CaseRequest.State.PENDING:
        raise Refused("not_pending", _("這件申請已經決定或撤回，請重新整理頁面。"), status=409)
    return request


def _info(request: CaseRequest) -> dict[str, Any]:
    return {
        "request": request.pk,
        "rule": request.code,
        "state": request.state,
        "late": request.late,
        "asked_by": request.agency,
        "agencies": request.decided_agencies or request.proposed,
        "ground": request.ground,
        "until": request.until.isoformat() if request.until is not None else "",
        "reason": request.decision_reason or request.reason,
    }


def _said(case: Case, request: CaseRequest) -> Requested:
    return Requested(
        case_request=request.pk,
        case=case.pk,
        state=request.state,
        late=request.late,
        agency=case.agency,
        status=case.status,
    )
