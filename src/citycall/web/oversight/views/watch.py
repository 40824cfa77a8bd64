"""What must be looked into: empty posts, incidents, notices in trouble, looks at citizens' data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from citycall.base import clock, policies
from citycall.base.commands import not_permitted
from citycall.oversight.queries import notice_trouble
from citycall.people.queries import agency_names, party_views, role_defects, staff_names
from citycall.services.cases.models import Case, Incident
from citycall.services.cases.queries import incidents as incidents_of
from citycall.services.cases.queries import item_name
from citycall.web.access import staff_view
from citycall.web.oversight.access import ROLES, audits, sections, sees_all
from citycall.web.oversight.views.home import fast_agencies
from citycall.web.request import StaffRequest
from citycall.web.story import role_name
from citycall.web.story_words import CHANNELS, NOTICE_STATES, NOTICES
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named

LOOKS = 500
FIELDS = {
    "name": lambda: _("姓名"),
    "phone": lambda: _("電話"),
    "phone2": lambda: _("第二電話"),
    "email": lambda: _("電子郵件"),
    "address": lambda: _("地址"),
}


def _numbers(ids: set[int | None]) -> dict[int, str]:
    """Case numbers by id."""
    wanted = [one for one in ids if one is not None]
    return dict(Case.objects.filter(pk__in=wanted).values_list("pk", "number"))


@require_safe
@staff_view(roles=ROLES)
def posts(request: StaffRequest) -> HttpResponse:
    """Agencies with fast items that leave one of the three roles empty (NT-5-4-6a)."""
    if not sees_all(request.actor):
        raise not_permitted()
    fast = fast_agencies(policies.in_force()[1])
    names = agency_names()
    lines = [
        {
            "agency": named(names.get(one.agency, (one.agency, one.agency))),
            "missing": [role_name(role) for role in one.missing],
        }
        for one in role_defects(fast)
    ]
    context = {"sections": sections(request.actor, "posts"), "lines": lines, "agencies": len(fast)}
    return render(request, "oversight/posts.html", context)


@require_safe
@staff_view(roles=ROLES)
def incidents(request: StaffRequest) -> HttpResponse:
    """Reports in another's name (NT-8-1b), and cases closed before the work was done (NT-5-4-9c)."""
    if not sees_all(request.actor):
        raise not_permitted()
    early = request.GET.get("tab") == "early"
    kind = Incident.Kind.CLOSED_EARLY if early else Incident.Kind.NOT_REPORTED
    found = incidents_of(kind)
    names = agency_names()
    people = staff_names([one.recorded_by for one in found])
    here = reverse("oversight:incidents")
    rows: list[dict[str, Any]] = []
    for one in found:
        pack = policies.pack_of(one.case.policy_version_id)
        rows.append(
            {
                "incident": one,
                "item": named(item_name(pack, one.case)),
                "agency": named(names.get(one.agency, (one.agency, one.agency))),
                "by": people.get(one.recorded_by or 0, ""),
            }
        )
    return render(
        request,
        "oversight/incidents.html",
        {
            "sections": sections(request.actor, "incidents"),
            "tabs": [
                Tab(Incident.Kind.NOT_REPORTED.label, here, not early),
                Tab(Incident.Kind.CLOSED_EARLY.label, f"{here}?tab=early", early),
            ],
            "lines": rows,
            "early": early,
        },
    )


@require_safe
@staff_view(roles=ROLES)
def outbox(request: StaffRequest) -> HttpResponse:
    """Notices that have not gone out. None is lost: those that wait are tried again."""
    if not sees_all(request.actor):
        raise not_permitted()
    found = notice_trouble()
    numbers = _numbers({one.about_id for one in found if one.about_kind == "case"})
    names = agency_names()
    lines = []
    for one in found:
        state, shape = NOTICE_STATES[one.state]
        agency = (one.to_post or "").partition(".")[0]
        whose = f"{named(names[agency])} " if agency in names else ""
        lines.append(
            {
                "notice": one,
                "about": NOTICES.get(one.template, one.template),
                "channel": CHANNELS.get(one.channel, one.channel),
                "to": f"{whose}{role_name(one.role)}",
                "state": state,
                "shape": shape,
                "number": numbers.get(one.about_id, "") if one.about_kind == "case" else "",
            }
        )
    return render(
        request,
        "oversight/outbox.html",
        {"sections": sections(request.actor, "outbox"), "lines": lines},
    )


@require_safe
@staff_view(roles=ROLES)
def looks(request: StaffRequest) -> HttpResponse:
    """Who looked at which citizen's data, and why: the auditor's list."""
    if not audits(request.actor):
        raise not_permitted()
    found = party_views(since=clock.now() - timedelta(days=90), limit=LOOKS)
    numbers = _numbers({one.about_id for one in found if one.about_kind == "case"})
    people = staff_names([one.staff_id for one in found])
    lines = [
        {
            "look": one,
            "who": people.get(one.staff_id or 0, "—"),
            "number": numbers.get(one.about_id or 0, "") if one.about_kind == "case" else "",
            "fields": "、".join(FIELDS[name]() if name in FIELDS else name for name in one.fields),
        }
        for one in found
    ]
    return render(
        request,
        "oversight/looks.html",
        {"sections": sections(request.actor, "looks"), "lines": lines, "most": len(found) >= LOOKS},
    )
