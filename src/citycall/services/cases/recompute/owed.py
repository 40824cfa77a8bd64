"""What is owed to a case beside its clocks has a limit too, and is counted anew with them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, QuerySet

from citycall.base.closures import Closure, calendar_of
from citycall.base.commands import Context
from citycall.base.events import Change, record_many
from citycall.base.policies import pack_of
from citycall.base.portions import Span
from citycall.policy import LimitError
from citycall.services.cases.models import OPEN_STATUSES, CaseTask
from citycall.services.cases.recompute.reading import day_of
from citycall.services.cases.recompute.reckon import counts_working_time

EVENT = "case_task.due_changed"


class Owed(NamedTuple):
    """A task that is due at another time now."""

    task: int
    case: int
    due: datetime
    agency: str
    district: str
    version: int


def _open(closure: Closure) -> QuerySet[CaseTask]:
    begins, ends = day_of(closure)
    return CaseTask.objects.filter(state=CaseTask.State.OPEN, due_at__gte=begins, opened_at__lt=ends)


def after_the_end(closure: Closure) -> list[int]:
    """The cases that are over and still have such a task, as a letter to be written after the release."""
    over = _open(closure).exclude(case__status__in=OPEN_STATUSES)
    return sorted(set(over.values_list("case", flat=True)))


def any_for(closure: Closure) -> bool:
    """Whether there is such a task at all. One that is opened later is counted by the calendar of then."""
    return _open(closure).exists()


def anew(closure: Closure, span: Span) -> list[Owed]:
    """The open tasks of the cases of a span whose time includes the closed day."""
    rows = _open(closure).filter(case__gte=span.first, case__lte=span.last)
    rows = rows.annotate(leaves=F("case_id") % span.stripes).filter(leaves=span.stripe)
    found = []
    for task in rows.select_related("case").order_by("case", "pk"):
        pack = pack_of(task.case.policy_version_id)
        rule = next((one for one in pack.tasks if one.code == task.code), None)
        if rule is None or rule.limit is None or not counts_working_time(rule.limit):
            continue
        try:
            calendar = calendar_of(pack, task.case.district, task.case.agency)
            due = rule.due(task.opened_at, task.case.released_at, calendar)
        except LimitError:
            continue
        if due is not None and due != task.due_at:
            case = task.case
            found.append(Owed(task.pk, case.pk, due, case.agency, case.district, case.policy_version_id))
    return found


def write(ctx: Context, found: Collection[Owed], closure: int) -> int:
    """Give tasks their new limit, if they are still owed; how many. Who calls holds their cases."""
    due = {one.task: one.due for one in found}
    if not due:
        return 0
    tasks = CaseTask.objects.filter(pk__in=due, state=CaseTask.State.OPEN).order_by("pk")
    record_many(
        ctx,
        [
            Change(
                task,
                EVENT,
                set={"due_at": due[task.pk]},
                info={"closure": closure, "old_due": task.due_at, "new_due": due[task.pk]},
                agencies=[task.agency],
            )
            for task in tasks
        ],
    )
    return len(tasks)
