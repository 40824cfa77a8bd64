"""What a citizen sees: the front page and the progress of a case."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base.commands import Refused
from citycall.services.cases.commands.lookups import look_up
from citycall.services.cases.queries import public_view as public_case
from citycall.web.access import public_view
from citycall.web.errors import into_form
from citycall.web.portal.forms import LookUpForm
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
                case = public_case(found.case)
                shown = {"case": case, "steps": steps_of(case), "state": STATES[case.status]}
                response = render(request, "portal/case.html", shown)
                response["Cache-Control"] = "private, no-store"
                return response
            form.add_error(None, _("查無資料，請確認案號與查詢碼；或撥打 1999 由話務人員協助查詢。"))
            status = 404
    return render(request, "portal/track.html", {"form": form}, status=status)
