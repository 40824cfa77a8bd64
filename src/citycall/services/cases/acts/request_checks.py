"""What stands in the way of requests, joint answers, positions, conversions and follow-ups."""

from __future__ import annotations

from django.utils.translation import gettext as _

from citycall.base.commands import Refused, not_permitted
from citycall.services.cases import requests
from citycall.services.cases.acts.standing import Standing, Way, Who, moves
from citycall.services.cases.models import CaseJoin, CaseRequest


def _converts(at: Standing) -> list[Way]:
    rule = at.kind.release
    return [] if rule is None or rule.becomes is None else [(rule.by, rule.by_agency)]


CONVERTS = Who("whom the pack names (`release.by`), in `release.by_agency`", _converts)


def _own(at: Standing) -> list[str]:
    return [post.agency for post in at.actor.posts]


def asks(at: Standing) -> Refused | None:
    """Whether this person may ask for that now; without a rule, for anything at all."""
    return requests.why_not(at.actor, at.pack, at.case, at.asked("rule"), at.requests)


def decides(at: Standing) -> Refused | None:
    """Whether something waits that this person decides; in a dispute, their own agency is no judge."""
    wanted = at.asked("case_request")
    waiting = [one for one in at.pending if wanted in (None, one.pk)]
    theirs = [one for one in waiting if _is_theirs(at, one)]
    if theirs:
        return None
    if waiting or not _decides_anything(at):
        return not_permitted()
    return Refused("not_pending", _("這件申請已經決定或撤回，請重新整理頁面。"), status=409)


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
    disputes = {one.request_id for one in at.positions if one.agency in own and wanted in (None, one.request_id)}
    if not disputes:
        return not_permitted()
    if all(one.pk not in disputes for one in at.pending):
        return Refused("not_pending", _("爭議已經裁示，不再受理主張。"), status=409)
    return moves("case.position_stated")(at)


def outside(at: Standing) -> Refused | None:
    """Whether an outside authority has the matter and its outcome is not known yet (NT-5-2-2d)."""
    if not at.case.outside_authority:
        return Refused("not_outside", _("這件案件沒有函轉府外機關。"), status=409)
    if at.case.outcome:
        return Refused("outcome_known", _("府外機關的辦理情形已登錄完畢。"), status=409)
    return None
