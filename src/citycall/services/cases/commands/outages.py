"""When the system cannot send: the agencies are telephoned and the cases entered afterwards (NT-5-4-3a/b)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, Refused, command
from citycall.base.events import record
from citycall.services.cases.commands.inputs import Instant
from citycall.services.cases.models import Outage


class DeclareOutage(Input):
    """Since when, if not now."""

    since: Instant | None = None
    note: Annotated[str, Field(max_length=500)] = ""


class OutageDone(BaseModel):
    outage: int
    since: datetime
    until: datetime | None


@command("cases.declare_outage", who=("operator", "lead"), clauses=("NT-5-4-3a",))
def declare_outage(ctx: Context, data: DeclareOutage) -> OutageDone:
    """Mark the fast service as down: desks show the windows' numbers and the offline form."""
    since = data.since or ctx.now
    if since > ctx.now:
        message = _("異常開始時間不能晚於現在。")
        raise Refused("invalid", message, fields={"since": message}, status=422)
    if Outage.objects.filter(until__isnull=True).exists():
        raise Refused("already_down", _("系統異常已經登錄。"), status=409)
    outage = Outage()
    record(
        ctx,
        outage,
        "outage.declared",
        set={"since": since, "until": None, "note": data.note, "declared_by": ctx.actor.staff_id},
    )
    ctx.audit("outage", outage.pk)
    ctx.signal("calls")
    return OutageDone(outage=outage.pk, since=outage.since, until=None)


class EndOutage(Input):
    """Until when, if not now."""

    until: Instant | None = None


@command("cases.end_outage", who=("operator", "lead"), clauses=("NT-5-4-3a",))
def end_outage(ctx: Context, data: EndOutage) -> OutageDone:
    """The service is back; cases of that time are entered with the true time of notice."""
    outage = Outage.objects.select_for_update().filter(until__isnull=True).first()
    if outage is None:
        raise Refused("not_down", _("目前沒有系統異常。"), status=409)
    until = data.until or ctx.now
    if until > ctx.now or until < outage.since:
        message = _("恢復時間必須在異常開始之後、現在之前。")
        raise Refused("invalid", message, fields={"until": message}, status=422)
    record(ctx, outage, "outage.ended", set={"until": until})
    ctx.audit("outage", outage.pk)
    ctx.signal("calls")
    return OutageDone(outage=outage.pk, since=outage.since, until=outage.until)
