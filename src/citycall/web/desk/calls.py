"""Calls at the desk: what rings, who is on the line, what they had before."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from citycall.base import clock, policies
from citycall.base.commands import Refused
from citycall.base.private import format_phone
from citycall.services.calls import commands as calls
from citycall.services.calls import queries as call_queries
from citycall.services.cases import queries
from citycall.services.cases.commands.repeat_calls import REPEAT_CALLED
from citycall.web.access import staff_view
from citycall.web.desk.forms.call import SimulateCallForm
from citycall.web.desk.frame import OPERATORS
from citycall.web.freshness import mark
from citycall.web.request import StaffRequest
from citycall.web.sending import sent


def panel(request: StaffRequest) -> dict[str, Any]:
    """What the panel of calls shows. `seen` marks it, so that it is sent again only when it has changed."""
    waiting = call_queries.ringing()
    call = call_queries.current_call(request.user.pk)
    earlier = queries.earlier_of_phone(call.phone) if call and call.phone else []
    outage = queries.open_outage()
    special = call_queries.special_now(call.phone_hash, clock.today()) if call else None
    ends = call_queries.dispositions_of(call.pk) if call else []
    facts = (
        [one.pk for one in waiting],
        call and call.pk,
        [(row.case.pk, row.case.status, row.case.overdue) for row in earlier],
        outage and outage.pk,
        special and special.pk,
        [one.pk for one in ends],
    )
    return {
        "ringing": [(one, format_phone(one.phone) if one.phone else "") for one in waiting],
        "call": call,
        "phone": format_phone(call.phone) if call and call.phone else "",
        "earlier": earlier,
        "repeats": _repeats(earlier),
        "special": special,
        "ends": ends,
        "outage": outage,
        "seen": mark(*facts),
    }


def _repeats(earlier: list[queries.CaseRow]) -> set[int]:
    """Of the caller's cases those about which a repeat call may be passed on (NT-7-2a)."""
    return {
        row.case.pk
        for row in earlier
        if policies.pack_of(row.case.policy_version_id)
        .kinds[row.case.kind]
        .next_status(REPEAT_CALLED, row.case.status)
    }


def _panel(request: StaffRequest) -> HttpResponse:
    return render(request, "desk/_ringing.html", panel(request))


@require_safe
@staff_view(roles=OPERATORS)
def ringing(request: StaffRequest) -> HttpResponse:
    """The live part of the desk; nothing is sent when nothing has changed, so nothing moves."""
    shown = panel(request)
    if request.GET.get("seen") == shown["seen"]:
        return HttpResponse(status=204)
    return render(request, "desk/_ringing.html", shown)


@require_POST
@staff_view(roles=OPERATORS, beside=True)
def simulate(request: StaffRequest) -> HttpResponse:
    """Let a call ring, as long as no telephone is connected."""
    form = SimulateCallForm(request.POST)
    status = sent(
        form, lambda: calls.offer(request.actor, {"phone": form.cleaned_data["phone"], "simulated": True})
    )
    if status is None:
        if request.htmx:
            return HttpResponse(status=204, headers={"HX-Trigger": "simulated"})
        return redirect("desk:home")
    if request.htmx:
        return render(request, "desk/_simulate.html", {"simulate": form}, status=status)
    said = "；".join(str(one) for errors in form.errors.values() for one in errors)
    raise Refused("invalid", said, status=422)


@require_POST
@staff_view(roles=OPERATORS, beside=True)
def answer(request: StaffRequest, call: int) -> HttpResponse:
    """Take a ringing call; its number comes onto the card and what is typed there stays."""
    calls.answer(request.actor, {"call": call})
    if request.htmx:
        shown = _panel(request)
        shown["HX-Trigger-After-Swap"] = "answered"
        return shown
    return redirect("desk:home")


@require_POST
@staff_view(roles=OPERATORS, beside=True)
def end(request: StaffRequest, call: int) -> HttpResponse:
    """Hang up."""
    calls.end(request.actor, {"call": call})
    return _panel(request) if request.htmx else redirect("desk:home")
