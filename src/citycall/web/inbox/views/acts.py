"""Doing something with a case: in one press, or with a form on a page of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from citycall.base.commands import Refused, execute, not_found, not_permitted
from citycall.services.cases.models import Status
from citycall.services.cases.queries import CaseDetail, case_detail
from citycall.web.access import staff_view
from citycall.web.inbox import petition_acts, reply_acts
from citycall.web.inbox.access import READERS, case_for
from citycall.web.inbox.acts import BY_CODE, Act, open_acts, permitted, why_closed
from citycall.web.inbox.forms import (
    ActForm,
    CompleteForm,
    ExplainForm,
    NoteForm,
    PhotosForm,
    PreventionForm,
    ReopenForm,
    StageForm,
)
from citycall.web.inbox.request_forms import FollowForm
from citycall.web.inbox.track_forms import ReleaseForm, RemindForm, ReportForm
from citycall.web.inbox.views.case import page_of
from citycall.web.request import StaffRequest
from citycall.web.sending import acted

FORMS: dict[str, type[ActForm]] = {
    "complete": CompleteForm,
    "photos": PhotosForm,
    "note": NoteForm,
    "stage": StageForm,
    "explain": ExplainForm,
    "prevention": PreventionForm,
    "reopen": ReopenForm,
    "report": ReportForm,
    "remind": RemindForm,
    "release": ReleaseForm,
    "submit": CompleteForm,
    "follow": FollowForm,
    **petition_acts.FORMS,
    **reply_acts.FORMS,
}


def _act_of(code: str, *, press: bool) -> Act:
    act = BY_CODE.get(code)
    if act is None or act.press != press or (not press and code not in FORMS):
        raise not_found()
    return act


@require_POST
@staff_view(roles=READERS)
def press(request: StaffRequest, number: str, code: str) -> HttpResponse:
    """Sign, take or close: one press, no form."""
    act = _act_of(code, press=True)
    case = case_for(request.actor, number)
    given: dict[str, Any] = {"case": case.pk}
    if request.POST.get("seen", ""):
        given["seen"] = request.POST["seen"]
    try:
        execute(act.command, request.actor, given, key=_pressed_key(request))
    except Refused as refused:
        if refused.code != "stale":
            raise
        messages.warning(request, refused.message)
        return redirect("inbox:case", case.number)
    case.refresh_from_db()
    if code == "sign" and case.acknowledged_late:
        messages.warning(request, _("已簽收，但已超過簽收時限，記為逾時簽收。"))
    elif code == "sign":
        messages.success(request, _("已簽收。"))
    elif code == "take":
        messages.success(request, _("已由您承辦。"))
    elif code == "approve":
        closed = case.status == Status.CLOSED
        said = _("已核定並結案。") if closed else _("已核定，正在回覆民眾；送達後自動結案。")
        messages.success(request, said)
    else:
        messages.success(request, _("已結案。"))
    return redirect("inbox:case", case.number)


def _pressed_key(request: StaffRequest) -> str | None:
    return request.POST.get("key", "")[:64] or None


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=READERS)
def act(request: StaffRequest, number: str, code: str) -> HttpResponse:
    """The form of an act, the case beside it."""
    chosen = _act_of(code, press=False)
    detail = case_detail(case_for(request.actor, number))
    if request.method != "POST":
        _still_open(request, detail, chosen)
        return _page(request, detail, chosen, FORMS[code](detail=detail))
    form = FORMS[code](request.POST, request.FILES, detail=detail)
    status = acted(request.actor, form)
    if status is not None:
        return _again(request, detail, chosen, form, status)
    messages.success(request, _said(detail, code, form))
    return _onwards(request, number)


def _again(request: StaffRequest, detail: CaseDetail, act: Act, form: ActForm, status: int) -> HttpResponse:
    """The form with what was wrong, for those alone who are shown it empty."""
    if not permitted(request.actor, act, detail):
        raise not_permitted()
    return _page(request, detail, act, form, status)


def _onwards(request: StaffRequest, number: str) -> HttpResponse:
    """Back to the case; to the list when it is another agency's now."""
    try:
        case_for(request.actor, number)
    except Refused:
        return redirect("inbox:home")
    return redirect("inbox:case", number)


def _still_open(request: StaffRequest, detail: CaseDetail, act: Act) -> None:
    """Nobody fills in a form that cannot be sent."""
    if open_acts(request.actor, detail).allows(act.code):
        return
    refused = why_closed(request.actor, act, detail)
    if refused is not None:
        raise Refused(refused.code, refused.message, status=refused.status)
    raise Refused("not_needed", _("這件案件目前不需要這個動作。請重新整理頁面查看最新狀態。"))


def _said(detail: CaseDetail, code: str, form: ActForm) -> str:
    if code not in ("complete", "submit"):
        return str(form.done)
    detail.case.refresh_from_db()
    if detail.case.status == Status.SUBMITTED:
        return _("已陳核，核定後才會回覆民眾。")
    if detail.case.reply_by == "phone":
        return _("已登錄辦畢。民眾要求電話回覆，請接著回電並做成紀錄，案件才會結案。")
    if detail.case.status == Status.CLOSED:
        return _("已登錄辦畢並結案。")
    return _("已登錄辦畢，正在通知民眾；送達後自動結案。")


def _page(
    request: StaffRequest, detail: CaseDetail, act: Act, form: ActForm, status: int = 200
) -> HttpResponse:
    context = {**page_of(request.actor, detail), "act": act, "form": form}
    return render(request, "inbox/act.html", context, status=status)
