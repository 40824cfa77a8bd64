"""The list of special callers: proposed, approved, looked at (NT-7-3a)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from citycall.base.commands import Refused, not_permitted
from citycall.people.queries import staff_names
from citycall.services.calls import queries as calls
from citycall.services.calls.commands import decide_special, end_special, propose_special, view_special
from citycall.services.calls.models import SpecialCaller
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.oversight.access import (
    SPECIAL_ROLES,
    decides_special,
    proposes_special,
    sections,
    sees_special,
)
from citycall.web.oversight.intake_forms import DecideSpecialForm, ProposeForm, ViewForm
from citycall.web.request import StaffRequest
from citycall.web.sending import sent

STATES = dict(SpecialCaller.State.choices)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=SPECIAL_ROLES)
def special(request: StaffRequest) -> HttpResponse:
    """The list, opened with a purpose; who looked at it stands below. A GET shows nobody's number."""
    _may_see(request)
    form = ViewForm(request.POST or None)
    entries = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                seen = view_special(request.actor, {"purpose": form.cleaned_data["purpose"]})
            except Refused as refused:
                into_form(form, refused)
                status = refused.status
            else:
                status, entries = 200, _lines(seen.entries)
    return _page(request, status, view=form, entries=entries)


def _may_see(request: StaffRequest) -> None:
    if not sees_special(request.actor):
        raise not_permitted()


def _lines(entries: list[Any]) -> list[dict[str, Any]]:
    names = staff_names(one.decided_by for one in entries)
    return [
        {
            "one": one,
            "state": STATES[one.state],
            "decider": names.get(one.decided_by or 0, ""),
            "waits": one.state == SpecialCaller.State.PROPOSED,
            "stands": one.state == SpecialCaller.State.APPROVED,
            "form": DecideSpecialForm(auto_id=f"d{one.entry}_%s"),
        }
        for one in entries
    ]


def _page(request: StaffRequest, status: int = 200, **more: Any) -> HttpResponse:
    views = calls.special_views()
    context = {
        "sections": sections(request.actor, "special"),
        "view": ViewForm(),
        "propose": ProposeForm(auto_id="propose_%s"),
        "entries": None,
        "may_propose": proposes_special(request.actor),
        "may_decide": decides_special(request.actor),
        "waiting": calls.special_proposals(),
        "looks": views,
        "names": staff_names(one.staff_id for one in views),
    }
    return render(request, "oversight/special.html", context | more, status=status)


@require_POST
@staff_view(roles=SPECIAL_ROLES, parent="oversight:special")
def propose(request: StaffRequest) -> HttpResponse:
    """Propose a number."""
    _may_see(request)
    form = ProposeForm(request.POST, auto_id="propose_%s")
    status = sent(form, lambda: propose_special(request.actor, form.cleaned_data))
    if status is None:
        messages.success(request, _("已提報，核定前不生效。"))
        return redirect("oversight:special")
    return _page(request, status, propose=form)


@require_POST
@staff_view(roles=SPECIAL_ROLES, parent="oversight:special")
def decide(request: StaffRequest, entry: int) -> HttpResponse:
    """Approve, decline, or take off."""
    _may_see(request)
    form = DecideSpecialForm(request.POST, auto_id=f"d{entry}_%s")
    act = request.POST.get("act")
    status = 422
    if form.is_valid():
        given = form.cleaned_data
        try:
            if act == "end":
                end_special(request.actor, {"entry": entry, "reason": given["decision"]})
            else:
                decide_special(request.actor, {"entry": entry, "approve": act == "approve", **given})
        except Refused as refused:
            into_form(form, refused, {"reason": "decision"})
            status = refused.status
        else:
            messages.success(request, _("已登錄決定。"))
            return redirect("oversight:special")
    return _page(request, status, refused=form)
