"""Writing to the citizen: the draft, its particulars after the approval, the letter opened for the post."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Input, Refused, command, not_found
from citycall.base.commands.inputs import Code, RowId
from citycall.people.parties import reveal
from citycall.people.queries import left_address
from citycall.policy.kinds import CaseKind
from citycall.services.cases import writing
from citycall.services.cases.acts.writing_checks import last_letter
from citycall.services.cases.commands.completion import Date
from citycall.services.cases.commands.handling import WORKERS, completed
from citycall.services.cases.commands.inputs import Done, OfCase, OneLine
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, CaseFile, CaseReply, ReplyBy, ReplyDraft
from citycall.services.cases.queries.sight import looks_over, sees
from citycall.services.cases.writing import BY_MESSAGE

Phone = Annotated[str, OneLine, Field(max_length=40)]


class Particulars(OfCase):
    """Document number, date and grade of a reply (TP-5-5-2b); None leaves what is there."""

    document_number: Annotated[str, OneLine, Field(max_length=80)] | None = None
    reply_date: Date | None = None
    grade: Annotated[str, Field(max_length=32)] | None = None


class DraftReply(Particulars):
    """By which way, why not the one asked for, and what it says.

    None leaves what is there, or what a draft begins with: the way asked for, the handler's own name and the
    telephone of their post.
    """

    way: Code | None = None
    way_reason: Annotated[str, OneLine, Field(max_length=500)] = ""
    title: Annotated[str, OneLine, Field(max_length=200)] = ""
    content: Annotated[str, Field(max_length=4000)] | None = None
    handler_name: Annotated[str, OneLine, Field(max_length=80)] | None = None
    handler_phone: Phone | None = None


class Drafted(Done):
    draft: int
    way: str


@command(
    "cases.draft_reply",
    who=WORKERS,
    clauses=("AE-7-0", "NT-5-2-3a", "NT-5-2-3b", "NT-5-2-3c", "TP-5-5-2b"),
    keyed=True,
)
def draft_reply(ctx: Context, data: DraftReply) -> Drafted:
    """Write the reply, or write it anew, for the approval; nothing goes out.

    It goes by the way that the citizen asked for; another way needs a reason (NT-5-2-3a).
    """
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    kind = pack_for(case).kinds[case.kind]
    draft = writing.open_draft(case)
    given = _given(data)
    before = draft.way if draft is not None else writing.begun(ctx, case)["way"]
    way = data.way or before
    fields = _wrong(kind, case, data, way)
    if fields:
        raise Refused("invalid", _("回覆稿有應更正之處。"), fields=fields, status=422)
    draft = writing.save(ctx, case, draft, **{**given, "way": way})
    advance(ctx, case, "case.reply_drafted", info={"draft": draft.pk, "way": way})
    ctx.audit("case", case.pk, draft=draft.pk)
    return Drafted(case=case.pk, number=case.number, status=case.status, draft=draft.pk, way=way)


def _given(data: Particulars) -> dict[str, Any]:
    """What was said of the draft itself."""
    return data.model_dump(exclude=set(OfCase.model_fields), exclude_none=True)


def _wrong(kind: CaseKind, case: Case, data: DraftReply, way: str) -> dict[str, str]:
    rule = kind.writing
    assert rule is not None  # the lifecycle table has asked
    fields = _wrong_particulars(kind, case, data)
    reached = {"sms": case.has_mobile, "email": case.has_email, "phone": case.has_phone}
    if way not in rule.ways:
        fields["way"] = _("這類案件不能用這種方式回覆。")
    elif not reached.get(way, True):
        fields["way"] = _("民眾未留這種聯絡方式。")
    elif way == CaseReply.Way.LETTER and rule.must and not left_address(case.party_id):
        if any(reached[other] for other in BY_MESSAGE if other in rule.ways):
            fields["way"] = _("民眾未留地址，信函無法寄達，不算書面答復；請改以電子郵件或簡訊答復。")
        elif not data.way_reason:
            fields["way_reason"] = _("民眾未留地址，信函無法寄達；請敘明無法送達之理由，存卷備查。")
    elif case.reply_by not in (way, ReplyBy.NONE) and not data.way_reason:
        asked = ReplyBy(case.reply_by).label
        fields["way_reason"] = _("民眾要求以「%(way)s」回覆；改用其他方式請敘明理由。") % {"way": asked}
    return fields


def _wrong_particulars(kind: CaseKind, case: Case, data: Particulars) -> dict[str, str]:
    fields: dict[str, str] = {}
    if data.grade and kind.writing is not None and kind.writing.grade(data.grade) is None:
        fields["grade"] = _("請從清單中選擇處理等級。")
    if data.reply_date is not None and data.reply_date < clock.local(case.established_at).date():
        fields["reply_date"] = _("回復日期不能早於成案之日。")
    if data.reply_date is not None and data.reply_date > clock.today():
        fields["reply_date"] = _("回復日期不能晚於今天。")
    return fields


@command(
    "cases.issue_reply", who=WORKERS, clauses=("AE-7-0", "NT-5-2-3a", "TP-5-5-1a", "TP-5-5-2b"), keyed=True
)
def issue_reply(ctx: Context, data: Particulars) -> Done:
    """Enter the approved reply in its standard form and send it: document number, date, grade, content.

    Refused with ``reply_incomplete``, naming what is missing (TP-5-5-2b).
    """
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    kind = pack_for(case).kinds[case.kind]
    draft = writing.open_draft(case)
    assert draft is not None  # the lifecycle table has asked
    assert kind.writing is not None
    fields = _wrong_particulars(kind, case, data)
    if fields:
        raise Refused("invalid", _("回覆稿有應更正之處。"), fields=fields, status=422)
    given = _given(data)
    if given:
        draft = writing.save(ctx, case, draft, **given)
    lacks = writing.missing(draft, kind.writing.requires)
    if lacks:
        message = _("回復尚未依標準格式填註完成，不能發出。")
        raise Refused("reply_incomplete", message, fields=lacks, status=422)
    completed(ctx, case, kind, told=0)
    ctx.audit("case", case.pk, draft=draft.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


class Addressee(BaseModel):
    """To whom the letter goes, opened for the envelope."""

    draft: int
    name: str
    address: str


def letter_of(case: Case) -> ReplyDraft | None:
    """The letter of a case: the one that is being written, or the last that went out."""
    return last_letter(ReplyDraft.objects.filter(case=case).order_by("id"))


@command("cases.open_letter", who=WORKERS, clauses=("KM-6-1d",))
def open_letter(ctx: Context, data: OfCase) -> Addressee:
    """Open name and address of who is written to, to put the letter in the post; the look is on record."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    draft = letter_of(case)
    assert draft is not None  # the lifecycle table has asked
    assert case.party_id is not None
    shown = reveal(
        ctx,
        case.party_id,
        purpose=_("郵寄案件 %(number)s 之回復函") % {"number": case.number},
        about_kind="case",
        about_id=case.pk,
        fields=("name", "address"),
    )
    advance(ctx, case, "case.letter_opened", info={"draft": draft.pk})
    ctx.audit("case", case.pk, draft=draft.pk)
    return Addressee(draft=draft.pk, name=shown.name or "", address=shown.address or "")


class ReadFile(Input):
    file: RowId


class Read(BaseModel):
    file: int


@command("cases.read_file", who=("staff",), clauses=("TP-9-2a",))
def read_file(ctx: Context, data: ReadFile) -> Read:
    """Somebody opens a document of a case, such as the letter to the citizen: who and when is on record.

    Whoever may see the case may; to everybody else there is no such file.
    """
    kept = CaseFile.objects.filter(file_id=data.file).select_related("case").first()
    if kept is None or not (sees(kept.case, ctx.actor.agencies()) or looks_over(ctx.actor)):
        raise not_found()
    ctx.audit("case", kept.case_id, file=data.file)
    return Read(file=data.file)
