"""The reports that a story may ask for, each as rows of plain fields."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from citycall.base import clock, policies
from citycall.base.policies import in_force
from citycall.oversight import queries as oversight
from citycall.oversight.changes import change_for, changes_by_version, draft_of, item_changes
from citycall.people import queries as people
from citycall.rehearsal.expect.reports import Row, report
from citycall.services.cases import queries as cases
from citycall.services.cases.models import Case


@report("items")
def items(period: str) -> list[Row]:
    """How each item did in a month; `on_time_rate` from 0 to 1 (NT-5-4-1d)."""
    return [_figures(row, "item") for row in cases.figures("item", *oversight.month_of(period))]


@report("agencies")
def agencies(period: str, kind: str = "") -> list[Row]:
    """How each agency did in a month, with all its cases or those of one kind (KM-3-4b, KM-7-7b)."""
    found = cases.figures("agency", *oversight.month_of(period), kind)
    late = cases.overdue_tasks_by_agency()
    return [{**_figures(row, "agency"), "tasks_overdue": late.get(row.key, 0)} for row in found]


def _figures(row: cases.Figures, key: str) -> Row:
    return {
        key: row.key,
        "taken": row.taken,
        "closed": row.closed,
        "closed_in_time": row.closed_in_time,
        "signed_late": row.signed_late,
        "overdue_open": row.overdue_open,
        "grade_b_open": row.grade_b_open,
        "released": row.released,
        "on_time_rate": row.on_time_rate,
    }


@report("item_reviews")
def item_reviews(item: str = "") -> list[Row]:
    """The reviews of items on record (NT-5-4-1d)."""
    return [_fields(review) for review in oversight.item_reviews(item)]


@report("delays")
def delays(agency: str) -> list[Row]:
    """Late cases that wait for the agency's analysis (NT-5-4-8b)."""
    return [_fields(row.case) for row in cases.delays_to_analyse([agency]).rows]


@report("delay_reviews")
def delay_reviews(state: str = "") -> list[Row]:
    """The commission's reviews of delays (NT-5-4-8c)."""
    return [_fields(review) for review in oversight.delay_reviews(state)]


@report("role_defects")
def role_defects() -> list[Row]:
    """Agencies that items are sent to and that lack a role they must fill (NT-5-4-6a, KM-3-1a)."""
    agencies = {item.agency for item in in_force()[1].items.values()}
    return [
        {"agency": defect.agency, "name": defect.agency_name, "missing": list(defect.missing)}
        for defect in people.role_defects(agencies)
    ]


@report("offline_sheet")
def offline_sheet() -> list[Row]:
    """Whom the operator telephones while nothing can be sent (NT-5-4-3a)."""
    return [_number(one) for one in cases.outage_numbers()]


@report("telephone_numbers")
def telephone_numbers(kind: str, agency: str) -> list[Row]:
    """Whom the operator telephones before an urgent case is entered (NT-5-3a)."""
    return [_number(one) for one in cases.telephone_numbers(in_force()[1].kinds[kind], agency)]


def _number(one: people.IntakeNumber) -> Row:
    return {"agency": one.post.partition(".")[0], "post": one.post, "person": one.name}


@report("preventions")
def preventions(case: int) -> list[Row]:
    """Measures against recurrence that are shown with a case of this place and cause (NT-5-4-9b)."""
    return [_fields(measure) for measure in cases.case_detail(Case.objects.get(pk=case)).preventions]


@report("phone_callers")
def phone_callers(case: int) -> Row:
    """How many different people telephoned the citizen about a case (NT-5-4-4e)."""
    return {"people": cases.phone_callers(case)}


@report("policy_versions")
def policy_versions(day: Any = None) -> list[Row]:
    """The versions of the rules, newest first; with `day` the one in force on that day (KM-0b, KM-10-6b)."""
    now = clock.now() if day is None else _instant(day)
    standing = policies.version_at(now)
    changes = changes_by_version()
    rows = []
    for version in policies.versions():
        change = changes.get(version.pk)
        if day is not None and version != standing:
            continue
        rows.append(
            {
                "code": version.code,
                "version": version.version,
                "state": version.state,
                "effective_from": version.effective_from,
                "in_force": version == standing,
                "change": change.pk if change else None,
                "approved_by": change.decided_by if change else None,
                "approved_at": change.decided_at if change else None,
            }
        )
    return rows


@report("policy_change")
def policy_change(change: int) -> list[Row]:
    """What a change of the rules changes, value by value, by its dotted key (KM-10-3b)."""
    found = change_for(change)
    if found is None:
        return []
    return [
        {"key": one.key, "before": _word(one.before), "after": _word(one.after)}
        for one in draft_of(found).differences
    ]


@report("item_changes")
def changed_items(change: int) -> list[Row]:
    """Items that a change adds, changes or ends, and how many open cases keep the old limits (KM-10-3b)."""
    found = change_for(change)
    return [
        {"item": one.code, "kind": one.kind, "open_cases": one.open_cases}
        for one in (item_changes(found) if found else [])
    ]


def _word(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _instant(day: Any) -> datetime:
    if isinstance(day, str):
        day = datetime.fromisoformat(day)
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=clock.TAIPEI)
    return datetime.combine(day, time(12), clock.TAIPEI)


def _fields(row: Any) -> Row:
    found: Row = {}
    for field in row._meta.concrete_fields:
        found[field.attname] = found[field.name] = getattr(row, field.attname)
    return found
