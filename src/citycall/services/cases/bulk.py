"""What an act on many cases will do to each of them, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from citycall.base import reading
from citycall.base.commands import Actor, Refused
from citycall.services.cases import acts
from citycall.services.cases.acts import request_checks
from citycall.services.cases.acts.standing import Standing
from citycall.services.cases.acts.table import BY_COMMAND
from citycall.services.cases.commands.bulk import joining_rule, sort_of
from citycall.services.cases.commands.requests import make_request
from citycall.services.cases.lifecycle import pack_for
from citycall.services.cases.models import Case, CaseClock, CaseRequest, CaseTask

M = TypeVar("M", CaseClock, CaseRequest, CaseTask)


@dataclass(frozen=True)
class Foreseen:
    """One case, and why the act will be refused on it; None where it will be done."""

    case: Case
    refused: Refused | None


def foresee(actor: Actor, act: str, cases: Sequence[Case]) -> list[Foreseen]:
    """As the command will decide, from the same table; what the form asks for is looked at afterwards."""
    sort = sort_of(act)
    ids = [case.pk for case in cases]
    owed, asked, clocks = _of_each(CaseTask, ids), _of_each(CaseRequest, ids), _of_each(CaseClock, ids)
    found = []
    for case in cases:
        at = Standing(actor, case, pack_for(case)).knows(
            open_tasks=[one for one in owed[case.pk] if one.state == CaseTask.State.OPEN],
            requests=asked[case.pk],
            clocks=clocks[case.pk],
        )
        found.append(Foreseen(case, _refused(at, sort.command(case).name)))
    return found


def _of_each(model: type[M], ids: list[int]) -> dict[int, list[M]]:
    """What belongs to these cases, read for all of them at once."""
    found: dict[int, list[M]] = {pk: [] for pk in ids}
    for one in reading.rows(model, "WHERE row.case_id = ANY(%s) ORDER BY row.id", ids):
        found[one.case_id].append(one)
    return found


def _refused(at: Standing, command: str) -> Refused | None:
    if command != make_request.name:
        return acts.why_not(BY_COMMAND[command], at)
    rule = joining_rule(at.case)
    if not rule:
        return Refused("wrong_kind", _("這類案件沒有加分或併會。"), status=409)
    return request_checks.why_not(at, rule)
