"""A case at the desk: how it stands, taking it back, opening it again, consent to a stage, outages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base import policies
from citycall.base.commands import Refused
from citycall.base.private import format_phone
from citycall.services.calls import queries as call_queries
from citycall.services.cases import queries
from citycall.services.cases.acts.stale import last_seen_of
from citycall.services.cases.commands import handling, merging, outages, stages
from citycall.services.cases.commands.establish import establish
from citycall.services.cases.models import Case, Incident, StageRequest, Status
from citycall.services.cases.queries import CaseRow
from citycall.web.access import staff_view
from citycall.web.desk import spoken
from citycall.web.desk.forms.acts import (
    CloseForm,
    DecideForm,
    DissatisfiedForm,
    ReopenForm,
    UnmergeForm,
    WithdrawForm,
)
from citycall.web.desk.forms.outage import AfterOutageForm, OutageForm
from citycall.web.desk.frame import OPERATORS, bar, draw
from citycall.web.desk.views import FIELD_NAMES, card_context
from citycall.web.errors import into_form
from citycall.web.inbox import request_lines
from citycall.web.inbox.acts import acts_of
from citycall.web.inbox.track_forms import ReleaseForm
from citycall.web.particulars import particulars
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.story import choice_name, clock_lines, sent_notices, timeline
from citycall.web.tasks import OpenTaskForm, TaskForm, lines_of, openable
from citycall.web.ui import words
from citycall.web.ui.forms import new_key


def case_of(number: str) -> Case:
    """The case of a number that somebody followed or typed."""
    case = queries.by_number(number)
    if case is None:
        raise Refused("not_found", _("查無此案件，請確認案號。"), status=404)
    return case


def _withdraw_form(request: StaffRequest, case: Case, data: object = None) -> WithdrawForm:
    kind = policies.pack_of(case.policy_version_id).kinds[case.kind]
    reasons = [(choice.code, words.named(choice.name)) for choice in kind.withdraw_reasons]
    call = call_queries.current_call(request.user.pk)
    first = {"phone": format_phone(call.phone) if call and call.phone else ""}
    return WithdrawForm(reasons, data, initial=first)


def case_page(
    request: StaffRequest,
    case: Case,
    *,
    withdraw: WithdrawForm | None = None,
    reopen: ReopenForm | None = None,
    dissatisfied: DissatisfiedForm | None = None,
    task: TaskForm | None = None,
    opening: OpenTaskForm | None = None,
    closing: CloseForm | None = None,
    release: ReleaseForm | None = None,
    unmerge: UnmergeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """How a case stands; a form that came back with something wrong in it stands open."""
    detail = queries.case_detail(case)
    kind = detail.pack.kinds[case.kind]
    choices = openable(detail, request.actor)
    withdraw = withdraw or _withdraw_form(request, case)
    reopen, closing = reopen or ReopenForm(), closing or CloseForm()
    unmerge = unmerge or UnmergeForm(auto_id="unmerge_%s")
    dissatisfied = dissatisfied or DissatisfiedForm(auto_id="dissatisfied_%s")
    for form in (withdraw, reopen, closing, unmerge, dissatisfied):
        form.fields["seen"].initial = detail.seen
    open_now = {one.act.code for one in acts_of(request.actor, detail) if one.possible}
    context = {
        "case": case,
        "row": detail.row,
        "detail": detail,
        "kind": kind,
        "entries": timeline(detail),
        "particulars": particulars(detail),
        "answer": queries.answer_of(case),
        "clocks": clock_lines(detail),
        "sent": [one for one in sent_notices(detail) if one.citizen],
        "finding": choice_name(kind.findings, case.finding) if queries.answer_of(case).finding else "",
        "code_groups": spoken.groups(case.lookup_code),
        "same_caller": _is_reporter(request, detail),
        "withdraw": withdraw,
        "reopen": reopen,
        "tasks": lines_of(detail, request.actor, task),
        **request_lines.on_page(detail, request.actor),
        "may_convert": _converts(request, detail),
        "opening": opening or (OpenTaskForm(detail=detail, choices=choices) if choices else None),
        "may_ring": "open_phone" in open_now,
        "may_close": "close" in open_now,
        "closing": closing,
        "release": release or (_release_form(detail) if "release" in open_now else None),
        "main_case": case.merged_into,
        "unmerge": unmerge,
        "may_unmerge": "unmerge" in open_now,
        "may_relate": case.status in (Status.COMPLETED, Status.CLOSED, Status.RELEASED),
        "may_withdraw": "withdraw" in open_now,
        "may_reopen": "reopen" in open_now,
        "may_repeat": "log_repeat_call" in open_now,
        "may_prosecute": kind.next_status("case.prosecution_asked", case.status) is not None
        and any(one.kind == Incident.Kind.NOT_REPORTED for one in detail.incidents)
        and not any(one.kind == "case.prosecution_asked" for one in detail.events),
        "may_tell": "tell_result" in open_now,
        "may_ask_again": "ask_reopening" in open_now,
        "dissatisfied": dissatisfied,
        "press_key": new_key(),
        "handler": detail.names.get(case.taken_by or 0, ""),
    }
    return draw(request, "desk/case.html", context, status)


def _converts(request: StaffRequest, detail: queries.CaseDetail) -> bool:
    """Whether this person may record the released case as another kind, and it was not done yet (TP-6-7a)."""
    release = detail.pack.kinds[detail.case.kind].release
    becomes = release.becomes if release is not None else None
    done = any(one.kind == becomes and one.related_to_id == detail.case.pk for one in detail.related)
    possible = {one.act.command for one in acts_of(request.actor, detail) if one.possible}
    return becomes is not None and not done and "cases.convert" in possible


def _release_form(detail: queries.CaseDetail) -> ReleaseForm:
    return ReleaseForm(detail=detail, auto_id="release_%s")


def _is_reporter(request: StaffRequest, detail: queries.CaseDetail) -> bool | None:
    """Whether the call of this moment comes from the number on the case; None without call or numbers."""
    call = call_queries.current_call(request.user.pk)
    if call is None or not call.phone_hash or detail.party is None or not detail.party.phone_hash:
        return None
    return call.phone_hash == detail.party.phone_hash


@require_safe
@staff_view(roles=OPERATORS)
def show(request: StaffRequest, number: str) -> HttpResponse:
    """How a case stands, for a caller who asks."""
    return case_page(request, case_of(number))


@require_POST
@staff_view(roles=OPERATORS)
def withdraw(request: StaffRequest, number: str) -> HttpResponse:
    """Cancel a case that the number's holder never reported (NT-8-1b)."""
    case = case_of(number)
    form = _withdraw_form(request, case, request.POST)
    status = sent(form, lambda: handling.withdraw(request.actor, {"case": case.pk, **form.cleaned_data}))
    if status is None:
        return redirect("desk:case", number)
    return case_page(request, case, withdraw=form, status=status)


@require_POST
@staff_view(roles=("lead",))
def reopen(request: StaffRequest, number: str) -> HttpResponse:
    """Open a closed case again (NT-5-4-9c)."""
    case = case_of(number)
    form = ReopenForm(request.POST)
    status = sent(form, lambda: handling.reopen(request.actor, {"case": case.pk, **form.cleaned_data}))
    if status is None:
        return redirect("desk:case", number)
    return case_page(request, case, reopen=form, status=status)


@require_POST
@staff_view(roles=("lead",))
def unmerge(request: StaffRequest, number: str) -> HttpResponse:
    """Part a report from the case that it was merged into (TP-6-8-1)."""
    case = case_of(number)
    form = UnmergeForm(request.POST)
    status = sent(form, lambda: merging.unmerge(request.actor, {"case": case.pk, **form.cleaned_data}))
    if status is None:
        return redirect("desk:case", number)
    return case_page(request, case, unmerge=form, status=status)


@require_safe
@staff_view(roles=("lead",))
def waiting(request: StaffRequest) -> HttpResponse:
    """How many applications wait: the live part of the bar."""
    return render(request, "desk/_waiting.html", bar(request))


@require_safe
@staff_view(roles=("lead",))
def stage_requests(request: StaffRequest) -> HttpResponse:
    """What waits for the call centre's consent (NT-5-4-7)."""
    return draw(request, "desk/stage_requests.html", {"waiting": _waiting()})


def _waiting(
    case: int = 0, sent_back: DecideForm | None = None
) -> list[tuple[StageRequest, CaseRow, DecideForm]]:
    """What waits, each with a form that says which state of its case it shows; of `case` the one sent."""
    found = queries.stage_requests_pending()
    seen = last_seen_of([row.case.pk for _, row in found])
    return [
        (
            one,
            row,
            sent_back
            if sent_back is not None and row.case.pk == case
            else DecideForm(auto_id=f"d{one.pk}_%s", initial={"seen": seen.get(row.case.pk)}),
        )
        for one, row in found
    ]


@require_POST
@staff_view(roles=("lead",))
def decide(request: StaffRequest, case: int) -> HttpResponse:
    """Consent or refuse, with the reason."""
    form = DecideForm(request.POST, auto_id=f"d{case}_%s")
    approve = request.POST.get("approve") == "yes"
    status = sent(
        form,
        lambda: stages.decide_stage(
            request.actor,
            {
                "case": case,
                "approve": approve,
                "reason": form.cleaned_data["reason"],
                "days": form.cleaned_data["days"],
                "seen": form.cleaned_data["seen"],
            },
        ),
    )
    if status is None:
        said = _("已同意，已通知機關。") if approve else _("已不同意，已通知機關。")
        messages.success(request, said)
        return redirect("desk:stage_requests")
    context = {"waiting": _waiting(case, form), "refused": form}
    return draw(request, "desk/stage_requests.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS)
def outage(request: StaffRequest) -> HttpResponse:
    """Mark the service as down or up again; the windows' numbers and the offline form (NT-5-4-3a)."""
    form = OutageForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            at, note = form.cleaned_data["at"], form.cleaned_data["note"]
            try:
                if queries.open_outage() is None:
                    outages.declare_outage(request.actor, {"since": at, "note": note})
                else:
                    outages.end_outage(request.actor, {"until": at})
            except Refused as refused:
                into_form(form, refused, {"since": "at", "until": "at"})
                status = refused.status
            else:
                return redirect("desk:outage")
    context = {
        "form": form,
        "outage": queries.open_outage(),
        "recent": queries.recent_outages(),
        "numbers": queries.outage_numbers(),
    }
    return draw(request, "desk/outage.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS)
def after_outage(request: StaffRequest) -> HttpResponse:
    """Enter a case of an outage with the true time of its telephone notice (NT-5-4-3b)."""
    pack = policies.in_force()[1]
    form = AfterOutageForm(pack, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = establish(request.actor, form.command_input(), key=form.sent_key())
            except Refused as refused:
                into_form(form, refused, FIELD_NAMES)
                status = refused.status
            else:
                return redirect("desk:established", made.number)
    return draw(request, "desk/after_outage.html", card_context(form), status)
