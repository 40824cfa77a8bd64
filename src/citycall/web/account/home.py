"""Where somebody belongs after signing in: the first area of the bar that is theirs."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from citycall.base.commands import Actor
from citycall.services.cases.queries.sight import steering_agency
from citycall.web.context import AREAS, Area


def home_for(actor: Actor) -> str:
    """The address of this person's own screen; of the public page when they have none."""
    for area in _ordered(actor):
        if area.roles is None or area.roles & actor.roles():
            try:
                return reverse(area.url)
            except NoReverseMatch:
                continue
    return reverse("account:posts") if actor.kind == "staff" else _portal()


def _ordered(actor: Actor) -> list[Area]:
    if actor.agencies() == {steering_agency()}:  # they look over all others, whatever their role is called
        return sorted(AREAS, key=lambda area: area.url != "oversight:home")
    return list(AREAS)


def _portal() -> str:
    try:
        return reverse("portal:home")
    except NoReverseMatch:
        return reverse("account:sign_in")
