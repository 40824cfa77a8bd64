"""The commission's reviews of delays, agency by month (NT-5-4-8c)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import clock, policies
from citycall.base.commands import not_found, not_permitted
from citycall.oversight.commands import review_delays
from citycall.oversight.models import DelayReview
from citycall.oversight.queries import LateMonth, delay_reviews, late_cases, late_months, month_of
from citycall.people.queries import agency_names, staff_names
from citycall.services.cases.models import Case
from citycall.services.cases.queries import item_name
from citycall.web.access import staff_view
from citycall.web.inbox.trays import short_address
from citycall.web.oversight.access import ROLES, may_steer, sections, sees_all
from citycall.web.oversight.forms import DelayReviewForm
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.story import choice_name
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import month_said, named

MONTHS_BACK = timedelta(days=366)
STATES = {DelayReview.State.OPEN: "warn", DelayReview.State.DONE: "done"}


def _only_overseers(request: StaffRequest) -> None:
    if not sees_all(request.actor):
        raise not_permitted()


@require_safe
@staff_view(roles=ROLES)
def delays(request: StaffRequest) -> HttpResponse:
    """A year of late cases by agency and month; and the reviews whose measures are still open."""
    _only_overseers(request)
    only_open = request.GET.get("tab") == "open"
    names = agency_names()
    if only_open:
        found = [LateMonth(one.agency, one.period, one.late_cases, 0, one) for one in delay_reviews("open")]
    else:
        found = late_months(clock.now() - MONTHS_BACK)
    here = reverse("oversight:delays")
    return render(
        request,
        "oversight/delays.html",
        {
            "sections": sections(request.actor, "delays"),
            "tabs": [
                Tab(_("各月"), here, not only_open),
                Tab(_("待改善"), f"{here}?tab=open", only_open),
            ],
            "only_open": only_open,
            "lines": [
                {
                    "month": one,
                    "agency": named(names.get(one.agency, (one.agency, one.agency))),
                    "period": month_said(one.period),
                    "shape": STATES[DelayReview.State(one.review.state)] if one.review else "",
                }
                for one in found
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=ROLES)
def delay(request: StaffRequest, agency: str, period: str) -> HttpResponse:
    """One agency's late cases of one month with their analyses, and what the commission says of them."""
    _only_overseers(request)
    names = agency_names()
    if agency not in names or not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", period):
        raise not_found()
    writes = may_steer(request.actor, "oversight.review_delays")
    review = DelayReview.objects.filter(agency=agency, period=period).first()
    kept = {"finding": review.finding, "measure": review.measure, "state": review.state} if review else None
    form = DelayReviewForm(request.POST or None, initial=kept)
    if form.is_bound and not writes:
        raise not_permitted()
    status = sent(
        form,
        lambda: review_delays(request.actor, {"agency": agency, "period": period, **form.cleaned_data}),
    )
    if status is None:
        messages.success(request, _("檢討已存。"))
        return redirect("oversight:delays")
    cases = late_cases(agency, *month_of(period))
    return render(
        request,
        "oversight/delay.html",
        {
            "sections": sections(request.actor, "delays"),
            "agency": named(names[agency]),
            "period": month_said(period),
            "lines": [_line(case) for case in cases],
            "analysed": sum(hasattr(case, "delay_analysis") for case in cases),
            "form": form,
            "review": review,
            "reviewer": staff_names([review.reviewed_by]).get(review.reviewed_by or 0, "") if review else "",
            "writes": writes,
        },
        status=status,
    )


def _line(case: Case) -> dict[str, Any]:
    pack = policies.pack_of(case.policy_version_id)
    analysis = getattr(case, "delay_analysis", None)
    ended: datetime | None = case.closed_at or case.replied_at
    return {
        "case": case,
        "item": named(item_name(pack, case)),
        "address": short_address(case, pack),
        "ended": ended,
        "analysis": analysis,
        "cause": choice_name(pack.kinds[case.kind].delay_causes, analysis.cause) if analysis else "",
    }
