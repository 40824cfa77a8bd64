"""The evaluator's list of late cases, and the analysis of each (NT-5-4-8b)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import policies
from citycall.base.commands import not_permitted
from citycall.services.cases.models import DelayAnalysis
from citycall.services.cases.queries import CaseRow, case_detail, delays_to_analyse
from citycall.web.access import staff_view
from citycall.web.inbox.access import INBOX_ROLES, agencies_of, can, case_for
from citycall.web.inbox.forms import AnalyseForm
from citycall.web.inbox.trays import short_address
from citycall.web.inbox.views.case import badges_of, page_of
from citycall.web.request import StaffRequest
from citycall.web.sending import acted
from citycall.web.story import choice_name
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named

COLUMNS = (
    Column("number", gettext_lazy("案號")),
    Column("item", gettext_lazy("項目與地點")),
    Column("due", gettext_lazy("期限")),
    Column("reason", gettext_lazy("承辦敘明的理由")),
    Column("analysis", gettext_lazy("分析")),
)


@require_safe
@staff_view(roles=INBOX_ROLES)
def delays(request: StaffRequest) -> HttpResponse:
    """Late cases of one's own agency: to be analysed, or analysed."""
    done = request.GET.get("tab") == "done"
    agencies = agencies_of(request.actor)
    state = ListState.of(request, COLUMNS, default="number")
    page = delays_to_analyse(agencies, analysed=done, page=state.page, size=state.size)
    ids = [row.case.pk for row in page.rows] if done else []
    analyses = {one.case_id: one for one in DelayAnalysis.objects.filter(case__in=ids)}
    rows = [_row(row, analyses.get(row.case.pk)) for row in page.rows]
    here = reverse("inbox:delays")
    analyses_them = any(can(request.actor, "cases.analyse_delay", agency) for agency in agencies)
    return render(
        request,
        "inbox/delays.html",
        {
            "listing": Listing(state, COLUMNS, rows, page.has_next, extra={"analyses": analyses_them}),
            "tabs": [
                Tab(_("待分析"), here, not done),
                Tab(_("已分析"), f"{here}?tab=done", done),
            ],
            "done": done,
        },
    )


def _row(row: CaseRow, analysis: DelayAnalysis | None) -> dict[str, Any]:
    pack = policies.pack_of(row.case.policy_version_id)
    kind = pack.kinds[row.case.kind]
    return {
        "case": row.case,
        "item": named(row.item),
        "district": named(row.district),
        "address": short_address(row.case, pack),
        "stopped": row.case.closed_at or row.case.replied_at,
        "badges": badges_of(row.case, pack),
        "analysis": analysis,
        "cause": choice_name(kind.delay_causes, analysis.cause) if analysis else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=INBOX_ROLES)
def analyse(request: StaffRequest, number: str) -> HttpResponse:
    """Why this case was late: a cause of the pack's list, and in words."""
    detail = case_detail(case_for(request.actor, number))
    if not can(request.actor, AnalyseForm.command, detail.case.agency):
        raise not_permitted()
    form = AnalyseForm(request.POST or None, detail=detail)
    status = acted(request.actor, form)
    if status is None:
        messages.success(request, str(form.done))
        return redirect("inbox:delays")
    context = {**page_of(request.actor, detail), "form": form}
    return render(request, "inbox/analyse.html", context, status=status)
