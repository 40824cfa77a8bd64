"""False reports that go to the police: asked for, referred, followed, with the evidence packed (NT-8-3a)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from citycall.base.commands import Refused, not_found, not_permitted
from citycall.services.cases.commands.prosecution import follow_referral, pack_evidence, refer_to_police
from citycall.services.cases.models import PoliceReferral
from citycall.services.cases.queries.referrals import police_referrals, referral_of
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.oversight.access import ROLES, refers, sections, sees_all
from citycall.web.oversight.intake_forms import EvidenceForm, FollowForm, ReferForm
from citycall.web.request import StaffRequest
from citycall.web.sending import sent


@require_safe
@staff_view(roles=ROLES)
def referrals(request: StaffRequest) -> HttpResponse:
    """All of them, those that wait first."""
    if not sees_all(request.actor):
        raise not_permitted()
    context = {"sections": sections(request.actor, "police"), "rows": police_referrals()}
    return render(request, "oversight/police.html", context)


def _found(request: StaffRequest, number: str) -> PoliceReferral:
    if not sees_all(request.actor):
        raise not_permitted()
    found = referral_of(number)
    if found is None:
        raise not_found()
    return found


def _page(request: StaffRequest, found: PoliceReferral, status: int = 200, **forms: Form) -> HttpResponse:
    context: dict[str, Any] = {
        "sections": sections(request.actor, "police"),
        "referral": found,
        "case": found.case,
        "refers": refers(request.actor),
        "refer": ReferForm(),
        "follow": FollowForm(auto_id="follow_%s"),
        "evidence": EvidenceForm(auto_id="evidence_%s"),
        "waits": found.state == PoliceReferral.State.ASKED,
    }
    return render(request, "oversight/police_referral.html", context | forms, status=status)


@require_safe
@staff_view(roles=ROLES)
def referral(request: StaffRequest, number: str) -> HttpResponse:
    """One of them."""
    return _page(request, _found(request, number))


@require_POST
@staff_view(roles=ROLES, parent="oversight:police")
def refer(request: StaffRequest, number: str) -> HttpResponse:
    """Date, police unit and document number."""
    found = _found(request, number)
    form = ReferForm(request.POST)
    status = sent(form, lambda: refer_to_police(request.actor, {"case": found.case_id, **form.cleaned_data}))
    if status is None:
        messages.success(request, _("已登錄移送。"))
        return redirect("oversight:police_referral", number)
    return _page(request, found, status, refer=form)


@require_POST
@staff_view(roles=ROLES, parent="oversight:police")
def follow(request: StaffRequest, number: str) -> HttpResponse:
    """What became of it."""
    found = _found(request, number)
    form = FollowForm(request.POST, auto_id="follow_%s")
    status = sent(form, lambda: follow_referral(request.actor, {"case": found.case_id, **form.cleaned_data}))
    if status is None:
        messages.success(request, _("已登錄辦理情形。"))
        return redirect("oversight:police_referral", number)
    return _page(request, found, status, follow=form)


@require_POST
@staff_view(roles=ROLES, parent="oversight:police")
def evidence(request: StaffRequest, number: str) -> HttpResponse:
    """The archive for the police, made and handed out in one step."""
    found = _found(request, number)
    form = EvidenceForm(request.POST, auto_id="evidence_%s")
    status = 422
    if form.is_valid():
        try:
            made = pack_evidence(
                request.actor, {"case": found.case_id, "purpose": form.cleaned_data["purpose"]}
            )
        except Refused as refused:
            into_form(form, refused)
            status = refused.status
        else:
            answer = HttpResponse(made.content, content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
            answer["Cache-Control"] = "private, no-store"
            return answer
    return _page(request, found, status, evidence=form)
