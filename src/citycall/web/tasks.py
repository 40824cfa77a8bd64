"""What is owed to a case beside its clocks, as desk and inbox show it and let people do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from citycall.base import clock
from citycall.base.commands import Actor, may
from citycall.people.queries import IntakeNumber
from citycall.policy.tasks import TaskRule
from citycall.services.cases import tasks
from citycall.services.cases.acts.checks import DESK
from citycall.services.cases.commands.tasks import ENTERED
from citycall.services.cases.models import CaseTask
from citycall.services.cases.queries import CaseDetail, TaskRow, to_ring
from citycall.web.inbox.forms import ActForm, local_minute, not_before
from citycall.web.request import StaffRequest
from citycall.web.sending import acted
from citycall.web.ui import words
from citycall.web.ui.forms import Day, LocalTime
from citycall.web.ui.words import named

SHAPES = {
    CaseTask.State.OPEN: "warn",
    CaseTask.State.DONE: "done",
    CaseTask.State.CANCELLED: "off",
}


class TaskForm(ActForm):
    """What the rule of a task asks for, and nothing else."""

    command, done = "cases.do_task", lazy("已登錄完成。")
    person = forms.CharField(
        label=lazy("接洽人員"), max_length=80, help_text=lazy("和誰通話，例如：窗口本人。")
    )
    at = LocalTime(label=lazy("時間"))
    authority = forms.CharField(label=lazy("受文機關"), max_length=120)
    reference = forms.CharField(label=lazy("發文字號"), max_length=80)
    date = Day(label=lazy("發文日期"))
    text = forms.CharField(label=lazy("處理情形"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, rule: TaskRule, **kwargs: Any) -> None:
        self.rule = rule
        super().__init__(*args, auto_id=f"{rule.code}_%s", **kwargs)

    def prepare(self, detail: CaseDetail) -> None:
        for name in ENTERED:
            if name not in self.rule.asks:
                del self.fields[name]
        if "at" in self.fields:
            self.fields["at"].initial = local_minute(clock.now())

    def clean_at(self) -> Any:
        return not_before(self.cleaned_data["at"], self.detail.case.established_at)


class OpenTaskForm(ActForm):
    """A task that people may open: which, and what it is about."""

    command, done = "cases.open_task", lazy("已列入待辦，並通知權責機關。")
    task = forms.ChoiceField(label=lazy("待辦事項"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=lazy("說明"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=lazy("請勿寫入民眾的姓名或電話。"),
    )

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("task", list(choices))
        if len(choices) == 1:
            self.fields["task"].initial = choices[0][0]


@dataclass(frozen=True)
class Line:
    """One task of a case as its page shows it; with `form` where this person may do it now."""

    row: TaskRow
    name: str
    state: str
    shape: str
    owed_by: str
    said: list[tuple[str, str]]
    who: str
    rings: list[IntakeNumber]
    form: TaskForm | None

    @property
    def open(self) -> bool:
        return self.row.task.state == CaseTask.State.OPEN

    @property
    def pressed(self) -> bool:
        """Whether one press does it, because nothing is asked."""
        return self.form is not None and not self.form.rule.asks


def lines_of(detail: CaseDetail, actor: Actor, sent: TaskForm | None = None) -> list[Line]:
    """The tasks of a case, those still owed first; `sent` is the form that came back with something wrong."""
    return [_line(row, detail, actor, sent) for row in detail.tasks]


def _line(row: TaskRow, detail: CaseDetail, actor: Actor, sent: TaskForm | None) -> Line:
    task = row.task
    late = row.overdue
    form = None
    if may_do(actor, row):
        form = sent if sent is not None and sent.rule is row.rule else TaskForm(detail=detail, rule=row.rule)
    by = task.done_by if task.state != CaseTask.State.OPEN else task.opened_by
    return Line(
        row=row,
        name=named(row.rule.name),
        state=_("逾期") if late else str(CaseTask.State(task.state).label),
        shape="late" if late else SHAPES[CaseTask.State(task.state)],
        owed_by=named(row.agency),
        said=said_of(task),
        who=detail.names.get(by or 0, ""),
        rings=to_ring(row.rule, row.case) if form is not None else [],
        form=form,
    )


_SAID: dict[str, Callable[[Any], str]] = {"at": words.said, "date": words.day_said}


def said_of(task: CaseTask) -> list[tuple[str, str]]:
    """What was entered when it was done, each with its label."""
    found: list[tuple[str, str]] = []
    for name in ENTERED:
        value = getattr(task, name)
        if value:
            label = str(TaskForm.base_fields[name].label)
            found.append((label, _SAID.get(name, str)(value)))
    return found


def may_do(actor: Actor, row: TaskRow) -> bool:
    """Whether a post of this person owes this open task."""
    return row.task.state == CaseTask.State.OPEN and owes(actor, row)


def owes(actor: Actor, row: TaskRow) -> bool:
    """Whether such a task is for a post of this person, open or not. What ends by itself nobody ticks off."""
    theirs = actor.holds(*row.rule.roles, agency=row.task.agency)
    return theirs and not row.rule.done_by and may(actor, "cases.do_task")


def openable(detail: CaseDetail, actor: Actor) -> list[tuple[str, str]]:
    """The tasks that this person may open on a case now, by code and name."""
    case = detail.case
    if detail.pack.kinds[case.kind].next_status(tasks.OPENED, case.status) is None:
        return []
    open_now = {row.task.code for row in detail.tasks if row.task.state == CaseTask.State.OPEN}
    return [
        (rule.code, named(rule.name))
        for rule in tasks.rules_of(detail.pack, case.kind)
        if rule.opened_by
        and rule.code not in open_now
        and tasks.fits(rule, case, {})
        and _may_open(actor, rule, case.agency)
    ]


def _may_open(actor: Actor, rule: TaskRule, agency: str) -> bool:
    desk = DESK & set(rule.opened_by)
    return actor.holds(*desk) or actor.holds(*rule.opened_by, agency=agency)


def row_of(detail: CaseDetail, code: str) -> TaskRow | None:
    """The open task of this code, else the last one that was."""
    found = [row for row in detail.tasks if row.task.code == code]
    return next((row for row in found if row.task.state == CaseTask.State.OPEN), found[-1] if found else None)


def done(request: StaffRequest, form: TaskForm) -> int | None:
    """Do the task with what was typed. None when it is done; otherwise the status of what went wrong."""
    return acted(request.actor, form, task=form.rule.code)


def opened(request: StaffRequest, form: OpenTaskForm) -> int | None:
    """Open the task that was chosen. None when it is open; otherwise the status of what went wrong."""
    return acted(request.actor, form)


def typed(data: QueryDict, detail: CaseDetail, row: TaskRow) -> TaskForm:
    """The form of a task as it was sent."""
    return TaskForm(data, detail=detail, rule=row.rule)
