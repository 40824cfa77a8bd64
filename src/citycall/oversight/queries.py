"""What the steering office asks: reviews that are open, late cases of a month, notices in trouble."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from citycall.base import clock
from citycall.base.notices import Notice
from citycall.oversight.models import DelayReview, ItemReview
from citycall.services.cases.models import Case, Status


def month_of(period: str) -> tuple[datetime, datetime]:
    """First and last instant (exclusive) of a month written 2026-03, in local time."""
    year, month = (int(part) for part in period.split("-"))
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return datetime(year, month, 1, tzinfo=clock.TAIPEI), datetime(*after, 1, tzinfo=clock.TAIPEI)


def late_cases_of(agency: str, since: datetime, until: datetime) -> int:
    """How many cases of an agency established in this time were late."""
    return _late_cases().filter(agency=agency, established_at__gte=since, established_at__lt=until).count()


def delay_reviews(state: str = "") -> list[DelayReview]:
    """Reviews of delays, newest first; ``open`` ones are those whose measures are not done (NT-5-4-8c)."""
    found = DelayReview.objects.order_by("-reviewed_at", "-id")
    return list(found.filter(state=state)[:200] if state else found[:200])


def item_reviews(item: str = "") -> list[ItemReview]:
    """Reviews of items, newest first."""
    found = ItemReview.objects.order_by("-reviewed_at", "-id")
    return list(found.filter(item=item)[:200] if item else found[:200])


@dataclass(frozen=True)
class LateMonth:
    """One agency's late cases of one month: how many, and how many its evaluator has analysed."""

    agency: str
    period: str
    late: int
    analysed: int
    review: DelayReview | None


def late_months(since: datetime) -> list[LateMonth]:
    """Agency by month, the newest first, with the commission's review where there is one (NT-5-4-8c)."""
    rows = (
        _late_cases()
        .filter(established_at__gte=since)
        .annotate(month=TruncMonth("established_at", tzinfo=clock.TAIPEI))
        .values("agency", "month")
        .annotate(late=Count("id"), analysed=Count("delay_analysis"))
        .order_by("-month", "agency")
    )
    found = [(row["agency"], row["month"].strftime("%Y-%m"), row["late"], row["analysed"]) for row in rows]
    periods = {period for _agency, period, _late, _analysed in found}
    reviews = {(one.agency, one.period): one for one in DelayReview.objects.filter(period__in=periods)}
    return [
        LateMonth(agency, period, late, analysed, reviews.get((agency, period)))
        for agency, period, late, analysed in found
    ]


def late_cases(agency: str, since: datetime, until: datetime, limit: int = 300) -> list[Case]:
    """An agency's late cases of this time, with their analyses."""
    found = _late_cases().filter(agency=agency, established_at__gte=since, established_at__lt=until)
    return list(found.select_related("delay_analysis").order_by("id")[:limit])


def notice_trouble(waiting: timedelta = timedelta(minutes=15), limit: int = 200) -> list[Notice]:
    """Notices that have failed, cannot be delivered, or have waited too long; the newest first."""
    stale = clock.now() - waiting
    trouble = Q(state__in=[Notice.State.FAILED, Notice.State.UNDELIVERABLE]) | Q(
        state__in=[Notice.State.PENDING, Notice.State.SENDING], digest_key=None, created_at__lt=stale
    )
    return list(Notice.objects.filter(trouble).order_by("-id")[:limit])


def _late_cases() -> QuerySet[Case]:
    late = Q(overdue=True) | Q(was_overdue=True) | Q(completed_late=True)
    return Case.objects.filter(late).exclude(status=Status.WITHDRAWN)
