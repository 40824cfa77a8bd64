"""All about one case, in a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from django.db import models

from citycall.base import reading
from citycall.base.commands import Actor
from citycall.base.events import Event
from citycall.base.files import StoredFile
from citycall.base.notices import Notice
from citycall.base.policies import pack_of
from citycall.people.models import Party
from citycall.people.queries import parties, staff_names
from citycall.policy import Pack
from citycall.services.cases.acts.standing import LOST, REPLY_SENT, Standing
from citycall.services.cases.models import (
    Case,
    CaseClock,
    CaseFile,
    CaseJoin,
    CasePosition,
    CaseReply,
    CaseRequest,
    CaseTask,
    DelayAnalysis,
    Incident,
    PhoneRecord,
    PhoneTask,
    Prevention,
    ReplyDraft,
    StageRequest,
    UnfoundedLetter,
)
from citycall.services.cases.queries.lists import CaseRow, Known, rows_of
from citycall.services.cases.queries.tasks import TaskRow, tasks_of

M = TypeVar("M", bound=models.Model)


@dataclass
class CaseDetail:
    """All that the case page shows to those who may see it; contact data masked."""

    case: Case
    row: CaseRow
    pack: Pack
    party: Party | None
    clocks: list[CaseClock]
    events: list[Event]
    notices: list[Notice]
    files: list[tuple[CaseFile, StoredFile]]
    phone_records: list[PhoneRecord]
    replies: list[CaseReply]
    drafts: list[ReplyDraft]
    phone_task: PhoneTask | None
    stage_requests: list[StageRequest]
    preventions: list[Prevention]
    earlier_here: list[CaseRow]
    incidents: list[Incident]
    letters: list[UnfoundedLetter]
    tasks: list[TaskRow]
    related: list[Case]
    delay: DelayAnalysis | None
    names: dict[int, str]
    requests: list[CaseRequest] = field(default_factory=list)
    joins: list[CaseJoin] = field(default_factory=list)
    positions: list[CasePosition] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """The state of the case that this is: what a form sends along (``acts.stale``)."""
        return self.events[-1].pk if self.events else 0

    @property
    def open_draft(self) -> ReplyDraft | None:
        return next((one for one in self.drafts if one.state == ReplyDraft.State.OPEN), None)

    @property
    def pending_request(self) -> StageRequest | None:
        return next((one for one in self.stage_requests if one.state == StageRequest.State.PENDING), None)


# What stands beside a case by its number: mostly nothing, so one statement asks what is there.
_BESIDE = (
    CaseFile,
    PhoneRecord,
    PhoneTask,
    StageRequest,
    CaseRequest,
    CaseJoin,
    CaseReply,
    ReplyDraft,
    CaseTask,
    Incident,
    DelayAnalysis,
)
_HERE = (Case, Prevention, UnfoundedLetter)  # what stands at a place and its cause


@cache
def _what_is_there() -> str:
    beside = [f"EXISTS (SELECT 1 FROM {model._meta.db_table} WHERE case_id = %s)" for model in _BESIDE]  # nosec B608
    here = [
        f"EXISTS (SELECT 1 FROM {model._meta.db_table} WHERE cause_group = %s AND addr_key = %s"  # nosec B608
        f"{' AND id < %s' if model is Case else ''})"
        for model in _HERE
    ]
    return f"SELECT {', '.join((*beside, *here))}, EXISTS (SELECT 1 FROM cases_case WHERE related_to_id = %s)"  # nosec B608


class _Beside:
    """What belongs to one case, read where there is anything."""

    def __init__(self, case: Case) -> None:
        self.case = case
        # A case without a place has none before it: ``addr_key = NULL`` is met by nothing.
        place = (case.cause_group, case.addr_key or None)
        given = [case.pk] * len(_BESIDE) + [*place, case.pk, *place, *place, case.pk]
        (found,) = reading.values(_what_is_there(), *given)
        self.there = {model for model, is_there in zip((*_BESIDE, *_HERE), found, strict=False) if is_there}
        self.pointed_at = found[-1]

    def of(self, model: type[M]) -> list[M]:
        """The rows of this case, in the order in which they were written."""
        if model not in self.there:
            return []
        return reading.rows(model, "WHERE row.case_id = %s ORDER BY row.id", self.case.pk)

    def here(self, model: type[M], rest: str, *given: object) -> list[M]:
        """The rows of its place and cause, the newest first."""
        if model not in self.there:
            return []
        at = "WHERE row.cause_group = %s AND row.addr_key = %s"
        return reading.rows(model, f"{at} {rest}", self.case.cause_group, self.case.addr_key, *given)

    def related(self) -> list[Case]:
        """The case that it was related to, and those that were related to it."""
        if not self.pointed_at and self.case.related_to_id is None:
            return []
        rest = "WHERE row.id = %s OR row.related_to_id = %s ORDER BY row.id"
        return reading.rows(Case, rest, self.case.related_to_id, self.case.pk)


def case_detail(case: Case) -> CaseDetail:
    """One case with everything about it: a fixed number of statements, fewer where there is nothing."""
    beside = _Beside(case)
    events = reading.rows(
        Event, "WHERE row.subject_kind = 'case' AND row.subject_id = %s ORDER BY row.id", case.pk
    )
    files = beside.of(CaseFile)
    stored = reading.of_keys(StoredFile, {one.file_id for one in files})
    requests = beside.of(StageRequest)
    earlier = beside.here(Case, "AND row.id < %s ORDER BY row.id DESC LIMIT 10", case.pk)
    people = {event.staff_id for event in events} | {one.added_by for one in files}
    people |= {case.taken_by, case.submitted_by, case.approved_by}
    people |= {one.requested_by for one in requests} | {one.decided_by for one in requests}
    asked = beside.of(CaseRequest)
    people |= {one.requested_by for one in asked} | {one.decided_by for one in asked}
    joins = beside.of(CaseJoin)
    people |= {one.answered_by for one in joins}
    disputes = [one.pk for one in asked if one.effect == "dispute"]
    owed = tasks_of(case) if CaseTask in beside.there else []
    people |= {one.task.opened_by for one in owed} | {one.task.done_by for one in owed}
    names = staff_names(people | {one.taken_by for one in earlier})
    clocks = reading.rows(CaseClock, "WHERE row.case_id = %s ORDER BY row.id", case.pk)
    phone_tasks = [one for one in beside.of(PhoneTask) if one.state == PhoneTask.State.OPEN]
    rows = rows_of([case, *earlier], known=Known(names, {case.pk: clocks}, {case.pk: bool(phone_tasks)}))
    return CaseDetail(
        case=case,
        row=rows[0],
        pack=pack_of(case.policy_version_id),
        party=parties([case.party_id]).get(case.party_id or 0),
        clocks=clocks,
        events=events,
        notices=reading.rows(
            Notice, "WHERE row.about_kind = 'case' AND row.about_id = %s ORDER BY row.id", case.pk
        ),
        files=[(one, stored[one.file_id]) for one in files if one.file_id in stored],
        phone_records=beside.of(PhoneRecord),
        replies=beside.of(CaseReply),
        drafts=beside.of(ReplyDraft),
        phone_task=phone_tasks[0] if phone_tasks else None,
        stage_requests=requests,
        preventions=beside.here(Prevention, "ORDER BY row.id DESC"),
        earlier_here=rows[1:],
        incidents=beside.of(Incident),
        letters=beside.here(UnfoundedLetter, "ORDER BY row.id DESC"),
        tasks=owed,
        related=beside.related(),
        delay=next(iter(beside.of(DelayAnalysis)), None),
        names=names,
        requests=asked,
        joins=joins,
        positions=reading.rows(CasePosition, "WHERE row.request_id = ANY(%s) ORDER BY row.id", disputes)
        if disputes
        else [],
    )


def standing_of(actor: Actor, detail: CaseDetail) -> Standing:
    """The case as this person finds it, for the lifecycle table, with what was read already laid in."""
    lost = any(one.on_sent == REPLY_SENT and one.state in LOST for one in detail.notices)
    return Standing(actor, detail.case, detail.pack).knows(
        open_tasks=[row.task for row in detail.tasks if row.task.state == CaseTask.State.OPEN],
        phone_task=detail.phone_task,
        phone_records=detail.phone_records,
        pending_request=detail.pending_request,
        drafts=detail.drafts,
        replies=detail.replies,
        requests=detail.requests,
        joins=detail.joins,
        positions=detail.positions,
        clocks=detail.clocks,
        incidents=detail.incidents,
        related=[one for one in detail.related if one.related_to_id == detail.case.pk],
        message_lost=lost,
    )


def phone_callers(case_id: int) -> int:
    """By how many different people the citizen was telephoned about a case (NT-5-4-4e)."""
    return PhoneRecord.objects.filter(case_id=case_id).values("staff_id").distinct().count()
