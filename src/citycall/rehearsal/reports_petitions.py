"""Reports on petitions and urgent reports: see ``reports``."""

from __future__ import annotations

from typing import Any

from citycall.oversight import queries as oversight
from citycall.rehearsal.expect.reports import Row, report
from citycall.services.calls import queries as calls
from citycall.services.cases import queries as cases


@report("not_started")
def not_started(agency: str) -> list[Row]:
    """Urgent reports that the agency has not begun, with the minutes since the notice (NT-5-3c)."""
    return [
        {**_about(one.row.case), "minutes": one.minutes, "place_in_list": n}
        for n, one in enumerate(cases.not_started([agency]), 1)
    ]


@report("telephone_notices")
def telephone_notices(period: str) -> list[Row]:
    """Who was told by telephone, when, and how many minutes after the call came in (NT-5-3a)."""
    return [
        {
            **_about(one.case),
            "person": one.case.notified_person,
            "at": one.case.notified_at,
            "called_at": one.called_at,
            "minutes": one.minutes,
        }
        for one in cases.telephone_notices(*oversight.month_of(period), calls.began)
    ]


@report("registered_late")
def registered_late(agency: str) -> list[Row]:
    """Petitions that the agency's clerk did not give out within the hour of their round (TP-5-2b)."""
    wanted = cases.CaseFilter(agencies=[agency], registered_late=True)
    return [_about(row.case) for row in cases.case_list(wanted).rows]


@report("graded_b")
def graded_b(agency: str) -> list[Row]:
    """Open petitions with an interim result, graded B until the final one is entered (TP-5-5-6b)."""
    wanted = cases.CaseFilter(agencies=[agency], status="open", grade="B")
    return [
        {
            **_about(row.case),
            "grade": row.case.grade,
            "planned_end": row.case.planned_end,
            "overdue": row.case.overdue,
        }
        for row in cases.case_list(wanted, sort="due").rows
    ]


@report("rounds")
def rounds(agency: str, period: str) -> list[Row]:
    """What was accepted and given out in each round (TP-5-2a)."""
    return [
        {
            **_about(one.case),
            "round_at": one.round_at,
            "due": one.due,
            "accepted_at": one.accepted_at,
            "given_out_at": one.given_out_at,
            "late": one.late,
        }
        for one in cases.rounds(agency, *oversight.month_of(period))
    ]


@report("read_by_operator")
def read_by_operator(phone: str = "", number: str = "") -> list[Row]:
    """What the operator finds by telephone or number, and may tell of it (NT-5-3g)."""
    found = cases.answers_by_phone(phone) if phone else []
    case = cases.by_number(number) if number else None
    found += [cases.answer_of(case)] if case is not None else []
    return [
        {**_about(one.case), "due_at": one.case.due_at, "result": one.result, "finding": one.finding}
        for one in found
    ]


def _about(case: Any) -> Row:
    return {
        "number": case.number,
        "case": case.pk,
        "kind": case.kind,
        "agency": case.agency,
        "status": case.status,
    }
