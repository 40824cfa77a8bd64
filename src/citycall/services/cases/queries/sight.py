"""Whose cases an agency's people see: one answer for screens and programs alike.

An agency sees its own cases and those that it joins; it sees one on which it is to decide, or in whose
dispute it is a party, for as long as that waits.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from citycall.services.cases.models import Case, CaseJoin, CasePosition, CaseRequest


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
