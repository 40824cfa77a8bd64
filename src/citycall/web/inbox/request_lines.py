"""Requests of a case, its joined agencies and its disputes, as its page and the lists show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citycall.base import clock
from citycall.base.commands import Actor, may
from citycall.policy.requests import RequestRule
from citycall.services.cases import requests
from citycall.services.cases.acts.request_checks import askable as askable_rules
from citycall.services.cases.models import CaseJoin, CasePosition, CaseRequest
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.queries.detail import standing_of
from citycall.web.story import choice_name
from citycall.web.story_requests import DECIDED, agencies_said, ground_name
from citycall.web.ui.words import day_said, due_said, named, said

SHAPES = {CaseJoin.State.OPEN: "warn", CaseJoin.State.DONE: "done", CaseJoin.State.ENDED: "off"}


@dataclass(frozen=True)
class Position:
    """One party to a dispute and what it said; `mine` where this person may say it now."""

    agency: str
    text: str
    at: Any
    mine: bool


@dataclass(frozen=True)
class Line:
    """One request as a page shows it."""

    request: CaseRequest
    name: str
    state: str
    shape: str
    facts: list[tuple[str, str]]
    decided: list[tuple[str, str]]
    positions: list[Position] = field(default_factory=list)
    decides: bool = False
    takes_back: bool = False

    @property
    def open(self) -> bool:
        return self.request.state == CaseRequest.State.PENDING


@dataclass(frozen=True)
class Join:
    """One joined agency, what it owes and its answer; `mine` where this person may enter it now."""

    agency: str
    owes: str
    finding: str
    state: str
    shape: str
    text: str
    who: str
    at: Any
    mine: bool


def lines_of(detail: CaseDetail, actor: Actor) -> list[Line]:
    """What was asked about a case, what still waits first."""
    found = sorted(detail.requests, key=lambda one: (one.state != CaseRequest.State.PENDING, -one.pk))
    return [line_of(detail, one, actor) for one in found]


def line_of(detail: CaseDetail, request: CaseRequest, actor: Actor) -> Line:
    rule = requests.rule_of(detail.pack, detail.case, request.code)
    state, shape = DECIDED[request.state]
    pending = request.state == CaseRequest.State.PENDING
    return Line(
        request=request,
        name=named(rule.name) if rule is not None else request.code,
        state=str(state),
        shape=shape,
        facts=facts_of(rule, request, detail.names),
        decided=decision_of(request, detail.names),
        positions=[
            _position(one, actor, pending) for one in detail.positions if one.request_id == request.pk
        ],
        decides=pending and rule is not None and decides(actor, rule, request),
        takes_back=pending
        and rule is not None
        and may(actor, "cases.withdraw_request")
        and actor.holds(*rule.asked_by, agency=request.agency),
    )


def decides(actor: Actor, rule: RequestRule, request: CaseRequest) -> bool:
    own = actor.staff_id is not None and actor.staff_id == request.requested_by
    return may(actor, "cases.decide_request") and requests.may_decide(actor, rule, request) and not own


def _position(one: CasePosition, actor: Actor, pending: bool) -> Position:
    mine = pending and may(actor, "cases.state_position") and one.agency in actor.agencies()
    return Position(agencies_said([one.agency]), one.text, one.stated_at, mine)


def facts_of(rule: RequestRule | None, request: CaseRequest, names: dict[int, str]) -> list[tuple[str, str]]:
    """What the request holds, each with its label."""
    consent = (
        next((one for one in rule.consents if one.code == request.consent_level), None) if rule else None
    )
    level = named(consent.name) if consent is not None else ""
    consented = " ".join(filter(None, (level, request.consent_person)))
    if request.consent_date is not None:
        consented = f"{consented}（{day_said(request.consent_date)}）"
    attempted = request.attempt
    if request.attempt_at is not None:
        attempted = f"{attempted}（{said(request.attempt_at)}）"
    asked_by = " ".join((agencies_said([request.agency]), names.get(request.requested_by or 0, "")))
    pairs = [
        (_("申請"), f"{asked_by.strip()}（{said(request.requested_at)}）"),
        (_("事由"), ground_name(rule, request.ground)),
        (_("理由"), request.reason),
        (_("建議機關"), agencies_said(request.proposed)),
        (_("府外權責機關"), request.authority),
        (_("地點"), request.place),
        (_("聯繫民眾"), attempted),
        (_("現場勘查"), _("需現場勘查始能認定權責") if request.site_inspection else ""),
        (_("同意"), consented),
        (_("簽陳"), _count(len(request.files))),
        (_("展延至"), day_said(request.until) if request.until is not None else ""),
        (_("申請期限"), due_said(request.window_end) if request.window_end is not None else ""),
    ]
    return [(label, value) for label, value in pairs if value]


def _count(files: int) -> str:
    if not files:
        return ""
    return ngettext("%(n)s 件，見照片與文件", "%(n)s files, see photos and documents", files) % {"n": files}


def decision_of(request: CaseRequest, names: dict[int, str]) -> list[tuple[str, str]]:
    """Who decided it and how, each with its label; empty while it waits."""
    if request.decided_at is None:
        return []
    who = names.get(request.decided_by or 0, "")
    pairs = [
        (_("決定"), f"{who}（{said(request.decided_at)}）"),
        (_("機關"), agencies_said(request.decided_agencies)),
        (_("理由"), request.decision_reason),
    ]
    return [(label, value) for label, value in pairs if value]


def joins_of(detail: CaseDetail, actor: Actor) -> list[Join]:
    """The agencies that join, and what they answered."""
    return [
        Join(
            agency=agencies_said([one.agency]),
            owes=_owed(detail, one),
            finding=choice_name(detail.pack.kinds[detail.case.kind].findings, one.finding),
            state=str(CaseJoin.State(one.state).label),
            shape=SHAPES[CaseJoin.State(one.state)],
            text=one.text,
            who=detail.names.get(one.answered_by or 0, ""),
            at=one.answered_at or one.joined_at,
            mine=one.state == CaseJoin.State.OPEN
            and may(actor, "cases.answer_join")
            and one.agency in actor.agencies(),
        )
        for one in detail.joins
    ]


def _owed(detail: CaseDetail, join: CaseJoin) -> str:
    """What an agency that has not answered owes: a result of its own, or its words (TP-5-3-0, NT-5-2-2b)."""
    if join.state != CaseJoin.State.OPEN:
        return ""
    if requests.joined_findings(detail.pack, detail.case, join):
        return _("應填報本機關部分的查處情形及辦理結果。")
    return _("應表示意見，由主政機關一併回覆。")


def askable(detail: CaseDetail, actor: Actor) -> list[tuple[str, str]]:
    """What this person may ask for now, by code and name; the page shows a button for each."""
    if not may(actor, "cases.make_request"):
        return []
    found = askable_rules(standing_of(actor, detail))
    return [(rule.code, named(rule.name)) for rule in found]


def on_page(detail: CaseDetail, actor: Actor) -> dict[str, Any]:
    """What a page about the case shows of all this."""
    return {
        "requests": lines_of(detail, actor),
        "joins": joins_of(detail, actor),
        "asks": askable(detail, actor),
    }


def consequences(
    detail: CaseDetail, rule: RequestRule, agencies: Sequence[str], until: Any = None
) -> list[str]:
    """What consent will change, said before it is pressed."""
    return [str(line) for line in _CONSEQUENCES[rule.effect](detail, rule, agencies, until) if line]


def _reassigned(detail: CaseDetail, rule: RequestRule, agencies: Sequence[str], until: Any) -> list[str]:
    case = detail.case
    to = agencies_said(agencies) or _("所選機關")
    lines = [
        _("權責機關：%(old)s → %(new)s") % {"old": agencies_said([case.agency]), "new": to},
        _("新機關須重新簽收或分文；%(old)s看不到這件案件。") % {"old": agencies_said([case.agency])},
        _("案號、經過及附件不變。"),
    ]
    if case.due_at is not None:
        lines.append(_("辦理期限不變：%(due)s") % {"due": due_said(case.due_at)})
    return lines


def _joined(detail: CaseDetail, rule: RequestRule, agencies: Sequence[str], until: Any) -> list[str]:
    lines = [
        _("加入機關：%(names)s；主政機關仍為%(lead)s。")
        % {"names": agencies_said(agencies) or _("所選機關"), "lead": agencies_said([detail.case.agency])},
        _("加入機關看得到這件案件，各須填報其部分。"),
    ]
    if rule.blocks:
        lines.append(_("全部填報以前，主政機關不能陳核或辦畢。"))
    return lines


def _released(detail: CaseDetail, rule: RequestRule, agencies: Sequence[str], until: Any) -> list[str]:
    kind = detail.pack.kinds[detail.case.kind]
    lines = [_("解除列管：時限停止計算，機關不再辦理，並會收到通知。")]
    if kind.release is not None and kind.release.becomes is not None:
        becomes = named(detail.pack.kinds[kind.release.becomes].name)
        lines.append(_("之後可改以「%(kind)s」錄案，分派其他機關。") % {"kind": becomes})
    return lines


def _extended(detail: CaseDetail, rule: RequestRule, agencies: Sequence[str], until: Any) -> list[str]:
    old = detail.case.due_at
    day = day_said(until) if until is not None else ""
    lines = [
        _("辦理期限：%(old)s → %(new)s") % {"old": due_said(old) if old is not None else "—", "new": day},
    ]
    told = detail.case.has_mobile or detail.case.has_email
    lines.append(_("民眾會收到展延理由的通知。") if told else _("民眾未留可通知的聯絡方式。"))
    return lines


def _ruled(detail: CaseDetail, rule: RequestRule, agencies: Sequence[str], until: Any) -> list[str]:
    return [
        _("裁示即結束爭議，並終結其他待決定的申請。"),
        _("裁示機關不同於%(now)s時，案件即改分該機關，案號與期限不變。")
        % {"now": agencies_said([detail.case.agency])},
    ]


_CONSEQUENCES: dict[str, Callable[[CaseDetail, RequestRule, Sequence[str], Any], list[str]]] = {
    "reassign": _reassigned,
    "join": _joined,
    "release": _released,
    "extend": _extended,
    "dispute": _ruled,
}


def timing_said(detail: CaseDetail, rule: RequestRule) -> tuple[str, bool]:
    """Until when the request is in time, in words, and whether it is late now."""
    timing = requests.timing(detail.pack, detail.case, rule, clock.now(), detail.clocks)
    if timing.end is None:
        return (_("已逾申請期限。"), True) if timing.late else ("", False)
    if timing.late:
        return _("申請期限為 %(at)s，現在提出會註記逾期。") % {"at": due_said(timing.end)}, True
    return _("請於 %(at)s 前提出。") % {"at": due_said(timing.end)}, False
