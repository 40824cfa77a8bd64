"""What a citizen sees: the front page and the progress of a case."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base.commands import Refused
from citycall.services.cases.commands.lookups import look_up
from citycall.services.cases.commands.unprocessed import ask_reopening
from citycall.services.cases.queries import public_view as public_case
from citycall.web.access import public_view
from citycall.web.errors import into_form
from citycall.web.portal.forms import AgainForm, LookUpForm
from citycall.web.portal.steps import STATES, steps_of
from citycall.web.request import CityRequest


@require_safe
@public_view
def home(request: CityRequest) -> HttpResponse:
    """The front page: how to reach the city, and the look-up."""
    return render(request, "portal/home.html", {"form": LookUpForm()})


@require_http_methods(["GET", "HEAD", "POST"])
@public_view
def track(request: CityRequest) -> HttpResponse:
    """Look a case up by number and code (NT-5-4-2f). Both are posted, so that no address keeps the code."""
    if request.method != "POST":
        first = {"number": request.GET.get("number", "")[:24]}
        return render(request, "portal/track.html", {"form": LookUpForm(initial=first)})
    form = LookUpForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            found = look_up(request.actor, form.cleaned_data)
        except Refused as refusal:
            into_form(form, refusal)
            status = refusal.status
        else:
            if found.case is not None:
                return _shown(request, found.case, AgainForm(initial=form.cleaned_data))
            form.add_error(None, _("查無資料，請確認案號與查詢碼；或撥打 1999 由話務人員協助查詢。"))
            status = 404
    return render(request, "portal/track.html", {"form": form}, status=status)


def _shown(request: CityRequest, case_id: int, form: AgainForm, status: int = 200) -> HttpResponse:
    """The case as a citizen sees it, with the way to say that they are not satisfied."""
    case = public_case(case_id)
    shown = {
        "case": case,
        "steps": steps_of(case),
        "state": STATES[case.status],
        "again": form if case.may_ask_again or form.is_bound else None,
    }
    response = render(request, "portal/case.html", shown, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@public_view
def again(request: CityRequest) -> HttpResponse:
    """The citizen asks for a closed case to be opened again, with number and look-up code."""
    form = AgainForm(request.POST)
    valid = form.is_valid()
    asked = {name: form.cleaned_data.get(name, "") for name in ("number", "code")}
    first = LookUpForm(asked)
    if not first.is_valid():
        return render(request, "portal/track.html", {"form": first}, status=422)
    try:
        found = look_up(request.actor, asked)
    except Refused as refusal:
        into_form(first, refusal)
        return render(request, "portal/track.html", {"form": first}, status=refusal.status)
    if found.case is None:
        first.add_error(None, _("查無資料，請確認案號與查詢碼；或撥打 1999 由話務人員協助查詢。"))
        return render(request, "portal/track.html", {"form": first}, status=404)
    if not valid:
        return _shown(request, found.case, form, 422)
    try:
        ask_reopening(
            request.actor,
            {"case": found.case, "code": asked["code"], "reason": form.cleaned_data["reason"]},
        )
    except Refused as refusal:
        into_form(form, refusal)
        return _shown(request, found.case, form, refusal.status)
    messages.success(request, _("已收到，話務中心審核後會重新辦理或與您說明。"))
    return redirect("portal:track")
