"""The commission reviews delays and items, and adds an item from a date (NT-5-4-8c, NT-5-4-1d)."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock, policies
from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import Code
from citycall.base.events import record
from citycall.oversight.models import DelayReview, ItemReview
from citycall.oversight.queries import late_cases_of, month_of
from citycall.people.queries import agency_names
from citycall.policy import PackError
from citycall.services.cases.queries import figures

STEERING = ("evaluator", "director")
Text = Annotated[str, Field(min_length=2, max_length=2000)]


def _steering_only(ctx: Context) -> None:
    """Evaluators sit in every agency; these reviews are the steering office's alone."""
    ctx.require_role(*STEERING, agency=ctx.pack.managing_unit)


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
    _steering_only(ctx)
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
    _steering_only(ctx)
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


class AddItem(Input):
    """A row of the table of items; limits as ``4 hours`` or ``1 days``."""

    code: Code
    name_zh: Annotated[str, Field(min_length=1, max_length=40)]
    name_en: Annotated[str, Field(min_length=1, max_length=80)]
    agency: Code
    stage1: Annotated[str, Field(max_length=20)]
    stage2_max: Annotated[str, Field(max_length=20)]
    active_from: date
    keywords: Annotated[str, Field(max_length=400)] = ""
    public_safety: bool = False
    resources: bool = False


class ItemAdded(BaseModel):
    item: str
    policy_version: int


@command("oversight.add_item", who=("director",), clauses=("NT-5-4-1b", "NT-5-4-1d"))
def add_item(ctx: Context, data: AddItem) -> ItemAdded:
    """Extend the service: a new item from its effective date, as a new version of the rules (NT-5-4-1d).

    Refused with the pack's own words when a limit lies outside what the kind allows (NT-5-4-1b).
    """
    _steering_only(ctx)
    if data.code in ctx.pack.items:
        message = _("這個項目代碼已經有了。")
        raise Refused("invalid", message, fields={"code": message}, status=422)
    if data.agency not in agency_names():
        message = _("沒有這個機關。")
        raise Refused("invalid", message, fields={"agency": message}, status=422)
    old = policies.text_of("items.csv")
    header = next(csv.reader(io.StringIO(old)))
    row = {
        **{name: getattr(data, name) for name in ("code", "name_zh", "name_en", "agency", "stage1")},
        "stage2_max": data.stage2_max,
        "kind": next(code for code, kind in ctx.pack.kinds.items() if kind.begins_in == "first"),
        "cause_group": data.code,
        "public_safety": "yes" if data.public_safety else "no",
        "resources": "yes" if data.resources else "no",
        "evidence": "no",
        "keywords": data.keywords,
        "radius_m": "100",
        "active_from": data.active_from.isoformat(),
        "active_until": "",
        "sample": "no",
    }
    text = io.StringIO()
    csv.DictWriter(text, header, lineterminator="\n").writerow({name: row.get(name, "") for name in header})
    try:
        version = policies.amend({"items.csv": old.rstrip("\n") + "\n" + text.getvalue()})
    except PackError as error:
        raise Refused(
            "invalid",
            _("項目不符規則：%(why)s") % {"why": error.message},
            fields={error.key.rsplit(".", 1)[-1] or "code": error.message},
            status=422,
        ) from error
    ctx.audit("policy_version", version.pk, item=data.code)
    return ItemAdded(item=data.code, policy_version=version.pk)
