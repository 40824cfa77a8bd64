"""A matter of a call ends without a case: outside the remit, or not accepted. The call record keeps how."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code, Instant, RowId
from citycall.base.events import record
from citycall.people.queries import identity_check
from citycall.policy import Pack
from citycall.services.calls.commands.calls import OfCall, locked
from citycall.services.calls.models import Call, Disposition

# Earlier than this before the entry a notice to an outside body is a slip of the pen.
NOTIFIED_WITHIN = timedelta(days=1)


class Dispose(OfCall):
    """How it ended.

    ``outside``: `way`, and the authority by its code in the directory or by name, with the contact details
    given; of a body notified the person spoken to and the time. ``not_accepted``: the ground, by its code.
    """

    outcome: Literal["outside", "not_accepted"]
    kind: Code | None = None
    matter: Annotated[str, Field(max_length=2000)] = ""
    ground: Code | None = None
    way: Literal["tell_contact", "redial", "help_find", "notify_outside"] | None = None
    authority: Code | None = None
    authority_name: Annotated[str, Field(max_length=120)] = ""
    contact: Annotated[str, Field(max_length=300)] = ""
    person: Annotated[str, Field(max_length=80)] = ""
    at: Instant | None = None
    identity_check: RowId | None = None
    note: Annotated[str, Field(max_length=1000)] = ""


class Disposed(BaseModel):
    disposition: int
    call: int
    outcome: str
    ground: str
    authority_name: str
    contact: str


@command(
    "calls.dispose",
    who=("operator", "lead"),
    clauses=(
        "KM-2-2c",
        "KM-2-3c",
        "KM-2-4c",
        "KM-7-6a",
        "KM-7-6b",
        "TP-5-1a",
        "TP-6-2b",
        "NT-8-2b",
    ),
    keyed=True,
)
def dispose(ctx: Context, data: Dispose) -> Disposed:
    """End a matter of a call without a case; nothing runs and no agency has it (KM-2-3c, KM-2-4c).

    Refused: ``invalid`` naming what is lacking, ``not_outside`` where the government has no such way at the
    call, ``identity_check_required`` where the ground is a call back that did not confirm who reports.
    """
    call = _own(ctx, data)
    if data.kind is not None and data.kind not in ctx.pack.kinds:
        message = _("沒有這個案件類別。")
        raise Refused("invalid", message, fields={"kind": message}, status=422)
    fields = _outside(ctx, data) if data.outcome == "outside" else _not_accepted(ctx, data)
    made = Disposition()
    record(
        ctx,
        made,
        "disposition.recorded",
        set={
            "call": call,
            "kind": data.kind or "",
            "outcome": data.outcome,
            "matter": data.matter,
            "note": data.note,
            "at": ctx.now,
            "recorded_by": ctx.actor.staff_id,
            "policy_version_id": ctx.policy.pk,
            **fields,
        },
    )
    record(ctx, call, "call.disposed", set={"outcome": data.outcome}, info={"disposition": made.pk})
    ctx.signal("calls")
    ctx.audit("call", call.pk, outcome=data.outcome, disposition=made.pk)
    return Disposed(
        disposition=made.pk,
        call=call.pk,
        outcome=made.outcome,
        ground=made.ground,
        authority_name=made.authority_name,
        contact=made.contact,
    )


def _own(ctx: Context, data: Dispose) -> Call:
    """The call, which this operator answered; it may be over already."""
    call = locked(data.call)
    if call.status not in (Call.Status.ANSWERED, Call.Status.ENDED):
        raise Refused("not_answered", _("這通電話尚未接聽，沒有內容可以登錄。"), status=409)
    if call.operator != ctx.actor.staff_id and not ctx.actor.has("lead"):
        raise Refused("not_permitted", _("這是其他同仁的通話。"), status=403)
    return call


def _outside(ctx: Context, data: Dispose) -> dict[str, Any]:
    rule = ctx.pack.intake.outside
    if not rule.at_the_call:
        message = _("依本府規定，非本府權責事項不在通話中處理，請登錄案件後由權責機關函轉。")
        raise Refused("not_outside", message, status=409)
    if data.way not in rule.at_the_call:
        message = _("請選擇如何協助民眾。")
        raise Refused("invalid", message, fields={"way": message}, status=422)
    name, contact = _authority(ctx.pack, data)
    notified = data.way == "notify_outside"
    given = {"authority": name, "contact": contact, "person": data.person, "at": data.at}
    said = {
        "authority": _("請選擇或填寫權責機關。"),
        "contact": _("請填寫告知民眾的聯絡方式。"),
        "person": _("請填寫受話人員。"),
        "at": _("請填寫通知時間。"),
    }
    asked = rule.notified_asks if notified else rule.told_asks
    missing: dict[str, str] = {part: said[part] for part in asked if not given[part]}
    if missing:
        message = _("請完整登錄已告知的權責機關，或已通知的單位。")
        raise Refused("invalid", message, fields=missing, status=422)
    if notified and data.at is not None:
        _check_time(data.at, ctx.now)
    return {
        "way": data.way,
        "authority": data.authority or "",
        "authority_name": name,
        "contact": contact,
        "person": data.person if notified else "",
        "notified_at": data.at if notified else None,
    }


def _check_time(at: datetime, now: datetime) -> None:
    if not now - NOTIFIED_WITHIN <= at <= now:
        message = _("通知時間必須在現在之前、最近一日之內。")
        raise Refused("invalid", message, fields={"at": message}, status=422)


def _authority(pack: Pack, data: Dispose) -> tuple[str, str]:
    """Name and contact details: those of the directory, unless others were told."""
    if data.authority is None:
        return data.authority_name, data.contact
    found = pack.authority(data.authority)
    if found is None:
        message = _("名錄中沒有這個機關，請重新選擇或自行填寫。")
        raise Refused("invalid", message, fields={"authority": message}, status=422)
    return found.name.get(get_language()), data.contact or found.contact


def _not_accepted(ctx: Context, data: Dispose) -> dict[str, Any]:
    ground = ctx.pack.intake.grounds_of(data.kind).get(data.ground or "")
    if ground is None or data.ground is None:
        message = _("請選擇不予受理的事由。")
        raise Refused("invalid", message, fields={"ground": message}, status=422)
    language = get_language()
    words = ground.name.get(language)
    if ground.law is not None:
        words = f"{words}（{ground.law.get(language)}）"
    fields: dict[str, Any] = {"ground": data.ground, "ground_words": words}
    if ground.unconfirmed:
        check = identity_check(data.identity_check)
        if check is None or check.confirmed or check.call_id != data.call:
            message = _("請先登錄未能確認身分的回撥紀錄。")
            raise Refused("identity_check_required", message, fields={"identity_check": message}, status=422)
        fields |= {"identity_check_id": check.pk, "note": data.note or check.reason}
    return fields
