"""The public look-up by number and code, guarded against guessing (NT-5-4-2f)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, Refused, command
from citycall.services.cases.models import LookupFailure
from citycall.services.cases.queries import by_number, code_fits
from citycall.services.cases.queries.finding import plain_number

WINDOW = timedelta(hours=1)
KEPT = timedelta(days=1)
WRONG_FOR_NUMBER = 10
WRONG_FROM_ADDRESS = 30
KEPT_LETTERS = 24  # of what was typed as a number: as many as the column holds


class LookUp(Input):
    number: Annotated[str, Field(min_length=1, max_length=40)]
    code: Annotated[str, Field(min_length=1, max_length=16)]


class LookedUp(BaseModel):
    """``found`` is false alike for a wrong number and a wrong code."""

    found: bool
    case: int | None = None


@command("cases.look_up", who=("anyone",), clauses=("NT-5-4-2f",))
def look_up(ctx: Context, data: LookUp) -> LookedUp:
    """Whether number and code fit together. After too many wrong tries an hour must pass: ``too_many``."""
    number = plain_number(data.number)
    tried = number[:KEPT_LETTERS]  # what is longer is no number of a case: its beginning tells it
    recent = LookupFailure.objects.filter(at__gt=ctx.now - WINDOW)
    address = ctx.actor.ip or ""
    if recent.filter(number=tried).count() >= WRONG_FOR_NUMBER or (
        address and recent.filter(ip=address).count() >= WRONG_FROM_ADDRESS
    ):
        raise Refused(
            "too_many", _("查詢錯誤次數過多，請一小時後再試，或撥打 1999 由話務人員協助查詢。"), status=429
        )
    case = by_number(number)
    if case is None or not code_fits(case, data.code):
        LookupFailure.objects.filter(at__lt=ctx.now - KEPT).delete()
        LookupFailure.objects.create(number=tried, ip=address, at=ctx.now)
        return LookedUp(found=False)
    ctx.audit("case", case.pk)
    return LookedUp(found=True, case=case.pk)
