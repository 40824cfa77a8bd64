"""What the account screens show of a person: posts held and deputised, leave, colleagues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from citycall.base import clock
from citycall.people.models import Deputy, Holding, Leave, Post, Staff


@dataclass(frozen=True)
class PostOfMine:
    """A post that this person holds, or stands in for while its holder is away."""

    code: str
    agency: str
    role: str
    name: str
    agency_name: str
    own: bool
    rank: int
    deputies: tuple[str, ...]
    deputy_ids: tuple[int, ...]


def _name(zh: str, en: str) -> str:
    return en if en and (get_language() or "").startswith("en") else zh


def my_posts(staff: int) -> list[PostOfMine]:
    """Three queries, whatever the number of posts."""
    held = set(Holding.objects.filter(staff=staff, until=None).values_list("post_id", flat=True))
    standing = dict(Deputy.objects.filter(staff=staff).values_list("post_id", "rank"))
    posts = (
        Post.objects.filter(pk__in=held | set(standing), active=True)
        .select_related("agency")
        .prefetch_related("deputies__staff")
        .order_by("code")
    )
    lines = []
    for post in posts:
        order = sorted(post.deputies.all(), key=lambda deputy: deputy.rank)
        lines.append(
            PostOfMine(
                code=post.code,
                agency=post.agency_id,
                role=post.role,
                name=_name(post.name_zh, post.name_en),
                agency_name=_name(post.agency.name_zh, post.agency.name_en),
                own=post.code in held,
                rank=standing.get(post.code, 0),
                deputies=tuple(str(deputy.staff) for deputy in order),
                deputy_ids=tuple(deputy.staff_id for deputy in order),
            )
        )
    return sorted(lines, key=lambda line: not line.own)


def my_leaves(staff: int) -> Sequence[Leave]:
    """Leave that is running or to come."""
    return list(Leave.objects.filter(staff=staff, ends__gt=clock.now()).order_by("starts")[:20])


def colleagues_of(agency: str, besides: int) -> list[tuple[str, str]]:
    """Those who hold a post in the same agency: who may be chosen as deputy."""
    people = (
        Staff.objects.filter(holdings__post__agency=agency, holdings__until=None, is_active=True)
        .exclude(pk=besides)
        .distinct()
        .order_by("display_name", "pk")
    )
    return [(str(one.pk), one.display_name) for one in people[:300]]
