"""The result told to who rings again, and the citizen who is not satisfied with it (NT-5-2-4b, TP-5-5-3b)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from citycall.services.calls import queries as call_queries
from citycall.services.cases.commands.unprocessed import ask_reopening, tell_result
from citycall.web.access import staff_view
from citycall.web.desk.case_views import case_of, case_page
from citycall.web.desk.forms.acts import DissatisfiedForm
from citycall.web.desk.frame import OPERATORS
from citycall.web.request import StaffRequest
from citycall.web.sending import sent


@require_POST
@staff_view(roles=OPERATORS)
def told(request: StaffRequest, number: str) -> HttpResponse:
    """One press: the caller was told the result, in this call if there is one."""
    case = case_of(number)
    call = call_queries.current_call(request.user.pk)
    key = request.POST.get("key", "")[:64] or None
    tell_result(request.actor, {"case": case.pk, "call_id": call.pk if call else None}, key=key)
    messages.success(request, _("已記錄：話務人員電話告知結果。"))
    return redirect("desk:case", number)


@require_POST
@staff_view(roles=OPERATORS)
def dissatisfied(request: StaffRequest, number: str) -> HttpResponse:
    """The caller asks for the case to be opened again; the lead decides."""
    case = case_of(number)
    form = DissatisfiedForm(request.POST, auto_id="dissatisfied_%s")
    status = sent(form, lambda: ask_reopening(request.actor, {"case": case.pk, **form.cleaned_data}))
    if status is None:
        messages.success(request, _("已送話務中心組長審核是否重啟。"))
        return redirect("desk:case", number)
    return case_page(request, case, dissatisfied=form, status=status)
