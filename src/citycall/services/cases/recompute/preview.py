"""What a closure would do, before it is declared or withdrawn: how many clocks would be due otherwise.

Clocks are counted in groups that are due together: of limits in working days all that began on one day, of
other working time those of one minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from citycall.base import clock
from citycall.base.closures import Closure, Stand, calendar_with, standing
from citycall.base.policies import pack_of
from citycall.policy import LimitError
from citycall.services.cases.recompute.reading import NEVER, area, day_of, instant, micros
from citycall.services.cases.recompute.reckon import Ticking, due_anew

_STEP = "CASE WHEN k.\"limit\" LIKE '%% working_days' THEN 'day' ELSE 'minute' END"
_GROUPED = (
    'c.policy_version_id, c.kind, c.category, c.district, c.agency, k.code, k."limit",'
    " CASE WHEN k.\"limit\" = '' THEN c.item ELSE '' END, CASE WHEN k.\"limit\" = '' THEN c.id ELSE 0 END,"
    f" date_trunc({_STEP}, k.started_at, %(zone)s)"
)


@dataclass(frozen=True, slots=True)
class Moving:
    """How many running clocks of open cases would be due later, how many earlier, of how many looked at."""

    later: int = 0
    earlier: int = 0
    of: int = 0

    @property
    def moved(self) -> int:
        return self.later + self.earlier


def would_declare(closure: Closure) -> Moving:
    """If this closure, which nobody has declared yet, were declared."""
    now = standing()
    return _moving(closure, now, now | {Stand.of(closure)})


def would_withdraw(closure: Closure) -> Moving:
    """If this closure were withdrawn."""
    now = standing()
    return _moving(closure, now, now - {Stand.of(closure)})


def _moving(closure: Closure, before: Iterable[Stand], after: Iterable[Stand]) -> Moving:
    later = earlier = seen = 0
    for ticking, number in _groups(closure):
        pack = pack_of(ticking.version)
        was = calendar_with(pack, before, ticking.district, ticking.agency)
        will = calendar_with(pack, after, ticking.district, ticking.agency)
        seen += number
        if was is will:
            continue
        try:
            old = due_anew(ticking, ticking.started_at, was)
            new = due_anew(ticking, ticking.started_at, will)
        except LimitError:
            continue
        later += number if new > old else 0
        earlier += number if new < old else 0
    return Moving(later, earlier, seen)


def _groups(closure: Closure) -> list[tuple[Ticking, int]]:
    """A running clock for each group that the closure can matter to, and how many there are of it."""
    where, values = area(closure)
    begins, ends = day_of(closure)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_GROUPED}, count(*), min({micros('k.started_at')}), min({micros('k.due')})"  # nosec B608
            " FROM cases_case c JOIN cases_caseclock k ON k.case_id = c.id"
            f" WHERE {where} AND k.state = 'running' AND k.started_at < %(ends)s AND k.due >= %(begins)s"
            ' AND k."limit" !~ %(never)s GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10',
            values | {"zone": str(clock.TAIPEI), "begins": begins, "ends": ends, "never": NEVER},
        )
        rows = cursor.fetchall()
    return [(_one(row), row[10]) for row in rows]


def _one(row: tuple[object, ...]) -> Ticking:
    version, kind, category, district, agency, code, limit, item, case, _from, _number, started, due = row
    begun: datetime = instant(started)  # type: ignore[arg-type]
    return Ticking._make(
        (0, code, begun, instant(due), limit, case, kind, item, category, district, agency, version, begun)  # type: ignore[arg-type]
    )
