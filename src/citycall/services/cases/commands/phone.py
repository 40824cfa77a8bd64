"""Telephoning the citizen: the number opened with a purpose, one handler, a written record."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Refused, command, not_permitted
from citycall.base.events import record
from citycall.base.private import format_phone
from citycall.people.parties import reveal
from citycall.services.cases.acts import callers
from citycall.services.cases.commands.handling import answered_by_phone
from citycall.services.cases.commands.inputs import Done, Instant, OfCase
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, CaseTask, PhoneRecord, PhoneTask

_ENTERED = ("callee", "at", "content")  # the caller is whoever enters it
CALLERS = ("handler", "intake_window", "section_chief", "operator", "lead")


class OpenPhone(OfCase):
    """``reason`` is needed when a colleague has already telephoned this citizen."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Opened(BaseModel):
    record: int
    name: str
    phone: str
    phone_display: str


@command("cases.open_phone", who=CALLERS, clauses=("KM-7-4b", "NT-5-4-4c", "NT-5-4-4e"))
def open_phone(ctx: Context, data: OpenPhone) -> Opened:
    """Show the citizen's number to the person who is about to ring it; the view is logged.

    If somebody else opened it before for this case, ``phoned_by_other`` names them and asks for a
    reason (NT-5-4-4e).
    """
    case = load_for_change(data.case)
    _require_caller(ctx, case)
    caller = _person(ctx)
    if case.party_id is None or not case.has_phone:
        raise Refused("no_phone", _("民眾未留電話。"), status=409)
    earlier = [
        {"name": one.caller, "at": clock.local(one.opened_at).strftime("%Y-%m-%d %H:%M")}
        for one in PhoneRecord.objects.filter(case=case).exclude(staff_id=caller)
    ]
    reply = pack_for(case).kinds[case.kind].reply
    if earlier and not data.reason and reply.second_caller == "warn":
        last = earlier[-1]
        message = (
            _("%(name)s 已於 %(at)s 開啟電話聯絡過這位民眾。請勿由不同人員重複撥打；確有必要請敘明理由。")
            % last
        )
        raise Refused(
            "phoned_by_other", message, fields={"reason": message}, status=409, info={"earlier": earlier}
        )
    shown = reveal(
        ctx,
        case.party_id,
        purpose=_("電話回覆案件 %(number)s") % {"number": case.number},
        about_kind="case",
        about_id=case.pk,
        fields=("name", "phone"),
    )
    call = PhoneRecord.objects.create(
        case=case,
        staff_id=caller,
        caller=ctx.actor.name,
        opened_at=ctx.now,
        reason=data.reason,
    )
    advance(ctx, case, "case.phone_opened", info={"record": call.pk, "again": bool(earlier)})
    ctx.audit("case", case.pk, record=call.pk)
    phone = shown.phone or ""
    return Opened(record=call.pk, name=shown.name or "", phone=phone, phone_display=format_phone(phone))


def _require_caller(ctx: Context, case: Case) -> None:
    """Who rings the citizen is the pack's: the agency's handler, or the call centre (NT-5-4-4c, TP-6-4b).

    So may who owes the citizen something else, such as a further explanation (TP-6-4c).
    """
    owed = CaseTask.objects.filter(case=case, state=CaseTask.State.OPEN)
    ways = callers(pack_for(case), case, owed)
    for roles, agency in ways[1:]:
        if ctx.actor.holds(*roles, agency=agency):
            ctx.require_role(*roles, agency=agency)
            return
    roles, agency = ways[0]
    ctx.require_role(*roles, agency=agency)


def _person(ctx: Context) -> int:
    """Who telephones: always a person, never a program."""
    if ctx.actor.staff_id is None:
        raise not_permitted()
    return ctx.actor.staff_id


class RecordPhoneReply(OfCase):
    """Who was spoken to, when, and what was said (NT-5-4-4d); the caller is who enters it."""

    callee: Annotated[str, Field(max_length=80)] = ""
    at: Instant | None = None
    content: Annotated[str, Field(max_length=2000)] = ""
    reached: bool = True


@command(
    "cases.record_phone_reply",
    who=CALLERS,
    clauses=("KM-7-4b", "NT-5-4-4c", "NT-5-4-4d", "TP-6-4b"),
    keyed=True,
)
def record_phone_reply(ctx: Context, data: RecordPhoneReply) -> Done:
    """Record a telephone call; when the citizen was reached, the owed reply is done and the case closes."""
    case = load_for_change(data.case)
    _require_caller(ctx, case)
    required = pack_for(case).kinds[case.kind].reply.phone_record
    missing: dict[str, str] = {
        part: _("必填。") for part in required if part in _ENTERED and not getattr(data, part)
    }
    if missing:
        raise Refused("invalid", _("電話紀錄尚缺應記載事項。"), fields=missing, status=422)
    at = data.at or ctx.now
    if at > ctx.now or at < min(filter(None, (case.established_at, case.notified_at))):
        message = _("通話時間必須在成案之後、現在之前。")
        raise Refused("invalid", message, fields={"at": message}, status=422)
    call = (
        PhoneRecord.objects.filter(case=case, staff_id=_person(ctx), at__isnull=True).order_by("-id").first()
    )
    if call is None:
        raise Refused("number_not_opened", _("請先開啟民眾電話再登錄電話紀錄。"), status=409)
    call.callee, call.at = data.callee, at
    call.content, call.reached = data.content, data.reached
    call.save(update_fields=["callee", "at", "content", "reached"])
    reached = {"reached": data.reached}
    advance(ctx, case, "case.phone_recorded", info={"record": call.pk} | reached, data=reached)
    task = PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN).first()
    if task is not None and data.reached:
        done = {"state": PhoneTask.State.DONE, "done_at": ctx.now}
        record(ctx, task, "phone_task.done", set=done, agencies=[task.agency])
        answered_by_phone(ctx, case)
    ctx.audit("case", case.pk, record=call.pk)
    return Done(case=case.pk, number=case.number, status=case.status)
