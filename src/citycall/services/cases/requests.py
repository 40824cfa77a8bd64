"""Requests about cases: who may ask for what now, in time or late, and who decides.

What a request needs and what follows from it stands in the pack (``policy.requests``). Nothing here knows a
particular request; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base import reading
from citycall.base.closures import calendar_of
from citycall.base.commands import Actor, Refused
from citycall.people.queries import agency_names
from citycall.policy import Pack
from citycall.policy.kinds import Choice
from citycall.policy.requests import InTime, RequestRule, in_time
from citycall.services.cases.models import Case, CaseClock, CaseJoin, CaseRequest

# All that a pack's request rules may name; each rule names its own among them.
ASKING = (
    "handler",
    "intake_window",
    "window",
    "section_chief",
    "allotter",
    "supervisor",
    "head",
    "operator",
    "lead",
)
DECIDING = (
    "operator",
    "lead",
    "allotter",
    "section_chief",
    "head",
    "secretary_general",
    "director",
    "evaluator",
)
RID_OF = ("reassign", "release")  # requests by which an agency says that a case is not its own


def rules_of(pack: Pack, kind: str) -> list[RequestRule]:
    """The requests that a case of this kind may bring about."""
    return [rule for rule in pack.requests if kind in rule.kinds]


def rule_of(pack: Pack, case: Case, code: str) -> RequestRule | None:
    """The rule of a request of this case; None where its pack knows none of that code."""
    return next((rule for rule in rules_of(pack, case.kind) if rule.code == code), None)


def received(case: Case) -> datetime:
    """When the case came to the agency that has it now."""
    return case.assigned_at or case.established_at


def asked_about(case: Case) -> list[CaseRequest]:
    """Everything that was asked for about a case, in the order in which it was asked."""
    return reading.rows(CaseRequest, "WHERE row.case_id = %s ORDER BY row.id", case.pk)


def pending(case: Case) -> list[CaseRequest]:
    """What waits for a decision about a case, in the order in which it was asked."""
    return [one for one in asked_about(case) if one.state == CaseRequest.State.PENDING]


def refusers(asked: Sequence[CaseRequest]) -> dict[str, CaseRequest]:
    """The agencies that said the case is not theirs, each with its last word (KM-7-5b, TP-5-4)."""
    return {
        one.agency: one
        for one in asked
        if one.effect in RID_OF and one.state != CaseRequest.State.WITHDRAWN and one.agency == one.old_agency
    }


def clocks_of(case: Case) -> list[CaseClock]:
    """Every clock that ran for a case, in the order in which they were started."""
    return reading.rows(CaseClock, "WHERE row.case_id = %s ORDER BY row.id", case.pk)


def timing(
    pack: Pack,
    case: Case,
    rule: RequestRule,
    now: datetime,
    clocks: Sequence[CaseClock],
    *,
    site_inspection: bool = False,
) -> InTime:
    """Whether a request made now is in time, by the windows of its rule and the case's clocks."""
    return in_time(
        rule,
        now,
        received=received(case),
        running={one.code: (one.started_at, one.due) for one in clocks},
        calendar=calendar_of(pack, case.district, case.agency),
        site_inspection=site_inspection,
    )


def may_ask(actor: Actor, rule: RequestRule, case: Case) -> bool:
    return actor.kind == "system" or actor.holds(*rule.asked_by, agency=rule.asks_in(case.agency))


def may_decide(actor: Actor, rule: RequestRule, request: CaseRequest) -> bool:
    return actor.kind == "system" or actor.holds(*rule.decided_by, agency=request.owner or None)


def open_joins(case: Case) -> list[CaseJoin]:
    """The joined agencies that have not answered yet."""
    return list(CaseJoin.objects.filter(case=case, state=CaseJoin.State.OPEN).order_by("id"))


def too_late(rule: RequestRule, timing: InTime) -> Refused | None:
    """``too_late`` where the window is closed for good (TP-6-6-0)."""
    if not timing.late or rule.late != "refuse":
        return None
    message = _("已逾申請期限，不能提出「%(name)s」。") % {"name": said(rule)}
    return Refused("too_late", message, status=409, info={"until": timing.end})


def held_up(
    pack: Pack, case: Case, event_kind: str, joins: Sequence[CaseJoin] | None = None
) -> Refused | None:
    """``joined_owe``, naming the agencies, where joined agencies must answer before this event.

    TP-5-3-0, NT-5-2-2b.
    """
    blocking = {rule.code: rule for rule in rules_of(pack, case.kind) if event_kind in rule.blocks}
    if not blocking:
        return None
    waiting = open_joins(case) if joins is None else joins
    owing = [one for one in waiting if one.code in blocking and one.state == CaseJoin.State.OPEN]
    if not owing:
        return None
    names = "、".join(agency_name(join.agency) for join in owing)
    which = "、".join(dict.fromkeys(said(blocking[join.code]) for join in owing))
    message = _("%(joining)s機關尚未填報：%(names)s。") % {"joining": which, "names": names}
    return Refused("joined_owe", message, status=409, info={"agencies": [join.agency for join in owing]})


def joined_findings(pack: Pack, case: Case, join: CaseJoin) -> list[Choice]:
    """What a joined agency that owes a result may have found; empty where it owes but its words.

    A finding that asks for a letter of its own is the lead agency's to enter (TP-5-3-0, NT-5-2-2b).
    """
    rule = rule_of(pack, case, join.code)
    if rule is None or rule.owes != "result":
        return []
    return [choice for choice in pack.kinds[case.kind].findings if not choice.asks]


def agency_name(code: str) -> str:
    zh, en = agency_names().get(code, (code, code))
    return en if (get_language() or "").startswith("en") else zh


def both_names(code: str) -> dict[str, str]:
    """An agency's name in both languages, for what people are told."""
    zh, en = agency_names().get(code, (code, code))
    return {"zh": zh, "en": en}


def said(rule: RequestRule) -> str:
    return str(rule.name.get(get_language()))


def words_of(rule: RequestRule, request: CaseRequest) -> dict[str, Any]:
    """What the clock and notice rules may ask of a request, and what people are told of it."""
    agencies = request.decided_agencies or request.proposed or [request.agency]
    names = [both_names(code) for code in agencies]
    return {
        "request": rule.code,
        "effect": rule.effect,
        "late": request.late,
        "approved": request.state == CaseRequest.State.APPROVED,
        "task_name": {"zh": rule.name.zh, "en": rule.name.en},
        "reason": request.decision_reason or request.reason,
        "other_agency": {lang: "、".join(name[lang] for name in names) for lang in ("zh", "en")},
        "former": [request.agency],
    }
