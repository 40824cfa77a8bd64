"""What can be asked of the calls room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q

from citycall.base import clock
from citycall.services.calls.models import Call, Disposition, SpecialCaller, SpecialView

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


def dispositions_of(call_id: int) -> list[Disposition]:
    """The matters of a call that ended without a case, newest first."""
    return list(Disposition.objects.filter(call_id=call_id).order_by("-id")[:20])


def dispositions(
    staff_id: int | None = None, page: int = 1, size: int = 50
) -> tuple[list[Disposition], bool]:
    """The newest matters that ended without a case, all or one operator's own, and whether there are more."""
    rows = Disposition.objects.select_related("call").order_by("-id")
    if staff_id is not None:
        rows = rows.filter(recorded_by=staff_id)
    start = (page - 1) * size
    found = list(rows[start : start + size + 1])
    return found[:size], len(found) > size


def special_now(hashed: str | None, today: date) -> SpecialCaller | None:
    """The entry of the list of special callers that has effect for this number; a proposal has none."""
    if not hashed:
        return None
    approved = SpecialCaller.objects.filter(phone_hash=hashed, state=SpecialCaller.State.APPROVED)
    return approved.filter(Q(until__isnull=True) | Q(until__gte=today)).first()


def special_proposals() -> int:
    """How many proposals wait for a decision."""
    return SpecialCaller.objects.filter(state=SpecialCaller.State.PROPOSED).count()


def special_views(limit: int = 50) -> list[SpecialView]:
    """Who looked at the list, newest first."""
    return list(SpecialView.objects.order_by("-id")[:limit])
