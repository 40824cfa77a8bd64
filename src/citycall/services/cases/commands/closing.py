"""Closing a case by hand: by whom the pack says, and not before everything is done that comes before it."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, command
from citycall.base.notices import Notice
from citycall.policy.kinds import Reply
from citycall.services.cases.acts.checks import DESK
from citycall.services.cases.commands.handling import REPLY_SENT, close_case, owe_nothing
from citycall.services.cases.commands.inputs import Done, OfCase
from citycall.services.cases.lifecycle import load_for_change, pack_for
from citycall.services.cases.models import Case, PhoneRecord, PhoneTask, ReplyBy


class Close(OfCase):
    """`no_contact`: why the citizen cannot be told by telephone after all, where the call centre rings."""

    no_contact: Annotated[str, Field(max_length=500)] = ""


@command(
    "cases.close",
    who=("handler", "lead", "operator"),
    clauses=("KM-6-1f", "KM-7-4b", "NT-5-4-9c", "TP-6-4a"),
)
def close(ctx: Context, data: Close) -> Done:
    """Close by hand: refused without a completion record (NT-5-4-9c) or while a call is owed.

    Where the pack gives it to the call centre, nobody else closes (KM-6-1f, KM-7-4b).
    """
    case = load_for_change(data.case)
    reply = pack_for(case).kinds[case.kind].reply
    _require_closer(ctx, reply, case)
    if case.completed_at is None or not case.result:
        raise Refused("not_completed", _("案件未辦理完成，嚴禁先行結案。請先登錄辦理結果。"), status=409)
    info: dict[str, Any] = {}
    if PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN).exists():
        _cannot_be_rung(reply, case, data.no_contact)
        info = {"no_contact": data.no_contact}
        owe_nothing(ctx, case)
    if _message_owed(reply, case) and not (ctx.actor.has("lead") and _cannot_be_told(case)):
        raise Refused("reply_owed", _("回覆民眾的訊息尚未送出，不能結案；送出後會自動結案。"), status=409)
    close_case(ctx, case, **info)
    ctx.audit("case", case.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


def _require_closer(ctx: Context, reply: Reply, case: Case) -> None:
    """Closing is for the agency that the pack names; where that is the case's own, the desk may too."""
    desk = DESK & set(reply.closed_by)
    if reply.closed_by_agency == "case" and desk & ctx.actor.roles():
        ctx.require_role(*desk)
    else:
        ctx.require_role(*reply.closed_by, agency=reply.closing_agency_of(case.agency))


def _cannot_be_rung(reply: Reply, case: Case, why: str) -> None:
    """A call that is owed keeps a case open, unless it was tried in vain and the call centre says so."""
    if not why or reply.phone_agency == "case":
        raise Refused("phone_reply_owed", _("民眾要求電話回覆，請先完成回電並做成電話紀錄。"), status=409)
    tried = PhoneRecord.objects.filter(case=case, reached=False, at__gte=case.completed_at)
    if not tried.exists():
        message = _("還沒有未接通的電話紀錄，不能以無法聯絡結案。")
        raise Refused("not_tried", message, fields={"no_contact": message}, status=409)


def _message_owed(reply: Reply, case: Case) -> bool:
    """Whether the citizen still waits for the message, or letter, that the work is done (NT-5-4-9a)."""
    by_message = case.reply_by in (ReplyBy.SMS, ReplyBy.EMAIL, ReplyBy.LETTER)
    return reply.closes_when == "replied" and by_message and case.replied_at is None


def _cannot_be_told(case: Case) -> bool:
    """Whether the message was given up: no such number, no such address."""
    lost = (Notice.State.FAILED, Notice.State.UNDELIVERABLE)
    return Notice.objects.filter(
        about_kind="case", about_id=case.pk, on_sent=REPLY_SENT, state__in=lost
    ).exists()
