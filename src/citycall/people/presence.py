"""Who stands at a post at an instant: the holder, or while they are away the first deputy present."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from citycall.base import reading
from citycall.people.models import Agency, Deputy, Holding, Leave, Post, Staff

# Asked with every page; table names come from the models.
_HELD = (
    f"JOIN {Agency._meta.db_table} AS agency ON agency.code = row.agency_id"
    " WHERE row.active AND agency.active AND EXISTS"
    f" (SELECT 1 FROM {Holding._meta.db_table} AS held"  # nosec B608
    " WHERE held.post_id = row.code AND held.staff_id = %s AND held.until IS NULL)"
)
_STOOD_IN_FOR = f"SELECT post_id FROM {Deputy._meta.db_table} WHERE staff_id = %s"  # nosec B608


def away(staff_column: str, at: datetime) -> Exists:
    """A condition: the staff in this column is on leave at that instant."""
    return Exists(Leave.objects.filter(staff=OuterRef(staff_column), starts__lte=at, ends__gt=at))


def present_holders(at: datetime) -> QuerySet[Holding]:
    """Holdings whose holder is there."""
    return Holding.objects.filter(~away("staff_id", at), until=None, staff__is_active=True)


def present_deputies(at: datetime) -> QuerySet[Deputy]:
    """Deputies who are there, whether or not they are needed."""
    return Deputy.objects.filter(~away("staff_id", at), staff__is_active=True)


def standing_at(codes: Collection[str], at: datetime) -> dict[str, Staff]:
    """The person standing at each of these posts; posts with nobody are left out. Two queries at most."""
    found: dict[str, Staff] = {}
    holders = present_holders(at).filter(post__in=codes, post__active=True).select_related("staff")
    for holding in holders:
        found[holding.post_id] = holding.staff
    empty = [code for code in codes if code not in found]
    if empty:
        deputies = present_deputies(at).filter(post__in=empty, post__active=True)
        for deputy in deputies.select_related("staff").order_by("post_id", "rank"):
            found.setdefault(deputy.post_id, deputy.staff)
    return found


def posts_of(staff_id: int, at: datetime) -> list[Post]:
    """The posts that this person holds, or stands in for at this instant.

    Two plain queries; two more for the few who deputise. One query with all of it took ten times as long.
    """
    found = reading.rows(Post, _HELD, staff_id)
    codes = {code for (code,) in reading.values(_STOOD_IN_FOR, staff_id)}
    codes -= {post.code for post in found}
    if codes:
        here = [code for code, person in standing_at(codes, at).items() if person.pk == staff_id]
        found += Post.objects.filter(active=True, agency__active=True, pk__in=here)
    return sorted(found, key=lambda post: post.code)
