"""The sample government's accounts on its sign-in page. A real government has none and shows none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import get_language

from citycall.base import private
from citycall.people import sample_guard
from citycall.people.models import Government, Holding
from citycall.web.context import pack_in_force

# One account for each of these, so that a newcomer can walk the way of a matter.
SHOWN = (
    "operator",
    "lead",
    "intake_window",
    "handler",
    "window",
    "supervisor",
    "evaluator",
    "director",
    "auditor",
    "admin",
)


@dataclass(frozen=True)
class SampleAccount:
    username: str
    post: str


def is_sample() -> bool:
    return private.is_sample() and Government.objects.filter(sample=True).exists()


def sample_password() -> str:
    return sample_guard.SAMPLE_PASSWORD if is_sample() else ""


def _busiest_agency() -> str:
    """The agency with the most items: the one in which a newcomer sees most."""
    pack = pack_in_force()
    counted = Counter(item.agency for item in pack.items.values()) if pack else Counter[str]()
    return counted.most_common(1)[0][0] if counted else ""


def sample_accounts() -> list[SampleAccount]:
    """One of each role that matters, in the order in which a matter meets them."""
    if not is_sample():
        return []
    busiest = _busiest_agency()
    held = (
        Holding.objects.filter(until=None, staff__is_active=True, post__role__in=SHOWN, post__active=True)
        .select_related("staff", "post__agency")
        .order_by("post__agency__code", "post__code")
    )
    english = (get_language() or "").startswith("en")
    first: dict[str, SampleAccount] = {}
    for one in sorted(held, key=lambda one: one.post.agency_id != busiest):
        agency, post = one.post.agency, one.post
        name = (
            f"{agency.name_en or agency.name_zh}: {post.name_en or post.name_zh}"
            if english
            else f"{agency.name_zh}{post.name_zh}"
        )
        first.setdefault(post.role, SampleAccount(one.staff.username, name))
    return [first[role] for role in SHOWN if role in first]
