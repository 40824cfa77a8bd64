"""What is asked for about cases: what waits for a decision, and how it stands with one case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from citycall.base.commands import Actor
from citycall.base.policies import in_force, pack_of
from citycall.policy.requests import RequestRule
from citycall.services.cases import requests
from citycall.services.cases.models import CaseJoin, CasePosition, CaseRequest
from citycall.services.cases.queries.lists import PAGE, CaseRow, rows_of


@dataclass(frozen=True)
class RequestRow:
    """One line of a list of requests, with the names that people read."""

    request: CaseRequest
    row: CaseRow
    rule: RequestRule


@dataclass(frozen=True)
class RequestPage:
    rows: list[RequestRow]
    page: int
    has_next: bool
    size: int


def waiting_for(actor: Actor) -> QuerySet[CaseRequest]:
    """The requests that posts of this person decide: on their agency's list, or wherever their role sits."""
    mine = Q(pk__in=[])
    for rule in in_force()[1].requests:
        for post in actor.posts:
            if post.role in rule.decided_by:
                mine |= Q(code=rule.code, owner__in=(post.agency, ""))
    return CaseRequest.objects.filter(mine, state=CaseRequest.State.PENDING)


def decides_requests(actor: Actor) -> bool:
    """Whether there are requests that this person decides, at some time."""
    roles = actor.roles()
    return any(roles & set(rule.decided_by) for rule in in_force()[1].requests)


def requests_waiting(actor: Actor, page: int = 1, size: int = PAGE) -> RequestPage:
    """One page of what waits for this person, what was asked first first."""
    page, size = max(page, 1), min(max(size, 1), 200)
    first = (page - 1) * size
    found = list(waiting_for(actor).select_related("case").order_by("id")[first : first + size + 1])
    rows = {row.case.pk: row for row in rows_of([one.case for one in found[:size]])}
    lines = []
    for one in found[:size]:
        rule = requests.rule_of(pack_of(one.case.policy_version_id), one.case, one.code)
        if rule is not None:
            lines.append(RequestRow(one, rows[one.case_id], rule))
    return RequestPage(lines, page, len(found) > size, size)


def requests_count(actor: Actor) -> int:
    """How many requests wait for this person."""
    return waiting_for(actor).count()


def joins_owed(agencies: Collection[str]) -> int:
    """How many cases these agencies join and have not answered."""
    return CaseJoin.objects.filter(agency__in=list(agencies), state=CaseJoin.State.OPEN).count()


def positions_of(request: CaseRequest) -> list[CasePosition]:
    """The parties to a dispute and what they said."""
    return list(CasePosition.objects.filter(request=request).order_by("id"))
