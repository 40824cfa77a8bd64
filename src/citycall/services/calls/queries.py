"""What can be asked of the calls room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from citycall.base import clock
from citycall.services.calls.models import Call

RINGS_FOR = timedelta(minutes=5)


def ringing() -> list[Call]:
    """Calls that ring now, the longest waiting first. One that rang for five minutes is no longer shown."""
    since = clock.now() - RINGS_FOR
    return list(
        Call.objects.filter(status=Call.Status.RINGING, offered_at__gte=since).order_by("offered_at")[:20]
    )


def current_call(staff_id: int) -> Call | None:
    """The call that this operator is on."""
    return Call.objects.filter(operator=staff_id, status=Call.Status.ANSWERED).first()


def call(call_id: int) -> Call | None:
    return Call.objects.filter(pk=call_id).first()


def own_call(call_id: int | None, staff_id: int) -> int | None:
    """The call's id if this operator answered it, else None: a case is tied to no stranger's call."""
    found = call_id and Call.objects.filter(pk=call_id, operator=staff_id).exists()
    return call_id if found else None


def began(calls: Iterable[int]) -> dict[int, datetime]:
    """When each of these calls came in, in one query."""
    wanted = set(calls)
    return dict(Call.objects.filter(pk__in=wanted).values_list("pk", "offered_at")) if wanted else {}
