"""What can be asked of the cases room. A list costs the same number of statements at any length."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from citycall.base import clock
from citycall.base.events import Event
from citycall.base.files import StoredFile
from citycall.base.notices import Notice
from citycall.base.policies import in_force, pack_of
from citycall.base.private import normalise_phone
from citycall.people.models import Party
from citycall.people.queries import agency_names, parties, parties_by_phone, staff_names
from citycall.policy import Pack, PlaceError
from citycall.services.cases.models import (
    OPEN_STATUSES,
    Case,
    CaseClock,
    CaseFile,
    DelayAnalysis,
    Incident,
    Outage,
    PhoneRecord,
    PhoneTask,
    Prevention,
    StageRequest,
    Status,
    UnfoundedLetter,
)

SORTS = {
    "newest": ("-id",),
    "oldest": ("id",),
    "due": ("due_at", "id"),
    "due_last": ("-due_at", "-id"),
    "place": ("district", "addr_key", "-id"),
    "place_last": ("-district", "-addr_key", "-id"),
}
PAGE = 50


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; empty means all. ``agencies=None`` is every agency."""

    agencies: Collection[str] | None = None
    status: str = ""  # a status, or "open"
    kind: str = ""
    item: str = ""
    district: str = ""
    stage: str = ""
    overdue: bool = False
    unsigned: bool = False
    taken_by: int | None = None
    phone_owed: bool = False
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


@dataclass
class CaseRow:
    """One line of a list: the case with the names that people read. No personal data."""

    case: Case
    item: Any
    agency: tuple[str, str]
    district: Any
    clocks: list[CaseClock] = field(default_factory=list)
    handler: str = ""
    phone_task: bool = False

    @property
    def clock(self) -> CaseClock | None:
        """The limit that runs out first."""
        return self.clocks[0] if self.clocks else None


@dataclass
class CasePage:
    rows: list[CaseRow]
    page: int
    has_next: bool
    size: int


def matching(wanted: CaseFilter) -> QuerySet[Case]:
    """The cases that a filter means, unsorted."""
    found = Case.objects.all()
    if wanted.agencies is not None:
        found = found.filter(agency__in=list(wanted.agencies))
    if wanted.status == "open":
        found = found.filter(status__in=OPEN_STATUSES)
    elif wanted.status:
        found = found.filter(status=wanted.status)
    for name in ("kind", "item", "district", "stage"):
        if getattr(wanted, name):
            found = found.filter(**{name: getattr(wanted, name)})
    if wanted.overdue:
        found = found.filter(overdue=True, status__in=OPEN_STATUSES)
    if wanted.unsigned:
        found = found.filter(status=Status.ESTABLISHED)
    if wanted.taken_by is not None:
        found = found.filter(taken_by=wanted.taken_by)
    if wanted.phone_owed:
        found = found.filter(phone_tasks__state=PhoneTask.State.OPEN)
    if wanted.since is not None:
        found = found.filter(established_at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(established_at__lt=wanted.until)
    if wanted.before_id is not None:
        found = found.filter(pk__lt=wanted.before_id)
    if wanted.q.strip():
        found = found.filter(_words(wanted.q.strip()))
    return found


def _words(q: str) -> Q:
    """A case number or its beginning, a telephone number, or words of place and description."""
    condition = Q(number__istartswith=q) | Q(address__icontains=q) | Q(description__icontains=q)
    try:
        normalise_phone(q)
    except ValueError:
        return condition
    return condition | Q(party_id__in=parties_by_phone(q))


def case_list(wanted: CaseFilter, *, sort: str = "newest", page: int = 1, size: int = PAGE) -> CasePage:
    """One page of cases: five statements, whatever the number of rows."""
    page, size = max(page, 1), min(max(size, 1), 200)
    order = SORTS.get(sort, SORTS["newest"])
    first = (page - 1) * size
    cases = list(matching(wanted).order_by(*order)[first : first + size + 1])
    return CasePage(rows=rows_of(cases[:size]), page=page, has_next=len(cases) > size, size=size)


def rows_of(cases: list[Case]) -> list[CaseRow]:
    """Cases with names, running clocks and open phone tasks."""
    if not cases:
        return []
    ids = [case.pk for case in cases]
    names = agency_names()
    handlers = staff_names({case.taken_by for case in cases})
    clocks: dict[int, list[CaseClock]] = {}
    for ticking in CaseClock.objects.filter(case_id__in=ids, state="running").order_by("due"):
        clocks.setdefault(ticking.case_id, []).append(ticking)
    tasks = set(
        PhoneTask.objects.filter(case_id__in=ids, state=PhoneTask.State.OPEN).values_list(
            "case_id", flat=True
        )
    )
    rows = []
    for case in cases:
        pack = pack_of(case.policy_version_id)
        rows.append(
            CaseRow(
                case=case,
                item=item_name(pack, case),
                agency=names.get(case.agency, (case.agency, case.agency)),
                district=district_name(pack, case),
                clocks=clocks.get(case.pk, []),
                handler=handlers.get(case.taken_by or 0, ""),
                phone_task=case.pk in tasks,
            )
        )
    return rows


def item_name(pack: Pack, case: Case) -> Any:
    """The item's name (``Text``: zh, en)."""
    item = pack.items.get(case.item)
    return item.name if item else pack.kinds[case.kind].name


def district_name(pack: Pack, case: Case) -> Any:
    """The district's name (``Text``), or None."""
    district = pack.district(case.district)
    return district.name if district else None


def counts(agencies: Collection[str] | None, staff: int | None = None) -> dict[str, int]:
    """How many cases wait in each tray of an agency, and of this person, in two statements."""
    found = Case.objects.all() if agencies is None else Case.objects.filter(agency__in=list(agencies))
    owed = PhoneTask.objects.filter(state=PhoneTask.State.OPEN)
    if agencies is not None:
        owed = owed.filter(agency__in=list(agencies))
    waiting = found.filter(status__in=OPEN_STATUSES).aggregate(
        open=Count("id"),
        unsigned=Count("id", filter=Q(status=Status.ESTABLISHED)),
        acknowledged=Count("id", filter=Q(status=Status.ACKNOWLEDGED)),
        in_progress=Count("id", filter=Q(status=Status.IN_PROGRESS)),
        completed=Count("id", filter=Q(status=Status.COMPLETED)),
        overdue=Count("id", filter=Q(overdue=True)),
        mine=Count("id", filter=Q(taken_by=staff)),
    )
    return {**waiting, "phone": owed.count()}


def by_number(number: str) -> Case | None:
    """The case of a number, written with or without its dash and in any case of letters."""
    text = number.strip().upper().replace(" ", "")
    return Case.objects.filter(number=text).first()


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
    phone_task: PhoneTask | None
    stage_requests: list[StageRequest]
    preventions: list[Prevention]
    earlier_here: list[CaseRow]
    incidents: list[Incident]
    letters: list[UnfoundedLetter]
    delay: DelayAnalysis | None
    names: dict[int, str]

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
    people |= {one.requested_by for one in requests} | {one.decided_by for one in requests}
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
        phone_task=PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN).first(),
        stage_requests=requests,
        preventions=list(Prevention.objects.filter(here).order_by("-id")) if case.addr_key else [],
        earlier_here=rows[1:],
        incidents=list(Incident.objects.filter(case=case).order_by("id")),
        letters=list(UnfoundedLetter.objects.filter(here).order_by("-id")) if case.addr_key else [],
        delay=DelayAnalysis.objects.filter(case=case).first(),
        names=staff_names(people),
    )


def preventions_at(cause_group: str, addr_key: str) -> list[Prevention]:
    """Measures entered for this cause at this place (NT-5-4-9b)."""
    return list(Prevention.objects.filter(cause_group=cause_group, addr_key=addr_key).order_by("-id"))


def barred(cause_group: str, addr_key: str) -> bool:
    """Whether the commission holds a letter about this matter: it is not taken as fast (NT-5-4-10b)."""
    # On the way of every new case, so not by way of the ORM, whose making of it costs ten times its running.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM cases_unfoundedletter"
            " WHERE cause_group = %s AND addr_key = %s AND state = %s)",
            [cause_group, addr_key, UnfoundedLetter.State.RECEIVED.value],
        )
        return bool(cursor.fetchone()[0])


def open_here(cause_group: str, addr_key: str) -> list[CaseRow]:
    """Open cases of the same cause at the same place, to show while a new one is typed."""
    if not addr_key:
        return []
    found = Case.objects.filter(cause_group=cause_group, addr_key=addr_key, status__in=OPEN_STATUSES)
    return rows_of(list(found.order_by("-id")[:5]))


def earlier_of_phone(phone: str, limit: int = 10) -> list[CaseRow]:
    """The caller's earlier matters, newest first."""
    ids = parties_by_phone(phone)
    return rows_of(list(Case.objects.filter(party_id__in=ids).order_by("-id")[:limit])) if ids else []


@dataclass(frozen=True)
class PublicStep:
    """One line of progress that the citizen may see."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class PublicCase:
    """What the citizen may see of a case, and nothing else: no person, no telephone, no house number."""

    number: str
    status: str
    kind: Any
    item: Any
    agency: tuple[str, str]
    district: Any
    place: str
    established_at: datetime
    due_at: datetime | None
    stage: str
    steps: tuple[PublicStep, ...]
    result: str
    finding: Any


PUBLIC_STEPS = (
    "case.established",
    "case.acknowledged",
    "case.taken",
    "case.stage_changed",
    "case.completed",
    "case.replied",
    "case.closed",
    "case.reopened",
    "case.withdrawn",
)


def code_fits(case: Case, code: str) -> bool:
    """Whether this is the case's look-up code."""
    return secrets.compare_digest(case.lookup_code.encode(), code.strip().encode())


def public_view(case_id: int) -> PublicCase:
    """What the citizen may see of a case that they have looked up (``cases.look_up``, NT-5-4-2f)."""
    case = Case.objects.get(pk=case_id)
    pack = pack_of(case.policy_version_id)
    steps = Event.objects.filter(subject_kind="case", subject_id=case.pk, kind__in=PUBLIC_STEPS).order_by(
        "id"
    )
    kind = pack.kinds[case.kind]
    done = case.status in (Status.COMPLETED, Status.CLOSED)
    return PublicCase(
        number=case.number,
        status=case.status,
        kind=kind.name,
        item=item_name(pack, case),
        agency=agency_names().get(case.agency, (case.agency, case.agency)),
        district=district_name(pack, case),
        place=_road_of(pack, case),
        established_at=case.established_at,
        due_at=case.due_at,
        stage=case.stage,
        steps=tuple(PublicStep(event.kind, event.at) for event in steps.order_by("id")),
        result=case.result if done else "",
        finding=next((one.name for one in kind.findings if one.code == case.finding), None) if done else None,
    )


def _road_of(pack: Pack, case: Case) -> str:
    """The road alone: the house number may be the reporter's own."""
    try:
        return pack.place(case.address, case.district or None).road or ""
    except PlaceError:
        return ""


def stage_requests_pending() -> list[tuple[StageRequest, CaseRow]]:
    """What waits for the call centre's consent, oldest first (NT-5-4-7)."""
    requests = list(
        StageRequest.objects.filter(state=StageRequest.State.PENDING).select_related("case").order_by("id")
    )
    return list(zip(requests, rows_of([request.case for request in requests]), strict=True))


def delays_to_analyse(
    agencies: Collection[str] | None, *, analysed: bool = False, page: int = 1, size: int = PAGE
) -> CasePage:
    """Late cases of an agency that its evaluator has not analysed yet, or has (NT-5-4-8b)."""
    found = Case.objects.filter(Q(overdue=True) | Q(completed_late=True)).exclude(status=Status.WITHDRAWN)
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    found = found.filter(delay_analysis__isnull=not analysed)
    first = (max(page, 1) - 1) * size
    cases = list(found.order_by("-id")[first : first + size + 1])
    return CasePage(rows=rows_of(cases[:size]), page=page, has_next=len(cases) > size, size=size)


def letters(agencies: Collection[str] | None, states: Collection[str]) -> list[UnfoundedLetter]:
    """Letters about groundless reports, newest first (NT-5-4-10a)."""
    found = UnfoundedLetter.objects.filter(state__in=list(states)).select_related("last_case")
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    return list(found.order_by("-id")[:200])


def unfounded_streak(cause_group: str, addr_key: str, kind: str = "fast") -> list[Case]:
    """The last closed cases of a place and cause, newest first, that were all found groundless."""
    rule = in_force()[1].kinds[kind].unfounded
    streak: list[Case] = []
    if rule is None or not addr_key:
        return streak
    found = Case.objects.filter(kind=kind, cause_group=cause_group, addr_key=addr_key, status=Status.CLOSED)
    for case in found.order_by("-closed_at", "-id")[: rule.in_a_row]:
        if case.finding not in rule.findings:
            break
        streak.append(case)
    return streak


def open_outage() -> Outage | None:
    """The outage that is going on, if any (NT-5-4-3a)."""
    return Outage.objects.filter(until__isnull=True).first()


def recent_outages(limit: int = 5) -> list[Outage]:
    """The last outages, the open one first."""
    return list(Outage.objects.order_by("-since")[:limit])


def incidents(kind: str, since: datetime | None = None) -> list[Incident]:
    """What was kept for later handling: false reports (NT-8-1b), early closings (NT-5-4-9c)."""
    found = Incident.objects.filter(kind=kind).select_related("case").order_by("-id")
    return list(found.filter(at__gte=since)[:200] if since else found[:200])


@dataclass(frozen=True)
class Figures:
    """How an item or an agency did in a period."""

    key: str
    taken: int
    closed: int
    closed_in_time: int
    signed_late: int
    overdue_open: int

    @property
    def on_time_rate(self) -> float | None:
        """Share of closed cases that were answered in time (NT-5-4-9a), 0 to 1; None without any."""
        return self.closed_in_time / self.closed if self.closed else None


def figures(by: str, since: datetime, until: datetime | None = None) -> list[Figures]:
    """On-time figures by ``item`` or ``agency``; done but unanswered is not counted as done (NT-5-4-9a)."""
    found = Case.objects.filter(established_at__gte=since, established_at__lt=until or clock.now())
    rows = (
        found.exclude(status=Status.WITHDRAWN)
        .values(by)
        .annotate(
            taken=Count("id"),
            closed=Count("id", filter=Q(status=Status.CLOSED)),
            closed_in_time=Count("id", filter=Q(status=Status.CLOSED, completed_late=False, overdue=False)),
            signed_late=Count("id", filter=Q(acknowledged_late=True)),
            overdue_open=Count("id", filter=Q(overdue=True, status__in=OPEN_STATUSES)),
        )
        .order_by(by)
    )
    return [
        Figures(
            key=row[by],
            taken=row["taken"],
            closed=row["closed"],
            closed_in_time=row["closed_in_time"],
            signed_late=row["signed_late"],
            overdue_open=row["overdue_open"],
        )
        for row in rows
    ]


def phone_callers(case_id: int) -> int:
    """By how many different people the citizen was telephoned about a case (NT-5-4-4e)."""
    return PhoneRecord.objects.filter(case_id=case_id).values("staff_id").distinct().count()
