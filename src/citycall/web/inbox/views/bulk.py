"""One act on the cases that were ticked: first what will happen to each, then the act, then one way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST

from citycall.base import policies
from citycall.base.commands import Actor, Refused, may, not_found
from citycall.people.queries import agencies_with, posts_of_agency
from citycall.policy import Pack
from citycall.services.cases.bulk import Foreseen, foresee
from citycall.services.cases.commands import bulk
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.naming import TAKES_CASES
from citycall.services.cases.models import Case, Status
from citycall.services.cases.queries import rows_of
from citycall.services.cases.queries.sight import looks_over
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.inbox import trays
from citycall.web.inbox.access import READERS, agencies_of
from citycall.web.inbox.forms import ManyFiles
from citycall.web.request import StaffRequest
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import Day, KeyedForm
from citycall.web.ui.words import named


class BulkForm(KeyedForm):
    """What an act on many cases asks for besides the cases."""

    def prepare(self, agencies: set[str], pack: Pack) -> None:
        """Choices that depend on whose cases were ticked."""

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in self.typed().items() if value}


class AllotForm(BulkForm):
    post = forms.ChoiceField(label=gettext_lazy("承辦人"), widget=forms.RadioSelect)

    def prepare(self, agencies: set[str], pack: Pack) -> None:
        posts = [
            post for agency in sorted(agencies) for post in posts_of_agency(agency) if post.role in WORKERS
        ]
        posts.sort(key=lambda one: (one.role != "handler", one.code))
        offer(self, "post", [(post.code, _named_post(post)) for post in posts])


def _named_post(post: Any) -> str:
    name = named((post.name_zh, post.name_en or post.name_zh))
    return f"{name}　{post.standing.display_name}" if post.standing else name


class RemindForm(BulkForm):
    text = forms.CharField(
        label=gettext_lazy("催辦內容"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class JoinForm(BulkForm):
    agencies = forms.MultipleChoiceField(
        label=gettext_lazy("加分或併會機關"), widget=forms.CheckboxSelectMultiple
    )
    text = forms.CharField(
        label=gettext_lazy("理由"), min_length=2, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    consent_level = forms.ChoiceField(label=gettext_lazy("同意層級"), required=False)
    consent_person = forms.CharField(label=gettext_lazy("同意人員"), required=False, max_length=80)
    consent_date = Day(label=gettext_lazy("同意日期"), required=False)
    memo = ManyFiles(label=gettext_lazy("簽陳"), required=False)

    def prepare(self, agencies: set[str], pack: Pack) -> None:
        others = [one for one in agencies_with(TAKES_CASES) if one.code not in agencies]
        offer(
            self, "agencies", [(one.code, named((one.name_zh, one.name_en or one.name_zh))) for one in others]
        )
        rules = [rule for rule in pack.requests if rule.effect == "join"]
        levels = [(level.code, named(level.name)) for rule in rules for level in rule.consents]
        if levels:
            offer(self, "consent_level", [("", _("請選擇")), *levels])
        asked = {one for rule in rules for one in rule.asks}
        parts = dict.fromkeys(("consent_level", "consent_person", "consent_date"), "consent")
        for name, part in {**parts, "memo": "memo"}.items():
            if part not in asked or (name == "consent_level" and not levels):
                del self.fields[name]


@dataclass(frozen=True)
class Button:
    """An act on many cases as the list offers it."""

    code: str
    label: Promise
    icon: str
    key: str
    form: type[BulkForm]


BUTTONS = (
    Button("allot", pgettext_lazy("act", "分案"), "user", "l", AllotForm),
    Button("remind", pgettext_lazy("act", "催辦"), "clock", "u", RemindForm),
    Button("join", pgettext_lazy("act", "加分、併會"), "plus", "", JoinForm),
)
_BY_CODE = {button.code: button for button in BUTTONS}
_EVENTS = {"allot": ("case.allotted", "case.registered"), "remind": ("case.reminded",)}
_COMMANDS = {"allot": "cases.allot", "remind": "cases.remind", "join": "cases.make_request"}


def offered(actor: Actor, pack: Pack) -> list[Button]:
    """The acts that this person's posts may do and the government's rules know."""
    known = {move.event for kind in pack.kinds.values() for move in kind.moves}
    found = []
    for button in BUTTONS:
        joins = button.code == "join" and any(
            rule.effect == "join" and actor.roles() & set(rule.asked_by) for rule in pack.requests
        )
        moves = button.code != "join" and bool(known & set(_EVENTS[button.code]))
        if (joins or moves) and may(actor, _COMMANDS[button.code]):
            found.append(button)
    return found


@require_POST
@staff_view(roles=READERS, parent="inbox:home")
def many(request: StaffRequest, code: str) -> HttpResponse:
    """What will happen to each of the ticked cases; pressed again, it happens."""
    pack = policies.in_force()[1]
    button = _BY_CODE.get(code)
    if button is None:
        raise not_found()
    cases = _ticked(request)
    if not cases:
        messages.warning(request, _("請先勾選案件。"))
        return redirect(back_of(request))
    agencies = {case.agency for case in cases}
    confirmed = "confirm" in request.POST
    form = button.form(request.POST if confirmed else None, request.FILES or None)
    form.prepare(agencies & agencies_of(request.actor) or agencies, pack)
    status = 200
    if confirmed:
        status = 422
        if form.is_valid():
            asked = {"act": code, "cases": [case.pk for case in cases], **form.given()}
            try:
                made = bulk.bulk(request.actor, asked, key=form.sent_key())
            except Refused as refused:
                into_form(form, refused)
                status = refused.status
            else:
                _say(request, button, made)
                return redirect(back_of(request))
    foreseen = foresee(request.actor, code, cases)
    context = {
        "button": button,
        "form": form,
        "rows": _rows(code, foreseen),
        "will": sum(one.refused is None for one in foreseen),
        "total": len(foreseen),
        "next": back_of(request),
        "minutes": int(bulk.UNDO_WITHIN.total_seconds() // 60),
    }
    return render(request, "inbox/bulk.html", context, status=status)


def _ticked(request: StaffRequest) -> list[Case]:
    """The ticked cases that this person may see."""
    given = request.POST.getlist("case")
    ids = [int(each) for each in given if each.isdecimal() and len(each) <= 18][: bulk.MOST]
    found = Case.objects.filter(pk__in=ids).order_by("pk")
    if not looks_over(request.actor):
        found = found.filter(agency__in=agencies_of(request.actor))
    return list(found)


def _rows(act: str, foreseen: list[Foreseen]) -> list[dict[str, Any]]:
    refused = {one.case.pk: one.refused for one in foreseen}
    return [
        {
            "case": row.case,
            "item": named(row.item),
            "handler": row.handler,
            "badge": (str(Status(row.case.status).label), trays.SHAPES[Status(row.case.status)]),
            "why_not": bulk.why_said(act, row.case, why) if (why := refused[row.case.pk]) is not None else "",
        }
        for row in rows_of([one.case for one in foreseen])
    ]


def _say(request: StaffRequest, button: Button, made: bulk.BulkDone) -> None:
    if made.done:
        said = ngettext("%(act)s：已辦 %(n)s 件。", "%(act)s：已辦 %(n)s 件。", len(made.done))
        messages.success(request, said % {"act": button.label, "n": len(made.done)})
    _say_refused(request, made.refused)


def _say_refused(request: StaffRequest, refused: list[bulk.OneRefused]) -> None:
    """Why some were left as they were: the same reason once, with the cases that it is about."""
    by_reason: dict[str, list[str]] = {}
    for one in refused:
        by_reason.setdefault(one.message, []).append(one.number)
    for reason, numbers in by_reason.items():
        which = "、".join(numbers[:5]) + ("…" if len(numbers) > 5 else "")
        said = {"n": len(numbers), "which": which, "why": reason}
        messages.warning(request, _("%(n)s 件未辦（%(which)s）：%(why)s") % said)


@require_POST
@staff_view(roles=READERS, parent="inbox:home")
def undo(request: StaffRequest, made: int) -> HttpResponse:
    """Take back what the last press did to many cases."""
    try:
        undone = bulk.undo_bulk(request.actor, {"bulk": made})
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect(back_of(request))
    if undone.done:
        said = ngettext("已復原 %(n)s 件。", "已復原 %(n)s 件。", len(undone.done)) % {"n": len(undone.done)}
        messages.success(request, said)
    _say_refused(request, undone.refused)
    return redirect(back_of(request))


def back_of(request: StaffRequest) -> str:
    """To the list as it was; never to another site."""
    given = request.POST.get("next", "")
    home = reverse("inbox:home")
    safe = url_has_allowed_host_and_scheme(given, allowed_hosts=None) and given.startswith(home)
    return given if safe else home
