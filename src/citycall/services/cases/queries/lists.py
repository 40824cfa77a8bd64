"""Lists of cases: filters, pages, rows with the names that people read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection

from citycall.base import reading
from citycall.base.policies import pack_of
from citycall.people.queries import agency_names, parties_by_phone, staff_names
from citycall.policy import Pack
from citycall.services.cases.models import OPEN_STATUSES, Case, CaseClock, CaseJoin, PhoneTask, Status
from citycall.services.cases.queries.finding import (
    SORTED_MOST,
    CaseFilter,
    among,
    newest,
    plain_number,
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
COUNTED_MOST = 999


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
    upto: int | None = None  # a search that stopped before its end: the case it stopped at
    bounded: bool = False  # more cases than are sorted


def case_list(wanted: CaseFilter, *, sort: str = "newest", page: int = 1, size: int = PAGE) -> CasePage:
    """One page of cases: a fixed number of statements, whatever the number of rows.

    By number a list is read along its indexes. By limit or place it sorts at most `SORTED_MOST` cases: the
    oldest where the limit is asked for, which run out first; the newest otherwise.
    """
    page, size = max(page, 1), min(max(size, 1), 200)
    first = (page - 1) * size
    order = SORTS.get(sort, SORTS["newest"])
    bounded = False
    if sort in ("newest", "oldest") or sort not in SORTS:
        found = newest(wanted, first + size + 1, oldest=sort == "oldest")
        ids = found.ids[first:]
    else:
        found = newest(wanted, SORTED_MOST + 1, oldest=sort == "due")
        bounded = len(found.ids) > SORTED_MOST
        several = among(Case.objects.all(), found.ids[:SORTED_MOST])
        ids = list(several.order_by(*order).values_list("pk", flat=True)[first : first + size + 1])
    cases = reading.of_keys(Case, ids[:size])
    rows = rows_of([cases[pk] for pk in ids[:size] if pk in cases])
    return CasePage(rows, page, len(ids) > size, size, upto=found.upto, bounded=bounded)


def in_order(wanted: CaseFilter, sort: str, most: int) -> list[int]:
    """The cases of a list in its order, at most so many; of what has to be sorted `SORTED_MOST` and one."""
    if sort in ("newest", "oldest") or sort not in SORTS:
        return newest(wanted, most, oldest=sort == "oldest").ids
    ids = newest(wanted, min(most, SORTED_MOST + 1), oldest=sort == "due").ids
    return list(among(Case.objects.all(), ids).order_by(*SORTS[sort]).values_list("pk", flat=True))


@dataclass(frozen=True)
class Known:
    """What was read of cases already: names of staff, and of some cases their clocks and open phone tasks."""

    names: dict[int, str]
    clocks: dict[int, list[CaseClock]]
    phone: dict[int, bool]


def rows_of(cases: list[Case], known: Known | None = None) -> list[CaseRow]:
    """Cases with names, running clocks and open phone tasks."""
    if not cases:
        return []
    names = agency_names()
    handlers = known.names if known else staff_names({case.taken_by for case in cases})
    clocks: dict[int, list[CaseClock]] = {}
    tasks: set[int] = set()
    if known is not None:
        tasks |= {pk for pk, owed in known.phone.items() if owed}
        for pk, kept in known.clocks.items():
            clocks[pk] = sorted((one for one in kept if one.state == "running"), key=lambda one: one.due)
    ids = [case.pk for case in cases if known is None or case.pk not in known.clocks]
    if ids:
        running = "WHERE row.case_id = ANY(%s) AND row.state = 'running' ORDER BY row.due"
        for ticking in reading.rows(CaseClock, running, ids):
            clocks.setdefault(ticking.case_id, []).append(ticking)
        tasks |= {case for (case,) in reading.values(_PHONE_OWED, ids)}
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


_PHONE_OWED = (
    f"SELECT case_id FROM {PhoneTask._meta.db_table}"  # nosec B608
    f" WHERE case_id = ANY(%s) AND state = '{PhoneTask.State.OPEN.value}'"
)
_OPEN = "status IN (" + ", ".join(f"'{status.value}'" for status in OPEN_STATUSES) + ")"
# What is counted of which table; each has an index that begins with the agency.
_COUNTED = {
    "unsigned": ("cases_case", f"status = '{Status.ESTABLISHED.value}'"),
    "acknowledged": ("cases_case", f"status = '{Status.ACKNOWLEDGED.value}'"),
    "in_progress": ("cases_case", f"status = '{Status.IN_PROGRESS.value}'"),
    "completed": ("cases_case", f"status = '{Status.COMPLETED.value}'"),
    "submitted": ("cases_case", f"status = '{Status.SUBMITTED.value}'"),
    "overdue": ("cases_case", f"overdue AND {_OPEN}"),
    "registered_late": ("cases_case", f"registered_late AND {_OPEN}"),
    "grade_b": ("cases_case", f"grade <> '' AND {_OPEN}"),
    "reported": ("cases_case", f"reported_back_at IS NOT NULL AND completed_at IS NULL AND {_OPEN}"),
    "phone": (PhoneTask._meta.db_table, f"state = '{PhoneTask.State.OPEN.value}'"),
    "joined": (CaseJoin._meta.db_table, f"state = '{CaseJoin.State.OPEN.value}'"),
}


@cache
def _count_statement(everywhere: bool) -> str:
    """Written once: making it anew for each look costs more than the counting."""
    where = "" if everywhere else "agency = ANY(%s) AND "
    parts = [
        f"(SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {where}{fits} LIMIT {COUNTED_MOST + 1}) AS tray)"  # nosec B608
        for table, fits in _COUNTED.values()
    ]
    mine = f"SELECT 1 FROM cases_case WHERE {where}taken_by = %s AND {_OPEN} LIMIT {COUNTED_MOST + 1}"  # nosec B608
    return f"SELECT {', '.join(parts)}, (SELECT count(*) FROM ({mine}) AS tray)"  # nosec B608


def counts(agencies: Collection[str] | None, staff: int | None = None) -> dict[str, int]:
    """How many cases wait in each tray of an agency, and of this person: `COUNTED_MOST` and one means more.

    Each is counted along its own index and no further, in one statement.
    """
    reach = [] if agencies is None else [list(agencies)]
    with connection.cursor() as cursor:
        cursor.execute(_count_statement(agencies is None), [*reach * (len(_COUNTED) + 1), staff or 0])
        counted = dict(zip([*_COUNTED, "mine"], cursor.fetchone(), strict=True))
    by_status = ("unsigned", "acknowledged", "in_progress", "completed", "submitted")
    return {**counted, "open": sum(counted[name] for name in by_status)}


def by_number(number: str) -> Case | None:
    """The case of a number, written with or without its dash and in any case of letters."""
    found = reading.rows(Case, "WHERE row.number = %s", plain_number(number))
    return found[0] if found else None


def earlier_of_phone(phone: str, limit: int = 10) -> list[CaseRow]:
    """The caller's earlier matters, newest first."""
    ids = parties_by_phone(phone)
    return rows_of(list(Case.objects.filter(party_id__in=ids).order_by("-id")[:limit])) if ids else []
