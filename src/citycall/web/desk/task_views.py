"""What the call centre itself owes: telephone notices to give, citizens to ring, cases to close."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from citycall.base.commands import not_found, not_permitted
from citycall.services.cases import queries
from citycall.services.cases.acts.checks import DESK
from citycall.services.cases.commands.closing import close as close_case
from citycall.services.cases.commands.tracking import release as release_case
from citycall.web.access import staff_view
from citycall.web.desk.case_views import case_of, case_page
from citycall.web.desk.forms.acts import CloseForm
from citycall.web.desk.frame import OPERATORS, bar, draw, own_agencies
from citycall.web.inbox.track_forms import ReleaseForm
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.tasks import OpenTaskForm, done, openable, opened, owes, row_of, typed
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named

TASKS = (
    Column("task", gettext_lazy("待辦事項")),
    Column("number", gettext_lazy("案號")),
    Column("item", gettext_lazy("項目與地點")),
    Column("agency", gettext_lazy("權責機關")),
    Column("due", gettext_lazy("期限")),
)
CALLS = (
    Column("number", gettext_lazy("案號")),
    Column("item", gettext_lazy("項目與地點")),
    Column("agency", gettext_lazy("權責機關")),
    Column("since", gettext_lazy("辦畢時間")),
)


@require_safe
@staff_view(roles=OPERATORS)
def owed(request: StaffRequest) -> HttpResponse:
    """How much is owed: the live part of the bar."""
    return render(request, "desk/_owed.html", bar(request))


@require_safe
@staff_view(roles=OPERATORS)
def tasks(request: StaffRequest) -> HttpResponse:
    """The call centre's own list: what it must still do, what is overdue first."""
    own = own_agencies(request.actor)
    calls = request.GET.get("tab") == "calls"
    columns = CALLS if calls else TASKS
    state = ListState.of(request, columns, default="due")
    number, late = queries.task_counts(own, roles=request.actor.roles())
    to_ring = queries.calls_owed_count(own)
    if calls:
        found = queries.calls_owed(own, state.page, state.size)
        rows: list[Any] = queries.rows_of([one.case for one in found[: state.size]])
        has_next = len(found) > state.size
    else:
        page = queries.task_list(own, roles=request.actor.roles(), page=state.page, size=state.size)
        rows, has_next = [_row(row) for row in page.rows], page.has_next
    here = reverse("desk:tasks")
    shape = "late" if late else "warn" if number else ""
    tabs = [
        Tab(_("待辦事項"), here, not calls, number, shape),
        Tab(_("待回電民眾"), f"{here}?tab=calls", calls, to_ring, "warn" if to_ring else ""),
    ]
    context = {"tabs": tabs, "calls": calls, "listing": Listing(state, columns, rows, has_next)}
    return draw(request, "desk/tasks.html", context)


def _row(row: queries.TaskRow) -> dict[str, Any]:
    return {"task": row.task, "case": row.case, "row": row, "name": named(row.rule.name)}


@require_POST
@staff_view(roles=OPERATORS, parent="desk:tasks")
def task(request: StaffRequest, number: str, code: str) -> HttpResponse:
    """Do a task of a case, with what its rule asks for."""
    case = case_of(number)
    detail = queries.case_detail(case)
    row = row_of(detail, code)
    if row is None:
        raise not_found()
    form = typed(request.POST, detail, row)
    status = done(request, form)
    if status is not None:
        if not owes(request.actor, row):  # nobody is shown a form that is not theirs
            raise not_permitted()
        return case_page(request, case, task=form, status=status)
    messages.success(request, str(form.done))
    return redirect("desk:established" if request.POST.get("back") == "established" else "desk:case", number)


@require_POST
@staff_view(roles=OPERATORS, parent="desk:home")
def open_task(request: StaffRequest, number: str) -> HttpResponse:
    """Flag a delivery that failed, ask the agency for a further explanation (NT-4-1-2, TP-6-4c)."""
    case = case_of(number)
    detail = queries.case_detail(case)
    choices = openable(detail, request.actor)
    if not choices:
        raise not_permitted()
    form = OpenTaskForm(request.POST, detail=detail, choices=choices)
    status = opened(request, form)
    if status is not None:
        return case_page(request, case, opening=form, status=status)
    messages.success(request, str(form.done))
    return redirect("desk:case", number)


@require_POST
@staff_view(roles=OPERATORS, parent="desk:home")
def close(request: StaffRequest, number: str) -> HttpResponse:
    """The call centre closes, once the citizen was told or cannot be (KM-6-1f, KM-7-4b)."""
    case = case_of(number)
    form = CloseForm(request.POST)
    status = sent(form, lambda: close_case(request.actor, {"case": case.pk, **form.cleaned_data}))
    if status is None:
        messages.success(request, _("已結案。"))
        return redirect("desk:case", number)
    reply = queries.case_detail(case).pack.kinds[case.kind].reply
    if not request.actor.holds(*(DESK & set(reply.closed_by))):
        raise not_permitted()
    return case_page(request, case, closing=form, status=status)


@require_POST
@staff_view(roles=OPERATORS, parent="desk:home")
def release(request: StaffRequest, number: str) -> HttpResponse:
    """The call centre releases a dispatch from tracking, where the pack leaves it to it (TP-6-6-0)."""
    case = case_of(number)
    detail = queries.case_detail(case)
    form = ReleaseForm(request.POST, detail=detail, auto_id="release_%s")
    status = sent(
        form, lambda: release_case(request.actor, {"case": case.pk, **form.values()}, key=form.sent_key())
    )
    if status is None:
        messages.success(request, str(form.done))
        return redirect("desk:case", number)
    rule = detail.pack.kinds[case.kind].release
    if rule is None or not request.actor.holds(*rule.by, agency=rule.by_agency):
        raise not_permitted()
    return case_page(request, case, release=form, status=status)
