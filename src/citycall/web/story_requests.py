"""What the story of a case says of requests, joined agencies, disputes and what became of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from citycall.base.events import Event
from citycall.people.queries import agency_names
from citycall.policy.requests import RequestRule
from citycall.services.cases.models import CaseRequest
from citycall.services.cases.queries import CaseDetail
from citycall.web.ui.words import day_said, named

EVENTS: dict[str, tuple[Promise, str]] = {
    "case.requested": (pgettext_lazy("event", "提出申請"), "warn"),
    "case.request_decided": (pgettext_lazy("event", "申請之決定"), "neutral"),
    "case.reassigned": (pgettext_lazy("event", "改分"), "active"),
    "case.joined": (pgettext_lazy("event", "加分／併會"), "active"),
    "case.join_answered": (pgettext_lazy("event", "加分機關填報"), "info"),
    "case.all_joined": (pgettext_lazy("event", "加分機關均已填報"), "done"),
    "case.joint_late": (pgettext_lazy("event", "併會逾期"), "late"),
    "case.position_stated": (pgettext_lazy("event", "爭議機關陳述主張"), "info"),
    "case.ruled": (pgettext_lazy("event", "裁示"), "active"),
    "case.extended": (pgettext_lazy("event", "展延期限"), "info"),
    "case.converted": (pgettext_lazy("event", "改以其他類別錄案"), "active"),
    "case.followed_up": (pgettext_lazy("event", "追蹤府外機關"), "info"),
    "case.outcome_recorded": (pgettext_lazy("event", "府外機關辦理情形"), "done"),
}
NOTICES: dict[str, Promise] = {
    "request.made": lazy("案件申請"),
    "request.approved": lazy("申請經同意"),
    "request.refused": lazy("申請未獲同意"),
    "request.reassigned": lazy("改分通知"),
    "request.reassigned_away": lazy("已改分通知"),
    "request.joined": lazy("加分／併會通知"),
    "request.join_answered": lazy("加分機關已填報"),
    "request.consultation_late": lazy("併會逾期"),
    "request.join_owed": lazy("請加分機關填報"),
    "request.extended": lazy("展延通知"),
    "request.follow_up_due": lazy("請追蹤府外機關辦理情形"),
}
DECIDED: dict[str, tuple[Promise, str]] = {
    CaseRequest.State.PENDING: (lazy("待決定"), "warn"),
    CaseRequest.State.APPROVED: (lazy("同意"), "done"),
    CaseRequest.State.REFUSED: (lazy("不同意"), "warn"),
    CaseRequest.State.WITHDRAWN: (lazy("已撤回"), "off"),
    CaseRequest.State.LAPSED: (lazy("毋庸決定"), "off"),
}


def agencies_said(codes: Iterable[str]) -> str:
    known = agency_names()
    return "、".join(named(known.get(code, (code, code))) for code in codes)


def rule_name(detail: CaseDetail, code: str) -> str:
    return next((named(one.name) for one in detail.pack.requests if one.code == code), code)


def ground_name(rule: RequestRule | None, code: str) -> str:
    ground = rule.ground(code) if rule is not None else None
    return named(ground.name) if ground is not None else code


def _rule(detail: CaseDetail, code: str) -> RequestRule | None:
    return next((one for one in detail.pack.requests if one.code == code), None)


def _requested(event: Event, detail: CaseDetail) -> str:
    info = event.info
    rule = _rule(detail, str(info.get("rule", "")))
    said = [rule_name(detail, str(info.get("rule", "")))]
    if info.get("late"):
        said.append(_("逾期申請"))
    if info.get("ground"):
        said.append(ground_name(rule, str(info["ground"])))
    if info.get("agencies"):
        said.append(_("建議機關：%(names)s") % {"names": agencies_said(info["agencies"])})
    if info.get("until"):
        said.append(_("展延至 %(day)s") % {"day": day_said(date.fromisoformat(str(info["until"])))})
    return "\n".join(("，".join(said), str(info.get("reason", ""))))


def _decided(event: Event, detail: CaseDetail) -> str:
    state, _shape = DECIDED.get(str(event.info.get("state", "")), (lazy("毋庸決定"), "off"))
    name = rule_name(detail, str(event.info.get("rule", "")))
    return "\n".join((f"{name}：{state}", str(event.info.get("reason", ""))))


def _reassigned(event: Event, detail: CaseDetail) -> str:
    way = _("%(old)s → %(new)s") % {
        "old": agencies_said([str(event.info.get("from", ""))]),
        "new": agencies_said([str(event.info.get("to", ""))]),
    }
    return "\n".join((way, str(event.info.get("reason", ""))))


def _joined(event: Event, detail: CaseDetail) -> str:
    return agencies_said(event.info.get("agencies", ()))


def _of_agency(event: Event, detail: CaseDetail) -> str:
    """What an agency entered; the words stand on its own row."""
    agency = str(event.info.get("agency", ""))
    join = next((one for one in detail.joins if one.pk == event.info.get("join")), None)
    return "\n".join(filter(None, (agencies_said([agency]), join.text if join is not None else "")))


def _ruled(event: Event, detail: CaseDetail) -> str:
    said = _("由%(agency)s負責") % {"agency": agencies_said([str(event.info.get("agency", ""))])}
    return "\n".join((said, str(event.info.get("reason", ""))))


def _extended(event: Event, detail: CaseDetail) -> str:
    until = _("展延至 %(day)s") % {"day": day_said(date.fromisoformat(str(event.info.get("until"))))}
    return "\n".join((until, str(event.info.get("reason", ""))))


def _converted(event: Event, detail: CaseDetail) -> str:
    agency = agencies_said([str(event.info.get("agency", ""))])
    said = _("案號 %(number)s，%(agency)s") % {"number": event.info.get("number", ""), "agency": agency}
    return "\n".join(filter(None, (said, str(event.info.get("reason", "")))))


def _text(event: Event, detail: CaseDetail) -> str:
    return str(event.info.get("text", ""))


TOLD: dict[str, Callable[[Event, CaseDetail], str]] = {
    "case.requested": _requested,
    "case.request_decided": _decided,
    "case.reassigned": _reassigned,
    "case.joined": _joined,
    "case.join_answered": _of_agency,
    "case.position_stated": _of_agency,
    "case.ruled": _ruled,
    "case.extended": _extended,
    "case.converted": _converted,
    "case.followed_up": _text,
    "case.outcome_recorded": _text,
}
