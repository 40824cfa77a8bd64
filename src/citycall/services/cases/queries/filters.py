"""Saved filters, and what somebody did to many cases at once a moment ago."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from citycall.services.cases.models import BulkAct, SavedFilter


def filters_of(staff: int) -> QuerySet[SavedFilter]:
    """A person's own filters in their order."""
    return SavedFilter.objects.filter(staff_id=staff, removed_at=None).order_by("place", "id")


def filters_for(staff: int | None, agencies: Collection[str]) -> list[SavedFilter]:
    """What stands in a person's menu: their own in their order, then what others of their agencies share."""
    if staff is None:
        return []
    seen = Q(staff_id=staff) | Q(shared=True, agency__in=list(agencies))
    found = SavedFilter.objects.filter(seen, removed_at=None).order_by("place", "id")[:200]
    return sorted(found, key=lambda one: one.staff_id != staff)


def undoable(staff: int | None, since: datetime) -> BulkAct | None:
    """The last act on many cases that this person can still take back."""
    last = BulkAct.objects.filter(staff_id=staff).order_by("-id").first() if staff is not None else None
    return last if last is not None and last.undone_at is None and last.at >= since else None
