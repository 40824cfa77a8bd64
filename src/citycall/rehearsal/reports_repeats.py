"""Reports on what may be the same: see ``reports``."""

from __future__ import annotations

from citycall.rehearsal.expect.reports import Row, report
from citycall.services.cases import queries as cases
from citycall.services.cases.models import Case


@report("near")
def near(case: int) -> list[Row]:
    """Earlier open cases that a report may repeat, as its page offers them (TP-6-8-1)."""
    found = cases.near_case(Case.objects.get(pk=case))
    return [
        {
            "case": one.case.pk,
            "number": one.case.number,
            "reasons": one.reasons,
            "metres": one.match.metres,
            "within_limit": one.match.within_limit,
        }
        for one in found
    ]


@report("of_person")
def of_person(case: int) -> list[Row]:
    """Earlier matters of the same person, with whether they may be this one again (TP-5-6a, TP-5-6b)."""
    return [
        {
            "case": one.case.pk,
            "number": one.case.number,
            "repeat": one.repeat,
            "reasons": list(one.reasons),
        }
        for one in cases.others_of_person(Case.objects.get(pk=case))
    ]
