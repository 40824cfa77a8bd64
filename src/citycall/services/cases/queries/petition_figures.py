"""Petitions and complaints by month: received, closed, left unprocessed, how long it took, and the trend."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Avg, Count, F, QuerySet
from django.db.models.functions import TruncMonth

from citycall.base import clock
from citycall.base.policies import in_force
from citycall.services.cases.models import Case, Status


@dataclass(frozen=True)
class Month:
    """What came and went in one month; `before` is the month before it.

    A matter left unprocessed has a column of its own and counts neither as closed nor in the average
    (NT-5-2-5b). `average`: from establishment to close, of what was closed in the month (HR-3-1-0).
    """

    begins: date
    received: int = 0
    closed: int = 0
    unprocessed: int = 0
    average: timedelta | None = None
    before: Month | None = None

    @property
    def received_trend(self) -> int | None:
        """How many more came than in the month before."""
        return None if self.before is None else self.received - self.before.received

    @property
    def average_trend(self) -> timedelta | None:
        """How much longer it took than in the month before."""
        if self.before is None or self.average is None or self.before.average is None:
            return None
        return self.average - self.before.average

    @property
    def average_hours(self) -> float | None:
        return None if self.average is None else round(self.average.total_seconds() / 3600, 1)


def petition_kinds() -> list[str]:
    """The kinds of the pack in force that are petitions or complaints: matters without a service item."""
    return [code for code, kind in in_force()[1].kinds.items() if not kind.item_required]


def petition_months(
    first: date, last: date, *, kinds: Collection[str] | None = None, agencies: Collection[str] | None = None
) -> list[Month]:
    """Each month from that of `first` to that of `last`, oldest first. Three statements at any length."""
    begin, end = first.replace(day=1), _next(last.replace(day=1))
    earlier = _next(begin, -1)  # the month before the first, for its trend
    found = Case.objects.filter(kind__in=petition_kinds() if kinds is None else kinds)
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    received = _by_month(found, "established_at", earlier, end, n=Count("pk"))
    closed = _by_month(
        found.filter(status=Status.CLOSED, unprocessed_at=None),
        "closed_at",
        earlier,
        end,
        n=Count("pk"),
        took=Avg(F("closed_at") - F("established_at")),
    )
    left = _by_month(found, "unprocessed_at", earlier, end, n=Count("pk"))
    months: list[Month] = []
    day, before = earlier, None
    while day < end:
        month = Month(
            day,
            received.get(day, {}).get("n", 0),
            closed.get(day, {}).get("n", 0),
            left.get(day, {}).get("n", 0),
            closed.get(day, {}).get("took"),
            before,
        )
        if day >= begin:
            months.append(month)
        before, day = month, _next(day)
    return months


def _by_month(
    found: QuerySet[Case], field: str, begin: date, end: date, **figures: Any
) -> dict[date, dict[str, Any]]:
    within = {f"{field}__gte": _instant(begin), f"{field}__lt": _instant(end)}
    rows = (
        found.filter(**within)
        .annotate(month=TruncMonth(field, tzinfo=clock.TAIPEI))
        .values("month")
        .annotate(**figures)
    )
    return {clock.local(row["month"]).date(): row for row in rows}


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), clock.TAIPEI)


def _next(month: date, by: int = 1) -> date:
    """The first day of the month after this one, or before it."""
    n = month.year * 12 + month.month - 1 + by
    return date(n // 12, n % 12 + 1, 1)


@dataclass(frozen=True)
class LeftUnprocessed:
    """One petition left unprocessed: on which ground, by whom, when (NT-5-2-5b)."""

    case: Case
    ground: str
    decided_by: int | None
    decided_at: datetime


def left_unprocessed(
    since: datetime, until: datetime, *, agencies: Collection[str] | None = None, limit: int = 1000
) -> list[LeftUnprocessed]:
    """The petitions that were left unprocessed in a period, newest first."""
    found = Case.objects.filter(unprocessed_at__gte=since, unprocessed_at__lt=until)
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    return [
        LeftUnprocessed(case, case.unprocessed_ground, case.unprocessed_by, case.unprocessed_at)
        for case in found.order_by("-unprocessed_at", "-id")[:limit]
        if case.unprocessed_at is not None
    ]
