"""The places that documents leave open, each as a named reading that a pack chooses."""

from __future__ import annotations

from datetime import time
from typing import Any, Literal

from citycall.policy.limits import Limit
from citycall.policy.text import Text
from citycall.policy.variation_points.spec import ClockTime, ReadingPoint, Value, Word


class HalfDayReading(Value):
    amount: Limit = Limit(amount=4, unit="hours")
    counts: Literal["working", "clock"] = "working"
    deducts_pause: bool = False
    start: Literal["registration"] = "registration"


class Days(Value):
    days: Literal["calendar", "working"] = "calendar"
    working_days: Literal["working"] = "working"
    day_ends: Literal["same_time", "end_of_day", "office_end"] = "same_time"
    working_day_ends: Literal["same_time", "end_of_day", "office_end"] = "same_time"
    requests_end: Literal["same_time", "end_of_day", "office_end"] | None = None  # as the days of limits


class StageHours(Value):
    counts: Literal["clock", "working"] = "clock"
    start: Literal["case.established", "case.acknowledged"] = "case.established"


class SignOffFrom(Value):
    start: Literal["case.established"] = "case.established"
    times: Literal[1] = 1
    channels: tuple[Literal["email", "sms", "egov"], ...] = ()


class Rounds(Value):
    working_days: bool = True


class ThirdDay(Value):
    first_day: Literal[0, 1] = 0
    at: ClockTime = time(9)
    group: Word | None = None


class MissedDunning(Value):
    runs: Literal["once", "never"] = "once"
    once_per: tuple[Literal["day", "case", "recipient"], ...] = ("day", "case", "recipient")


class PetitionLimits(Value):
    sample: bool = True
    by: Literal["government", "category"] = "category"


class Annexes(Value):
    sample: bool = True


class ThreeInARow(Value):
    findings: tuple[Word, ...] = ("no_violation",)
    same: tuple[Literal["place", "item"], ...] = ("place", "item")
    only_closed: bool = True


class SystemNamed(Value):
    name: Text
    closes: Word = "call_centre"


class Repealed(Value):
    use: Literal["template", "none"] = "template"


class CopiedWording(Value):
    names: dict[Word, Text]


class VideoChannel(Value):
    channel: Literal["connector", "skype"] = "connector"


class Inclusive(Value):
    by_26th: Literal["included", "excluded"] = "included"
    before_10: Literal["included", "excluded"] = "included"
    day_of_event: Literal["included", "excluded"] = "excluded"


class GradeBFrom(Value):
    counted_from: Literal["entry", "limit"] = "entry"


def _reading(
    slug: str, zh: str, en: str, capability: str, type: Any, clauses: str, *, code: bool = False
) -> ReadingPoint:
    return ReadingPoint(slug, Text(zh=zh, en=en), capability, type, code, clauses=tuple(clauses.split()))


READING_LIST = (
    _reading(
        "half-day",
        "半日（4小時）",
        "Half a day (4 hours)",
        "transfer-callback",
        HalfDayReading,
        "NT-5-1-1d TP-4-1-1c TP-4-1-2c TP-4-2-1b TP-4-2-2c NT-7-2b",
    ),
    _reading(
        "days",
        "日與工作日",
        "Days and working days",
        "clocks-deadlines",
        Days,
        "NT-5-2-2a NT-5-2-2b TP-6-5 TP-6-6-0 AE-7-1b TP-5-5-6d NT-5-4-1b NT-5-4-1c",
    ),
    _reading(
        "stage-hours",
        "階段時限是否日夜計算",
        "Stage limits outside office hours",
        "clocks-deadlines",
        StageHours,
        "KM-7-2b NT-5-4-1a TP-6-3-2b",
    ),
    _reading(
        "sign-off-from",
        "10分鐘自何時起算",
        "Ten minutes for sign-off",
        "clocks-deadlines",
        SignOffFrom,
        "NT-5-4-2d NT-5-4-2e TP-6-3-1c",
    ),
    _reading(
        "intake-rounds",
        "9時及14時收文",
        "Acceptance rounds at 09:00 and 14:00",
        "clocks-deadlines",
        Rounds,
        "TP-5-2a TP-5-2b",
    ),
    _reading(
        "third-day",
        "進入第2階段後第3天",
        "Third day of stage 2",
        "clocks-deadlines",
        ThirdDay,
        "TP-6-3-4a TP-6-3-4b",
    ),
    _reading(
        "missed-dunning",
        "停機期間之稽催",
        "Dunning due while the service is down",
        "clocks-deadlines",
        MissedDunning,
        "KM-7-3a NT-5-4-5a TP-6-3-5a",
    ),
    _reading(
        "petition-limits",
        "陳情時限日數",
        "Petition limits",
        "clocks-deadlines",
        PetitionLimits,
        "KM-6-1c NT-5-2-1b TP-5-5-4 HR-3-2-1b",
    ),
    _reading("annex-tables", "附件表格", "Annex tables", "policy", Annexes, "KM-10-3a NT-5-4-1c TP-6-1"),
    _reading(
        "three-in-a-row", "連續3次", "Three in a row", "duplicates-abuse", ThreeInARow, "NT-5-4-10a TP-6-8-2a"
    ),
    _reading("km-system", "KM系統所指", "What the KM system is", "petition", SystemNamed, "KM-2-3b KM-10-2"),
    _reading(
        "repealed", "臺北市規範停止適用", "Taipei rules repealed", "policy", Repealed, "TP-0b", code=True
    ),
    _reading(
        "copied-wording",
        "計畫中之他市用語",
        "Copied wording in the Jincheng plan",
        "quality-programme",
        CopiedWording,
        "HR-4-3-2 HR-4-4-3 HR-3-2-1a HR-5-2-3 HR-4-5-2b",
    ),
    _reading("video-channel", "視訊管道", "Video channel", "sign-language", VideoChannel, "NT-6-1a NT-3-6b"),
    _reading(
        "by-and-before",
        "26日前與10時前",
        "By the 26th and before 10:00",
        "agency-notices",
        Inclusive,
        "TP-3-5 TP-3-2-3b",
    ),
    _reading(
        "grade-b-from",
        "B等級30日自何時起算",
        "Start of the thirty days of grade B",
        "petition",
        GradeBFrom,
        "TP-5-5-6d",
    ),
)
