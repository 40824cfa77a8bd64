"""Points about taking, telling, answering and closing cases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from citycall.policy.limits import Limit
from citycall.policy.text import Text
from citycall.policy.variation_points.spec import Channel, Part, Value, Word, Words, by_kind, point

Requirement = Literal["finding", "result", "done_at", "photo", "prevention"]


class OutsideJurisdiction(Value):
    ways: tuple[Literal["help_find", "tell_contact", "notify_outside", "redial", "letter"], ...] = ()
    letter_by: Word | None = None  # case: the agency of the case
    letter_within: Limit | None = None
    copy_to: Words = ()
    follow_up: bool | None = None
    follow_within: Limit | None = None  # when the outside authority is first asked how it gets on


class Register(Value):
    name: Text
    numbers_begin: str | None = Field(default=None, pattern=r"^[A-Z]{1,3}$")


class PetitionKinds(Value):
    categories: dict[Word, Text]
    open: bool | None = None
    not_accepted: dict[Word, Text] | None = None  # the grounds on which a matter is refused (TP-5-1a)


class Identity(Value):
    required: tuple[Part, ...] = ()
    unless_flags: tuple[Literal["public_safety", "resources", "private_rights"], ...] = ()
    otherwise_offer: Word | None = None
    private_rights: tuple[Part, ...] = ()  # asked for where private rights are concerned
    may_decline: bool | None = None


class PrivateRights(Value):
    requires: tuple[Part, ...] = ()
    matters: tuple[Literal["property", "reputation", "livelihood"], ...] = ()
    callback_first: bool | None = None
    closed_by: Word | None = None
    course_entered: bool | None = None


class NotifyAgency(Value):
    to: Words = ()
    channels: tuple[Channel, ...] = ()
    automatic: bool | None = None
    telephone: Literal["first", "too"] | None = None  # before the case is entered, or beside it
    telephone_to: Words = ()


class PetitionerNotice(Value):
    channels: tuple[Channel, ...] = ()
    at_once: bool | None = None
    landline_told_number: bool | None = None


class UrgentPetition(Value):
    kind: Word | None = None  # a kind of case of its own
    telephone: Literal["required", "optional"]
    records: tuple[Literal["person", "at"], ...] = ()
    later_asks: tuple[Requirement, ...] | None = None  # all that is asked for on the case afterwards
    no_second_visit: bool | None = None


class ReplyWay(Value):
    ways: tuple[Literal["sms", "email", "phone", "letter", "none"], ...] = ()
    automatic: tuple[Literal["sms", "email"], ...] = ()
    by_hand: tuple[Literal["phone", "letter", "email", "visit"], ...] = ()  # by the agency's own people
    phone_agency: Word | None = None
    phone_by: Words = ()
    always_by_phone: bool | None = None
    as_wished: bool | None = None
    phone_record: tuple[Literal["caller", "callee", "at", "content", "reached"], ...] = ()
    rules: Text | None = None  # other rules the document refers to


class Approval(Value):
    by: Words
    level: Text | None = None


class ReplyContent(Value):
    fields: tuple[
        Literal[
            "handler_name", "handler_phone", "document_number", "reply_date", "grade", "content", "result"
        ],
        ...,
    ]


class ReportBack(Value):
    to: Literal["call_centre", "duty_staff"]
    roles: Words = ()
    at_once: bool | None = None


class CaseClosing(Value):
    closed_by: Words = ()
    closed_by_agency: Word | None = None
    closes_when: Literal["replied", "completed", "by_hand"] | None = None
    requires: tuple[Requirement, ...] = ()
    never_before_completion: bool | None = None
    told_first: bool | None = None  # closed only after the citizen was told


class DuplicateMerge(Value):
    by: Word
    within_open_limit: bool | None = None


class RepeatFalseReports(Value):
    in_a_row: int = Field(ge=1)
    same: tuple[Literal["place", "item"], ...] = ()
    findings: Words = ()
    letter_to: Word | None = None
    becomes: Word | None = None
    decisions: tuple[Literal["refuse", "accept_with_conditions"], ...] = ()
    not_at_once: bool | None = None


class RepeatedPetitions(Value):
    unprocessed_by: Words = ()
    grounds: dict[Word, Text] | None = None  # on which a petition may be left unprocessed
    registered: bool | None = None
    rules: Text | None = None


class FalseReportPrevention(Value):
    notice: bool | None = None
    cancel_advice: bool | None = None
    callback_matters: tuple[Literal["property", "reputation", "livelihood"], ...] = ()
    police_on_request: bool | None = None


CASES = (
    point(
        "outside-jurisdiction",
        "非本府權責事項",
        "Matter outside the remit",
        "case-intake",
        OutsideJurisdiction,
    ),
    point(
        "case-system", "案件登錄系統", "System in which a case is registered", "petition", by_kind(Register)
    ),
    point("petition-kinds", "陳情類別", "Categories of a petition", "petition", PetitionKinds),
    point(
        "identity-required",
        "是否須具名",
        "Whether the caller must be identified",
        "case-intake",
        by_kind(Identity),
    ),
    point("private-rights", "私權爭議", "Private-rights disputes", "case-intake", PrivateRights),
    point(
        "notify-agency",
        "通知機關方式",
        "How the agency is told of a new case",
        "notify",
        by_kind(NotifyAgency),
    ),
    point(
        "petitioner-notice",
        "立案通知陳情人",
        "What the petitioner is told at establishment",
        "notify",
        by_kind(PetitionerNotice),
    ),
    point("urgent-petition", "急迫案件", "Time-critical petitions", "urgent-report", UrgentPetition),
    point(
        "reply-channel",
        "回復民眾方式",
        "Who tells the citizen the result and how",
        "notify",
        by_kind(ReplyWay),
    ),
    point(
        "reply-approval", "回復之核定", "Approval before the reply goes out", "petition", by_kind(Approval)
    ),
    point("reply-content", "回復應載內容", "What a recorded reply must contain", "petition", ReplyContent),
    point("report-back", "完工回報對象", "To whom a finished dispatch is reported", "dispatch", ReportBack),
    point("case-closing", "結案方式", "Who closes a case and when", "dispatch", by_kind(CaseClosing)),
    point(
        "duplicate-merge",
        "同地點重複反映之併案",
        "Merging reports of one place",
        "duplicates-abuse",
        DuplicateMerge,
    ),
    point(
        "repeat-false-reports",
        "多次反映查無實情",
        "Repeated reports found groundless",
        "duplicates-abuse",
        RepeatFalseReports,
    ),
    point("repeated-petitions", "重複陳情", "Repeated petitions", "duplicates-abuse", RepeatedPetitions),
    point(
        "false-report-prevention",
        "防止冒名反映",
        "False reports in another's name",
        "duplicates-abuse",
        FalseReportPrevention,
    ),
)
