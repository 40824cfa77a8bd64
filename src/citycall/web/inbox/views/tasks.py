"""What the agency owes its cases beside their clocks: the list, doing one, opening one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import policies
from citycall.base.commands import not_found, not_permitted
from citycall.services.cases import queries
from citycall.services.cases.queries import case_detail
from citycall.web import freshness
from citycall.web.access import staff_view
from citycall.web.inbox import trays
from citycall.web.inbox.access import INBOX_ROLES, READERS, agencies_of, case_for
from citycall.web.inbox.views.case import page_of
from citycall.web.request import StaffRequest
from citycall.web.tasks import OpenTaskForm, TaskForm, done, may_do, openable, opened, owes, row_of, typed
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named

COLUMNS = (
    Column("task", gettext_lazy("待辦事項")),
    Column("number", gettext_lazy("案號")),
    Column("item", gettext_lazy("項目與地點")),
    Column("due", gettext_lazy("期限")),
    Column("act", gettext_lazy("動作"), hidden_label=True),
)


@require_safe
@staff_view(roles=INBOX_ROLES)
def tasks(request: StaffRequest) -> HttpResponse:
    """The tasks of one's own agency, what is overdue first; those of one's own posts, or everybody's."""
    agencies = agencies_of(request.actor)
    everybody = request.GET.get("of") == "all"
    roles = None if everybody else request.actor.roles()
    state = ListState.of(request, COLUMNS, default="due")
    page = queries.task_list(agencies, roles=roles, page=state.page, size=state.size)
    counts = queries.counts(agencies, request.actor.staff_id)
    number, late = queries.task_counts(agencies, roles=request.actor.roles())
    seen = freshness.mark(counts, number, late, [(row.task.pk, row.overdue) for row in page.rows])
    here = reverse("inbox:tasks")
    context: dict[str, Any] = {
        "tabs": trays.tabs(
            None,
            counts,
            {},
            tasks=(number, late),
            pack=policies.in_force()[1],
        ),
        "whose": [Tab(_("我的職務"), here, not everybody), Tab(_("全機關"), f"{here}?of=all", everybody)],
        "listing": Listing(state, COLUMNS, [_row(request, row) for row in page.rows], page.has_next),
        "seen": seen,
    }
    if request.htmx and request.htmx.target == "task-list":
        if freshness.unchanged(request, seen):
            return HttpResponse(status=204)
        return render(request, "inbox/_task_list.html", {**context, "fragment": True})
    return render(request, "inbox/tasks.html", context)


def _row(request: StaffRequest, row: queries.TaskRow) -> dict[str, Any]:
    return {
        "task": row.task,
        "case": row.case,
        "name": named(row.rule.name),
        "item": named(row.item),
        "district": named(row.district),
        "mine": may_do(request.actor, row),
        "pressed": not row.rule.asks,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=READERS)
def task(request: StaffRequest, number: str, code: str) -> HttpResponse:
    """Do a task: its form, or one press where nothing is asked."""
    detail = case_detail(case_for(request.actor, number))
    row = row_of(detail, code)
    if row is None:
        raise not_found()
    if request.method != "POST":
        if not may_do(request.actor, row):
            raise not_permitted() if row.task.state == row.task.State.OPEN else not_found()
        return _page(request, page_of(request.actor, detail), TaskForm(detail=detail, rule=row.rule), row)
    form = typed(request.POST, detail, row)
    status = done(request, form)
    if status is None:
        messages.success(request, str(form.done))
        return redirect("inbox:case", number)
    if not owes(request.actor, row):  # the page of a refused form shows what the form's own page shows
        raise not_permitted()
    return _page(request, page_of(request.actor, detail), form, row, status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=READERS)
def open_task(request: StaffRequest, number: str) -> HttpResponse:
    """Open a task that this person may open on the case."""
    detail = case_detail(case_for(request.actor, number))
    choices = openable(detail, request.actor)
    if not choices:
        raise not_permitted()
    form = OpenTaskForm(request.POST or None, detail=detail, choices=choices)
    status = 200
    if request.method == "POST":
        status = opened(request, form) or 0
        if not status:
            messages.success(request, str(form.done))
            return redirect("inbox:case", number)
    context = {**page_of(request.actor, detail), "form": form, "name": _("列待辦事項")}
    return render(request, "inbox/task.html", context, status=status)


def _page(
    request: StaffRequest, page: dict[str, Any], form: TaskForm, row: queries.TaskRow, status: int = 200
) -> HttpResponse:
    context = {
        **page,
        "form": form,
        "task": row.task,
        "name": named(row.rule.name),
        "rings": queries.to_ring(row.rule, row.case),
    }
    return render(request, "inbox/task.html", context, status=status)
