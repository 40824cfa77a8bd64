"""Petitions and urgent reports: what was told by telephone, what has not begun, what its clerk let lie."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from citycall.base import clock, reading
from citycall.base.policies import in_force, pack_of
from citycall.policy import Pack
from citycall.services.cases.models import Case, CaseClock, Status
from citycall.services.cases.queries.lists import PAGE, CaseRow, earlier_of_phone, rows_of
from citycall.services.cases.results import result_said

_WAITING = (
    "WHERE row.kind = ANY(%s) AND row.notified_at IS NOT NULL"
    f" AND row.status IN ('{Status.ESTABLISHED.value}', '{Status.ACKNOWLEDGED.value}')"
)

Began = Callable[[Iterable[int]], Mapping[int, datetime]]


@dataclass(frozen=True)
class Waiting:
    """An urgent report that nobody at the agency has begun, and for how many minutes since the notice."""

    row: CaseRow
    minutes: int


def not_started(agencies: Collection[str] | None, limit: int = PAGE) -> list[Waiting]:
    """Urgent reports without a start, the longest waiting first: on top of the agency's list (NT-5-3c)."""
    kinds = [code for code, kind in in_force()[1].kinds.items() if kind.telephone_notice.when == "required"]
    if not kinds:
        return []
    where, given = _WAITING, [kinds]
    if agencies is not None:
        where, given = f"{where} AND row.agency = ANY(%s)", [kinds, list(agencies)]
    now = clock.now()
    found = reading.rows(Case, f"{where} ORDER BY row.notified_at, row.id LIMIT %s", *given, limit)
    rows = rows_of(found)
    return [Waiting(row, _minutes(row.case.notified_at, now)) for row in rows]


def _minutes(since: datetime | None, now: datetime) -> int:
    return int((now - since).total_seconds() // 60) if since is not None else 0


@dataclass(frozen=True)
class NoticeByPhone:
    """One telephone notice on record: whom, when, and how long after the call came (NT-5-3a)."""

    case: Case
    called_at: datetime | None
    minutes: int | None


def telephone_notices(
    since: datetime, until: datetime, began: Began, *, first: int = 0, limit: int = 1000
) -> list[NoticeByPhone]:
    """The telephone notices of a period, newest first. ``began`` says when calls came in, by their ids."""
    found = Case.objects.filter(
        established_at__gte=since, established_at__lt=until, notified_at__isnull=False, entered_late=False
    )
    cases = list(found.order_by("-id")[first : first + limit])
    calls = began([case.call_id for case in cases if case.call_id is not None])
    return [_notice(case, calls.get(case.call_id or 0)) for case in cases]


def _notice(case: Case, called_at: datetime | None) -> NoticeByPhone:
    told = case.notified_at
    minutes = None if called_at is None or told is None else max(_minutes(called_at, told), 0)
    return NoticeByPhone(case, called_at, minutes)


@dataclass(frozen=True)
class Round:
    """One petition in one round: when it was accepted and given out (TP-5-2a)."""

    case: Case
    round_at: datetime
    due: datetime
    accepted_at: datetime | None
    given_out_at: datetime | None
    late: bool


def rounds(agency: str, since: datetime, until: datetime, limit: int = 1000) -> list[Round]:
    """The rounds of an agency's petitions in a period, with what was accepted in each of them."""
    found = CaseClock.objects.filter(
        case__agency=agency, started_at__gte=since, started_at__lt=until
    ).select_related("case")
    out = []
    for ticking in found.order_by("started_at", "case_id")[:limit]:
        if _has_rounds(pack_of(ticking.case.policy_version_id), ticking.code):
            out.append(
                Round(
                    case=ticking.case,
                    round_at=ticking.started_at,
                    due=ticking.due,
                    accepted_at=ticking.case.acknowledged_at,
                    given_out_at=ticking.stopped_at,
                    late=ticking.late or (ticking.stopped_at is None and clock.now() > ticking.due),
                )
            )
    return out


def _has_rounds(pack: Pack, code: str) -> bool:
    return any(rule.code == code and rule.start.rounds for rule in pack.clocks)


@dataclass(frozen=True)
class Answer:
    """What the call centre may tell who asks how a case stands; no result before it is approved (NT-5-3g)."""

    case: Case
    result: str
    finding: str

    @property
    def told(self) -> bool:
        return bool(self.result)


def answer_of(case: Case) -> Answer:
    """The result once it counts: entered, and approved where the pack asks for that."""
    counts = case.completed_at is not None
    return Answer(case, result_said(case) if counts else "", case.finding if counts else "")


def answers_by_phone(phone: str) -> list[Answer]:
    """The matters of a number that rings again, newest first, each with what may be told of it (NT-5-3g)."""
    return [answer_of(row.case) for row in earlier_of_phone(phone)]
