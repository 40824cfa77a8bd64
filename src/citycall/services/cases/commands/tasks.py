"""Tasks of a case: opened by hand, done with what the pack asks for."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.policy.tasks import TaskRule
from citycall.services.cases import tasks
from citycall.services.cases.acts.checks import DESK, OWING
from citycall.services.cases.commands.completion import Date
from citycall.services.cases.commands.inputs import Instant, OfCase, OneLine
from citycall.services.cases.lifecycle import load_for_change, next_status, pack_for, tell_task
from citycall.services.cases.models import Case, CaseTask


class TaskDone(BaseModel):
    task: int
    case: int
    code: str
    state: str


class OpenTask(OfCase):
    """Which task, and what it is about."""

    task: Code
    note: Annotated[str, Field(min_length=2, max_length=1000)]


@command("cases.open_task", who=OWING, clauses=("NT-4-1-2", "TP-6-4c"), keyed=True)
def open_task(ctx: Context, data: OpenTask) -> TaskDone:
    """Open a task that people may open: a notice that did not arrive, a further explanation asked for.

    It stays open until it is done; a closed case stays closed (TP-6-4c).
    """
    case = load_for_change(data.case)
    pack = pack_for(case)
    rule = tasks.rule_of(pack, case, data.task)
    _require_opener(ctx, rule, case)
    if rule is None or not rule.opened_by:
        message = _("沒有這種待辦事項。")
        raise Refused("invalid", message, fields={"task": message}, status=422)
    next_status(pack, case, tasks.OPENED)
    if not tasks.fits(rule, case, {}):
        raise Refused("wrong_status", _("案件目前的狀態不適用這種待辦事項。"), info={"status": case.status})
    if _open_of(case, rule.code) is not None:
        raise Refused("already_open", _("這件待辦事項已經列管，尚未完成。"), status=409)
    task = tasks.open_task(ctx, pack, case, rule, data.note, by=ctx.actor.staff_id)
    tell_task(ctx, case, tasks.OPENED, task)
    ctx.audit("case", case.pk, task=task.pk)
    return _done(task)


def _require_opener(ctx: Context, rule: TaskRule | None, case: Case) -> None:
    roles = rule.opened_by if rule is not None and rule.opened_by else OWING
    desk = DESK & set(roles)
    if desk & ctx.actor.roles():
        ctx.require_role(*desk)
    else:
        ctx.require_role(*roles, agency=case.agency)


class DoTask(OfCase):
    """Which task, and what its rule asks for: who was spoken to, when, what was said, a letter."""

    task: Code
    person: Annotated[str, OneLine, Field(max_length=80)] = ""
    at: Instant | None = None
    text: Annotated[str, Field(max_length=2000)] = ""
    reference: Annotated[str, OneLine, Field(max_length=80)] = ""
    date: Date | None = None
    authority: Annotated[str, OneLine, Field(max_length=120)] = ""


ENTERED = ("person", "at", "text", "reference", "date", "authority")


@command(
    "cases.do_task",
    who=OWING,
    clauses=("KM-6-1b", "KM-6-1f", "KM-7-1b", "NT-4-1-2", "TP-6-3-4c", "TP-6-4c", "TP-6-7b", "TP-6-7c"),
    keyed=True,
)
def do_task(ctx: Context, data: DoTask) -> TaskDone:
    """Say that an open task is done, with what its rule asks for; who and when is kept.

    Only the roles that the rule names, in the agency that owes it. A letter to an authority outside the city
    is kept on the case as well, with its number and date (TP-6-7c).
    """
    case = load_for_change(data.case)
    rule = tasks.rule_of(pack_for(case), case, data.task)
    task = _open_of(case, data.task)
    if rule is None:
        ctx.require_role(*OWING, agency=case.agency)
    else:  # who owes it is kept with it, and stays so when the case passes to another agency
        ctx.require_role(*rule.roles, agency=tasks.owing(rule, case) if task is None else task.agency)
    if rule is None or task is None:
        raise Refused("no_task", _("這件待辦事項已經完成或不存在，請重新整理頁面。"), status=409)
    if rule.done_by:
        raise Refused("done_by_itself", _("這件待辦事項於案件完成該步驟時自動銷案。"), status=409)
    _check(rule, case, data, ctx)
    entered: dict[str, Any] = {name: getattr(data, name) for name in ENTERED if getattr(data, name)}
    tasks.settle(ctx, task, done_by=ctx.actor.staff_id, **entered)
    tell_task(ctx, case, tasks.DONE, task, set=_on_the_case(rule, task))
    ctx.audit("case", case.pk, task=task.pk)
    return _done(task)


def _check(rule: TaskRule, case: Case, data: DoTask, ctx: Context) -> None:
    fields: dict[str, str] = {name: _("必填。") for name in rule.asks if not getattr(data, name)}
    if data.at is not None and not case.established_at <= data.at <= ctx.now:
        fields["at"] = _("時間必須在成案之後、現在之前。")
    first, today = clock.local(case.established_at).date(), clock.local(ctx.now).date()
    if data.date is not None and not first <= data.date <= today:
        fields["date"] = _("日期必須在成案當日之後、今日之前。")
    if fields:
        raise Refused("invalid", _("待辦事項尚缺應記載事項。"), fields=fields, status=422)


def _on_the_case(rule: TaskRule, task: CaseTask) -> dict[str, Any]:
    """The particulars of a letter to an authority stand on the case itself."""
    if "authority" not in rule.asks:
        return {}
    return {
        "outside_authority": task.authority,
        "outside_reference": task.reference,
        "outside_date": task.date,
    }


def _open_of(case: Case, code: str) -> CaseTask | None:
    return CaseTask.objects.filter(case=case, code=code, state=CaseTask.State.OPEN).first()


def _done(task: CaseTask) -> TaskDone:
    return TaskDone(task=task.pk, case=task.case_id, code=task.code, state=task.state)
