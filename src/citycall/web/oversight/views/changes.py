"""A change of the rules on its way: drafted, looked at, submitted, approved (KM-10-3b, TP-9-3b)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from citycall.base import clock, policies
from citycall.base.commands import Refused, execute, not_found, not_permitted
from citycall.oversight.changes import (
    Draft,
    ItemChange,
    change_for,
    conflicts,
    draft_of,
    edits_of,
    had_a_hand,
    item_changes,
    open_cases,
    policy_changes,
)
from citycall.oversight.items import LABELS
from citycall.oversight.models import PolicyChange
from citycall.oversight.policy_commands import propose_change
from citycall.oversight.wording import stale
from citycall.people.queries import agency_names, staff_names
from citycall.policy import PackError
from citycall.policy.text import language
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.oversight.access import POLICY_READERS, approves, may_steer, sections, sees_changes
from citycall.web.oversight.policy_forms import ChangeForm, DecisionForm
from citycall.web.oversight.rule_words import brief, word_of
from citycall.web.oversight.rules import place_named
from citycall.web.oversight.views.policy import differences_of
from citycall.web.request import StaffRequest
from citycall.web.ui.templatetags.ui import Entry, Tab
from citycall.web.ui.words import named, said

P = ParamSpec("P")
State = PolicyChange.State
UNDER_WAY = (State.DRAFT, State.SUBMITTED, State.REFUSED)
SHAPES = {
    State.DRAFT: "neutral",
    State.SUBMITTED: "active",
    State.APPROVED: "done",
    State.REFUSED: "late",
    State.WITHDRAWN: "off",
}
SUCCESS = {
    "submit": lazy("已送核。"),
    "withdraw": lazy("已撤回。"),
    "rebase": lazy("已移到最新的規則，請再看一次差異。"),
}
CONFIRMS = {"submit": lazy("送核"), "withdraw": lazy("撤回修正"), "decide": lazy("核定修正")}
COMMANDS = {"submit": "submit_change", "withdraw": "withdraw_change", "rebase": "rebase_change"}


@require_safe
@staff_view(roles=POLICY_READERS)
def changes(request: StaffRequest) -> HttpResponse:
    """Changes of the rules: those under way, and all there were."""
    if not sees_changes(request.actor):
        raise not_permitted()
    every = request.GET.get("tab") == "all"
    found = policy_changes(() if every else UNDER_WAY)
    names = staff_names({one.proposed_by for one in found} | {one.decided_by for one in found})
    return render(
        request,
        "oversight/policy_changes.html",
        {
            "sections": sections(request.actor, "policy"),
            "tabs": [Tab(_("進行中"), "?", not every), Tab(_("全部"), "?tab=all", every)],
            "lines": [
                {
                    "change": one,
                    "state": State(one.state).label,
                    "shape": SHAPES[State(one.state)],
                    "since": said(one.effective_from) if one.effective_from else "",
                    "by": names.get(one.proposed_by or 0, ""),
                    "decided": names.get(one.decided_by or 0, ""),
                }
                for one in found
            ],
            "proposes": may_steer(request.actor, "oversight.propose_change"),
        },
    )


def change_or_404(request: StaffRequest, pk: int) -> PolicyChange:
    """The change, if this person may see it: an approved one everybody may who reads the rules."""
    found = change_for(pk)
    if found is None or not (sees_changes(request.actor) or found.state == State.APPROVED):
        raise not_found()
    return found


def editable(request: StaffRequest, pk: int) -> PolicyChange:
    """A draft that this person may go on with."""
    if not may_steer(request.actor, "oversight.propose_change"):
        raise not_permitted()
    found = change_or_404(request, pk)
    if found.state not in (State.DRAFT, State.REFUSED):
        raise Refused("wrong_status", _("這件修正已不能修改。"))
    return found


def at_the_draft(
    view: Callable[Concatenate[StaffRequest, P], HttpResponse],
) -> Callable[Concatenate[StaffRequest, P], HttpResponse]:
    """What a draft can no longer undergo is said on its own page, where what is so now stands."""

    @wraps(view)
    def led(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            if refused.status in (403, 404):
                raise
            messages.error(request, refused.message)
            return redirect("oversight:change", kwargs["change"])

    return led


def attempt(form: forms.Form, act: Any, names: Mapping[str, str] | None = None) -> int:
    """Do it; what is refused is put beside the field. The status of the answer, 0 when it was done."""
    try:
        act()
    except Refused as refused:
        if refused.status in (403, 404):
            raise
        into_form(form, refused, names)
        return refused.status
    return 0


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS)
def new(request: StaffRequest) -> HttpResponse:
    """A draft begins: what it is about, why, from which day."""
    if not may_steer(request.actor, "oversight.propose_change"):
        raise not_permitted()
    form = ChangeForm(request.POST or None, initial=ChangeForm.first())
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made: list[int] = []
            status = attempt(form, lambda: made.append(propose_change(request.actor, form.values()).change))
            if not status:
                table, _dot, slug = request.GET.get("edit", "").partition(".")
                if table == "items":
                    return redirect("oversight:change_items", made[0])
                if table in ("settings", "readings") and slug:
                    return redirect("oversight:change_value", made[0], table, slug)
                return redirect("oversight:change", made[0])
    context = {
        "sections": sections(request.actor, "policy"),
        "form": form,
        "edit": request.GET.get("edit", ""),
    }
    return render(request, "oversight/policy_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS)
@at_the_draft
def head(request: StaffRequest, change: int) -> HttpResponse:
    """Title, reason and day of a draft."""
    found = editable(request, change)
    first = ChangeForm.first(found, edits_of(found).document)
    form = ChangeForm(request.POST or None, initial=first)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status = attempt(
                form, lambda: propose_change(request.actor, {"change": found.pk, **form.values()})
            )
            if not status:
                messages.success(request, _("已存。"))
                return redirect("oversight:change", found.pk)
    context = {"sections": sections(request.actor, "policy"), "form": form, "change": found}
    return render(request, "oversight/policy_new.html", context, status=status)


@require_safe
@staff_view(roles=POLICY_READERS)
def change(request: StaffRequest, change: int) -> HttpResponse:
    """One change: what it changes, what it touches, who has done what, and what may be done next."""
    return page(request, change_or_404(request, change))


def page(request: StaffRequest, found: PolicyChange) -> HttpResponse:
    draft: Draft | None = None
    broken = ""
    try:
        draft = draft_of(found)
    except PackError as error:
        broken = str(error)
    state = State(found.state)
    steers, approver = may_steer(request.actor, "oversight.propose_change"), approves(request.actor)
    latest = policies.latest()
    moved = state in UNDER_WAY and latest.pk != found.base_id
    own = request.user.pk in had_a_hand(found)
    edits = edits_of(found)
    names = staff_names([found.proposed_by, found.submitted_by, found.decided_by, found.withdrawn_by])
    differences = differences_of(draft.differences, draft.before, draft.after) if draft else {}
    clashes = conflicts(found, latest) if moved and draft else []
    return render(
        request,
        "oversight/policy_change.html",
        {
            "sections": sections(request.actor, "policy"),
            "change": found,
            "state": state.label,
            "shape": SHAPES[state],
            "document": edits.document,
            "since": said(found.effective_from) if found.effective_from else "",
            "edits": [_edit(draft, name) for name in edits.names],
            "broken": broken,
            "items": _items(found) if draft else [],
            "open_cases": open_cases(),
            "conflicts": [place_named(draft.before, name) for name in clashes] if draft else [],
            "moved": moved,
            "latest": latest,
            "steps": _steps(found, names),
            "edits_it": steers and state in (State.DRAFT, State.REFUSED),
            "submits": steers and state == State.DRAFT and bool(edits.names) and not moved,
            "decides": approver and state == State.SUBMITTED and not own,
            "own": approver and own and state == State.SUBMITTED,
            "withdraws": _withdraws(found, steers=steers, approver=approver),
            "rebases": steers and moved,
            "rehearses": sees_changes(request.actor) and draft is not None and bool(edits.names),
            "stale": _stale(draft) if state in UNDER_WAY else [],
            **differences,
        },
    )  # fmt: skip


def _edit(draft: Draft | None, name: str) -> dict[str, str]:
    table, _dot, code = name.partition(".")
    said = place_named(draft.after, name) if draft and table != "files" else code
    return {"name": name, "table": table, "code": code, "said": said}


def _items(found: PolicyChange) -> list[dict[str, Any]]:
    return item_lines(item_changes(found))


def item_lines(found: Iterable[ItemChange]) -> list[dict[str, Any]]:
    """Changes of items in words, each cell with what its column is called."""
    names = agency_names()
    kinds = {"added": (_("新增"), "info"), "changed": (_("修改"), "active"), "ended": (_("停止受理"), "off")}
    return [
        {
            "item": one,
            "kind": kinds[one.kind],
            "cells": [
                (str(LABELS.get(name, name)), _cell(name, before, names), _cell(name, after, names))
                for name, before, after in one.cells
            ],
        }
        for one in found
    ]


def _cell(name: str, cell: str, agencies: Mapping[str, tuple[str, str]]) -> str:
    """A cell as people read it: an agency and a kind by their names, a limit and a flag in words."""
    if name == "kind":
        kind = policies.in_force()[1].kinds.get(cell)
        return named(kind.name) if kind is not None else word_of(cell)
    if name == "agency" and cell in agencies:
        return named(agencies[cell])
    if name in ("stage1", "stage2_max"):
        return word_of(cell)
    if cell in ("yes", "no"):
        return _("是") if cell == "yes" else _("否")
    return cell


def _withdraws(found: PolicyChange, *, steers: bool, approver: bool) -> bool:
    if found.state == State.APPROVED:
        since = found.version.since if found.version else None
        return approver and since is not None and since > clock.now()
    return steers and found.state in UNDER_WAY


def _steps(found: PolicyChange, names: Mapping[int, str]) -> list[Entry]:
    """Who did what, when (AE-10)."""

    def who(staff: int | None) -> str:
        return names.get(staff or 0, "")

    steps = [Entry(found.proposed_at, _("提出"), found.note, who(found.proposed_by))]
    if found.submitted_at:
        steps.append(Entry(found.submitted_at, _("送核"), "", who(found.submitted_by), "active"))
    if found.decided_at:
        approved = found.version_id is not None
        title, kind = (_("核定"), "done") if approved else (_("不予核定"), "late")
        steps.append(Entry(found.decided_at, title, found.decision_reason, who(found.decided_by), kind))
    if found.version is not None and found.effective_from is not None and found.state == State.APPROVED:
        said = _("%(version)s 版生效") % {"version": found.version.version}
        steps.append(
            Entry(found.effective_from, said, kind="info" if found.effective_from > clock.now() else "done")
        )
    if found.withdrawn_at:
        steps.append(Entry(found.withdrawn_at, _("撤回"), "", who(found.withdrawn_by), "off"))
    return sorted(steps, key=lambda step: step.at)


# --- before an act ---------------------------------------------------------------------------------------


def summary(found: PolicyChange, draft: Draft | None) -> dict[str, Any]:
    """What a change changes, from when, which open cases it concerns, and which words still name what was."""
    items = _items(found) if draft else []
    kinds = {"added": _("新增 %(n)s 項"), "changed": _("修改 %(n)s 項"), "ended": _("停止受理 %(n)s 項")}
    counted = {kind: sum(line["item"].kind == kind for line in items) for kind in kinds}
    return {
        "since": said(found.effective_from) if found.effective_from else "",
        "edits": [_edit(draft, name) for name in edits_of(found).names if not name.startswith("items.")],
        "items": items,
        "item_counts": "、".join(
            words % {"n": counted[kind]} for kind, words in kinds.items() if counted[kind]
        ),
        "open_cases": open_cases(),
        "open_of_items": sum(line["item"].open_cases for line in items),
        "stale": _stale(draft),
    }


def _stale(draft: Draft | None) -> list[dict[str, str]]:
    """The words that still name the old value, each with its place and what is so now.

    Those of the reader's language are quoted; of the other it is said that they have to be mended too.
    """
    if draft is None:
        return []
    here = language(get_language())
    return [
        {
            "place": place_named(draft.after, one.place),
            "text": one.text if one.language == here else "",
            "named": "、".join(map(brief, one.named)),
            "now": "、".join(map(brief, one.now)),
        }
        for one in stale(draft.before, draft.after)
    ]


def _confirmed(request: StaffRequest, found: PolicyChange, what: str, **more: Any) -> HttpResponse:
    """The summary before an act; the act itself is what its form sends."""
    try:
        draft: Draft | None = draft_of(found)
    except PackError:
        draft = None
    context = {
        "sections": sections(request.actor, "policy"),
        "change": found,
        "what": what,
        "title": CONFIRMS[what],
        "state": State(found.state).label,
        "shape": SHAPES[State(found.state)],
        **summary(found, draft),
        **(differences_of(draft.differences, draft.before, draft.after) if draft else {}),
    }
    status = more.pop("status", 200)
    return render(request, "oversight/policy_confirm.html", context | more, status=status)


def _submittable(found: PolicyChange) -> None:
    """Refuse, before a summary is shown, what the command would refuse to submit."""
    if policies.latest().pk != found.base_id:
        raise Refused("base_moved", _("規則已經修正，要先把草案移到最新的規則，才能送核。"))
    if not edits_of(found).names:
        raise Refused("nothing_changed", _("草案還沒有任何修正。"), status=422)


def _steers(request: StaffRequest) -> bool:
    return may_steer(request.actor, "oversight.propose_change")


# --- acts ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS, parent="oversight:changes")
@at_the_draft
def act(request: StaffRequest, change: int, act: str) -> HttpResponse:
    """Submit, withdraw or rebase; asked for and not sent, what it would do."""
    found = change_or_404(request, change)
    if request.method != "POST":
        approver = approves(request.actor)
        if act == "submit" and found.state == State.DRAFT and _steers(request):
            _submittable(found)
        may = {
            "submit": _steers(request) and found.state == State.DRAFT,
            "withdraw": _withdraws(found, steers=_steers(request), approver=approver),
        }
        return _confirmed(request, found, act) if may.get(act) else redirect("oversight:change", found.pk)
    execute(f"oversight.{COMMANDS[act]}", request.actor, {"change": found.pk})
    messages.success(request, SUCCESS[act])
    return redirect("oversight:change", found.pk)


@require_POST
@staff_view(roles=POLICY_READERS, parent="oversight:changes")
@at_the_draft
def drop(request: StaffRequest, change: int) -> HttpResponse:
    """Leave one thing as it is after all."""
    found = editable(request, change)
    propose_change(request.actor, {"change": found.pk, "drop": [request.POST.get("name", "")[:140]]})
    return redirect("oversight:change", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=POLICY_READERS, parent="oversight:changes")
def decide(request: StaffRequest, change: int) -> HttpResponse:
    """Approve or refuse, with what it changes in sight."""
    found = change_or_404(request, change)
    if request.method != "POST":
        own = request.user.pk in had_a_hand(found)
        if found.state != State.SUBMITTED or own or not approves(request.actor):
            return redirect("oversight:change", found.pk)
        return _confirmed(request, found, "decide", decision=DecisionForm())
    form = DecisionForm(request.POST)
    approve = request.POST.get("approve") == "yes"
    if not form.is_valid():
        return _confirmed(request, found, "decide", decision=form, status=422)
    reason, seen = form.cleaned_data["reason"], request.POST.get("seen") or None
    given = {"change": found.pk, "approve": approve, "reason": reason, "seen": seen}
    status = attempt(form, lambda: execute("oversight.decide_change", request.actor, given))
    if status:
        return _confirmed(request, found, "decide", decision=form, status=status)
    messages.success(request, _("已核定。") if approve else _("已退回提案單位。"))
    return redirect("oversight:change", found.pk)
