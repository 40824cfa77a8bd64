"""What a request of this web carries beyond Django's own: the actor, and htmx's details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from citycall.base.commands import Actor

if TYPE_CHECKING:
    from citycall.people.models import Staff


def plain(text: str) -> str:
    """A text without characters that cannot be seen: what is searched for, never what is kept."""
    return "".join(each if each.isprintable() else " " for each in text)


class CityRequest(HttpRequest):
    """A request from anyone. `actor` is the citizen when nobody is signed in."""

    actor: Actor
    htmx: HtmxDetails


class StaffRequest(CityRequest):
    """A request behind `@staff_view`: somebody is signed in."""

    user: Staff
