"""A call rings, is answered, ends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import RowId
from citycall.base.events import record
from citycall.base.private import normalise_phone, phone_hash
from citycall.services.calls.commands.special import seen_at_call
from citycall.services.calls.models import Call
from citycall.services.calls.queries import special_now

TOPIC = "calls"


class Offer(Input):
    """A call that comes in; an empty number is a withheld one."""

    phone: Annotated[str, Field(max_length=30)] = ""
    simulated: bool = False


class CallDone(BaseModel):
    call: int
    status: str
    offered_at: datetime


@command("calls.offer", who=("operator", "lead", "system"))
def offer(ctx: Context, data: Offer) -> CallDone:
    """A call rings at the desks. Until the telephone is connected, only as a simulated call."""
    phone, hashed = "", None
    if data.phone:
        try:
            phone = normalise_phone(data.phone)
        except ValueError as error:
            message = _("不是可以辨識的電話號碼。")
            raise Refused("invalid", message, fields={"phone": message}, status=422) from error
        hashed = phone_hash(phone)
    call = Call(phone=phone, phone_hash=hashed, simulated=data.simulated)
    record(ctx, call, "call.offered", set={"status": Call.Status.RINGING, "offered_at": ctx.now})
    ctx.signal(TOPIC)
    return CallDone(call=call.pk, status=call.status, offered_at=call.offered_at)


class OfCall(Input):
    call: RowId


@command("calls.answer", who=("operator", "lead"))
def answer(ctx: Context, data: OfCall) -> CallDone:
    """An operator takes a ringing call; who comes second is told so."""
    call = locked(data.call)
    if call.status != Call.Status.RINGING:
        raise Refused("already_answered", _("這通電話已由其他同仁接聽或已掛斷。"), status=409)
    if Call.objects.filter(operator=ctx.actor.staff_id, status=Call.Status.ANSWERED).exists():
        raise Refused("already_on_a_call", _("您還在通話中，請先結束目前的通話。"), status=409)
    record(
        ctx,
        call,
        "call.answered",
        set={
            "status": Call.Status.ANSWERED,
            "answered_at": ctx.now,
            "operator": ctx.actor.staff_id,
            "operator_post": ctx.post_code,
        },
    )
    special = special_now(call.phone_hash, clock.local(ctx.now).date())
    if special is not None:
        seen_at_call(ctx, special, call.pk)
    ctx.signal(TOPIC)
    return CallDone(call=call.pk, status=call.status, offered_at=call.offered_at)


class End(OfCall):
    """How the call ended for the hotline."""

    outcome: Literal["", "case", "answered", "transferred", "silent", "abandoned"] = ""


@command("calls.end", who=("operator", "lead", "system"))
def end(ctx: Context, data: End) -> CallDone:
    """The call is over; one that nobody answered is a missed one. Ending it again changes nothing."""
    call = locked(data.call)
    if call.status in (Call.Status.ENDED, Call.Status.MISSED):
        return CallDone(call=call.pk, status=call.status, offered_at=call.offered_at)
    if call.operator is not None and call.operator != ctx.actor.staff_id and not ctx.actor.has("lead"):
        raise Refused("not_permitted", _("這是其他同仁的通話。"), status=403)
    missed = call.status == Call.Status.RINGING
    record(
        ctx,
        call,
        "call.ended",
        set={
            "status": Call.Status.MISSED if missed else Call.Status.ENDED,
            "ended_at": ctx.now,
            "outcome": data.outcome or ("abandoned" if missed else call.outcome),
        },
    )
    ctx.signal(TOPIC)
    return CallDone(call=call.pk, status=call.status, offered_at=call.offered_at)


def locked(pk: int) -> Call:
    call = Call.objects.select_for_update().filter(pk=pk).first()
    if call is None:
        raise Refused("not_found", _("查無此通話。"), status=404)
    return call
