"""What a completion must hold before it counts: of every case, of one told by telephone, of a late one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base import clock
from citycall.base.commands import Refused
from citycall.base.events import Event
from citycall.policy.kinds import CaseKind, Choice
from citycall.services.cases.commands.inputs import Instant, OfCase, OneLine
from citycall.services.cases.lifecycle import pack_for
from citycall.services.cases.models import Case, CaseReply, PhoneRecord, ReplyBy, ReplyDraft

Date = date  # a field may be called so too


class Particulars(OfCase):
    """What some choices ask for besides: the course of handling, a letter to an outside authority."""

    course: Annotated[str, Field(max_length=2000)] = ""
    authority: Annotated[str, OneLine, Field(max_length=120)] = ""
    reference: Annotated[str, OneLine, Field(max_length=80)] = ""
    date: Date | None = None


class Complete(Particulars):
    """What was found and done, when, and if late why (NT-5-4-8a, NT-5-4-9c)."""

    finding: Annotated[str, Field(max_length=32)] = ""
    result: Annotated[str, Field(max_length=2000)] = ""
    done_at: Instant | None = None
    prevention: Annotated[str, Field(max_length=1000)] = ""
    late_reason: Annotated[str, Field(max_length=1000)] = ""
    no_reply: Annotated[str, Field(max_length=500)] = ""  # why nobody is answered, where no wish is known


def check_completion(
    kind: CaseKind, case: Case, data: Complete, done_at: datetime, late: bool, now: datetime
) -> None:
    """Refused with ``not_completed`` and the fields that are missing or wrong (NT-5-4-9c).

    Before it, ``not_reported_back`` where the handler must have reported to the duty staff (TP-6-3-2c).
    """
    if kind.completion.report_first and case.reported_back_at is None:
        raise Refused("not_reported_back", _("承辦人員尚未回報處理完畢，請先回報再登錄結果。"), status=409)
    item = pack_for(case).items.get(case.item)
    photo = item is not None and item.evidence
    wanted = [*required_of(kind, case), *(kind.completion.late_requires if late else ())]
    if told_before(kind, case):  # nobody is sent again (TP-5-5-5b)
        photo = False
    wanted += ["photo"] if photo and "photo" not in wanted else []
    given = {
        "finding": data.finding,
        "result": data.result,
        "done_at": done_at,
        "late_reason": data.late_reason or case.late_reason,
        "prevention": data.prevention,
        "photo": "photo" in wanted and case.files.exists(),
        "phone_reply": "phone_reply" in wanted
        and (case.reply_by != ReplyBy.PHONE or last_answer(case) is not None),
    }
    fields: dict[str, str] = {part: _MISSING[part]() for part in wanted if not given[part]}
    findings = {choice.code for choice in kind.findings}
    if data.finding and data.finding not in findings:
        fields["finding"] = _("請從清單中選擇查處情形。")
    fields |= missing_of(kind.finding(data.finding), case, data, now)
    if not data.no_reply and nobody_asked(kind, case):
        fields["no_reply"] = _(
            "民眾留有聯絡方式，尚未回覆也未表示無需回覆；請先擬具回覆稿，或敘明不回覆之理由。"
        )
    if not data.no_reply and letter_owed(kind, case):
        fields["no_reply"] = _("民眾應以書信回覆；請先擬具回覆稿，或敘明不回覆之理由。")
    begun = min(
        filter(None, (case.established_at, case.notified_at))
    )  # told by telephone, it may begin at once
    if done_at > now or (done_at < begun and not case.entered_late):
        fields["done_at"] = _("辦畢時間必須在成案之後、現在之前。")
    if fields:
        raise Refused("not_completed", _("尚缺辦理結果，不能辦畢結案。"), fields=fields, status=422)


def nobody_asked(kind: CaseKind, case: Case) -> bool:
    """Whether no reply is on its way to somebody who was never asked how to be answered, as in a petition
    that was a dispatch before (TP-5-5-1a). Who was asked and wants none said so at intake.
    """
    if not kind.reply.as_wished or kind.writing is None or case.reply_by != ReplyBy.NONE:
        return False
    if not case.became_of or not (case.has_phone or case.has_email):
        return False
    return not _answered_or_drafted(case)


def letter_owed(kind: CaseKind, case: Case) -> bool:
    """Whether a letter is to be written and none is there: no result goes into an envelope by itself, as it
    goes into a message (TP-5-5-1a).
    """
    return kind.writing is not None and case.reply_by == ReplyBy.LETTER and not _answered_or_drafted(case)


def _answered_or_drafted(case: Case) -> bool:
    drafted = ReplyDraft.objects.filter(case=case, state=ReplyDraft.State.OPEN).exists()
    return drafted or last_answer(case) is not None


def missing_of(choice: Choice | None, case: Case, data: Particulars, now: datetime) -> dict[str, str]:
    """What a finding or ground asks for and was not entered (TP-6-7c, TP-6-7d)."""
    asked = choice.asks if choice is not None else ()
    fields: dict[str, str] = {part: _ASKED[part]() for part in asked if not getattr(data, part)}
    if data.date is not None and not _day(case.established_at) <= data.date <= _day(now):
        fields["date"] = _("發文日期必須在成案當日之後、今日之前。")
    return fields


def asked_of(choice: Choice | None, data: Particulars) -> dict[str, Any]:
    """The fields of the case that a finding or ground asks for."""
    asked = choice.asks if choice is not None else ()
    return {_KEPT_AS[part]: getattr(data, part) for part in asked}


def _day(at: datetime) -> date:
    return clock.local(at).date()


_KEPT_AS = {
    "course": "course",
    "authority": "outside_authority",
    "reference": "outside_reference",
    "date": "outside_date",
}
_ASKED = {
    "course": lambda: _("請填寫處理經過。"),
    "authority": lambda: _("請填寫移請辦理的機關。"),
    "reference": lambda: _("請填寫發文字號。"),
    "date": lambda: _("請填寫發文日期。"),
}


def told_before(kind: CaseKind, case: Case) -> bool:
    """Whether the agency was told by telephone before, and then enters less than usual (TP-5-5-5b)."""
    return case.notified_at is not None and kind.completion.told_by_phone_requires is not None


def required_of(kind: CaseKind, case: Case) -> tuple[str, ...]:
    """What the completion of this very case must hold."""
    instead = kind.completion.told_by_phone_requires
    return instead if instead is not None and told_before(kind, case) else kind.completion.requires


_MISSING = {
    "finding": lambda: _("請選擇查處情形。"),
    "result": lambda: _("請填寫辦理結果。"),
    "done_at": lambda: _("請填寫實際辦畢時間。"),
    "late_reason": lambda: _("案件已逾限，請敘明理由。"),
    "prevention": lambda: _("請填寫預防再次發生的措施。"),
    "photo": lambda: _("請附上現場照片。"),
    "phone_reply": lambda: _("請先以電話回覆民眾，並登錄回覆的日期及時間。"),
}


def last_answer(case: Case) -> tuple[str, datetime] | None:
    """By which way and when the citizen was last answered by the agency itself, since any reopening."""
    calls = PhoneRecord.objects.filter(case=case, reached=True, at__isnull=False)
    letters = CaseReply.objects.filter(case=case)
    if case.reopened:
        history = Event.objects.filter(subject_kind="case", subject_id=case.pk, kind="case.reopened")
        since = history.order_by("-id").values_list("at", flat=True)[0]
        calls, letters = calls.filter(at__gte=since), letters.filter(at__gte=since)
    found = [("phone", at) for at in calls.values_list("at", flat=True) if at is not None]
    found += list(letters.values_list("way", "at"))
    return max(found, key=lambda answer: answer[1], default=None)
