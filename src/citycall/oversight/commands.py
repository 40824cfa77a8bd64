"""The commission reviews delays and items (NT-5-4-8c, NT-5-4-1d). Changing rules: `policy_commands`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import Code
from citycall.base.events import record
from citycall.oversight.closures import declare_closure, withdraw_closure
from citycall.oversight.models import DelayReview, ItemReview
from citycall.oversight.policy_commands import (
    STEERING,
    add_item,
    decide_change,
    propose_change,
    rebase_change,
    steering_only,
    submit_change,
    withdraw_change,
)
from citycall.oversight.queries import late_cases_of, month_of
from citycall.people.queries import agency_names
from citycall.services.cases.queries import figures

Text = Annotated[str, Field(min_length=2, max_length=2000)]


class ReviewDelays(Input):
    """One agency, one month, what was found and what is to be done."""

    agency: Code
    period: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    finding: Text
    measure: Annotated[str, Field(max_length=2000)] = ""
    state: Literal["open", "done"] = "open"


class Reviewed(BaseModel):
    review: int
    late_cases: int = 0
    on_time_rate: float | None = None


@command("oversight.review_delays", who=STEERING, clauses=("NT-5-4-8c",))
def review_delays(ctx: Context, data: ReviewDelays) -> Reviewed:
    """Record findings and measures on an agency's late cases; entering it again changes it."""
    steering_only(ctx)
    if data.agency not in agency_names():
        message = _("沒有這個機關。")
        raise Refused("invalid", message, fields={"agency": message}, status=422)
    late = late_cases_of(data.agency, *month_of(data.period))
    review = DelayReview.objects.filter(agency=data.agency, period=data.period).first() or DelayReview()
    record(
        ctx,
        review,
        "delay_review.recorded",
        set={
            "agency": data.agency,
            "period": data.period,
            "finding": data.finding,
            "measure": data.measure,
            "state": data.state,
            "late_cases": late,
            "reviewed_by": ctx.actor.staff_id,
            "reviewed_at": ctx.now,
        },
        agencies=[data.agency],
    )
    return Reviewed(review=review.pk, late_cases=late)


class ReviewItem(Input):
    """One item over a time, and the conclusion drawn."""

    item: Code
    since: date
    until: date
    conclusion: Text


@command("oversight.review_item", who=STEERING, clauses=("NT-5-4-1d",))
def review_item(ctx: Context, data: ReviewItem) -> Reviewed:
    """Record a review of an item with its on-time rate of that time (NT-5-4-1d)."""
    steering_only(ctx)
    if data.item not in ctx.pack.items:
        message = _("沒有這個服務項目。")
        raise Refused("unknown_item", message, fields={"item": message}, status=422)
    if data.until < data.since:
        message = _("結束日期不能早於開始日期。")
        raise Refused("invalid", message, fields={"until": message}, status=422)
    begin = datetime.combine(data.since, time(), clock.TAIPEI)
    end = datetime.combine(data.until + timedelta(days=1), time(), clock.TAIPEI)
    found = next((one for one in figures("item", begin, end) if one.key == data.item), None)
    review = ItemReview()
    record(
        ctx,
        review,
        "item_review.recorded",
        set={
            "item": data.item,
            "since": data.since,
            "until": data.until,
            "taken": found.taken if found else 0,
            "closed": found.closed if found else 0,
            "closed_in_time": found.closed_in_time if found else 0,
            "conclusion": data.conclusion,
            "reviewed_by": ctx.actor.staff_id,
            "reviewed_at": ctx.now,
        },
    )
    return Reviewed(review=review.pk, on_time_rate=found.on_time_rate if found else None)


__all__ = [
    "STEERING",
    "add_item",
    "decide_change",
    "declare_closure",
    "propose_change",
    "rebase_change",
    "review_delays",
    "review_item",
    "submit_change",
    "withdraw_change",
    "withdraw_closure",
]
