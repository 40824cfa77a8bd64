"""Tasks: what somebody owes a case beside its clocks.

What opens one, who owes it, what its record must hold and what it holds up stands in the pack
(``policy.tasks``). Nothing here knows a particular task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base.closures import calendar_of
from citycall.base.commands import Context, Refused
from citycall.base.encoding import jsonable
from citycall.base.events import Change, record
from citycall.policy import Pack
from citycall.policy.basics import matches
from citycall.policy.tasks import TaskRule
from citycall.services.cases.messages import facts_of
from citycall.services.cases.models import Case, CaseTask

OPENED, DONE, CANCELLED = "case.task_opened", "case.task_done", "case.task_cancelled"
Told = tuple[str, CaseTask]


def rules_of(pack: Pack, kind: str) -> list[TaskRule]:
    """The tasks that a case of this kind may bring about."""
    return [rule for rule in pack.tasks if kind in rule.kinds]


def rule_of(pack: Pack, case: Case, code: str) -> TaskRule | None:
    """The rule of a task of this case; None where its pack knows none of that code."""
    return next((rule for rule in rules_of(pack, case.kind) if rule.code == code), None)


def owing(rule: TaskRule, case: Case) -> str:
    """The agency that owes a task."""
    return case.agency if rule.owed_by == "case" else rule.owed_by


def fits(rule: TaskRule, case: Case, facts: Mapping[str, Any]) -> bool:
    """Whether the rule is about such a case, as it stands now."""
    return matches(rule.where, rule.unless, facts_of(case, facts))


def refuse_if_owed(pack: Pack, case: Case, event_kind: str) -> None:
    """``task_open``, naming the task, where something is owed that holds up this event."""
    held = {rule.code: rule for rule in rules_of(pack, case.kind) if event_kind in rule.blocks}
    if not held:
        return
    open_task = CaseTask.objects.filter(case=case, code__in=held, state=CaseTask.State.OPEN).first()
    if open_task is not None:
        raise Refused(
            "task_open",
            _("請先完成「%(task)s」。") % {"task": held[open_task.code].name.get(get_language())},
            info={"task": open_task.code},
        )


def follow(
    ctx: Context, pack: Pack, case: Case, event_kind: str, facts: Mapping[str, Any], *, new: bool
) -> list[Told]:
    """What an event of a case does to its tasks: those that it ends, then those that it opens."""
    rules = rules_of(pack, case.kind)
    done = {rule.code for rule in rules if event_kind in rule.done_by}
    ended = done | {rule.code for rule in rules if event_kind in rule.cancelled_by}
    begun = [rule for rule in rules if event_kind in rule.on and fits(rule, case, facts)]
    if not ended and not begun:
        return []
    open_now: dict[str, CaseTask] = {}
    if not new:
        wanted = ended | {rule.code for rule in begun}
        found = CaseTask.objects.filter(case=case, code__in=wanted, state=CaseTask.State.OPEN)
        open_now = {task.code: task for task in found.order_by("id")}
    told: list[Told] = []
    for code, task in open_now.items():
        if code in done:
            told.append((DONE, settle(ctx, task, done_by=ctx.actor.staff_id)))
        elif code in ended:
            told.append((CANCELLED, cancel(ctx, task)))
    told += [
        (OPENED, open_task(ctx, pack, case, rule, _said(facts)))
        for rule in begun
        if rule.code not in open_now or rule.code in ended
    ]
    return told


def _said(facts: Mapping[str, Any]) -> str:
    """What was said with the event that opens a task, in words."""
    reason = facts.get("reason", "")
    return reason if isinstance(reason, str) else ""


def open_task(
    ctx: Context, pack: Pack, case: Case, rule: TaskRule, note: str = "", *, by: int | None = None
) -> CaseTask:
    """Open a task of a rule; `by` whom, when not by itself. The caller sees to it that none is open."""
    task = CaseTask()
    agency = owing(rule, case)
    fields = _opened(pack, case, rule, ctx.now, note) | {"opened_by": by}
    record(ctx, task, "case_task.opened", set=fields, agencies=[agency])
    return task


def _opened(pack: Pack, case: Case, rule: TaskRule, now: datetime, note: str) -> dict[str, Any]:
    due = rule.due(now, case.released_at, calendar_of(pack, case.district, case.agency))
    return {
        "case": case,
        "code": rule.code,
        "agency": owing(rule, case),
        "state": CaseTask.State.OPEN,
        "note": note,
        "opened_at": now,
        "due_at": due,
    }


def settle(ctx: Context, task: CaseTask, **entered: Any) -> CaseTask:
    """It is done, with what was entered."""
    fields = {"state": CaseTask.State.DONE, "done_at": ctx.now, **entered}
    record(ctx, task, "case_task.done", set=fields, agencies=[task.agency])
    return task


def cancel(ctx: Context, task: CaseTask) -> CaseTask:
    """Nobody owes it any more."""
    record(
        ctx,
        task,
        "case_task.cancelled",
        set={"state": CaseTask.State.CANCELLED, "done_at": ctx.now},
        agencies=[task.agency],
    )
    return task


def info_of(task: CaseTask) -> dict[str, Any]:
    """What the case's own event says of a task; ``task`` is what notice rules ask for."""
    return {"task": task.code, "row": task.pk, "owed_by": task.agency}


def words_of(pack: Pack, task: CaseTask) -> dict[str, Any]:
    """What people are told of a task."""
    name = pack.task(task.code).name
    return {
        "task_name": {"zh": name.zh, "en": name.en},
        "reason": task.note or task.text,
        "limit": task.due_at or "",
    }


class Strikes:
    """Tasks that the strikes of many cases open, written together: none that is open already."""

    def __init__(self, cases: Iterable[int]) -> None:
        self._cases = list(cases)
        self._open: set[tuple[int, str]] | None = None
        self.changes: list[Change] = []

    def add(self, pack: Pack, case: Case, code: str, now: datetime, info: Mapping[str, Any]) -> None:
        rule = rule_of(pack, case, code)
        if rule is None or not fits(rule, case, info) or (case.pk, code) in self._known():
            return
        self._known().add((case.pk, code))
        task = CaseTask()
        agency = owing(rule, case)
        fields = _opened(pack, case, rule, now, "")
        self.changes.append(Change(task, "case_task.opened", fields, {}, (agency,)))
        said = {"task": code, "owed_by": agency, **jsonable(dict(info))}
        self.changes.append(Change(case, OPENED, {}, said, tuple({case.agency, agency})))

    def _known(self) -> set[tuple[int, str]]:
        if self._open is None:
            found = CaseTask.objects.filter(case_id__in=self._cases, state=CaseTask.State.OPEN)
            self._open = set(found.values_list("case_id", "code"))
        return self._open
