"""Before a case, and instead of one: outside authorities, matters not accepted, call backs, repeat calls."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base import clock, policies
from citycall.base.commands import Refused
from citycall.people import commands as people
from citycall.people.queries import agency_names, intake_numbers
from citycall.services.calls import queries as call_queries
from citycall.services.calls.commands import dispose as end_matter
from citycall.services.cases import queries
from citycall.services.cases.commands.prosecution import ask_prosecution
from citycall.services.cases.commands.repeat_calls import log_repeat_call
from citycall.services.cases.models import Case
from citycall.web.access import staff_view
from citycall.web.desk import card
from citycall.web.desk.case_views import case_of
from citycall.web.desk.forms.case import CaseForm
from citycall.web.desk.forms.intake import DisposeForm, ProsecutionForm, RepeatCallForm, authority_lines
from citycall.web.desk.frame import OPERATORS, draw
from citycall.web.desk.views import desk_page
from citycall.web.request import StaffRequest, plain
from citycall.web.sending import sent
from citycall.web.ui.forms import KeyedForm

RINGS = ("window", "intake_window")
KEPT = tuple(name for name in CaseForm.base_fields if name != "key")


def _typed(request: StaffRequest) -> dict[str, Any]:
    """What stood on the card, to be kept; marks are several."""
    found: dict[str, Any] = {name: plain(request.POST.get(name, ""))[:2000] for name in KEPT}
    found["marks"] = [plain(code)[:64] for code in request.POST.getlist("marks")[:12]]
    return found


def _card_again(request: StaffRequest, typed: dict[str, Any], **more: Any) -> HttpResponse:
    """The card with what was typed, as it was left."""
    pack = policies.in_force()[1]
    form = CaseForm(pack, initial=typed)
    words = {name: value for name, value in typed.items() if isinstance(value, str)}
    found = card.check(pack, words, agency_names(), typed["marks"])
    return desk_page(request, form, check=found, **more)


@require_POST
@staff_view(roles=OPERATORS, parent="desk:home")
def back(request: StaffRequest) -> HttpResponse:
    """Back to the card from what would have ended the matter: nothing typed is lost."""
    return _card_again(request, _typed(request))


@require_POST
@staff_view(roles=OPERATORS, parent="desk:home")
def check_identity(request: StaffRequest) -> HttpResponse:
    """Who reports has been rung back: it was they, or not (NT-8-2a). What is typed on the card stays."""
    typed = _typed(request)
    if not typed["phone"].strip():
        return _card_again(request, typed, identity_wrong=[_("請先填寫民眾的電話號碼，再以該號碼回撥。")])
    confirmed = request.POST.get("confirmed") == "yes"
    call = call_queries.own_call(_number(typed["call"]), request.user.pk)
    try:
        made = people.check_identity(
            request.actor,
            {
                "call": call,
                "phone": typed["phone"][:30],
                "confirmed": confirmed,
                "reason": plain(request.POST.get("identity_reason", "")).strip()[:500],
            },
        )
    except Refused as refused:
        return _card_again(request, typed, identity_wrong=list(refused.fields.values()) or [refused.message])
    return _card_again(request, typed | {"identity_check": str(made.check)})


def _number(typed: str) -> int | None:
    return int(typed[:18]) if typed.isdigit() else None


@require_http_methods(["POST"])
@staff_view(roles=OPERATORS, parent="desk:home")
def dispose(request: StaffRequest) -> HttpResponse:
    """End the matter on the card without a case: first how, then done (KM-2-4c, TP-5-1a, NT-8-2b)."""
    pack = policies.in_force()[1]
    typed = _typed(request)
    if "ends" not in request.POST:  # straight from the card
        kind = CaseForm(pack, initial=typed).kind()
        code = kind.code if kind else ""
        call = call_queries.current_call(request.user.pk)
        first = {
            "call": call.pk if call else call_queries.own_call(_number(typed["call"]), request.user.pk),
            "kind": code,
            "matter": typed["description"] or typed["words"],
            "at": clock.local(clock.now()),
            "identity_check": typed["identity_check"],
        }
        ground = plain(request.POST.get("ground", ""))[:64]
        if ground:
            first |= {"outcome": "not_accepted", "ground": ground}
        return _dispose_page(request, DisposeForm(pack, code, initial=first), typed)
    form = DisposeForm(pack, plain(request.POST.get("kind", ""))[:64], request.POST)
    status = sent(form, lambda: end_matter(request.actor, form.command_input(), key=form.sent_key()))
    if status is None:
        messages.success(request, _("已登錄在通話紀錄，沒有成案。"))
        return redirect("desk:home")
    return _dispose_page(request, form, typed, status)


def _dispose_page(
    request: StaffRequest, form: DisposeForm, typed: dict[str, Any], status: int = 200
) -> HttpResponse:
    pack = policies.in_force()[1]
    words = str(form["matter"].value() or "")
    found = pack.find_authorities(words, 20) or _by_word(words) or pack.find_authorities("", 20)
    context = {
        "form": form,
        "typed": [(name, value) for name, value in typed.items() if name != "marks" and value],
        "marks": typed["marks"],
        "authorities": authority_lines(found),
        "chosen": str(form["authority"].value() or ""),
        "call": call_queries.call(_number(str(form["call"].value() or "")) or 0),
    }
    return draw(request, "desk/dispose.html", context, status)


def _by_word(words: str) -> tuple[Any, ...]:
    """Authorities one of whose own words is in what the caller said: 停電 in 我家這邊停電了."""
    pack = policies.in_force()[1]
    return tuple(one for one in pack.authorities if any(word in words for word in one.words))


@require_safe
@staff_view(roles=OPERATORS)
def authorities(request: StaffRequest) -> HttpResponse:
    """Outside authorities that the typed words point at: the live part of the list."""
    words = plain(request.GET.get("q", ""))[:80]
    found = policies.in_force()[1].find_authorities(words, 20)
    chosen = plain(request.GET.get("authority", ""))[:64]
    context = {"authorities": authority_lines(found), "chosen": chosen}
    return render(request, "desk/_authorities.html", context)


@require_safe
@staff_view(roles=OPERATORS)
def dispositions(request: StaffRequest) -> HttpResponse:
    """What ended without a case: one's own; of all, for the head of the call centre."""
    every = request.actor.has("lead")
    rows, _more = call_queries.dispositions(None if every else request.user.pk)
    return draw(request, "desk/dispositions.html", {"rows": rows, "every": every})


def _on_call(request: StaffRequest, case: Case, form: KeyedForm) -> dict[str, Any]:
    """What was typed of a case, with the call of this moment."""
    call = call_queries.current_call(request.user.pk)
    return {"case": case.pk, "call_id": call.pk if call else None, **form.typed()}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS)
def repeat(request: StaffRequest, number: str) -> HttpResponse:
    """The caller rings again about an open case: its agency's person is told, no case is made (NT-7-2a)."""
    case = case_of(number)
    form = RepeatCallForm(request.POST or None)
    status = sent(
        form, lambda: log_repeat_call(request.actor, _on_call(request, case, form), key=form.sent_key())
    )
    if status is None:
        messages.success(request, _("已登錄重覆進線，請告知民眾將由承辦人員聯繫。"))
        return redirect("desk:case", number)
    context = {
        "case": case,
        "row": queries.rows_of([case])[0],
        "form": form,
        "numbers": intake_numbers(case.agency, RINGS),
    }
    return draw(request, "desk/repeat.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=OPERATORS)
def prosecute(request: StaffRequest, number: str) -> HttpResponse:
    """The holder of the number wants the false reporter held liable (NT-8-3a)."""
    case = case_of(number)
    form = ProsecutionForm(request.POST or None)
    status = sent(
        form, lambda: ask_prosecution(request.actor, _on_call(request, case, form), key=form.sent_key())
    )
    if status is None:
        messages.success(request, _("已登錄，研考單位會移送警察機關。"))
        return redirect("desk:case", number)
    return draw(request, "desk/prosecute.html", {"case": case, "form": form}, status)
