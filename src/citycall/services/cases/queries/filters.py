"""Saved filters, and what somebody did to many cases at once a moment ago."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from citycall.base import reading
from citycall.services.cases.models import BulkAct, SavedFilter


def filters_of(staff: int) -> QuerySet[SavedFilter]:
    """A person's own filters in their order."""
    return SavedFilter.objects.filter(staff_id=staff, removed_at=None).order_by("place", "id")


def filters_for(staff: int | None, agencies: Collection[str]) -> list[SavedFilter]:
    """What stands in a person's menu: their own in their order, then what others of their agencies share."""
    if staff is None:
        return []
    seen = "(row.staff_id = %s OR (row.shared AND row.agency = ANY(%s)))"
    rest = f"WHERE {seen} AND row.removed_at IS NULL ORDER BY row.place, row.id LIMIT 200"
    found = reading.rows(SavedFilter, rest, staff, list(agencies))
    return sorted(found, key=lambda one: one.staff_id != staff)


def undoable(staff: int | None, since: datetime) -> BulkAct | None:
    """The last act on many cases that this person can still take back."""
    if staff is None:
        return None
    last = reading.rows(BulkAct, "WHERE row.staff_id = %s ORDER BY row.id DESC LIMIT 1", staff)
    return last[0] if last and last[0].undone_at is None and last[0].at >= since else None
