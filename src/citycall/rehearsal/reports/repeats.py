"""Reports on what may be the same: see ``reports``."""

from __future__ import annotations

from citycall.base import policies
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


@report("typed")
def typed(item: str, address: str, district: str = "") -> list[Row]:
    """What the operator is told of a matter before it is saved: what it becomes, and why (TP-6-8-2b)."""
    pack = policies.in_force()[1]
    found = pack.items[item]
    place = pack.place(address, district or None)
    letter = cases.letter_about(found.cause_group, place.addr_key)
    rule = pack.kinds[found.kind].unfounded
    told = letter if rule is not None else None
    return [
        {
            "becomes": rule.becomes if rule is not None and told is not None else "",
            "proposal": told.proposal if told is not None else "",
            "conditions": told.conditions if told is not None else "",
        }
    ]
