"""The register of cases by kind, and what is still owed to them: tracking, as the steering office does it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from citycall.base import policies
from citycall.base.policies import pack_of
from citycall.people.queries import agency_names
from citycall.policy import Pack
from citycall.services.cases import queries
from citycall.services.cases.models import Status
from citycall.services.cases.queries import CaseFilter, CaseRow, TaskRow
from citycall.web.access import staff_view
from citycall.web.inbox.trays import SHAPES
from citycall.web.oversight.access import ROLES, scope, sections
from citycall.web.request import StaffRequest
from citycall.web.ui.choices import offer
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.words import named

COLUMNS = (
    Column("number", _("案號"), sort=True),
    Column("kind", _("類別")),
    Column("item", _("項目與地點")),
    Column("agency", _("權責機關")),
    Column("status", _("狀態")),
    Column("due", _("期限"), sort=True),
)
SORTS = {"number": "oldest", "-number": "newest", "due": "due", "-due": "due_last"}
TASKS = (
    Column("task", _("待辦事項")),
    Column("number", _("案號")),
    Column("item", _("項目與地點")),
    Column("agency", _("應辦機關")),
    Column("due", _("期限")),
)


class _Narrowed(forms.Form):
    def choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        offer(self, name, [("", _("全部")), *choices])

    def chosen(self) -> dict[str, Any]:
        """The valid choices alone: an address with nonsense in it is read without it."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class RegisterForm(_Narrowed):
    """What the register is narrowed to."""

    q = forms.CharField(
        label=_("找"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={"type": "search", "data-key": "/", "placeholder": _("案號、地點或內容")}
        ),
    )
    kind = forms.ChoiceField(label=_("類別"), required=False)
    agency = forms.ChoiceField(label=_("權責機關"), required=False)
    status = forms.ChoiceField(label=_("狀態"), required=False)
    overdue = forms.BooleanField(label=_("只看逾限"), required=False)

    def __init__(self, data: QueryDict, *, pack: Pack, agencies: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.choose("kind", [(kind.code, named(kind.name)) for kind in pack.kinds.values()])
        self.choose("agency", agencies)
        self.choose("status", [("open", str(_("未結"))), *((one.value, str(one.label)) for one in Status)])


class TaskFilterForm(_Narrowed):
    code = forms.ChoiceField(label=_("待辦事項"), required=False)
    agency = forms.ChoiceField(label=_("應辦機關"), required=False)

    def __init__(self, data: QueryDict, *, pack: Pack, agencies: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.choose("code", [(rule.code, named(rule.name)) for rule in pack.tasks])
        self.choose("agency", agencies)


@require_safe
@staff_view(roles=ROLES)
def cases(request: StaffRequest) -> HttpResponse:
    """Every case of a kind with its state and due time (TP-2-1-5, KM-7-7b); of the agencies within reach."""
    form = RegisterForm(request.GET, pack=policies.in_force()[1], agencies=_agencies(request))
    chosen = form.chosen()
    agency = chosen.pop("agency", "")
    state = ListState.of(request, COLUMNS, default="-number")
    page = queries.case_list(
        CaseFilter(agencies=[agency] if agency else scope(request.actor), **chosen),
        sort=SORTS[state.sort_by],
        page=state.page,
        size=state.size,
    )
    rows = [_row(row) for row in page.rows]
    context = {
        "sections": sections(request.actor, "cases"),
        "form": form,
        "listing": Listing(state, COLUMNS, rows, page.has_next),
    }
    return render(request, "oversight/cases.html", context)


@require_safe
@staff_view(roles=ROLES)
def owed(request: StaffRequest) -> HttpResponse:
    """What agencies still owe their cases: dunning not passed on and the like (TP-6-3-4c)."""
    form = TaskFilterForm(request.GET, pack=policies.in_force()[1], agencies=_agencies(request))
    chosen = form.chosen()
    state = ListState.of(request, TASKS, default="due")
    agency = chosen.get("agency", "")
    reach = [agency] if agency else scope(request.actor)
    page = queries.task_list(reach, code=chosen.get("code", ""), page=state.page, size=state.size)
    context = {
        "sections": sections(request.actor, "owed"),
        "form": form,
        "listing": Listing(state, TASKS, [_task(row) for row in page.rows], page.has_next),
    }
    return render(request, "oversight/owed.html", context)


def _agencies(request: StaffRequest) -> list[tuple[str, str]]:
    """The agencies within this person's reach, by code and name."""
    reach = scope(request.actor)
    return [(code, named(name)) for code, name in agency_names().items() if reach is None or code in reach]


def _row(row: CaseRow) -> dict[str, Any]:
    case = row.case
    status = Status(case.status)
    return {
        "case": case,
        "kind": named(pack_of(case.policy_version_id).kinds[case.kind].name),
        "item": named(row.item),
        "district": named(row.district),
        "agency": named(row.agency),
        "badge": (status.label, SHAPES[status]),
        "off": status in (Status.WITHDRAWN, Status.RELEASED),
        "stopped": case.completed_at or case.closed_at or case.withdrawn_at or case.released_at,
    }


def _task(row: TaskRow) -> dict[str, Any]:
    return {
        "task": row.task,
        "case": row.case,
        "name": named(row.rule.name),
        "item": named(row.item),
        "agency": named(row.agency),
    }
