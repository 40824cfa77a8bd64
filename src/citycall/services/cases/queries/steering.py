"""What supervisors, evaluators and the steering office ask: requests, delays, incidents, figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from citycall.base import clock
from citycall.services.cases.models import OPEN_STATUSES, Case, Incident, Outage, StageRequest, Status
from citycall.services.cases.queries.lists import PAGE, CasePage, CaseRow, rows_of


def stage_requests_pending() -> list[tuple[StageRequest, CaseRow]]:
    """What waits for the call centre's consent, oldest first (NT-5-4-7)."""
    requests = list(
        StageRequest.objects.filter(state=StageRequest.State.PENDING).select_related("case").order_by("id")
    )
    return list(zip(requests, rows_of([request.case for request in requests]), strict=True))


def delays_to_analyse(
    agencies: Collection[str] | None, *, analysed: bool = False, page: int = 1, size: int = PAGE
) -> CasePage:
    """Late cases of an agency that its evaluator has not analysed yet, or has (NT-5-4-8b)."""
    found = Case.objects.filter(Q(overdue=True) | Q(was_overdue=True) | Q(completed_late=True)).exclude(
        status=Status.WITHDRAWN
    )
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    found = found.filter(delay_analysis__isnull=not analysed)
    first = (max(page, 1) - 1) * size
    cases = list(found.order_by("-id")[first : first + size + 1])
    return CasePage(rows=rows_of(cases[:size]), page=page, has_next=len(cases) > size, size=size)


def open_outage() -> Outage | None:
    """The outage that is going on, if any (NT-5-4-3a)."""
    return Outage.objects.filter(until__isnull=True).first()


def recent_outages(limit: int = 5) -> list[Outage]:
    """The last outages, the open one first."""
    return list(Outage.objects.order_by("-since")[:limit])


def incidents(kind: str, since: datetime | None = None) -> list[Incident]:
    """What was kept for later handling: false reports (NT-8-1b), early closings (NT-5-4-9c)."""
    found = Incident.objects.filter(kind=kind).select_related("case").order_by("-id")
    return list(found.filter(at__gte=since)[:200] if since else found[:200])


@dataclass(frozen=True)
class Figures:
    """How an item or an agency did in a period."""

    key: str
    taken: int
    closed: int
    closed_in_time: int
    signed_late: int
    overdue_open: int
    released: int = 0
    grade_b_open: int = 0  # with an interim result, the final one still to come (TP-5-5-6b)

    @property
    def on_time_rate(self) -> float | None:
        """Share of closed cases that were answered in time (NT-5-4-9a), 0 to 1; None without any."""
        return self.closed_in_time / self.closed if self.closed else None


def figures(by: str, since: datetime, until: datetime | None = None, kind: str = "") -> list[Figures]:
    """On-time figures by ``item`` or ``agency``, of all cases or of one kind (KM-7-7b).

    Done but unanswered is not counted as done (NT-5-4-9a).
    """
    found = Case.objects.filter(established_at__gte=since, established_at__lt=until or clock.now())
    unanswered = Q(replied_at=None, reply_by__in=["sms", "email", "phone", "letter"])
    in_time = Q(status=Status.CLOSED, completed_late=False, overdue=False, was_overdue=False) & ~unanswered
    if kind:
        found = found.filter(kind=kind)
    rows = (
        found.exclude(status=Status.WITHDRAWN)
        .values(by)
        .annotate(
            taken=Count("id"),
            closed=Count("id", filter=Q(status=Status.CLOSED)),
            closed_in_time=Count("id", filter=in_time),
            signed_late=Count("id", filter=Q(acknowledged_late=True)),
            overdue_open=Count("id", filter=Q(overdue=True, status__in=OPEN_STATUSES)),
            released=Count("id", filter=Q(status=Status.RELEASED)),
            grade_b_open=Count("id", filter=~Q(grade="") & Q(status__in=OPEN_STATUSES)),
        )
        .order_by(by)
    )
    return [
        Figures(
            key=row[by],
            taken=row["taken"],
            closed=row["closed"],
            closed_in_time=row["closed_in_time"],
            signed_late=row["signed_late"],
            overdue_open=row["overdue_open"],
            released=row["released"],
            grade_b_open=row["grade_b_open"],
        )
        for row in rows
    ]
