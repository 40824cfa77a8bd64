"""What is owed to cases, and who has which cases on their list: the reports of lists."""

from __future__ import annotations

from citycall.people.queries import actor_for_post
from citycall.rehearsal.expect.reports import Row, report
from citycall.services.cases import queries as cases


@report("tasks")
def tasks(agency: str = "", code: str = "") -> list[Row]:
    """Open tasks of an agency, or of all, what is overdue first (KM-3-4b, KM-7-1b, TP-6-3-4c)."""
    found = cases.task_list([agency] if agency else None, code=code).rows
    return [
        {
            "case": row.case.pk,
            "number": row.case.number,
            "code": row.task.code,
            "agency": row.task.agency,
            "due_at": row.task.due_at,
            "overdue": row.overdue,
            "note": row.task.note,
            "rings": [one.post for one in cases.to_ring(row.rule, row.case)],
        }
        for row in found
    ]


@report("calls_owed")
def calls_owed(agency: str) -> list[Row]:
    """Replies by telephone that an agency owes citizens (KM-7-2c, TP-6-4b)."""
    return [
        {"case": task.case_id, "number": task.case.number, "opened_at": task.opened_at}
        for task in cases.calls_owed([agency])
    ]


@report("register")
def register(kind: str, status: str = "", agency: str = "") -> list[Row]:
    """The register of one kind of case, apart from the others, with state and due time (TP-2-1-5)."""
    wanted = cases.CaseFilter(agencies=[agency] if agency else None, kind=kind, status=status)
    return [_line(row) for row in cases.case_list(wanted).rows]


@report("own_cases")
def own_cases(post: str) -> list[Row]:
    """The open cases on the list of who stands at a post, soonest due first (KM-3-4b)."""
    actor = actor_for_post(post)
    wanted = cases.CaseFilter(agencies=actor.agencies(), status="open", taken_by=actor.staff_id)
    return [_line(row) for row in cases.case_list(wanted, sort="due").rows]


@report("to_enter")
def to_enter(agency: str) -> list[Row]:
    """What handlers have reported as finished and the duty staff have not entered yet (TP-6-3-2c)."""
    wanted = cases.CaseFilter(agencies=[agency], status="open", reported=True)
    return [
        _line(row) | {"reported_back_at": row.case.reported_back_at} for row in cases.case_list(wanted).rows
    ]


def _line(row: cases.CaseRow) -> Row:
    case = row.case
    return {
        "case": case.pk,
        "number": case.number,
        "kind": case.kind,
        "channel": case.channel,
        "established_at": case.established_at,
        "item": case.item,
        "agency": case.agency,
        "status": case.status,
        "due_at": case.due_at,
        "overdue": case.overdue,
    }
