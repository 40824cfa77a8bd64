"""Reports on petitions and urgent reports: see ``reports``."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from citycall.base import clock
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
    posts = {one.case.pk: one.case.taken_post for one in found}
    return [
        {
            **_about(one.case),
            "due_at": one.case.due_at,
            "result": one.result,
            "finding": one.finding,
            "handler": posts[one.case.pk],
        }
        for one in found
    ]


@report("found_by_operator")
def found_by_operator(words: str = "", day: str = "") -> list[Row]:
    """What the operator finds by words of place or subject, or by the day it was established (NT-5-2-4b)."""
    since = until = None
    if day:
        since = datetime.combine(date.fromisoformat(day), time(), clock.TAIPEI)
        until = since + timedelta(days=1)
    wanted = cases.CaseFilter(q=words, since=since, until=until)
    found = [cases.answer_of(row.case) for row in cases.case_list(wanted).rows]
    return [{**_about(one.case), "result": one.result} for one in found]


@report("petition_months")
def petition_months(period: str, kind: str = "") -> list[Row]:
    """Received, closed, left unprocessed and the average time of a month, with the trend (HR-3-1-0)."""
    since, _until = oversight.month_of(period)
    first = clock.local(since).date()
    months = cases.petition_months(first, first, kinds=[kind] if kind else None)
    return [
        {
            "month": f"{one.begins:%Y-%m}",
            "received": one.received,
            "closed": one.closed,
            "unprocessed": one.unprocessed,
            "average_hours": one.average_hours,
            "received_trend": one.received_trend,
            "average_trend_hours": None
            if one.average_trend is None
            else round(one.average_trend.total_seconds() / 3600, 1),
        }
        for one in months
    ]


@report("left_unprocessed")
def left_unprocessed(period: str) -> list[Row]:
    """Petitions left unprocessed in a month: ground, decider, date (NT-5-2-5b)."""
    return [
        {
            **_about(one.case),
            "ground": one.ground,
            "decided_by": one.decided_by,
            "decided_at": one.decided_at,
        }
        for one in cases.left_unprocessed(*oversight.month_of(period))
    ]


def _about(case: Any) -> Row:
    return {
        "number": case.number,
        "case": case.pk,
        "kind": case.kind,
        "agency": case.agency,
        "status": case.status,
    }
