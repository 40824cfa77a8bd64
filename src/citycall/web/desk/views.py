"""The operator's desk: calls, the card, the case number to read out."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base import policies
from citycall.base.commands import Refused
from citycall.base.private import format_phone
from citycall.people.queries import agency_names
from citycall.services.calls import commands as calls
from citycall.services.calls import queries as call_queries
from citycall.services.cases import queries
from citycall.services.cases.commands.establish import establish, tell_number
from citycall.services.cases.models import StageRequest
from citycall.web.access import staff_view
from citycall.web.desk import card
from citycall.web.desk.forms import CaseForm, SimulateCallForm
from citycall.web.errors import into_form
from citycall.web.request import StaffRequest

OPERATORS = ("operator", "lead")
FIELD_NAMES = {
    "place.address": "address",
    "place.district": "district",
    "item": "words",
    "reporter.name": "name",
    "reporter.phone": "phone",
    "reporter.email": "email",
    "call_id": "words",
}


def card_context(request: StaffRequest, form: CaseForm, **more: Any) -> dict[str, Any]:
    """What the desk shows around the form."""
    pack = policies.in_force()[1]
    call = call_queries.current_call(request.user.pk)
    typed = {name: str(form[name].value() or "") for name in ("item", "words")}
    items = card.items_for(pack, typed["words"])
    chosen = pack.items.get(typed["item"])
    if chosen is not None and chosen not in items:
        items.insert(0, chosen)
    return {
        "form": form,
        "call": call,
        "phone": format_phone(call.phone) if call and call.phone else "",
        "earlier": queries.earlier_of_phone(call.phone) if call and call.phone else [],
        "ringing": call_queries.ringing(),
        "simulate": SimulateCallForm(),
        "items": items,
        "agencies": agency_names(),
        "chosen": typed["item"],
        "outage": queries.open_outage(),
        "waiting_requests": StageRequest.objects.filter(state=StageRequest.State.PENDING).count(),
        **more,
    }


@require_safe
@staff_view(roles=OPERATORS)
def home(request: StaffRequest) -> HttpResponse:
    """The card: who calls, what they had before, and the form."""
    pack = policies.in_force()[1]
    call = call_queries.current_call(request.user.pk)
    first = {"key": CaseForm.new_key()}
    if call is not None:
        first |= {"call": str(call.pk), "phone": format_phone(call.phone) if call.phone else ""}
    return render(request, "desk/home.html", card_context(request, CaseForm(pack, initial=first)))


@require_safe
@staff_view(roles=OPERATORS)
def ringing(request: StaffRequest) -> HttpResponse:
    """The calls that ring now: the live part of the desk."""
    context = {
        "ringing": call_queries.ringing(),
        "call": call_queries.current_call(request.user.pk),
        "simulate": SimulateCallForm(),
    }
    return render(request, "desk/_ringing.html", context)


@require_POST
@staff_view(roles=OPERATORS)
def simulate(request: StaffRequest) -> HttpResponse:
    """Let a call ring, as long as no telephone is connected."""
    form = SimulateCallForm(request.POST)
    if form.is_valid():
        calls.offer(request.actor, {"phone": form.cleaned_data["phone"], "simulated": True})
    return redirect("desk:home")


@require_POST
@staff_view(roles=OPERATORS)
def answer(request: StaffRequest, call: int) -> HttpResponse:
    """Take a ringing call; the card opens with the caller's number."""
    calls.answer(request.actor, {"call": call})
    return redirect("desk:home")


@require_POST
@staff_view(roles=OPERATORS)
def end(request: StaffRequest, call: int) -> HttpResponse:
    """Hang up."""
    calls.end(request.actor, {"call": call})
    return redirect("desk:home")


@require_safe
@staff_view(roles=OPERATORS)
def items(request: StaffRequest) -> HttpResponse:
    """The items that the typed words point at."""
    found = card.items_for(policies.in_force()[1], request.GET.get("words", "")[:80])
    chosen = request.GET.get("item", "")
    if chosen not in {item.code for item in found}:
        chosen = found[0].code if found and request.GET.get("words", "").strip() else ""
    context = {"items": found, "chosen": chosen, "agencies": agency_names()}
    return render(request, "desk/_items.html", context)


@require_POST
@staff_view(roles=OPERATORS)
def check(request: StaffRequest) -> HttpResponse:
    """What is known of the half-filled form. Posted because it carries what the caller said; writes nothing."""
    typed = {name: request.POST.get(name, "") for name in CaseForm.base_fields}
    found = card.check(policies.in_force()[1], typed, agency_names())
    return render(request, "desk/_check.html", {"check": found})


@require_POST
@staff_view(roles=OPERATORS)
def create(request: StaffRequest) -> HttpResponse:
    """成案."""
    pack = policies.in_force()[1]
    form = CaseForm(pack, request.POST)
    kind = request.POST.getlist("kind")[-1:] or ["fast"]
    offer = None
    status = 422
    if form.is_valid():
        try:
            made = establish(
                request.actor,
                {"kind": kind[0], **form.command_input()},
                key=form.cleaned_data["key"],
            )
        except Refused as refused:
            into_form(form, refused, FIELD_NAMES)
            offer = pack.kinds.get(refused.info.get("offer") or "")
            status = refused.status
        else:
            return redirect("desk:established", made.number)
    return render(request, "desk/home.html", card_context(request, form, offer=offer), status=status)


@require_safe
@staff_view(roles=OPERATORS)
def established(request: StaffRequest, number: str) -> HttpResponse:
    """The number, large, to be read out; what was sent to whom; the next call."""
    case = queries.by_number(number)
    if case is None:
        raise Refused("not_found", _("查無此案件，請確認案號。"), status=404)
    detail = queries.case_detail(case)
    told = any(notice.party_id for notice in detail.notices)
    context = {
        "case": case,
        "row": detail.row,
        "detail": detail,
        "tell": not told and case.number_told_at is None,
        "told": told,
        "call": call_queries.current_call(request.user.pk),
    }
    return render(request, "desk/established.html", context)


@require_POST
@staff_view(roles=OPERATORS)
def told(request: StaffRequest, case: int) -> HttpResponse:
    """The number has been read out to the caller (NT-5-4-2f)."""
    done = tell_number(request.actor, {"case": case})
    return redirect("desk:established", done.number)


@require_http_methods(["GET", "HEAD"])
@staff_view(roles=OPERATORS)
def search(request: StaffRequest) -> HttpResponse:
    """Cases by number, telephone or words, newest first, for callers who ask how it stands."""
    words = request.GET.get("q", "").strip()[:80]
    page = int(request.GET.get("page", "1")) if request.GET.get("page", "1").isdecimal() else 1
    found = queries.case_list(queries.CaseFilter(q=words), page=min(page, 100)) if words else None
    if found is not None and found.page == 1 and len(found.rows) == 1:
        return redirect("desk:case", found.rows[0].case.number)
    return render(request, "desk/search.html", {"q": words, "found": found})
