"""Requests: asking for one, the list of those that wait, deciding, taking back; joint answers and positions.

The same screens stand in the inbox and, for the call centre, at the desk (`frame`).
"""

from __future__ import annotations

from typing import Any, Literal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base.commands import Refused, not_found, not_permitted
from citycall.base.files import StoredFile, open_file
from citycall.people.queries import staff_names
from citycall.services.cases import queries
from citycall.services.cases import requests as rules
from citycall.services.cases.acts import BY_COMMAND, request_checks, why_not
from citycall.services.cases.lifecycle import pack_for
from citycall.services.cases.models import Case, CaseJoin, CaseRequest
from citycall.services.cases.queries import CaseDetail, case_detail
from citycall.services.cases.queries.detail import standing_of
from citycall.services.cases.queries.sight import OVERSEERS
from citycall.web import freshness
from citycall.web.access import staff_view
from citycall.web.desk.frame import OPERATORS, bar
from citycall.web.inbox import request_lines
from citycall.web.inbox.access import READERS, case_for
from citycall.web.inbox.forms import ActForm
from citycall.web.inbox.request_forms import (
    AnswerForm,
    ConvertForm,
    DecideForm,
    MakeForm,
    PositionForm,
    WithdrawRequestForm,
)
from citycall.web.inbox.views.case import page_of
from citycall.web.request import StaffRequest
from citycall.web.sending import acted
from citycall.web.story_requests import DECIDED, agencies_said
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.words import named

Frame = Literal["inbox", "desk"]
EVERYBODY = READERS | OVERSEERS | set(OPERATORS)
COLUMNS = (
    Column("request", gettext_lazy("申請")),
    Column("number", gettext_lazy("案號")),
    Column("item", gettext_lazy("項目與地點")),
    Column("agency", gettext_lazy("申請機關")),
    Column("asked", gettext_lazy("申請時間")),
    Column("due", gettext_lazy("辦理期限")),
)


def around(request: StaffRequest, frame: Frame) -> dict[str, Any]:
    """What stands around the screen: the desk's bar or the inbox."""
    if frame == "desk":
        return {"frame": "desk/base.html", "place": frame, **bar(request)}
    return {"frame": "ui/base.html", "place": frame}


def _case(request: StaffRequest, frame: Frame, number: str) -> Case:
    if frame == "desk":
        found = queries.by_number(number) if request.actor.holds(*OPERATORS) else None
        if found is None:
            raise not_found(_("查無此案件，請確認案號。"))
        return found
    return case_for(request.actor, number)


@require_safe
@staff_view(roles=EVERYBODY)
def waiting(request: StaffRequest, frame: Frame) -> HttpResponse:
    """What waits for this person's decision, what was asked first first."""
    state = ListState.of(request, COLUMNS, default="asked")
    page = queries.requests_waiting(request.actor, state.page, state.size)
    rows = [_row(one, frame) for one in page.rows]
    seen = freshness.mark([(one.request.pk, one.request.state) for one in page.rows])
    context = {
        **around(request, frame),
        "listing": Listing(state, COLUMNS, rows, page.has_next),
        "seen": seen,
    }
    return render(request, "inbox/requests.html", context)


def _row(one: queries.RequestRow, frame: Frame) -> dict[str, Any]:
    asked = one.request
    return {
        "request": asked,
        "desk": frame == "desk",
        "case": one.row.case,
        "name": named(one.rule.name),
        "item": named(one.row.item),
        "agency": agencies_said([asked.agency]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=EVERYBODY)
def decide(request: StaffRequest, asked: int, frame: Frame) -> HttpResponse:
    """One request: what it says, what consent would change, the decision."""
    found = CaseRequest.objects.filter(pk=asked).select_related("case").first()
    if found is None:
        raise not_found(_("查無此申請。"))
    if found.state != CaseRequest.State.PENDING:
        return _decided(request, found, frame)
    detail = case_detail(_case(request, frame, found.case.number))
    rule = rules.rule_of(detail.pack, detail.case, found.code)
    if rule is None or not request_lines.decides(request.actor, rule, found):
        raise not_permitted()
    form = DecideForm(request.POST or None, detail=detail, rule=rule, asked=found)
    status = acted(request.actor, form)
    if status is None:
        messages.success(request, str(form.done))
        return redirect(f"{frame}:requests")
    proposed = [str(request.POST["agency"])] if request.POST.get("agency") else found.proposed
    context = {
        **around(request, frame),
        **page_of(request.actor, detail),
        "form": form,
        "line": request_lines.line_of(detail, found, request.actor),
        "changes": request_lines.consequences(detail, rule, proposed, found.until),
        "late": found.late,
        "ruling": rule.effect == "dispute",
        "papers": [
            (stored.name, reverse(f"{frame}:request_paper", args=[found.pk, stored.pk]))
            for _one, stored in detail.files
            if stored.pk in found.files
        ],
        "back": reverse(f"{frame}:requests"),
    }
    return render(request, "inbox/request.html", context, status=status)


def _decided(request: StaffRequest, found: CaseRequest, frame: Frame) -> HttpResponse:
    """What was decided, for who decides on such requests: the case itself may be another agency's by now.

    Who sends a decision after another's is told so, and keeps the words that were typed.
    """
    pack = pack_for(found.case)
    rule = rules.rule_of(pack, found.case, found.code)
    if rule is None or not request_lines.decides(request.actor, rule, found):
        _case(request, frame, found.case.number)
        raise not_permitted()
    sent = request.method == "POST"
    names = staff_names({one for one in (found.requested_by, found.decided_by) if one is not None})
    try:
        case_at = reverse(f"{frame}:case", args=[_case(request, frame, found.case.number).number])
    except Refused:
        case_at = ""
    context = {
        **around(request, frame),
        "number": found.case.number,
        "case_at": case_at,
        "name": named(rule.name),
        "facts": request_lines.facts_of(rule, found, names),
        "decision": request_lines.decision_of(found, names),
        "badge": DECIDED[CaseRequest.State(found.state)],
        "sent": sent,
        "typed": request.POST.get("reason", "").strip() if sent else "",
        "back": reverse(f"{frame}:requests"),
    }
    return render(request, "inbox/request_decided.html", context, status=409 if sent else 200)


@require_safe
@staff_view(roles=EVERYBODY)
def paper(request: StaffRequest, asked: int, file: int, frame: Frame) -> HttpResponse:
    """The memo of a request, for whoever decides on it (TP-5-3-1c, TP-5-3-2c)."""
    found = CaseRequest.objects.filter(pk=asked).select_related("case").first()
    if found is None or file not in found.files:
        raise not_found(_("查無附件。"))
    _case(request, frame, found.case.number)
    stored = StoredFile.objects.filter(pk=file).first()
    if stored is None:
        raise not_found(_("查無附件。"))
    opened = open_file(request.actor, stored)
    with opened.stream:  # a memo is a few pages
        return HttpResponse(opened.stream.read(), content_type=opened.mime, headers=opened.headers)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=EVERYBODY)
def ask(request: StaffRequest, number: str, rule: str, frame: Frame) -> HttpResponse:
    """The form of a request."""
    detail = case_detail(_case(request, frame, number))
    wanted = rules.rule_of(detail.pack, detail.case, rule)
    if wanted is None:
        raise not_found()
    refused = request_checks.why_not(standing_of(request.actor, detail), rule)
    if refused is not None and (request.method != "POST" or refused.status == 403):
        raise refused
    form = MakeForm(request.POST or None, request.FILES or None, detail=detail, rule=wanted)
    proposed = [one for one in (str(form.data.get("agency", "")),) if one]
    said, late = request_lines.timing_said(detail, wanted)
    more = {
        "title": named(wanted.name),
        "changes": request_lines.consequences(detail, wanted, proposed) if wanted.direct else (),
        "timing": said,
        "late": late,
    }
    return _form(request, frame, detail, form, more)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=EVERYBODY)
def withdraw(request: StaffRequest, number: str, asked: int, frame: Frame) -> HttpResponse:
    """Take a request back before it is decided."""
    detail = case_detail(_case(request, frame, number))
    found = next((one for one in detail.requests if one.pk == asked), None)
    if found is None:
        raise not_found()
    line = request_lines.line_of(detail, found, request.actor)
    if not line.takes_back and request.method != "POST":
        raise not_permitted() if line.open else not_found()
    form = WithdrawRequestForm(request.POST or None, detail=detail, asked=found)
    return _form(request, frame, detail, form, {"title": _("撤回「%(name)s」") % {"name": line.name}})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=READERS)
def position(request: StaffRequest, number: str, asked: int) -> HttpResponse:
    """A party to a dispute says why it is, or is not, its matter (TP-5-4)."""
    detail = case_detail(case_for(request.actor, number))
    found = next((one for one in detail.requests if one.pk == asked), None)
    if found is None:
        raise not_found()
    _still(request, detail, "cases.state_position")
    own = [one for one in detail.positions if one.request_id == asked]
    mine = next((one.text for one in own if one.agency in request.actor.agencies()), "")
    form = PositionForm(request.POST or None, detail=detail, asked=found, initial={"text": mine})
    return _form(request, "inbox", detail, form, {"title": _("陳述主張")})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=READERS)
def answer(request: StaffRequest, number: str) -> HttpResponse:
    """A joined agency enters its own answer (NT-5-2-2b, TP-5-3-0)."""
    detail = case_detail(case_for(request.actor, number))
    _still(request, detail, "cases.answer_join")
    own = request.actor.agencies()
    join = next((one for one in detail.joins if one.agency in own and one.state == CaseJoin.State.OPEN), None)
    form = AnswerForm(request.POST or None, detail=detail, join=join)
    return _form(request, "inbox", detail, form, {"title": _("填報本機關部分")})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS)
def convert(request: StaffRequest, number: str) -> HttpResponse:
    """Record a released dispatch as a petition of another agency (TP-6-7a)."""
    detail = case_detail(_case(request, "desk", number))
    _still(request, detail, "cases.convert")
    form = ConvertForm(request.POST or None, detail=detail)
    return _form(request, "desk", detail, form, {"title": _("改以陳情案件錄案")})


def _still(request: StaffRequest, detail: CaseDetail, command: str) -> None:
    """Nobody fills in a form that cannot be sent; one that was sent, the command refuses."""
    if request.method == "POST":
        return
    refused = why_not(BY_COMMAND[command], standing_of(request.actor, detail))
    if refused is not None:
        raise refused


def _form(
    request: StaffRequest, frame: Frame, detail: CaseDetail, form: ActForm, more: dict[str, Any]
) -> HttpResponse:
    number = detail.case.number
    status = acted(request.actor, form)
    if status is None:
        messages.success(request, form.said() if isinstance(form, MakeForm) else str(form.done))
        return _onwards(request, frame, number)
    context = {
        **around(request, frame),
        **page_of(request.actor, detail),
        "form": form,
        "back": reverse(f"{frame}:case", args=[number]),
        **more,
    }
    return render(request, "inbox/request_form.html", context, status=status)


def _onwards(request: StaffRequest, frame: Frame, number: str) -> HttpResponse:
    """Back to the case; to the list where it is no longer this person's to see."""
    try:
        _case(request, frame, number)
    except Refused:
        return redirect(f"{frame}:home")
    return redirect(f"{frame}:case", number)
