"""What stands in the way of requests, joint answers, positions, conversions and follow-ups."""

from __future__ import annotations

from django.utils.translation import gettext as _

from citycall.base.commands import Refused, not_permitted
from citycall.policy.basics import matches
from citycall.policy.requests import EVENTS, RequestRule
from citycall.services.cases import requests
from citycall.services.cases.acts.standing import Standing, Way, Who, moves
from citycall.services.cases.messages import facts_of
from citycall.services.cases.models import CaseJoin, CaseRequest


def _converts(at: Standing) -> list[Way]:
    rule = at.kind.release
    return [] if rule is None or rule.becomes is None else [(rule.by, rule.by_agency)]


CONVERTS = Who("whom the pack names (`release.by`), in `release.by_agency`", _converts)


def _own(at: Standing) -> list[str]:
    return [post.agency for post in at.actor.posts]


def asks(at: Standing) -> Refused | None:
    """Whether this person may ask for that now; without a rule, for anything at all."""
    return why_not(at, at.asked("rule"))


def why_not(at: Standing, code: str | None) -> Refused | None:
    """The refusal that asking would meet: for one rule, or, without a code, for all of them together."""
    known = requests.rules_of(at.pack, at.case.kind)
    mine = [rule for rule in known if requests.may_ask(at.actor, rule, at.case)]
    meant = [rule for rule in mine if code in (None, rule.code)]
    if not meant:
        if not mine or any(rule.code == code for rule in known):
            return not_permitted()
        message = _("這類案件沒有這種申請。")
        return Refused("invalid", message, fields={"rule": message}, status=422)
    found = [cannot_ask(at, rule) for rule in meant]
    return None if None in found else found[0]


def askable(at: Standing) -> list[RequestRule]:
    """What this person may ask for now."""
    return [
        rule
        for rule in requests.rules_of(at.pack, at.case.kind)
        if requests.may_ask(at.actor, rule, at.case) and cannot_ask(at, rule) is None
    ]


def cannot_ask(at: Standing, rule: RequestRule) -> Refused | None:
    """Why such a request cannot be made about the case as it stands; None when it can."""
    name = {"name": requests.said(rule)}
    if at.kind.next_status(EVENTS[rule.effect][0], at.case.status) is None:
        message = _("案件目前的狀態不能提出「%(name)s」。請重新整理頁面查看最新狀態。") % name
        return Refused("wrong_status", message, info={"status": at.case.status})
    if not matches(rule.where, rule.unless, facts_of(at.case, {})):
        return Refused("not_needed", _("這件案件不適用「%(name)s」。") % name, status=409)
    states = [one.state for one in at.requests if one.code == rule.code]
    if CaseRequest.State.PENDING in states:
        return Refused("already_requested", _("已有一件相同的申請待決定。"), status=409)
    if rule.refused_by and len(requests.refusers(at.requests)) < rule.refused_by:
        message = _("至少須有 %(n)s 個機關主張非其權責，才能提請裁示。") % {"n": rule.refused_by}
        return Refused("not_disputed", message, status=409)
    if rule.times is not None and states.count(CaseRequest.State.APPROVED) >= rule.times:
        return Refused("no_more", _("「%(name)s」已達次數上限。") % name, status=409)
    if rule.late != "refuse":
        return None
    looks = at.given is None or at.asked("site_inspection")  # before it is said, the longest window counts
    timing = requests.timing(at.pack, at.case, rule, at.now, at.clocks, site_inspection=looks)
    return requests.too_late(rule, timing)


def decides(at: Standing) -> Refused | None:
    """Whether something waits that this person decides; in a dispute, their own agency is no judge."""
    wanted = at.asked("case_request")
    waiting = [one for one in at.pending if wanted in (None, one.pk)]
    theirs = [one for one in waiting if _is_theirs(at, one)]
    if theirs:
        found = [_cannot_decide(at, one) for one in theirs]
        return None if None in found else found[0]
    if waiting or not _decides_anything(at):
        return not_permitted()
    return Refused("not_pending", _("這件申請已經決定或撤回，請重新整理頁面。"), status=409)


def _cannot_decide(at: Standing, request: CaseRequest) -> Refused | None:
    """Nobody decides on what they asked for themselves, nor before the dispute that it opened is ruled on."""
    if at.actor.staff_id is not None and at.actor.staff_id == request.requested_by:
        return Refused("own_request", _("不能決定自己提出的申請，請由其他人員決定。"), status=409)
    if any(one.linked_to_id == request.pk for one in at.pending):
        return Refused("dispute_open", _("權限爭議尚待裁示，裁示後一併處理。"), status=409)
    return None


def _is_theirs(at: Standing, request: CaseRequest) -> bool:
    rule = requests.rule_of(at.pack, at.case, request.code)
    return rule is not None and requests.may_decide(at.actor, rule, request)


def _decides_anything(at: Standing) -> bool:
    if at.actor.kind == "system":
        return True
    return any(
        at.actor.holds(*rule.decided_by, agency=rule.decides_in(at.case.agency) or None)
        for rule in requests.rules_of(at.pack, at.case.kind)
        if rule.decided_by
    )


def takes_back(at: Standing) -> Refused | None:
    """Whether a request of this person's agency waits."""
    wanted = at.asked("case_request")
    rules = requests.rules_of(at.pack, at.case.kind)
    if at.actor.kind != "system" and not any(
        at.actor.holds(*rule.asked_by, agency=one.agency)
        for one in at.requests
        for rule in rules
        if rule.code == one.code and wanted in (None, one.pk)
    ):
        return not_permitted()
    if any(wanted in (None, one.pk) and one.agency in _own(at) for one in at.pending):
        return None
    return Refused("not_pending", _("這件申請已經決定或撤回，請重新整理頁面。"), status=409)


def answers(at: Standing) -> Refused | None:
    """Whether an agency of this person joins and has not answered."""
    own = _own(at)
    joins = [one for one in at.joins if one.agency in own]
    if not joins:
        return not_permitted()
    if all(one.state != CaseJoin.State.OPEN for one in joins):
        return Refused("already_answered", _("貴機關已填報，或已毋庸填報。"), status=409)
    return moves("case.join_answered")(at)


def states(at: Standing) -> Refused | None:
    """Whether an agency of this person is a party to a dispute that waits for its ruling."""
    own, wanted = _own(at), at.asked("case_request")
    disputes = {
        one.request_id for one in at.positions if one.agency in own and wanted in (None, one.request_id)
    }
    if not disputes:
        return not_permitted()
    if all(one.pk not in disputes for one in at.pending):
        return Refused("not_pending", _("爭議已經裁示，不再受理主張。"), status=409)
    return moves("case.position_stated")(at)


def not_converted(at: Standing) -> Refused | None:
    """It was not recorded anew yet (TP-6-7a)."""
    release = at.kind.release
    made = [one for one in at.related if release is not None and one.kind == release.becomes]
    if not made:
        return None
    message = _("已改以案號 %(number)s 錄案。") % {"number": made[0].number}
    return Refused("converted", message, status=409)


def outside(at: Standing) -> Refused | None:
    """Whether an outside authority has the matter and its outcome is not known yet (NT-5-2-2d)."""
    if not at.case.outside_authority:
        return Refused("not_outside", _("這件案件沒有函轉府外機關。"), status=409)
    if at.case.outcome:
        return Refused("outcome_known", _("府外機關的辦理情形已登錄完畢。"), status=409)
    return None
