"""Lists kept under a name: saving the one that is shown, and putting one's own in order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base import policies
from citycall.base.commands import Refused, not_found
from citycall.people.queries import agency_names
from citycall.services.cases import queries
from citycall.services.cases.commands import filters
from citycall.services.cases.models import SavedFilter
from citycall.web.access import staff_view
from citycall.web.inbox import trays
from citycall.web.inbox.access import INBOX_ROLES, agencies_of
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import KeyedForm
from citycall.web.ui.words import named


class SaveForm(KeyedForm):
    """Under which name, and for whom."""

    title = forms.CharField(label=gettext_lazy("篩選名稱"), max_length=40)
    agency = forms.ChoiceField(label=gettext_lazy("機關"))
    shared = forms.BooleanField(label=gettext_lazy("同機關的人也看得到"), required=False)

    def __init__(self, data: QueryDict | None, *, agencies: list[tuple[str, str]]) -> None:
        super().__init__(data, auto_id="save_%s")
        offer(self, "agency", agencies)
        if len(agencies) == 1:
            field = self.fields["agency"]
            field.widget = forms.HiddenInput()
            field.initial = agencies[0][0]


def agencies_named(request: StaffRequest) -> list[tuple[str, str]]:
    names = agency_names()
    return [(code, named(names.get(code, (code, code)))) for code in sorted(agencies_of(request.actor))]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=INBOX_ROLES)
def saving(request: StaffRequest, code: str) -> HttpResponse:
    """Keep the tray with the filters of the address under a name."""
    pack = policies.in_force()[1]
    tray = trays.tray_of(code, request.actor)
    chosen = trays.FilterForm(request.GET, pack=pack, agencies=agencies_of(request.actor)).chosen()
    sort = request.GET.get("sort", "")
    wanted = {"tray": tray.code, **chosen, **({"sort": sort} if sort in trays.SORTS else {})}
    posted = request.POST if request.method == "POST" else None
    form = SaveForm(posted, agencies=agencies_named(request))
    status = sent(
        form,
        lambda: filters.save_filter(request.actor, {**form.typed(), "wanted": wanted}, key=form.sent_key()),
    )
    if status is None:
        said = _("已儲存篩選「%(title)s」。") % {"title": form.cleaned_data["title"]}
        messages.success(request, said)
        return redirect(trays.list_address(wanted))
    context = {
        "form": form,
        "tray": tray,
        "said": trays.said(wanted, pack),
        "back": trays.list_address(wanted),
    }
    return render(request, "inbox/save_filter.html", context, status=status)


@require_safe
@staff_view(roles=INBOX_ROLES)
def own(request: StaffRequest) -> HttpResponse:
    """One's own saved filters, and those that others of the agency share."""
    pack = policies.in_force()[1]
    found = queries.filters_for(request.actor.staff_id, agencies_of(request.actor))
    rows = [_row(one, request) | {"said": trays.said(one.wanted, pack)} for one in found]
    mine = [row for row in rows if row["own"]]
    context = {"mine": mine, "others": [row for row in rows if not row["own"]], "last": len(mine)}
    return render(request, "inbox/filters.html", context)


def _row(one: SavedFilter, request: StaffRequest) -> dict[str, Any]:
    return {"one": one, "own": one.staff_id == request.actor.staff_id}


@require_safe
@staff_view(roles=INBOX_ROLES)
def follow(request: StaffRequest, saved: int) -> HttpResponse:
    """The list of a saved filter, by an address that stays when the filter is renamed."""
    known = queries.filters_for(request.actor.staff_id, agencies_of(request.actor))
    found = next((one for one in known if one.pk == saved), None)
    if found is None:
        raise not_found(_("找不到這個篩選。"))
    return redirect(trays.list_address(found.wanted))


@require_POST
@staff_view(roles=INBOX_ROLES, parent="inbox:filters")
def change(request: StaffRequest, saved: int) -> HttpResponse:
    """Rename, move, share, begin the day with, remove."""
    asked = request.POST.get("do", "")
    changes: dict[str, dict[str, Any]] = {
        "rename": {"title": request.POST.get("title", "")},
        "up": {"move": "up"},
        "down": {"move": "down"},
        "share": {"shared": True},
        "unshare": {"shared": False},
        "first": {"first": True},
        "not_first": {"first": False},
    }
    try:
        if asked == "remove":
            done = filters.remove_filter(request.actor, {"saved_filter": saved})
            messages.success(request, _("已移除篩選「%(title)s」。") % {"title": done.title})
        elif asked in changes:
            filters.change_filter(request.actor, {"saved_filter": saved, **changes[asked]})
            messages.success(request, _("已儲存。"))
        else:
            messages.warning(request, _("請選擇要做的事。"))
    except Refused as refused:
        if refused.status == 404:
            raise
        messages.warning(request, next(iter(refused.fields.values()), refused.message))
    return redirect("inbox:filters")
