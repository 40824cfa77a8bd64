"""Points about the line itself: what it offers and when, calls, transfers, callbacks, callers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from citycall.policy.deadlines import Span
from citycall.policy.limits import Limit
from citycall.policy.text import Text
from citycall.policy.variation_points.spec import ClockTime, Day, Value, Word, Words, point

Service = Literal[
    "transfer", "consultation", "petition", "dispatch", "report", "fast", "sign_language", "emergency"
]


class ServiceTypes(Value):
    types: tuple[Service, ...] = Field(min_length=1)
    open: bool | None = None  # whether the list is open


class ServiceHours(Value):
    opens: ClockTime | None = None
    closes: ClockTime | None = None
    days: tuple[Day, ...] | None = None  # None with hours: every day
    around_the_clock_at_level: int | None = Field(default=None, ge=1, le=9)  # of the disaster response centre
    dispatch_around_the_clock: bool | None = None


class EmergencyLines(Value):
    numbers: tuple[str, ...]
    three_way: bool | None = None
    listens_to_end: bool | None = None


class AfterHours(Value):
    logs: tuple[Literal["enquiry", "contact"], ...] = ()
    reply_by: Span | None = None
    urgent_to: Words = ()  # roles or posts, in order
    levels: int | None = Field(default=None, ge=1)
    duty_officer_helps: bool | None = None


class AnswerSpeed(Value):
    rings: int | None = Field(default=None, ge=1)
    seconds: int | None = Field(default=None, ge=1)


Ground = Literal["no_faq", "administrative_judgement", "legal_judgement", "no_authority", "reply_in_doubt"]


class TransferReasons(Value):
    reasons: tuple[
        Literal["no_faq", "administrative_judgement", "legal_judgement", "no_authority", "reply_in_doubt"],
        ...,
    ]
    open: bool | None = None


class TransferBusy(Value):
    tries: int | None = Field(default=None, ge=1)
    order: tuple[Literal["neighbour", "window", "deputy", "callback", "call_again"], ...] = ()
    registered_by: Words = ()
    examined: bool | None = None  # the busy state is looked into


class TransferUnknownOwner(Value):
    when: tuple[Literal["unknown", "refused"], ...] = ()
    to: Words = ()
    registers: bool | None = None
    assigns: bool | None = None


class CallbackLimit(Value):
    limit: Limit | None = None
    half_day: Limit | None = None  # what half a day is, where the limit is said in half days
    in_principle: bool | None = None
    offered: bool | None = None


class UnattendedOffice(Value):
    least_present: int | None = Field(default=None, ge=1)
    follow_me: bool | None = None
    other_section: bool | None = None
    assigned_person: bool | None = None
    stand_in_logs: bool | None = None
    callback: Limit | None = None


class SpecialCallers(Value):
    judged_by: Words = ()
    attempts: int | None = Field(default=None, ge=1)
    longest: Limit | None = None
    list_approved_by: Words = ()


class RepeatCallers(Value):
    operator_contacts: bool | None = None
    contact_within: Limit | None = None


class SignLanguageService(Value):
    counters: int | None = Field(default=None, ge=0)
    own_equipment: bool | None = None
    days: tuple[Day, ...] = ()
    opens: ClockTime | None = None
    closes: ClockTime | None = None
    pause_from: ClockTime | None = None
    pause_to: ClockTime | None = None
    closed_on_holidays: bool | None = None
    session: Limit | None = None
    extension: Limit | None = None


class CounterTimes(Value):
    guided_within: Limit | None = None
    handled_within: Limit | None = None


class SystemMaintenance(Value):
    by: dict[Word, Word] = Field(default_factory=dict)  # what is broken: the agency that mends it
    copy_to: Words = ()


class WeeklyMeeting(Value):
    attends: Words = ()
    carries_out: bool | None = None


class OperatorBriefing(Value):
    by: Literal["agency", "managing_unit"]
    when: Literal["necessary", "invited"]
    matters: Text | None = None


CALLS = (
    point("service-types", "專線服務項目", "Services the hotline offers", "calls", ServiceTypes),
    point("service-hours", "專線服務時間", "Opening hours of the hotline", "calls", ServiceHours),
    point("emergency-lines", "110、119案件", "Calls for 110 and 119", "calls", EmergencyLines),
    point("after-hours", "非上班時間來電", "Calls outside office hours", "calls", AfterHours),
    point("answer-speed", "電話接聽速度", "How fast a call is answered", "spot-check", AnswerSpeed),
    point(
        "transfer-reasons", "轉接承辦人事由", "Grounds for a transfer", "transfer-callback", TransferReasons
    ),
    point(
        "transfer-busy",
        "轉接忙線或無人接聽",
        "Transfer busy or not answered",
        "transfer-callback",
        TransferBusy,
    ),
    point(
        "transfer-unknown-owner",
        "承辦人不明或拒接",
        "Handler unknown or refused",
        "transfer-callback",
        TransferUnknownOwner,
    ),
    point("callback-limit", "回電時限", "Limit of a callback", "transfer-callback", CallbackLimit),
    point("unattended-office", "單位無人在座", "Whole section absent", "transfer-callback", UnattendedOffice),
    point("special-callers", "特殊來電者", "Drunk or abusive callers", "duplicates-abuse", SpecialCallers),
    point("repeat-callers", "重複來電", "Repeated calls about one case", "transfer-callback", RepeatCallers),
    point(
        "sign-language-service",
        "手語視訊服務",
        "Sign-language video service",
        "sign-language",
        SignLanguageService,
    ),
    point(
        "counter-times",
        "櫃台等候與處理時間",
        "Waiting and handling at counters",
        "counter-queue",
        CounterTimes,
    ),
    point(
        "system-maintenance",
        "話務系統維護",
        "Maintenance of the telephone system",
        "operations",
        SystemMaintenance,
    ),
    point("weekly-meeting", "話務中心週會", "Weekly meeting of the call centre", "operations", WeeklyMeeting),
    point(
        "operator-briefing", "話務人員說明與訓練", "Briefing of operators", "agency-notices", OperatorBriefing
    ),
)
