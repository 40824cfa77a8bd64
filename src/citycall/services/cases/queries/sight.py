"""Whose cases an agency's people see: one answer for screens and programs alike.

An agency sees its own cases and those that it joins; it sees one on which it is to decide, or in whose
dispute it is a party, for as long as that waits. Some look over the cases of every agency.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from citycall.base import policies
from citycall.base.commands import Actor
from citycall.services.cases.models import Case, CaseJoin, CasePosition, CaseRequest

# These look over all agencies wherever they sit; everybody of the steering agency does as well.
OVERSEERS = frozenset({"lead", "director", "secretary_general", "auditor"})


def steering_agency() -> str:
    """The agency that looks over the others, by the pack in force; empty where it names none."""
    pack = policies.in_force_or_none()
    return pack.managing_unit if pack else ""


def looks_over(actor: Actor) -> bool:
    """Whether this person reads the cases of every agency."""
    return bool(OVERSEERS & actor.roles()) or steering_agency() in actor.agencies()


def sees(case: Case, agencies: Collection[str]) -> bool:
    """Whether people of one of these agencies may see the case."""
    if case.agency in agencies:
        return True
    if not agencies:
        return False
    if CaseJoin.objects.filter(case=case, agency__in=agencies).exclude(state=CaseJoin.State.ENDED).exists():
        return True
    waiting = CaseRequest.objects.filter(case=case, state=CaseRequest.State.PENDING)
    if waiting.filter(owner__in=agencies).exists():
        return True
    return CasePosition.objects.filter(request__in=waiting, agency__in=agencies).exists()


def joined_by(agencies: Collection[str]) -> Q:
    """The cases that these agencies join and have still to answer (加分、併會)."""
    owing = CaseJoin.objects.filter(agency__in=list(agencies), state=CaseJoin.State.OPEN)
    return Q(pk__in=owing.values("case_id"))
