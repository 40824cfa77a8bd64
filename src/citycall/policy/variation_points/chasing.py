"""Points about limits and what follows when they pass: sign-off, stages, dunning, release, suspension."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from citycall.policy.limits import Limit
from citycall.policy.text import Text
from citycall.policy.variation_points.spec import Bounds, Channel, ClockTime, Value, Word, Words, point


class SignOff(Value):
    limit: Limit | None = None
    second_to: Words = ()
    second_channels: tuple[Channel, ...] = ()
    rounds: tuple[ClockTime, ...] = ()
    distribute_within: Limit | None = None


class StageLimits(Value):
    first: Bounds | None = None
    second: Bounds | None = None
    second_on_application: bool | None = None
    clock_from: Literal["case.established", "case.acknowledged"] | None = None
    annex: Text | None = None
    filled_by: Words = ()
    approved_by: Words = ()


class FirstMark(Value):
    after_limit: Limit
    to: Words
    channels: tuple[Channel, ...]


class SecondMarks(Value):
    day: int = Field(ge=1)
    days_before_limit: int = Field(ge=0)
    to: Words
    channels: tuple[Channel, ...]


class StageDunning(Value):
    first: FirstMark | None = None
    second: SecondMarks | None = None


class OverdueDunning(Value):
    at: ClockTime
    to: Words
    channels: tuple[Channel, ...]
    digest: bool | None = None


class PetitionDeadline(Value):
    ordinary: Limit | None = None  # of a petition without a category
    complaint: Limit | None = None  # of a complaint, where it has its own
    by_category: dict[Word, Limit] = Field(default_factory=dict)
    rules: Text | None = None  # the other rules that the document refers to


class ClockSuspension(Value):
    areas: tuple[Literal["city", "district", "agency"], ...]
    causes: tuple[Literal["disaster", "other"], ...]


class GradeBLimits(Value):
    most: Limit
    within_limit: bool | None = None
    requires: tuple[Literal["schedule", "findings"], ...] = ()


class ReassignDeadline(Value):
    reassign: Limit | None = None
    site_inspection: Limit | None = None  # where the place must be seen first
    co_assign: Limit | None = None
    consultation: Limit | None = None
    to: Words = ()
    consent: bool | None = None
    memo_to: Words = ()
    explanation: bool | None = None


class DispatchRelease(Value):
    by: Words = ()
    by_agency: Word | None = None
    asked_by: Words = ()
    in_first_stage: bool | None = None
    after_second: Limit | None = None
    grounds: dict[Word, Text] = Field(default_factory=dict)
    moves_to: tuple[Literal["second", "ordinary"], ...] = ()


class JurisdictionDispute(Value):
    directly: bool | None = None
    decided_by: Words = ()
    rules: Text | None = None


class SystemFallback(Value):
    telephone_to: Words = ()
    still_sends: bool | None = None
    clock_from: Literal["notified_at"] | None = None


CHASING = (
    point("sign-off", "簽收與再次通知", "Sign-off and second notice", "clocks-deadlines", SignOff),
    point("stage-limits", "第1、2階段處理時限", "Limits of stages 1 and 2", "clocks-deadlines", StageLimits),
    point("stage-dunning", "階段稽催", "Dunning at stage marks", "clocks-deadlines", StageDunning),
    point(
        "overdue-dunning",
        "逾期每日稽催",
        "Daily dunning of overdue cases",
        "clocks-deadlines",
        OverdueDunning,
    ),
    point(
        "petition-deadline",
        "陳情案件處理時限",
        "Limit of petitions and complaints",
        "clocks-deadlines",
        PetitionDeadline,
    ),
    point("clock-suspension", "時限之停算", "What stops a clock", "clocks-deadlines", ClockSuspension),
    point("grade-b", "B等級（預定辦理期程）", "Interim result for long petitions", "petition", GradeBLimits),
    point(
        "reassign-deadline", "改分與會辦", "Reassignment and co-assignment", "reassignment", ReassignDeadline
    ),
    point(
        "dispatch-release",
        "解除列管與變更階段",
        "Release from tracking, change of stage",
        "reassignment",
        DispatchRelease,
    ),
    point(
        "jurisdiction-dispute",
        "權責爭議",
        "Dispute about the responsible agency",
        "reassignment",
        JurisdictionDispute,
    ),
    point(
        "system-fallback",
        "案件系統故障",
        "Case system out of order",
        "fast-service",
        SystemFallback,
        code=("telephone_to",),
    ),
)
