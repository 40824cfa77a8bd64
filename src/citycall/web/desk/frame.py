"""What stands around every screen of the desk."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from citycall.base.commands import Actor, may
from citycall.services.cases.models import StageRequest
from citycall.services.cases.queries import (
    calls_owed_count,
    decides_requests,
    requests_count,
    task_counts,
)
from citycall.web.request import StaffRequest

OPERATORS = ("operator", "lead")


def draw(
    request: StaffRequest, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A screen of the desk: its own context, and what the bar above it shows."""
    return render(request, template, bar(request) | (context or {}), status=status)


def bar(request: StaffRequest) -> dict[str, Any]:
    """What the call centre owes; for those who decide on applications, how many wait (NT-5-4-7)."""
    decides = may(request.actor, "cases.decide_stage")
    return {
        "decides": decides,
        "rules_requests": decides_requests(request.actor),
        "waiting_on_me": SimpleLazyObject(lambda: requests_count(request.actor)),
        "waiting_requests": SimpleLazyObject(_waiting),
        "owed": SimpleLazyObject(lambda: _owed(request.actor)),
    }


def own_agencies(actor: Actor) -> frozenset[str]:
    """The agencies as whose operator somebody sits here: the call centre."""
    return frozenset(post.agency for post in actor.posts if post.role in OPERATORS)


def _owed(actor: Actor) -> dict[str, Any]:
    own = own_agencies(actor)
    number, late = task_counts(own, roles=actor.roles())
    return {"number": number + calls_owed_count(own), "late": late}


def _waiting() -> int:
    return StageRequest.objects.filter(state=StageRequest.State.PENDING).count()
