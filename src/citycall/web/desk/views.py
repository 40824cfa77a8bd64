"""The operator's desk: the card, the case number to read out, the search."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base import policies
from citycall.base.commands import Refused
from citycall.base.private import format_phone, normalise_phone
from citycall.people import commands as people
from citycall.people.queries import agency_names
from citycall.policy import Pack, PlaceError
from citycall.policy.located import locate
from citycall.services.calls import queries as call_queries
from citycall.services.cases import queries
from citycall.services.cases.commands.establish import establish, tell_number
from citycall.web.access import staff_view
from citycall.web.desk import card, spoken
from citycall.web.desk.calls import panel
from citycall.web.desk.forms.asked import point_of
from citycall.web.desk.forms.call import SimulateCallForm
from citycall.web.desk.forms.case import CaseForm
from citycall.web.desk.frame import OPERATORS, draw
from citycall.web.desk.rows import drawn
from citycall.web.errors import into_form
from citycall.web.request import StaffRequest, plain
from citycall.web.story import sent_notices
from citycall.web.tasks import lines_of
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.words import named

FIELD_NAMES = {
    "place": "address",
    "place.address": "address",
    "place.district": "district",
    "place.lat": "point",
    "place.lon": "point",
    "item": "words",
    "reporter.name": "name",
    "reporter.phone": "phone",
    "reporter.email": "email",
    "reporter.address": "reporter_address",
    "reporter.contact": "phone",
    "call_id": "words",
    "kind": "filed_as",
}
COLUMNS = (
    Column("number", gettext_lazy("案號")),
    Column("status", gettext_lazy("狀態")),
    Column("item", gettext_lazy("項目")),
    Column("place", gettext_lazy("地點")),
    Column("agency", gettext_lazy("權責機關")),
    Column("newest", gettext_lazy("成案時間"), sort=True),
    Column("due", gettext_lazy("期限"), sort=True),
)
SORTS = {"newest": "oldest", "-newest": "newest", "due": "due", "-due": "due_last"}


def card_context(form: CaseForm, **more: Any) -> dict[str, Any]:
    """The form with the items to choose from and what is known of what is typed."""
    pack, names = policies.in_force()[1], agency_names()
    typed = {name: str(form[name].value() or "") for name in form.fields}
    marks = form["marks"].value() or []
    items = card.items_for(pack, card.Said.of(pack, typed), names, filed_as=typed["filed_as"])
    chosen = pack.items.get(typed["item"])
    if chosen is not None and chosen not in [choice.item for choice in items]:
        items.insert(0, card.choice_of(chosen, names, pack))
    return {
        "form": form,
        "asks": json.dumps(form.asks),
        "needs": json.dumps(form.needs),
        "bears": json.dumps({code: list(pack.intake.marks_of(code)) for code in pack.kinds}),
        "items": items,
        "chosen": typed["item"],
        "without_item": _without_item(pack, typed["filed_as"]),
        "check": card.check(pack, typed, names, marks) if form.is_bound else card.Check(),
        "may_end": card.may_end(pack),
        "begin": False,
        **more,
    }


def desk_page(request: StaffRequest, form: CaseForm, status: int = 200, **more: Any) -> HttpResponse:
    """The desk: calls beside the card."""
    context = panel(request) | card_context(form, **more)
    return draw(request, "desk/home.html", context | {"simulate": SimulateCallForm()}, status)


@require_safe
@staff_view(roles=OPERATORS)
def home(request: StaffRequest) -> HttpResponse:
    """The card: who calls, what they had before, and the form."""
    pack = policies.in_force()[1]
    call = call_queries.current_call(request.user.pk)
    first: dict[str, str] = {}
    if call is not None:
        first |= {"call": str(call.pk), "phone": format_phone(call.phone) if call.phone else ""}
    first |= _taken_up(request, pack)
    return desk_page(request, CaseForm(pack, initial=first), begin=call is not None)


def _taken_up(request: StaffRequest, pack: Pack) -> dict[str, str]:
    """What the card begins with when an earlier case is taken up again: its item and place (TP-6-4c)."""
    earlier = queries.by_number(request.GET.get("related", "")[:24])
    if earlier is None:
        return {}
    item = pack.items.get(earlier.item)
    return {
        "related": earlier.number,
        "item": item.code if item else "",
        "words": named(item.name) if item else "",
        "address": earlier.address,
        "district": earlier.district,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS, beside=True)
def items(request: StaffRequest) -> HttpResponse:
    """The items that what is typed points at, while words are looked for. Writes nothing.

    The first is chosen; what was picked by hand stays while it is among them. Posted with what was said and
    where, so that none of it stands in an address.
    """
    pack = policies.in_force()[1]
    typed = _typed(request)
    found = card.items_for(pack, card.Said.of(pack, typed), agency_names(), filed_as=typed["filed_as"])
    without = _without_item(pack, typed["filed_as"])
    chosen = _picked(request)
    if chosen not in {choice.item.code for choice in found}:
        chosen = found[0].item.code if found and typed["words"].strip() and not without else ""
    context = {"items": found, "chosen": chosen, "without_item": without, "words": typed["words"]}
    return render(request, "desk/_items.html", context)


def _typed(request: StaffRequest) -> dict[str, str]:
    sent = request.POST if request.method == "POST" else request.GET
    return {name: plain(sent.get(name, "")) for name in CaseForm.base_fields}


def _picked(request: StaffRequest) -> str:
    return (request.POST if request.method == "POST" else request.GET).get("picked", "")


def _without_item(pack: Pack, filed_as: str) -> bool:
    """Whether a matter of this kind may be filed without any service item."""
    return filed_as in pack.kinds and not pack.kinds[filed_as].item_required


@require_POST
@staff_view(roles=OPERATORS, beside=True)
def check(request: StaffRequest) -> HttpResponse:
    """What is known of the half-filled form, and the items that it points at: one answer to both.

    Posted, since it carries what was said; writes nothing.
    """
    pack, names, typed = policies.in_force()[1], agency_names(), _typed(request)
    found, chosen = card.items_with_choice(pack, typed, names, _picked(request))
    known = card.check(pack, typed | {"item": chosen}, names, request.POST.getlist("marks")[:12])
    context = {"check": known, "items": found, "chosen": chosen, "words": typed["words"]}
    context["without_item"] = _without_item(pack, typed["filed_as"])
    return render(request, "desk/_looked.html", context)


@require_POST
@staff_view(roles=OPERATORS)
def create(request: StaffRequest) -> HttpResponse:
    """成案."""
    pack = policies.in_force()[1]
    form = CaseForm(pack, request.POST)
    offer = None
    status = 422
    if form.is_valid():
        try:
            wanted = form.command_input()
            wanted["call_id"] = call_queries.own_call(wanted["call_id"], request.user.pk)
            earlier = queries.by_number(form.cleaned_data["related"])
            wanted["related_to"] = earlier.pk if earlier else None
            made = establish(request.actor, wanted, key=form.sent_key())
        except Refused as refused:
            into_form(form, refused, FIELD_NAMES)
            offer = pack.kinds.get(refused.info.get("offer") or "")
            status = refused.status
        else:
            return redirect("desk:established", made.number)
    else:
        _place_too(form, pack)
    return desk_page(request, form, status, offer=offer)


def _place_too(form: CaseForm, pack: Pack) -> None:
    """What is wrong with the place is said together with the rest, not only when the rest is right."""
    address, point = form.cleaned_data.get("address", ""), point_of(form.cleaned_data.get("point", ""))
    if not address and point is None:
        return
    try:
        locate(pack, address, form.cleaned_data.get("district") or None, point)
    except PlaceError as error:
        form.add_error("address" if address else "point", error.text.get(get_language()))


@require_safe
@staff_view(roles=OPERATORS)
def established(request: StaffRequest, number: str) -> HttpResponse:
    """The number, large, to be read out; what was sent to whom; the next call."""
    case = queries.by_number(number)
    if case is None:
        raise Refused("not_found", _("查無此案件，請確認案號。"), status=404)
    detail = queries.case_detail(case)
    told = any(notice.party_id for notice in detail.notices)
    sent = sent_notices(detail)
    context = {
        "case": case,
        "row": detail.row,
        "detail": detail,
        "kind": detail.pack.kinds[case.kind],
        "point_district": named(other.name) if (other := detail.pack.district(case.point_district)) else "",
        "number_groups": spoken.groups(case.number),
        "code_groups": spoken.groups(case.lookup_code),
        "sent": sent,
        "unsent": any(one.at is None for one in sent),
        "tasks": lines_of(detail, request.actor),
        "tell": not told and case.number_told_at is None,
        "call": call_queries.current_call(request.user.pk),
    }
    return draw(request, "desk/established.html", context)


@require_POST
@staff_view(roles=OPERATORS, parent="desk:home")
def told(request: StaffRequest, case: int) -> HttpResponse:
    """The number has been read out to the caller (NT-5-4-2f)."""
    done = tell_number(request.actor, {"case": case})
    return redirect("desk:established", done.number)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS)
def search(request: StaffRequest) -> HttpResponse:
    """Cases by number, telephone or words, for callers who ask how it stands.

    What is typed is posted. Words and case numbers then go into the address, so that pages can be turned;
    a telephone number never does, and looking for one is on record.
    """
    typed = plain((request.POST if request.method == "POST" else request.GET).get("q", "")).strip()[:80]
    if typed and (case := queries.by_number(typed)) is not None:
        return redirect("desk:case", case.number)
    private = request.method == "POST" and _is_phone(typed)
    if request.method == "POST" and not private:
        return redirect(f"{reverse('desk:search')}?{urlencode({'q': typed})}")
    parties = people.find_by_phone(request.actor, {"phone": typed}).parties if private else []
    state = ListState.of(request, COLUMNS, default="-newest")
    found = (
        queries.case_list(
            queries.CaseFilter(q=typed, parties=parties),
            sort=SORTS[state.sort_by],
            page=state.page,
            size=state.size,
        )
        if typed
        else queries.CasePage([], 1, False, state.size)
    )
    lines = {"drawn": drawn(found.rows)}
    listing = Listing(state, COLUMNS, found.rows, found.has_next and not private, extra=lines)
    context = {"q": "" if private else typed, "private": private, "typed": typed, "listing": listing}
    return draw(request, "desk/search.html", context)


def _is_phone(typed: str) -> bool:
    try:
        normalise_phone(typed)
    except ValueError:
        return False
    return True
