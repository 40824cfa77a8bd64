"""What is owed to cases beside their clocks: an agency's list, who is to be telephoned, what is overdue."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet

from citycall.base import clock, reading
from citycall.base.policies import in_force, pack_of
from citycall.people.queries import IntakeNumber, agency_names, intake_numbers
from citycall.policy.tasks import TaskRule
from citycall.services.cases.models import Case, CaseTask, PhoneTask
from citycall.services.cases.queries.lists import PAGE, district_name, item_name


@dataclass(frozen=True)
class TaskRow:
    """One line of a list of tasks, with the names that people read."""

    task: CaseTask
    case: Case
    rule: TaskRule
    item: Any
    district: Any
    agency: tuple[str, str]  # that owes it
    of: tuple[str, str]  # whose case it is

    @property
    def overdue(self) -> bool:
        """Whether it is still owed after its limit (KM-3-4b)."""
        return is_overdue(self.task)


@dataclass(frozen=True)
class TaskPage:
    rows: list[TaskRow]
    page: int
    has_next: bool
    size: int


def is_overdue(task: CaseTask) -> bool:
    return task.state == CaseTask.State.OPEN and task.due_at is not None and task.due_at < clock.now()


def owed(
    agencies: Collection[str] | None, *, roles: Collection[str] | None = None, code: str = ""
) -> QuerySet[CaseTask]:
    """The open tasks of some agencies; with `roles`, those that such posts may do; `None` for all."""
    found = CaseTask.objects.filter(state=CaseTask.State.OPEN)
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    if roles is not None:
        found = found.exclude(code__in=_of_others(roles))
    return found.filter(code=code) if code else found


def _of_others(roles: Collection[str]) -> list[str]:
    """The tasks that no post of these roles does."""
    return [rule.code for rule in in_force()[1].tasks if not set(roles) & set(rule.roles)]


# Written out, for they stand beside every list.
_CALLS_COUNTED = (
    f"SELECT count(*) FROM {PhoneTask._meta.db_table}"  # nosec B608
    f" WHERE state = '{PhoneTask.State.OPEN.value}' AND agency = ANY(%s)"
)
_COUNTED = (
    f"SELECT count(*), count(*) FILTER (WHERE due_at < %s) FROM {CaseTask._meta.db_table}"  # nosec B608
    f" WHERE state = '{CaseTask.State.OPEN.value}'"
)


def task_list(
    agencies: Collection[str] | None,
    *,
    roles: Collection[str] | None = None,
    code: str = "",
    page: int = 1,
    size: int = PAGE,
) -> TaskPage:
    """One page of open tasks, what is overdue first: two statements, whatever the number of rows."""
    page, size = max(page, 1), min(max(size, 1), 200)
    first = (page - 1) * size
    order = (F("due_at").asc(nulls_last=True), "id")
    found = owed(agencies, roles=roles, code=code).select_related("case").order_by(*order)
    tasks = list(found[first : first + size + 1])
    return TaskPage(task_rows(tasks[:size]), page, len(tasks) > size, size)


def task_rows(tasks: Iterable[CaseTask]) -> list[TaskRow]:
    """Tasks with names; their cases must have been read with them."""
    names = agency_names()
    rows = []
    for task in tasks:
        case = task.case
        pack = pack_of(case.policy_version_id)
        rows.append(
            TaskRow(
                task=task,
                case=case,
                rule=pack.task(task.code),
                item=item_name(pack, case),
                district=district_name(pack, case),
                agency=names.get(task.agency, (task.agency, task.agency)),
                of=names.get(case.agency, (case.agency, case.agency)),
            )
        )
    return rows


def tasks_of(case: Case) -> list[TaskRow]:
    """Every task of a case, those still owed first."""
    tasks = reading.rows(CaseTask, "WHERE row.case_id = %s ORDER BY row.id", case.pk)
    for task in tasks:
        task.case = case
    return sorted(task_rows(tasks), key=lambda row: row.task.state != CaseTask.State.OPEN)


def task_counts(agencies: Collection[str] | None, *, roles: Collection[str] | None = None) -> tuple[int, int]:
    """How many tasks are open, and how many of them are overdue; one statement."""
    given: list[object] = [clock.now()]
    where = ""
    if agencies is not None:
        where += " AND agency = ANY(%s)"
        given.append(list(agencies))
    if roles is not None:
        where += " AND code <> ALL(%s)"
        given.append(_of_others(roles))
    ((number, late),) = reading.values(f"{_COUNTED} {where}", *given)
    return number, late


def overdue_tasks_by_agency() -> dict[str, int]:
    """For the report on the agencies: how many tasks each owes after their limit (KM-3-4b)."""
    late = owed(None).filter(due_at__lt=clock.now()).values("agency").annotate(number=Count("id"))
    return {row["agency"]: row["number"] for row in late.order_by("agency")}


def to_ring(rule: TaskRule, case: Case) -> list[IntakeNumber]:
    """Who is to be telephoned for a task: who stands there now, with their number (KM-7-1b)."""
    return intake_numbers(case.agency, rule.rings) if rule.rings else []


def calls_owed_count(agencies: Collection[str]) -> int:
    """How many replies by telephone these agencies owe."""
    ((number,),) = reading.values(_CALLS_COUNTED, list(agencies))
    return int(number)


def calls_owed(agencies: Collection[str], page: int = 1, size: int = PAGE) -> list[PhoneTask]:
    """Replies by telephone that these agencies owe citizens, the oldest first (KM-7-2c, TP-6-4b)."""
    first = (max(page, 1) - 1) * size
    found = PhoneTask.objects.filter(state=PhoneTask.State.OPEN, agency__in=list(agencies))
    return list(found.select_related("case").order_by("id")[first : first + size + 1])
