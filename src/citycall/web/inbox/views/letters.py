"""The agency's letters about places reported in vain again and again (NT-5-4-10a)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import policies
from citycall.base.commands import not_found
from citycall.services.cases.commands.repeats import send_unfounded_letter
from citycall.services.cases.models import UnfoundedLetter
from citycall.services.cases.queries import letters as letters_in
from citycall.services.cases.queries import unfounded_streak
from citycall.web.access import staff_view
from citycall.web.inbox.access import INBOX_ROLES, agencies_of, can
from citycall.web.inbox.forms import PROPOSALS, LetterForm
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named

State = UnfoundedLetter.State
TABS = (
    ("", gettext_lazy("可函復"), (State.OFFERED,)),
    ("sent", gettext_lazy("已函送"), (State.SENT,)),
    ("received", gettext_lazy("研考會已收"), (State.RECEIVED,)),
)
SHAPES = {State.OFFERED: "active", State.SENT: "neutral", State.RECEIVED: "done", State.REVOKED: "off"}


def line_of(letter: UnfoundedLetter) -> dict[str, Any]:
    """One letter as a list shows it."""
    pack = policies.pack_of(letter.last_case.policy_version_id)
    item = pack.items.get(letter.item)
    return {
        "letter": letter,
        "item": named(item.name) if item else letter.item,
        "state": State(letter.state).label,
        "shape": SHAPES[State(letter.state)],
        "proposal": PROPOSALS.get(letter.proposal, ""),
    }


@require_safe
@staff_view(roles=INBOX_ROLES)
def letters(request: StaffRequest) -> HttpResponse:
    """Letters that may be written, and those that were."""
    tab = request.GET.get("tab", "")
    current = next((one for one in TABS if one[0] == tab), TABS[0])
    here = reverse("inbox:letters")
    return render(
        request,
        "inbox/letters.html",
        {
            "lines": [line_of(one) for one in letters_in(agencies_of(request.actor), current[2])],
            "tabs": [Tab(label, f"{here}?tab={code}", code == current[0]) for code, label, _states in TABS],
            "offered": current is TABS[0],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=INBOX_ROLES)
def letter(request: StaffRequest, letter: int) -> HttpResponse:
    """The cases that were found groundless, and the agency's reasons."""
    found = UnfoundedLetter.objects.filter(pk=letter, agency__in=agencies_of(request.actor)).first()
    if found is None:
        raise not_found()
    case = found.last_case
    rule = policies.pack_of(case.policy_version_id).kinds[case.kind].unfounded
    form = LetterForm(request.POST or None, decisions=rule.decisions if rule else ())
    status = sent(
        form,
        lambda: send_unfounded_letter(
            request.actor,
            {"letter": found.pk, **form.letter()},
            key=form.sent_key(),
        ),
    )
    if status is None:
        messages.success(request, gettext_lazy("已函送研考會。"))
        return redirect("inbox:letters")
    return render(
        request,
        "inbox/letter.html",
        {
            **line_of(found),
            "form": form,
            "streak": unfounded_streak(found.cause_group, found.addr_key, found.last_case.kind),
            "may_send": found.state == State.OFFERED
            and can(request.actor, "cases.send_unfounded_letter", found.agency),
        },
        status=status,
    )
