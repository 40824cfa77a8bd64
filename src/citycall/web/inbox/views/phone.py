"""Telephoning the citizen: the number shown once with a purpose, then the record of the call."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from citycall.base.commands import Refused
from citycall.people.queries import staff_names
from citycall.services.cases.commands.phone import Opened, open_phone, record_phone_reply
from citycall.services.cases.queries import CaseDetail, case_detail
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.inbox.access import INBOX_ROLES, can, case_for
from citycall.web.inbox.forms import OpenPhoneForm, PhoneReplyForm
from citycall.web.inbox.views.case import page_of
from citycall.web.request import StaffRequest


@require_safe
@staff_view(roles=INBOX_ROLES)
def phone(request: StaffRequest, number: str) -> HttpResponse:
    """Who telephoned before, the number behind a button, the record to be written."""
    return _page(request, _detail(request, number))


@require_POST
@staff_view(roles=INBOX_ROLES)
def open_number(request: StaffRequest, number: str) -> HttpResponse:
    """Show the number. It stands in this answer alone, never in an address, a message or a session."""
    detail = _detail(request, number)
    form = OpenPhoneForm(request.POST, detail=detail)
    if not form.is_valid():
        return _page(request, detail, opening=form, status=422)
    try:
        opened = open_phone(request.actor, {"case": detail.case.pk, "reason": form.cleaned_data["reason"]})
    except Refused as refused:
        if "reason" not in refused.fields:
            raise
        into_form(form, refused)
        return _page(request, detail, opening=form, status=refused.status)
    return _page(request, case_detail(detail.case), opened=opened)


@require_POST
@staff_view(roles=INBOX_ROLES)
def record(request: StaffRequest, number: str) -> HttpResponse:
    """The record of the call (NT-5-4-4d)."""
    detail = _detail(request, number)
    form = PhoneReplyForm(request.POST, detail=detail)
    if form.is_valid():
        try:
            done = record_phone_reply(
                request.actor, {"case": detail.case.pk, **form.values()}, key=form.sent_key()
            )
        except Refused as refused:
            if refused.status in (403, 404):
                raise
            into_form(form, refused)
            return _page(request, detail, form=form, status=refused.status)
        if not form.cleaned_data["reached"]:
            messages.warning(request, _("電話紀錄已存。民眾尚未接通，回電仍待完成。"))
        elif done.status == "closed":
            messages.success(request, _("電話紀錄已存，案件已結案。"))
        else:
            messages.success(request, _("電話紀錄已存。"))
        return redirect("inbox:case", number)
    return _page(request, detail, form=form, status=422)


def _detail(request: StaffRequest, number: str) -> CaseDetail:
    return case_detail(case_for(request.actor, number))


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
    waiting = next(
        (one for one in reversed(detail.phone_records) if one.staff_id == me and one.at is None), None
    )
    names = staff_names(one.staff_id for one in others)
    kind = detail.pack.kinds[detail.case.kind]
    context: dict[str, Any] = {
        **page_of(request.actor, detail),
        "phoned": [(one, names.get(one.staff_id, one.caller)) for one in others],
        "waiting": waiting,
        "opened": opened,
        "opening": opening or OpenPhoneForm(detail=detail),
        "form": form or PhoneReplyForm(detail=detail),
        "may_open": detail.case.has_phone
        and can(request.actor, "cases.open_phone", detail.case.agency)
        and kind.next_status("case.phone_opened", detail.case.status) is not None,
    }
    return render(request, "inbox/phone.html", context, status=status)
