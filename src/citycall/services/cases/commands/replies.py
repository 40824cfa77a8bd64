"""What the agency answers the citizen by itself, by letter or telephone, on record (KM-6-1d)."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.base.events import record
from citycall.services.cases import writing
from citycall.services.cases.commands.handling import WORKERS, completed
from citycall.services.cases.commands.inputs import Done, Instant, OfCase, OneLine
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import CaseReply, PhoneTask, Status


class RecordReply(OfCase):
    """By which way, when, and what was said; of a letter its number as well."""

    way: Code | None = None
    at: Instant | None = None
    content: Annotated[str, Field(max_length=2000)] = ""
    reference: Annotated[str, OneLine, Field(max_length=80)] = ""


@command("cases.record_reply", who=WORKERS, clauses=("KM-6-1d", "NT-5-3d"), keyed=True)
def record_reply(ctx: Context, data: RecordReply) -> Done:
    """The citizen was answered by telephone or letter; without way, date and content it does not count."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    kind = pack_for(case).kinds[case.kind]
    fields: dict[str, str] = {}
    if data.way is None:
        fields["way"] = _("請選擇回覆方式。")
    elif data.way not in kind.reply.by_hand:
        fields["way"] = _("這類案件不能用這種方式回覆。")
    if data.at is None:
        fields["at"] = _("請填寫回覆日期。")
    elif data.at > ctx.now or data.at < min(filter(None, (case.established_at, case.notified_at))):
        fields["at"] = _("回覆時間必須在成案之後、現在之前。")
    if not data.content:
        fields["content"] = _("請填寫回覆內容。")
    if fields or data.way is None or data.at is None:
        raise Refused("invalid", _("回覆紀錄尚缺應記載事項。"), fields=fields, status=422)
    answer = CaseReply.objects.create(
        case=case,
        way=data.way,
        at=data.at,
        content=data.content,
        reference=data.reference,
        staff_id=ctx.actor.staff_id,
        recorded_at=ctx.now,
    )
    advance(
        ctx,
        case,
        "case.replied",
        set={"replied_at": data.at},
        info={"by": data.way, "reply": answer.pk, "reference": data.reference},
    )
    writing.void(ctx, case)
    task = PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN).first()
    if task is not None:  # the call that was owed is owed no more
        done = {"state": PhoneTask.State.DONE, "done_at": ctx.now}
        record(ctx, task, "phone_task.done", set=done, agencies=[task.agency])
    if case.status == Status.COMPLETED:
        completed(ctx, case, kind, told=0)
    ctx.audit("case", case.pk, reply=answer.pk)
    return Done(case=case.pk, number=case.number, status=case.status)
