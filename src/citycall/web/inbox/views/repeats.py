"""Merging a report into an open case, and linking a petition that repeats an earlier one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citycall.base.commands import Refused
from citycall.services.cases.commands.merging import link_repeat
from citycall.services.cases.commands.merging import merge as merge_case
from citycall.services.cases.models import Case
from citycall.services.cases.queries import by_number
from citycall.web.access import staff_view
from citycall.web.inbox.access import READERS, case_for
from citycall.web.request import StaffRequest


@require_POST
@staff_view(roles=READERS)
def merge(request: StaffRequest, number: str) -> HttpResponse:
    """One press: this report into that open case (TP-6-8-1)."""
    case, other = case_for(request.actor, number), _other(request)
    try:
        done = merge_case(request.actor, {"case": case.pk, "into": other.pk}, key=_key(request))
    except Refused as refused:
        return _refused(request, refused, case)
    said = _("已併入 %(number)s，通報共 %(n)d 件；陳情人會收到通知。")
    messages.success(request, said % {"number": done.into_number, "n": done.reports})
    return redirect("inbox:case", done.into_number)


@require_POST
@staff_view(roles=READERS)
def link(request: StaffRequest, number: str) -> HttpResponse:
    """One press: this petition repeats that earlier one (TP-5-6a)."""
    case, other = case_for(request.actor, number), _other(request)
    try:
        link_repeat(request.actor, {"case": case.pk, "earlier": other.pk}, key=_key(request))
    except Refused as refused:
        return _refused(request, refused, case)
    messages.success(request, _("已註記與 %(number)s 為同一事由。") % {"number": other.number})
    return redirect("inbox:case", case.number)


def _other(request: StaffRequest) -> Case:
    found = by_number(request.POST.get("other", "")[:24])
    if found is None:
        raise Refused("not_found", _("查無此案件，請確認案號。"), status=404)
    return found


def _refused(request: StaffRequest, refused: Refused, case: Case) -> HttpResponse:
    if refused.status in (403, 404):
        raise refused
    messages.warning(request, refused.message)
    return redirect("inbox:case", case.number)


def _key(request: StaffRequest) -> str | None:
    return request.POST.get("key", "")[:64] or None
