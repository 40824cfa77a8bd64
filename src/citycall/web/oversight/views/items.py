"""The items of the service: how each does, the reviews of it, a new one from a date (NT-5-4-1d)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import clock, policies
from citycall.base.commands import Refused, not_found, not_permitted
from citycall.oversight.commands import add_item, review_item
from citycall.oversight.queries import item_reviews
from citycall.people.queries import agencies, agency_names, staff_names
from citycall.services.cases.queries import Figures, figures
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.oversight.access import ROLES, may_steer, sections, sees_all
from citycall.web.oversight.forms import AddItemForm, ItemReviewForm
from citycall.web.oversight.periods import period_of, presets
from citycall.web.oversight.views.home import Line, percent
from citycall.web.request import StaffRequest
from citycall.web.ui.words import named

DAYS = 90


@require_safe
@staff_view(roles=ROLES)
def items(request: StaffRequest) -> HttpResponse:
    """Every item in force with its figures and its last review."""
    if not sees_all(request.actor):
        raise not_permitted()
    pack = policies.in_force()[1]
    period, form = period_of(request.GET, DAYS)
    found = {one.key: one for one in figures("item", period.begin, period.end)}
    last = {one.item: one for one in reversed(item_reviews())}
    names = agency_names()
    today = clock.today()
    language = get_language() or "zh-hant"
    return render(
        request,
        "oversight/items.html",
        {
            "sections": sections(request.actor, "items"),
            "form": form,
            "period": period,
            "presets": presets(period),
            "adds": may_steer(request.actor, "oversight.add_item"),
            "proposes": may_steer(request.actor, "oversight.propose_change"),
            "lines": [
                {
                    "item": item,
                    "line": Line(named(item.name), found.get(item.code) or Figures(item.code, 0, 0, 0, 0, 0)),
                    "agency": named(names.get(item.agency, (item.agency, item.agency))),
                    "stage1": item.stage1.words(language),
                    "stage2": item.stage2_max.words(language),
                    "active": item.active_on(today),
                    "future": item.active_from is not None and item.active_from > today,
                    "review": last.get(item.code),
                }
                for item in pack.items.values()
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=ROLES)
def item(request: StaffRequest, code: str) -> HttpResponse:
    """The reviews of one item, and a new one."""
    if not sees_all(request.actor):
        raise not_permitted()
    found = policies.in_force()[1].items.get(code)
    if found is None:
        raise not_found()
    writes = may_steer(request.actor, "oversight.review_item")
    period, _form = period_of(request.GET, DAYS)
    form = ItemReviewForm(request.POST or None, initial={"since": period.since, "until": period.until})
    status = 200
    if request.method == "POST":
        if not writes:
            raise not_permitted()
        status = 422
        if form.is_valid():
            try:
                done = review_item(request.actor, {"item": code, **form.cleaned_data})
            except Refused as refused:
                if refused.status in (403, 404):
                    raise
                into_form(form, refused)
                status = refused.status
            else:
                rate = percent(done.on_time_rate)
                messages.success(request, _("檢討已存，期間依限率 %(rate)s。") % {"rate": rate})
                return redirect("oversight:item", code)
    own = next((one for one in figures("item", period.begin, period.end) if one.key == code), None)
    reviews = item_reviews(code)
    names = staff_names([one.reviewed_by for one in reviews])
    return render(
        request,
        "oversight/item.html",
        {
            "sections": sections(request.actor, "items"),
            "item": found,
            "name": named(found.name),
            "period": period,
            "line": Line("", own or Figures(code, 0, 0, 0, 0, 0)),
            "form": form,
            "writes": writes,
            "reviews": [
                (one, percent(one.closed_in_time / one.closed if one.closed else None),
                 names.get(one.reviewed_by or 0, ""))
                for one in reviews
            ],
        },
        status=status,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=ROLES)
def add(request: StaffRequest) -> HttpResponse:
    """A new item. The limits are held to what the rules allow (NT-5-4-1b)."""
    if not may_steer(request.actor, "oversight.add_item"):
        raise not_permitted()
    choices = [(one.code, named((one.name_zh, one.name_en or one.name_zh))) for one in agencies()]
    form = AddItemForm(request.POST or None, agencies=choices)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = add_item(request.actor, form.values())
            except Refused as refused:
                if refused.status in (403, 404):
                    raise
                into_form(form, refused, form.names)
                status = refused.status
            else:
                if made.policy_version is None:
                    messages.success(request, _("已送核；核定後自生效日起受理。"))
                    return redirect("oversight:change", made.change)
                messages.success(request, _("已新增項目，自生效日起受理。"))
                return redirect("oversight:items")
    context = {"sections": sections(request.actor, "items"), "form": form}
    return render(request, "oversight/add_item.html", context, status=status)
