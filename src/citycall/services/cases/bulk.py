"""What an act on many cases will do to each of them, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from citycall.base.commands import Actor, Refused, not_permitted
from citycall.policy.requests import EVENTS
from citycall.services.cases import acts, requests
from citycall.services.cases.acts.standing import Standing, wrong_status
from citycall.services.cases.acts.table import BY_COMMAND
from citycall.services.cases.commands.bulk import joining_rule, sort_of
from citycall.services.cases.lifecycle import pack_for
from citycall.services.cases.models import Case, CaseRequest, CaseTask


@dataclass(frozen=True)
class Foreseen:
    """One case, and why the act will be refused on it; None where it will be done."""

    case: Case
    refused: Refused | None


def foresee(actor: Actor, act: str, cases: Sequence[Case]) -> list[Foreseen]:
    """As the command will decide, from the same table; what the form asks for is looked at afterwards."""
    sort = sort_of(act)
    owed: dict[int, list[CaseTask]] = {case.pk: [] for case in cases}
    for task in CaseTask.objects.filter(case_id__in=owed, state=CaseTask.State.OPEN).order_by("id"):
        owed[task.case_id].append(task)
    asked = set(
        CaseRequest.objects.filter(
            case_id__in=owed, effect="join", state=CaseRequest.State.PENDING
        ).values_list("case_id", flat=True)
    )
    return [Foreseen(case, _refused(actor, sort.command(case).name, case, owed, asked)) for case in cases]


def _refused(actor: Actor, command: str, case: Case, owed: dict[int, list[CaseTask]], asked: set[int]) -> Any:
    pack = pack_for(case)
    if command == "cases.make_request":
        return _cannot_join(actor, case, asked)
    at = Standing(actor, case, pack).knows(open_tasks=owed[case.pk])
    return acts.why_not(BY_COMMAND[command], at)


def _cannot_join(actor: Actor, case: Case, asked: set[int]) -> Refused | None:
    """As ``requests.cannot_ask`` says it, with what is pending read for all cases at once."""
    rule = requests.rule_of(pack_for(case), case, joining_rule(case))
    if rule is None:
        return Refused("wrong_kind", _("這類案件沒有加分或併會。"), status=409)
    if case.pk in asked:
        return Refused("already_requested", _("已有加分或併會的申請等候決定。"), status=409)
    if not requests.may_ask(actor, rule, case):
        return not_permitted()
    kind = pack_for(case).kinds[case.kind]
    if kind.next_status(EVENTS[rule.effect][0], case.status) is None:
        return wrong_status(case)
    return None
