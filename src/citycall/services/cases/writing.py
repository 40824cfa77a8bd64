"""The written reply of a case: its draft, what it still lacks, and how it goes out.

What it must hold, by which ways it may go and what may be entered only after the approval stands in the pack
(``kinds.*.writing``). A letter is made here and kept as a file of the case; messages are notices, which the
pack's rules queue on ``case.reply_issued``.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from citycall.base import clock
from citycall.base.commands import Context, Refused
from citycall.base.events import record
from citycall.base.files import PDF, keep_made
from citycall.people.queries import parties, post_of, staff_names
from citycall.policy.kinds import CaseKind
from citycall.services.cases import paper
from citycall.services.cases.acts.checks import WRITTEN
from citycall.services.cases.lifecycle import advance, pack_for
from citycall.services.cases.models import Case, CaseFile, CaseReply, ReplyDraft

BY_MESSAGE = ("sms", "email")
LATELY = 1000  # so many replies are looked back at for a person's telephone


class Went(Enum):
    """What became of the written reply when the result counts."""

    NOTHING = "nothing"  # there is none
    WAITS = "waits"  # something is still to be entered, as the document's number
    BY_PHONE = "by_phone"  # what is to be said by telephone
    OUT = "out"


def open_draft(case: Case) -> ReplyDraft | None:
    return ReplyDraft.objects.filter(case=case, state=ReplyDraft.State.OPEN).first()


def begun(ctx: Context, case: Case) -> dict[str, Any]:
    """What a draft begins with: the way that was asked for, the handler and the telephone of their post."""
    staff = ctx.actor.staff_id
    post = post_of(case.taken_post) if case.taken_post and case.taken_by == staff else None
    post = post or post_of(ctx.post_code)
    phone = post.phone if post and post.phone else phone_before(staff)
    return {
        "case": case,
        "state": ReplyDraft.State.OPEN,
        "way": case.reply_by if case.reply_by in CaseReply.Way.values else CaseReply.Way.LETTER,
        "handler_name": staff_names([staff]).get(staff or 0, ctx.actor.name),
        "handler_phone": phone,
    }


def phone_before(staff: int | None) -> str:
    """The telephone that this person named in their last reply, where their post has none of its own."""
    if staff is None:
        return ""
    lately = ReplyDraft.objects.order_by("-id").values_list("written_by", "handler_phone")[:LATELY]
    return next((phone for by, phone in lately if by == staff and phone), "")


def save(ctx: Context, case: Case, draft: ReplyDraft | None, **fields: Any) -> ReplyDraft:
    """Write a draft, or write it anew; what was there before stays among its events."""
    row = draft or ReplyDraft()
    changes = {**({} if draft else begun(ctx, case)), **fields}
    changes |= {"written_by": ctx.actor.staff_id, "written_at": ctx.now}
    record(ctx, row, "reply_draft.written", set=changes, agencies=[case.agency])
    return row


def put_up(ctx: Context, case: Case, kind: CaseKind, result: str) -> None:
    """The result is handed in: the reply goes with it, and must be what the pack asks for (NT-5-2-3c).

    Where nobody wrote one and the citizen is answered by message, the result itself is the reply.
    """
    rule = kind.writing
    if rule is None:
        return
    draft = open_draft(case)
    if draft is None:
        by_itself = case.reply_by in BY_MESSAGE and case.reply_by in rule.ways
        if not by_itself or case.replied_at is not None:
            return
        draft = save(ctx, case, None, content=result)
    elif draft.content and draft.content == case.result != result:  # it was the result: sent back, mended
        draft = save(ctx, case, draft, content=result)
    lacks = missing(draft, rule.at_once, result=result)
    if lacks:
        raise Refused("reply_incomplete", _("回覆稿尚缺應載明事項，不能陳核。"), fields=lacks, status=422)


def missing(draft: ReplyDraft, parts: tuple[str, ...], *, result: str = "") -> dict[str, str]:
    """What of these parts the draft lacks, each with what to do; a call has no letter's number or date."""
    spoken = draft.way == CaseReply.Way.PHONE
    given = {"result": result or draft.case.result}
    asked = [part for part in parts if not (spoken and part in ("document_number", "reply_date", "grade"))]
    return {part: _LACKS[part]() for part in asked if not given.get(part, getattr(draft, part, ""))}


_LACKS = {
    "content": lambda: _("請填寫回覆內容。"),
    "handler_name": lambda: _("請填寫承辦人姓名。"),
    "handler_phone": lambda: _("請填寫承辦人聯絡電話。"),
    "document_number": lambda: _("請填寫發文文號。"),
    "reply_date": lambda: _("請填寫回復日期。"),
    "grade": lambda: _("請選擇處理等級。"),
    "result": lambda: _("請填寫辦理結果。"),
}


def go_out(ctx: Context, case: Case, kind: CaseKind) -> Went:
    """The result counts: send the reply, unless something is still to be entered (TP-5-5-2b)."""
    if kind.writing is None or (case.replied_at is not None and not owes_writing(case, kind)):
        return Went.NOTHING
    draft = open_draft(case)
    if draft is None:
        return Went.NOTHING
    if missing(draft, kind.writing.requires):
        return Went.WAITS
    record(
        ctx,
        draft,
        "reply_draft.issued",
        set={"state": ReplyDraft.State.ISSUED, "issued_at": ctx.now},
        agencies=[case.agency],
    )
    advance(
        ctx, case, "case.reply_issued", info={"way": draft.way, "draft": draft.pk}, data=facts_of(kind, draft)
    )
    if draft.way == CaseReply.Way.PHONE:
        return Went.BY_PHONE
    if draft.way not in BY_MESSAGE:
        _post(ctx, case, kind, draft)
    return Went.OUT


def facts_of(kind: CaseKind, draft: ReplyDraft) -> dict[str, Any]:
    """What a message may say of the reply."""
    grade = kind.writing.grade(draft.grade) if kind.writing else None
    day = draft.reply_date
    return {
        "title": draft.title,
        "content": draft.content,
        "handler_name": draft.handler_name,
        "handler_phone": draft.handler_phone,
        "document_number": draft.document_number,
        "reply_date": {"zh": clock.roc_date(day), "en": day.isoformat()} if day else "",
        "grade": {"zh": grade.name.zh, "en": grade.name.en} if grade else "",
    }


def _post(ctx: Context, case: Case, kind: CaseKind, draft: ReplyDraft) -> None:
    """A letter: its sheets are kept with the case, and it counts as the reply from now on."""
    party = parties([case.party_id]).get(case.party_id or 0)
    sheet = paper.letter_of(pack_for(case), case, draft, party.masked_name if party else "", now=ctx.now)
    for mime, content in paper.made(sheet):
        caption = sheet.word if mime == PDF else f"{sheet.word}（ODT）"
        stored = keep_made(
            ctx, content, f"{case.number}-{sheet.word}", mime, about_kind="case", about_id=case.pk
        )
        CaseFile.objects.create(
            case=case, file_id=stored.pk, caption=caption, added_by=ctx.actor.staff_id, added_at=ctx.now
        )
    kept(ctx, case, draft)
    advance(
        ctx,
        case,
        "case.replied",
        set={"replied_at": ctx.now},
        info={"by": draft.way, "reference": draft.document_number},
    )


def kept(ctx: Context, case: Case, draft: ReplyDraft) -> CaseReply:
    """Put on record that this reply reached the citizen, or was sent to them."""
    return CaseReply.objects.create(
        case=case,
        way=draft.way,
        at=ctx.now,
        content=draft.content,
        reference=draft.document_number,
        staff_id=draft.written_by,
        recorded_at=ctx.now,
        draft_id=draft.pk,
    )


def message_arrived(ctx: Context, case: Case) -> None:
    """The message of a written reply has gone out: it is on record like a letter."""
    draft = ReplyDraft.objects.filter(case=case, state=ReplyDraft.State.ISSUED).order_by("-id").first()
    if draft is None or CaseReply.objects.filter(case=case, draft_id=draft.pk).exists():
        return
    kept(ctx, case, draft)


def owes_writing(case: Case, kind: CaseKind) -> bool:
    """Whether this case may not end yet for want of an answer in writing (AE-7-0)."""
    if kind.writing is None or not kind.writing.must or case.unprocessed_at is not None:
        return False
    return not CaseReply.objects.filter(case=case, way__in=WRITTEN).exists()


def void(ctx: Context, case: Case) -> None:
    """Nothing is to be answered any more by what was drafted."""
    draft = open_draft(case)
    if draft is not None:
        record(ctx, draft, "reply_draft.void", set={"state": ReplyDraft.State.VOID}, agencies=[case.agency])
