"""False reports handed to the police."""

from __future__ import annotations

from django.db.models import Case as When
from django.db.models import IntegerField, Value
from django.db.models import When as If

from citycall.services.cases.models import PoliceReferral


def police_referrals(limit: int = 100) -> list[PoliceReferral]:
    """Those that wait to be referred first, then the newest."""
    waits = When(
        If(state=PoliceReferral.State.ASKED, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    rows = PoliceReferral.objects.select_related("case").annotate(waits=waits)
    return list(rows.order_by("waits", "-id")[:limit])


def referral_of(number: str) -> PoliceReferral | None:
    """The referral of a case, by the case's number."""
    rows = PoliceReferral.objects.select_related("case", "incident").filter(case__number=number)
    return rows.order_by("-id").first()
