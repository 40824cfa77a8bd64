"""All about one case, in a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

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
from citycall.services.cases.queries.lists import CaseRow, rows_of
from citycall.services.cases.queries.tasks import TaskRow, tasks_of


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


def case_detail(case: Case) -> CaseDetail:
    """One case with everything about it, in a fixed number of statements."""
    events = list(Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("id"))
    files = list(CaseFile.objects.filter(case=case).order_by("id"))
    stored = StoredFile.objects.in_bulk([one.file_id for one in files])
    records = list(PhoneRecord.objects.filter(case=case).order_by("id"))
    requests = list(StageRequest.objects.filter(case=case).order_by("id"))
    here = Q(cause_group=case.cause_group, addr_key=case.addr_key)
    earlier = list(Case.objects.filter(here, pk__lt=case.pk).order_by("-id")[:10]) if case.addr_key else []
    people = {event.staff_id for event in events} | {one.added_by for one in files}
    people |= {case.taken_by, case.submitted_by, case.approved_by}
    people |= {one.requested_by for one in requests} | {one.decided_by for one in requests}
    asked = list(CaseRequest.objects.filter(case=case).order_by("id"))
    people |= {one.requested_by for one in asked} | {one.decided_by for one in asked}
    joins = list(CaseJoin.objects.filter(case=case).order_by("id"))
    people |= {one.answered_by for one in joins}
    disputes = [one.pk for one in asked if one.effect == "dispute"]
    owed = tasks_of(case)
    people |= {one.task.opened_by for one in owed} | {one.task.done_by for one in owed}
    rows = rows_of([case, *earlier])
    return CaseDetail(
        case=case,
        row=rows[0],
        pack=pack_of(case.policy_version_id),
        party=parties([case.party_id]).get(case.party_id or 0),
        clocks=list(CaseClock.objects.filter(case=case).order_by("id")),
        events=events,
        notices=list(Notice.objects.filter(about_kind="case", about_id=case.pk).order_by("id")),
        files=[(one, stored[one.file_id]) for one in files if one.file_id in stored],
        phone_records=records,
        replies=list(CaseReply.objects.filter(case=case).order_by("id")),
        drafts=list(ReplyDraft.objects.filter(case=case).order_by("id")),
        phone_task=PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN).first(),
        stage_requests=requests,
        preventions=list(Prevention.objects.filter(here).order_by("-id")) if case.addr_key else [],
        earlier_here=rows[1:],
        incidents=list(Incident.objects.filter(case=case).order_by("id")),
        letters=list(UnfoundedLetter.objects.filter(here).order_by("-id")) if case.addr_key else [],
        tasks=owed,
        related=list(Case.objects.filter(Q(pk=case.related_to_id) | Q(related_to=case.pk)).order_by("id")),
        delay=DelayAnalysis.objects.filter(case=case).first(),
        names=staff_names(people),
        requests=asked,
        joins=joins,
        positions=list(CasePosition.objects.filter(request__in=disputes).order_by("id")) if disputes else [],
    )


def standing_of(actor: Actor, detail: CaseDetail) -> Standing:
    """The case as this person finds it, for the lifecycle table, with what was read already laid in."""
    lost = any(one.on_sent == REPLY_SENT and one.state in LOST for one in detail.notices)
    return Standing(actor, detail.case, detail.pack).knows(
        open_tasks=[row.task for row in detail.tasks if row.task.state == CaseTask.State.OPEN],
        phone_task=detail.phone_task,
        phone_records=detail.phone_records,
        pending_request=detail.pending_request,
        open_draft=detail.open_draft,
        replies=detail.replies,
        message_lost=lost,
    )


def phone_callers(case_id: int) -> int:
    """By how many different people the citizen was telephoned about a case (NT-5-4-4e)."""
    return PhoneRecord.objects.filter(case_id=case_id).values("staff_id").distinct().count()
