"""The agency's own directory: posts, who holds them, who stands in, who is away (NT-5-4-6a, NT-5-4-6b)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import policies
from citycall.base.commands import Refused, not_found, not_permitted
from citycall.people.commands import assign_post
from citycall.people.models import Staff
from citycall.people.queries import PostLine, agency_names, may_fill, posts_of_agency
from citycall.web.access import staff_view
from citycall.web.inbox.access import INBOX_ROLES, agencies_of
from citycall.web.inbox.forms import HolderForm
from citycall.web.inbox.views.home import defects_for
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.story import role_name
from citycall.web.ui.words import named


@require_safe
@staff_view(roles=INBOX_ROLES)
def posts(request: StaffRequest) -> HttpResponse:
    """Every post of one's own agency."""
    names = agency_names()
    agencies = sorted(agencies_of(request.actor))
    return render(
        request,
        "inbox/posts.html",
        {
            "groups": [
                {
                    "agency": named(names.get(agency, (agency, agency))),
                    "lines": [
                        {**_line(line), "changes": may_fill(request.actor, agency, line.role)}
                        for line in posts_of_agency(agency)
                    ],
                }
                for agency in agencies
            ],
            "defects": defects_for(request.actor, policies.in_force()[1]),
        },
    )


def _line(line: PostLine) -> dict[str, Any]:
    return {
        "line": line,
        "name": named((line.name_zh or line.code, line.name_en or line.code)),
        "role": role_name(line.role),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=INBOX_ROLES)
def post(request: StaffRequest, code: str) -> HttpResponse:
    """Give a post of one's own agency to somebody else; the call centre is told (NT-5-4-6b)."""
    agency = code.partition(".")[0]
    lines = posts_of_agency(agency) if agency in agencies_of(request.actor) else []
    line = next((one for one in lines if one.code == code), None)
    if line is None:
        raise not_found()
    if not may_fill(request.actor, agency, line.role):
        raise not_permitted()
    form = HolderForm(request.POST or None, colleagues=_colleagues(lines, line))
    status = sent(form, lambda: assign_post(request.actor, {"post": code, "staff": _chosen(form)}))
    if status is None:
        messages.success(request, _("職務已異動，已通知話務中心。"))
        return redirect("inbox:posts")
    return render(request, "inbox/post.html", {**_line(line), "form": form}, status=status)


def _colleagues(lines: list[PostLine], besides: PostLine) -> list[tuple[str, str]]:
    people: dict[int, str] = {}
    for line in lines:
        for person in (line.holder, *line.deputies):
            if person is not None and person != besides.holder and person.is_active:
                people[person.pk] = f"{person.display_name}（{person.username}）"
    return [(str(pk), name) for pk, name in sorted(people.items(), key=lambda pair: pair[1])]


def _chosen(form: HolderForm) -> int | None:
    """The person's id; None leaves the post empty."""
    if form.cleaned_data["username"]:
        staff = Staff.objects.filter(username__iexact=form.cleaned_data["username"], is_active=True).first()
        if staff is None:
            message = _("查無此人員，或帳號已停用。")
            raise Refused("invalid", message, fields={"username": message}, status=422)
        return staff.pk
    given = form.cleaned_data["staff"]
    return None if given == "none" else int(given)
