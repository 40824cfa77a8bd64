"""Points about agencies: their people, what they tell the call centre, knowledge, quality and reports."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from citycall.policy.deadlines import Span
from citycall.policy.limits import Limit
from citycall.policy.text import Text
from citycall.policy.variation_points.spec import Every, Mail, Value, Word, Words, point


class FaqPlatform(Value):
    name: Text
    kept_by: Words = ()
    online: bool | None = None


class FaqReview(Value):
    every: Every
    at_least: bool | None = None


class FaqUpdate(Value):
    limit: Limit
    asked_by: tuple[Literal["form", "phone", "email", "list"], ...] = ()
    form: Text | None = None
    approved_by: Words = ()
    fax: str | None = Field(default=None, pattern=r"^[0-9()+ -]{5,20}$")


class EventNotice(Value):
    publish_on: Text | None = None
    by: Span | None = None
    at_once: bool | None = None
    copies_to: tuple[Mail, ...] = ()
    to: Words = ()


class PressDigest(Value):
    by: Span
    newspapers: tuple[Text, ...] = ()
    copies_to: tuple[Mail, ...] = ()


class MonthlyPreview(Value):
    by: Span
    copies_to: tuple[Mail, ...] = ()


class IncidentNotice(Value):
    within: Limit | None = None
    at_once: bool | None = None
    when_over_too: bool | None = None


class DirectoryChange(Value):
    before: Limit | None = None
    at_once: tuple[Literal["staff", "telephone", "fault", "role"], ...] = ()
    kept_by: dict[Word, Word] = Field(default_factory=dict)  # which directory: who keeps it
    roles: Words = ()  # whose change is told of
    roles_before: Limit | None = None
    to: Words = ()


class WindowStaffing(Value):
    roles: dict[Word, int] = Field(default_factory=dict)  # how many of each an agency must have
    window_rank: Word | None = None
    supervised_by: Words = ()


class Deputies(Value):
    levels: int | None = Field(default=None, ge=1)
    emergency_contacts: int | None = Field(default=None, ge=1)
    on_leave: bool | None = None
    while_switchboard_fails: bool | None = None


class CourtesyTest(Value):
    by: Words = ()
    when: tuple[Literal["regular", "irregular"], ...] = ()
    of: tuple[Literal["telephone", "counter", "sign_language"], ...] = ()


class SpotCheckQuota(Value):
    every: Every
    least: int | None = Field(default=None, ge=1)
    per: tuple[Literal["item", "district"], ...] = ()
    all_if_fewer: bool | None = None
    by: Words = ()
    of: tuple[Literal["finished", "objected", "repeated"], ...] = ()
    report: bool | None = None


class Survey(Value):
    every: Every | None = None
    by: Words = ()
    goal_percent: int | None = Field(default=None, ge=0, le=100)


class SatisfactionSurvey(Value):
    surveys: dict[Word, Survey]


class MonthlyReports(Value):
    reports: Words
    approved_by: Words = ()
    system_made: Words = ()


class PrivacyRules(Value):
    bound: Words = ()
    act: Text | None = None
    recordings_by_procedure: bool | None = None


class Rewards(Value):
    standards: tuple[Text, ...] = ()
    proposed_by: Words = ()
    discipline_to: Words = ()
    defects_reported_by: Words = ()
    every: Every | None = None


OFFICES = (
    point("faq-platform", "常見問題平臺", "Where the FAQ is kept", "faq", FaqPlatform),
    point("faq-review", "常見問題檢視週期", "FAQ review interval", "faq", FaqReview),
    point("faq-update", "常見問題更新時限", "Limit of an FAQ update", "faq", FaqUpdate),
    point("event-notice", "活動訊息與新聞稿", "Events and press releases", "agency-notices", EventNotice),
    point("press-digest", "每日輿情", "Daily press news", "agency-notices", PressDigest),
    point("monthly-preview", "次月重大事項", "Preview of next month", "agency-notices", MonthlyPreview),
    point(
        "incident-notice",
        "突發事件通報",
        "Emergency notice to the call centre",
        "agency-notices",
        IncidentNotice,
    ),
    point("directory-change", "人員電話異動通知", "Notice of changes of staff", "directory", DirectoryChange),
    point(
        "window-staffing",
        "機關應設人員",
        "Roles an agency must fill",
        "directory",
        WindowStaffing,
        code=("roles",),
    ),
    point(
        "deputies-emergency-contacts",
        "代理人與緊急聯絡人",
        "Deputies and emergency contacts",
        "directory",
        Deputies,
    ),
    point("managing-unit", "專線管理單位", "Unit that manages the hotline", "policy", Word, code=True),
    point("courtesy-test", "電話禮貌測試", "Courtesy tests", "spot-check", CourtesyTest),
    point("spot-check-quota", "已結案件抽查", "Checks of finished cases", "spot-check", SpotCheckQuota),
    point("satisfaction-survey", "滿意度調查", "Satisfaction surveys", "surveys", SatisfactionSurvey),
    point("monthly-reports", "月報", "Monthly reports", "reports", MonthlyReports),
    point("privacy-rules", "個資保護", "Protection of personal data", "privacy-audit", PrivacyRules),
    point("rewards", "獎懲", "Reward and discipline", "quality-programme", Rewards),
)
