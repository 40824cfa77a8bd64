"""Which cases a filter means, as numbers of rows in the order of the list: at most so many.

Three ways lead there, each bounded (ADR 0012):

- words and facts (item, district, kind, stage, and the agency with them) through the inverted index of terms,
  block by block from the newest case or the oldest, until there are enough;
- without them along the indexes of agency and status, one short walk for each status;
- a number by its beginning, a reporter's cases by the key that a telephone look-up gave.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from unicodedata import normalize

from django.db import connection
from django.db.models import Q, QuerySet

from citycall.services.cases import terms
from citycall.services.cases.models import OPEN_STATUSES, Case, PhoneTask, Status
from citycall.services.cases.queries.sight import joined_by

MOST_BLOCKS = 512  # blocks looked into at once: four million cases; then the search is gone on with
SORTED_MOST = 5_000  # cases that a list sorts by place or limit; more are narrowed first
FEW_MOST = 5_000  # cases of somebody's own that are looked at one by one
NUMBERED_MOST = 2_000  # cases that begin with what was typed of a number
_SEVERAL = 4  # more agencies than this are looked at case by case
_NUMBER = re.compile(r"([A-Z]*[0-9]{7})([0-9]{6,})\Z")  # day in ROC years, running number
_LIKE_A_NUMBER = re.compile(r"[A-Z]{0,4}[0-9]{2,}(-[0-9]*)?\Z")


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
    joined: Collection[str] = ()  # these agencies join it and have not answered
    q: str = ""  # never a telephone number: those are found by `people.find_by_phone`, on record
    parties: Collection[int] = ()  # found by their number: their cases as well as those of the words
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


@dataclass(frozen=True)
class Found:
    """Numbers of rows in the order of the list. `upto`: where a search that is not at its end stopped."""

    ids: list[int]
    upto: int | None = None


def plain_number(typed: str) -> str:
    """A case number as it is kept, from how people write it: ``f1150302 000123`` is F1150302-000123."""
    bare = "".join(normalize("NFKC", typed).upper().split()).replace("-", "")
    return _NUMBER.sub(r"\1-\2", bare)


def matching(wanted: CaseFilter) -> QuerySet[Case]:
    """The cases that a filter means, unsorted. With words these are the newest 5,000 that have them."""
    found = _by_state(wanted)
    if wanted.q.strip():
        found = among(found, newest(wanted, SORTED_MOST).ids)
    return found


def newest(wanted: CaseFilter, limit: int, *, oldest: bool = False) -> Found:
    """The newest cases that a filter means; or the oldest."""
    q = wanted.q.strip()
    if not q:
        return _by_terms(wanted, [], limit, oldest) if _narrowed(wanted) else _walk(wanted, limit, oldest)
    ids: set[int] = set(_numbered(wanted, q, limit, oldest))
    if wanted.parties:
        ids.update(_walk(replace(wanted, q="", parties=wanted.parties), limit, oldest).ids)
    upto = None
    words = terms.asked(q)
    if words and _few(wanted):
        ids.update(_with_words(_walk(replace(wanted, q="", parties=()), FEW_MOST, oldest).ids, words))
    elif words:
        found = _by_terms(wanted, words, limit, oldest)
        ids.update(found.ids)
        upto = found.upto
    return Found(sorted(ids, reverse=not oldest)[:limit], upto)


def _narrowed(wanted: CaseFilter) -> bool:
    """Whether a fact that has no way of its own narrows the list."""
    own = _few(wanted) or wanted.parties
    ended = wanted.agencies is None and wanted.status in (Status.WITHDRAWN, Status.RELEASED)
    return not own and (ended or any(getattr(wanted, name) for name in ("item", "district", "kind", "stage")))


def _few(wanted: CaseFilter) -> bool:
    """Whether a filter has an index of its own and means so few cases that each can be looked at."""
    return wanted.taken_by is not None or wanted.phone_owed or wanted.reported or bool(wanted.joined)


def _by_state(wanted: CaseFilter) -> QuerySet[Case]:
    """The cases of a filter, its words left out."""
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
    if wanted.grade:
        found = found.filter(~Q(grade=""), grade=wanted.grade)
    if wanted.overdue:
        found = found.filter(overdue=True, status__in=OPEN_STATUSES)
    if wanted.unsigned:
        found = found.filter(status=Status.ESTABLISHED)
    if wanted.registered_late:
        found = found.filter(registered_late=True, status__in=OPEN_STATUSES)
    if wanted.taken_by is not None:
        found = found.filter(taken_by=wanted.taken_by)
    if wanted.phone_owed:
        calls = PhoneTask.objects.filter(state=PhoneTask.State.OPEN)
        if wanted.agencies is not None:  # those that the call centre makes are not the agency's (TP-6-4b)
            calls = calls.filter(agency__in=list(wanted.agencies))
        found = found.filter(pk__in=calls.values("case_id"))
    if wanted.joined:
        found = found.filter(joined_by(wanted.joined))
    if wanted.reported:
        found = found.filter(reported_back_at__isnull=False, completed_at=None)
    if wanted.parties and not wanted.q.strip():
        found = found.filter(party_id__in=list(wanted.parties))
    if wanted.since is not None:
        found = found.filter(established_at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(established_at__lt=wanted.until)
    if wanted.before_id is not None:
        found = found.filter(pk__lt=wanted.before_id)
    return found


def _ordered(cases: QuerySet[Case], limit: int, oldest: bool) -> QuerySet[Case, int]:
    return cases.order_by("pk" if oldest else "-pk").values_list("pk", flat=True)[:limit]


def _walk(wanted: CaseFilter, limit: int, oldest: bool) -> Found:
    """Along the index of agency and status, a walk for each of both: within them it is in order."""
    found = _by_state(wanted)
    agencies = list(wanted.agencies or ())
    few_of_their_own = (
        _few(wanted) or wanted.overdue or wanted.registered_late or wanted.grade or wanted.parties
    )  # fmt: skip
    if not agencies or len(agencies) > _SEVERAL or few_of_their_own:
        return Found(list(_ordered(found, limit, oldest)))
    statuses = _statuses(wanted)
    if wanted == CaseFilter(wanted.agencies, wanted.status, unsigned=wanted.unsigned):
        return Found(_straight(agencies, statuses, limit, oldest))
    walks = [
        _ordered(found.filter(agency=agency, status=status), limit, oldest)
        for agency in agencies
        for status in statuses
    ]
    if len(walks) > 1:
        ids = set(walks[0].union(*walks[1:], all=True))
        return Found(sorted(ids, reverse=not oldest)[:limit])
    return Found(list(walks[0]))


def _straight(agencies: Collection[str], statuses: Collection[str], limit: int, oldest: bool) -> list[int]:
    """The same without anything else to look at, in a statement that is not made anew for each look."""
    way = "ASC" if oldest else "DESC"
    one = f"(SELECT id FROM cases_case WHERE agency = %s AND status = %s ORDER BY id {way} LIMIT %s)"  # nosec B608
    walks = [(agency, str(status), limit) for agency in agencies for status in statuses]
    statement = " UNION ALL ".join([one] * len(walks))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM ({statement}) AS walks ORDER BY id {way} LIMIT %s",  # nosec B608
            [*(value for walk in walks for value in walk), limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _statuses(wanted: CaseFilter) -> Collection[str]:
    if wanted.unsigned:
        return (Status.ESTABLISHED,)
    if wanted.status == "open":
        return OPEN_STATUSES
    return (wanted.status,) if wanted.status else tuple(Status)


def _is_open(wanted: CaseFilter) -> bool:
    """Whether all that a filter means is open: then that is a term too."""
    return (
        wanted.overdue or wanted.unsigned or wanted.registered_late or wanted.status == "open"
        or wanted.status in OPEN_STATUSES
    )  # fmt: skip


def _numbered(wanted: CaseFilter, q: str, limit: int, oldest: bool) -> Iterable[int]:
    """Cases whose number begins so, or whose running number it is. Of very many the last are looked at."""
    number = plain_number(q)
    if not _LIKE_A_NUMBER.match(number):
        return ()
    known = _by_state(replace(wanted, q=""))
    if number.isdecimal():
        return known.filter(pk=int(number)).values_list("pk", flat=True) if len(number) <= 18 else ()
    begins = Case.objects.filter(number__startswith=number).order_by("number" if oldest else "-number")
    ids = list(begins.values_list("pk", flat=True)[:NUMBERED_MOST])
    return _ordered(among(known, ids), limit, oldest)


def _with_words(ids: list[int], words: list[str]) -> list[int]:
    """Those of a few cases that have all the words."""
    has = "terms @> ARRAY[" + ", ".join(["(case_id >> %s << 32) | %s"] * len(words)) + "]"
    codes = [part for word in words for part in (terms.BLOCK, terms.code(word))]
    with connection.cursor() as cursor:
        # Values are parameters.
        cursor.execute(
            f"SELECT case_id FROM cases_caseterms WHERE case_id = ANY(%s) AND {has}",  # nosec B608
            [ids, *codes],
        )
        return [row[0] for row in cursor.fetchall()]


def among(cases: QuerySet[Case], ids: Collection[int]) -> QuerySet[Case]:
    """Those of these rows: one array, where thousands of parameters would cost more than the search."""
    return cases.extra(where=["cases_case.id = ANY(%s)"], params=[list(ids)])  # nosec B610


def _by_terms(wanted: CaseFilter, words: list[str], limit: int, oldest: bool) -> Found:
    """Through the blocks of the index of terms, until there are enough."""
    with connection.cursor() as cursor:
        statement, arguments, last = statement_of(wanted, words, limit, oldest=oldest)
        if not statement:
            return Found([])
        cursor.execute(statement, arguments)
        ids = [row[0] for row in cursor.fetchall()]
    return Found(ids, last if len(ids) < limit else None)


def statement_of(
    wanted: CaseFilter, words: list[str], limit: int, *, oldest: bool = False
) -> tuple[str, list[Any], int | None]:
    """The search in SQL, and the number of a case at which it stops though there may be more.

    In each block the index gives the cases that have all terms; each is then looked up by its key and held
    against what is left of the filter. No other plan is open to the database: it cannot guess how many cases
    have several words, and guesses wrong are slow.
    """
    codes = [terms.code(word) for word in words]
    codes += [terms.fact(name, value) for name in ("item", "district", "kind", "stage")
              if (value := getattr(wanted, name))]  # fmt: skip
    if _is_open(wanted):
        codes.append(terms.OPEN)
    elif wanted.status:
        codes.append(terms.fact("status", wanted.status))
    agencies = list(wanted.agencies) if wanted.agencies is not None else []
    each = [terms.fact("agency", agency) for agency in agencies] if len(agencies) <= _SEVERAL else []
    if wanted.agencies is not None and not agencies:
        return "", [], None
    first, last = _blocks(wanted)
    if first > last:
        return "", [], None
    stops = None
    if last - first >= MOST_BLOCKS:
        first, last = (first, first + MOST_BLOCKS) if oldest else (last - MOST_BLOCKS, last)
        stops = (last + 1 if oldest else first) << terms.BLOCK
    sets = [[*codes, one] for one in each] or [codes]
    has = " OR ".join("t.terms @> ARRAY[" + ", ".join(["(b << 32) | %s"] * len(one)) + "]" for one in sets)
    way = "ASC" if oldest else "DESC"
    left = _by_state(replace(wanted, q="")).extra(where=["cases_case.id = t.case_id"])  # nosec B610
    known, values = left.values("pk").query.sql_with_params()
    begin, end, step = (first, last, 1) if oldest else (last, first, -1)
    # Facts come from this module and values are parameters.
    statement = (
        f"SELECT found.id FROM generate_series(%s::bigint, %s::bigint, %s) b, LATERAL ("  # nosec B608
        f" SELECT c.pk AS id FROM (SELECT case_id FROM cases_caseterms t WHERE {has}"
        f" ORDER BY case_id {way} OFFSET 0) t, LATERAL ({known} OFFSET 0) c LIMIT %s) found LIMIT %s"
    )
    arguments: list[Any] = [begin, end, step, *(code for one in sets for code in one)]
    return statement, [*arguments, *values, limit, limit], stops


def _blocks(wanted: CaseFilter) -> tuple[int, int]:
    """The first and the last block in which a case can be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(case_id), max(case_id) FROM cases_caseterms")
        low, high = cursor.fetchone()
    if low is None:
        return 1, 0
    if wanted.before_id is not None:
        high = min(high, wanted.before_id - 1)
    return terms.block_of(low), terms.block_of(high)
