"""What stands around every screen of the desk."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from citycall.base.commands import may
from citycall.services.cases.models import StageRequest
from citycall.web.request import StaffRequest

OPERATORS = ("operator", "lead")


def draw(
    request: StaffRequest, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A screen of the desk: its own context, and what the bar above it shows."""
    return render(request, template, bar(request) | (context or {}), status=status)


def bar(request: StaffRequest) -> dict[str, Any]:
    """For those who decide on applications: how many wait (NT-5-4-7)."""
    decides = may(request.actor, "cases.decide_stage")
    return {"decides": decides, "waiting_requests": SimpleLazyObject(_waiting)}


def _waiting() -> int:
    return StageRequest.objects.filter(state=StageRequest.State.PENDING).count()
