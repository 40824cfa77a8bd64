"""The commission receives an agency's letter, or sends it back; later it may take it off (NT-5-4-10b)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base.commands import not_found, not_permitted
from citycall.people.queries import agency_names, staff_names
from citycall.services.cases.commands.repeats import receive_unfounded_letter, revoke_unfounded_letter
from citycall.services.cases.models import UnfoundedLetter
from citycall.services.cases.queries import letters as letters_in
from citycall.services.cases.queries import unfounded_streak
from citycall.web.access import staff_view
from citycall.web.inbox.views.letters import line_of
from citycall.web.oversight.access import ROLES, may_steer, sections, sees_all
from citycall.web.oversight.forms import RevokeForm
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named

State = UnfoundedLetter.State


@require_safe
@staff_view(roles=ROLES)
def letters(request: StaffRequest) -> HttpResponse:
    """Letters that have come, those in force, those the agencies may still write."""
    if not sees_all(request.actor):
        raise not_permitted()
    tabs = (
        ("", _("待收"), State.SENT),
        ("received", _("已收，改以陳情受理"), State.RECEIVED),
        ("offered", _("機關可函復"), State.OFFERED),
        ("revoked", _("已取消"), State.REVOKED),
    )
    current = next((one for one in tabs if one[0] == request.GET.get("tab", "")), tabs[0])
    names = agency_names()
    here = reverse("oversight:letters")
    return render(
        request,
        "oversight/letters.html",
        {
            "sections": sections(request.actor, "letters"),
            "tabs": [Tab(label, f"{here}?tab={code}", code == current[0]) for code, label, _state in tabs],
            "lines": [
                {**line_of(one), "agency": named(names.get(one.agency, (one.agency, one.agency)))}
                for one in letters_in(None, [current[2]])
            ],
            "first": current is tabs[0],
        },
    )


def _letter(request: StaffRequest, pk: int) -> UnfoundedLetter:
    if not sees_all(request.actor):
        raise not_permitted()
    found = UnfoundedLetter.objects.select_related("last_case").filter(pk=pk).first()
    if found is None:
        raise not_found()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=ROLES)
def letter(request: StaffRequest, letter: int) -> HttpResponse:
    """The letter with its cases. A POST takes it off: the matter may be reported as fast again."""
    found = _letter(request, letter)
    form = RevokeForm(request.POST or None)
    status = sent(
        form, lambda: revoke_unfounded_letter(request.actor, {"letter": found.pk, **form.cleaned_data})
    )
    if status is None:
        messages.success(request, _("已取消，這個地點恢復以快速案件受理。"))
        return redirect("oversight:letters")
    names = agency_names()
    return render(
        request,
        "oversight/letter.html",
        {
            "sections": sections(request.actor, "letters"),
            **line_of(found),
            "agency": named(names.get(found.agency, (found.agency, found.agency))),
            "signed_by": staff_names([found.signed_by]).get(found.signed_by or 0, ""),
            "streak": unfounded_streak(found.cause_group, found.addr_key, found.last_case.kind),
            "receives": found.state == State.SENT
            and may_steer(request.actor, "cases.receive_unfounded_letter"),
            "revokes": found.state == State.RECEIVED
            and may_steer(request.actor, "cases.revoke_unfounded_letter"),
            "form": form,
        },
        status=status,
    )


@require_POST
@staff_view(roles=ROLES)
def receive(request: StaffRequest, letter: int) -> HttpResponse:
    """Take the letter, or send it back to the agency."""
    found = _letter(request, letter)
    accept = request.POST.get("accept") == "yes"
    receive_unfounded_letter(request.actor, {"letter": found.pk, "accept": accept})
    if accept:
        messages.success(request, _("已收函。這個地點再有相同案件，改以陳情受理。"))
    else:
        messages.success(request, _("已退回機關補充理由。"))
    return redirect("oversight:letters")
