"""Lists of cases: filters, pages, rows with the names that people read."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unicodedata import normalize

from django.db.models import Count, Q, QuerySet

from citycall.base.policies import pack_of
from citycall.people.queries import agency_names, parties_by_phone, staff_names
from citycall.policy import Pack
from citycall.services.cases.models import OPEN_STATUSES, Case, CaseClock, PhoneTask, Status

SORTS = {
    "newest": ("-id",),
    "oldest": ("id",),
    "due": ("due_at", "id"),
    "due_last": ("-due_at", "-id"),
    "place": ("district", "addr_key", "-id"),
    "place_last": ("-district", "-addr_key", "-id"),
}


PAGE = 50
_NUMBER = re.compile(r"([A-Z]*[0-9]{7})([0-9]{6,})\Z")  # day in ROC years, running number


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; empty means all. ``agencies=None`` is every agency."""

    agencies: Collection[str] | None = None
    status: str = ""  # a status, or "open"
    kind: str = ""
    item: str = ""
    district: str = ""
    stage: str = ""
    grade: str = ""
    overdue: bool = False
    unsigned: bool = False
    registered_late: bool = False
    taken_by: int | None = None
    phone_owed: bool = False
    reported: bool = False  # reported as finished, and the result not entered
    q: str = ""  # never a telephone number: those are found by `people.find_by_phone`, on record
    parties: Collection[int] = ()  # found by their number: their cases as well as those of the words
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
    for name in ("kind", "item", "district", "stage", "grade"):
        if getattr(wanted, name):
            found = found.filter(**{name: getattr(wanted, name)})
    if wanted.overdue:
        found = found.filter(overdue=True, status__in=OPEN_STATUSES)
    if wanted.unsigned:
        found = found.filter(status=Status.ESTABLISHED)
    if wanted.registered_late:
        found = found.filter(registered_late=True, status__in=OPEN_STATUSES)
    if wanted.taken_by is not None:
        found = found.filter(taken_by=wanted.taken_by)
    if wanted.phone_owed:
        calls = Q(phone_tasks__state=PhoneTask.State.OPEN)
        if wanted.agencies is not None:  # those that the call centre makes are not the agency's (TP-6-4b)
            calls &= Q(phone_tasks__agency__in=list(wanted.agencies))
        found = found.filter(calls)
    if wanted.reported:
        found = found.filter(reported_back_at__isnull=False, completed_at=None)
    if wanted.since is not None:
        found = found.filter(established_at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(established_at__lt=wanted.until)
    if wanted.before_id is not None:
        found = found.filter(pk__lt=wanted.before_id)
    if wanted.q.strip():
        found = found.filter(_words(wanted.q.strip()) | Q(party_id__in=list(wanted.parties)))
    return found


def _words(q: str) -> Q:
    """A case number or its beginning, or words of place and description."""
    return Q(number__istartswith=q) | Q(address__icontains=q) | Q(description__icontains=q)


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
        submitted=Count("id", filter=Q(status=Status.SUBMITTED)),
        registered_late=Count("id", filter=Q(registered_late=True)),
        grade_b=Count("id", filter=~Q(grade="")),
        reported=Count("id", filter=Q(reported_back_at__isnull=False, completed_at=None)),
        mine=Count("id", filter=Q(taken_by=staff)),
    )
    return {**waiting, "phone": owed.count()}


def by_number(number: str) -> Case | None:
    """The case of a number, written with or without its dash and in any case of letters."""
    return Case.objects.filter(number=plain_number(number)).first()


def plain_number(typed: str) -> str:
    """A case number as it is kept, from how people write it: ``f1150302 000123`` is F1150302-000123."""
    bare = "".join(normalize("NFKC", typed).upper().split()).replace("-", "")
    return _NUMBER.sub(r"\1-\2", bare)


def earlier_of_phone(phone: str, limit: int = 10) -> list[CaseRow]:
    """The caller's earlier matters, newest first."""
    ids = parties_by_phone(phone)
    return rows_of(list(Case.objects.filter(party_id__in=ids).order_by("-id")[:limit])) if ids else []
