"""The call centre rings a citizen: the number shown once, then the record (KM-7-4b, TP-6-4b)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from citycall.base.commands import Refused
from citycall.people.queries import staff_names
from citycall.services.cases import queries
from citycall.services.cases.commands.phone import Opened, open_phone, record_phone_reply
from citycall.services.cases.queries import CaseDetail
from citycall.web.access import staff_view
from citycall.web.desk.case_views import case_of
from citycall.web.desk.frame import OPERATORS, draw
from citycall.web.errors import into_form
from citycall.web.inbox.acts import may_ring
from citycall.web.inbox.forms import OpenPhoneForm, PhoneReplyForm
from citycall.web.request import StaffRequest


def _detail(number: str) -> CaseDetail:
    return queries.case_detail(case_of(number))


@require_safe
@staff_view(roles=OPERATORS)
def phone(request: StaffRequest, number: str) -> HttpResponse:
    """Who telephoned before, the number behind a button, the record to be written."""
    return _page(request, _detail(number))


@require_POST
@staff_view(roles=OPERATORS)
def open_number(request: StaffRequest, number: str) -> HttpResponse:
    """Show the number. It stands in this answer alone, never in an address, a message or a session."""
    detail = _detail(number)
    form = OpenPhoneForm(request.POST, detail=detail)
    if not form.is_valid():
        return _page(request, detail, opening=form, status=422)
    try:
        shown = open_phone(request.actor, {"case": detail.case.pk, "reason": form.cleaned_data["reason"]})
    except Refused as refused:
        if "reason" not in refused.fields:
            raise
        into_form(form, refused)
        return _page(request, detail, opening=form, status=refused.status)
    return _page(request, queries.case_detail(detail.case), opened=shown)


@require_POST
@staff_view(roles=OPERATORS)
def record(request: StaffRequest, number: str) -> HttpResponse:
    """The record of the call (NT-5-4-4d)."""
    detail = _detail(number)
    form = PhoneReplyForm(request.POST, detail=detail)
    if not form.is_valid():
        return _page(request, detail, form=form, status=422)
    try:
        given = {"case": detail.case.pk, **form.values()}
        answer = record_phone_reply(request.actor, given, key=form.sent_key())
    except Refused as refused:
        if refused.status in (403, 404):
            raise
        into_form(form, refused)
        return _page(request, detail, form=form, status=refused.status)
    if not form.cleaned_data["reached"]:
        messages.warning(request, _("電話紀錄已存。民眾尚未接通，回電仍待完成。"))
    elif answer.status == "closed":
        messages.success(request, _("電話紀錄已存，案件已結案。"))
    else:
        messages.success(request, _("電話紀錄已存。"))
    return redirect("desk:case", number)


def _page(
    request: StaffRequest,
    detail: CaseDetail,
    *,
    opening: OpenPhoneForm | None = None,
    opened: Opened | None = None,
    form: PhoneReplyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    me = request.actor.staff_id
    others = [one for one in detail.phone_records if one.staff_id != me]
    names = staff_names(one.staff_id for one in others)
    kind = detail.pack.kinds[detail.case.kind]
    context = {
        "case": detail.case,
        "row": detail.row,
        "detail": detail,
        "kind": kind,
        "phoned": [(one, names.get(one.staff_id, one.caller)) for one in others],
        "waiting": any(one.staff_id == me and one.at is None for one in detail.phone_records),
        "opened": opened,
        "opening": opening or OpenPhoneForm(detail=detail),
        "form": form or PhoneReplyForm(detail=detail),
        "may_open": may_ring(detail, request.actor)
        and kind.next_status("case.phone_opened", detail.case.status) is not None,
    }
    return draw(request, "desk/phone.html", context, status)
