"""What the steering office asks: reviews that are open, late cases of a month."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from citycall.base import clock
from citycall.oversight.models import DelayReview, ItemReview
from citycall.services.cases.models import Case, DelayAnalysis, Status


def month_of(period: str) -> tuple[datetime, datetime]:
    """First and last instant (exclusive) of a month written 2026-03, in local time."""
    year, month = (int(part) for part in period.split("-"))
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return datetime(year, month, 1, tzinfo=clock.TAIPEI), datetime(*after, 1, tzinfo=clock.TAIPEI)


def late_cases_of(agency: str, since: datetime, until: datetime) -> int:
    """How many cases of an agency established in this time were late."""
    late = Q(overdue=True) | Q(completed_late=True)
    found = Case.objects.filter(late, agency=agency, established_at__gte=since, established_at__lt=until)
    return found.exclude(status=Status.WITHDRAWN).count()


def analyses_of(agency: str, since: datetime, until: datetime) -> list[DelayAnalysis]:
    """What the agency's evaluator wrote about the late cases of this time (NT-5-4-8b)."""
    found = DelayAnalysis.objects.filter(
        agency=agency, case__established_at__gte=since, case__established_at__lt=until
    )
    return list(found.select_related("case").order_by("id"))


def delay_reviews(state: str = "") -> list[DelayReview]:
    """Reviews of delays, newest first; ``open`` ones are those whose measures are not done (NT-5-4-8c)."""
    found = DelayReview.objects.order_by("-reviewed_at", "-id")
    return list(found.filter(state=state)[:200] if state else found[:200])


def item_reviews(item: str = "") -> list[ItemReview]:
    """Reviews of items, newest first."""
    found = ItemReview.objects.order_by("-reviewed_at", "-id")
    return list(found.filter(item=item)[:200] if item else found[:200])
