"""Running clocks read in great numbers; numbers and instants given back as lists, without adapting each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from citycall.base.clock import TAIPEI
from citycall.base.closures import AGENCY, CITY, Closure
from citycall.base.portions import Span
from citycall.services.cases.models import OPEN_STATUSES
from citycall.services.cases.recompute.reckon import Ticking

OPEN = [str(status) for status in OPEN_STATUSES]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A limit in these units ends at the same instant whatever is closed.
NEVER = r" (minutes|hours|days)$|^until$"


def micros(column: str) -> str:
    """An instant as a whole number of microseconds, which is read in a fraction of the time."""
    return f"round(date_part('epoch', {column}) * 1000000)::bigint"


@lru_cache(maxsize=8192)  # a case and its clock say most instants twice
def instant(number: int) -> datetime:
    """The instant that `micros` gave."""
    return _EPOCH + timedelta(microseconds=number)


def as_list(values: Iterable[object]) -> str:
    """Numbers or instants as an array for the database."""
    return f"{{{','.join(map(str, values))}}}"


def area(closure: Closure) -> tuple[str, dict[str, Any]]:
    """Which cases a closure can matter to, as a condition on `cases_case c`."""
    values: dict[str, Any] = {"open": OPEN}
    if closure.area == CITY:
        return "c.status = ANY(%(open)s)", values
    if closure.area.startswith(AGENCY):
        values["area"] = closure.area.removeprefix(AGENCY)
        return "c.status = ANY(%(open)s) AND c.agency = %(area)s", values
    values["area"] = closure.area
    return "c.status = ANY(%(open)s) AND c.district = %(area)s", values


def day_of(closure: Closure) -> tuple[datetime, datetime]:
    """The first instant of the closed day, and the first after it."""
    first = datetime(closure.day.year, closure.day.month, closure.day.day, tzinfo=TAIPEI)
    return first.astimezone(UTC), (first + timedelta(days=1)).astimezone(UTC)


def running(closure: Closure, codes: list[str], span: Span) -> list[Ticking]:
    """The running clocks of open cases of a span that the closure can matter to."""
    where, values = area(closure)
    begins, ends = day_of(closure)
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT k.id, k.code, {micros("k.started_at")}, {micros("k.due")}, k."limit", c.id, c.kind,'
            f" c.item, c.category, c.district, c.agency, c.policy_version_id, {micros('c.established_at')}"
            " FROM cases_case c JOIN cases_caseclock k ON k.case_id = c.id"
            f" WHERE {where} AND c.id BETWEEN %(first)s AND %(last)s"
            " AND c.id %% %(stripes)s = %(stripe)s AND k.state = 'running'"  # nosec B608
            " AND (k.code = ANY(%(codes)s) OR"
            '  (k.started_at < %(ends)s AND k.due >= %(begins)s AND k."limit" !~ %(never)s))'
            " ORDER BY c.id, k.id",
            values | asdict(span) | {"codes": codes, "begins": begins, "ends": ends, "never": NEVER},
        )
        rows = cursor.fetchall()
    return [
        Ticking._make((*row[:2], instant(row[2]), instant(row[3]), *row[4:12], instant(row[12])))
        for row in rows
    ]
