"""What a closure would do, before it is declared or withdrawn: how many clocks would move, and which.

Clocks are counted in groups that are due together: of limits in working days all that began on one day, of
other working time those of one minute. Those that are due soonest are named, a few of each sort: two more
queries at most, however many clocks there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from citycall.base import clock
from citycall.base.closures import Closure, Stand, calendar_with, standing
from citycall.base.policies import pack_of
from citycall.policy import LimitError
from citycall.services.cases.recompute.reading import NEVER, area, day_of, instant, micros
from citycall.services.cases.recompute.reckon import Ticking, due_anew

SHOWN = 50  # clocks named of each sort
_STEP = "CASE WHEN k.\"limit\" LIKE '%% working_days' THEN 'day' ELSE 'minute' END"
# What clocks of one group have in common, and of which type each is.
_SHARED = {
    "c.policy_version_id": "bigint",
    "c.kind": "text",
    "c.category": "text",
    "c.district": "text",
    "c.agency": "text",
    "k.code": "text",
    'k."limit"': "text",
    "CASE WHEN k.\"limit\" = '' THEN c.item ELSE '' END": "text",
    "CASE WHEN k.\"limit\" = '' THEN c.id ELSE 0 END": "bigint",
    f"date_trunc({_STEP}, k.started_at, %(zone)s)": "timestamptz",
}
_GROUPED = ", ".join(_SHARED)
_RUNNING = (
    " AND k.state = 'running' AND k.started_at < %(ends)s AND k.due >= %(begins)s"
    ' AND k."limit" !~ %(never)s'
)


class Moved(NamedTuple):
    """One clock that would be due otherwise."""

    number: str
    agency: str
    code: str
    version: int
    due: datetime
    would_be_due: datetime


@dataclass(frozen=True, slots=True)
class Moving:
    """How many running clocks of open cases would be due later, how many earlier, of how many looked at.

    `agencies`: how many of each agency, the most first. `postponed`, `sooner`: the first of them, by when
    they are due now.
    """

    later: int = 0
    earlier: int = 0
    of: int = 0
    agencies: tuple[tuple[str, int], ...] = ()
    postponed: tuple[Moved, ...] = ()
    sooner: tuple[Moved, ...] = ()

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


class _Group(NamedTuple):
    """A running clock for all that are due together, how many there are, and what they have in common."""

    ticking: Ticking
    number: int
    shared: tuple[object, ...]


@dataclass(slots=True)
class _Sort:
    """The groups whose clocks would be due later, or earlier."""

    groups: list[_Group] = field(default_factory=list)
    number: int = 0

    def add(self, group: _Group) -> None:
        self.groups.append(group)
        self.number += group.number

    def soonest(self) -> list[_Group]:
        """As many groups as hold the clocks that are named, those first whose clocks are due first."""
        found: list[_Group] = []
        left = SHOWN
        for group in sorted(self.groups, key=lambda one: one.ticking.due):
            found.append(group)
            left -= group.number
            if left <= 0:
                break
        return found


def _moving(closure: Closure, before: Iterable[Stand], after: Iterable[Stand]) -> Moving:
    later, earlier, seen = _Sort(), _Sort(), 0
    agencies: Counter[str] = Counter()
    for group in _groups(closure):
        ticking = group.ticking
        pack = pack_of(ticking.version)
        was = calendar_with(pack, before, ticking.district, ticking.agency)
        will = calendar_with(pack, after, ticking.district, ticking.agency)
        seen += group.number
        if was is will:
            continue
        try:
            old = due_anew(ticking, ticking.started_at, was)
            new = due_anew(ticking, ticking.started_at, will)
        except LimitError:
            continue
        if new != old:
            (later if new > old else earlier).add(group)
            agencies[ticking.agency] += group.number
    return Moving(
        later.number,
        earlier.number,
        seen,
        tuple(agencies.most_common()),
        _named(closure, later.soonest(), after),
        _named(closure, earlier.soonest(), after),
    )


def _values(closure: Closure) -> tuple[str, dict[str, Any]]:
    where, values = area(closure)
    begins, ends = day_of(closure)
    more = {"zone": str(clock.TAIPEI), "begins": begins, "ends": ends, "never": NEVER}
    return where + _RUNNING, values | more


def _groups(closure: Closure) -> list[_Group]:
    """The groups of running clocks that the closure can matter to."""
    where, values = _values(closure)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_GROUPED}, count(*), min({micros('k.started_at')}), min({micros('k.due')})"  # nosec B608
            " FROM cases_case c JOIN cases_caseclock k ON k.case_id = c.id"
            f" WHERE {where} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
            values,
        )
        rows = cursor.fetchall()
    return [_Group(_one(row[:9], row[11], row[12]), row[10], row[:10]) for row in rows]


def _named(closure: Closure, groups: Sequence[_Group], after: Iterable[Stand]) -> tuple[Moved, ...]:
    """The clocks of these groups that are due first, each counted anew."""
    if not groups:
        return ()
    where, values = _values(closure)
    columns = [list(column) for column in zip(*(group.shared for group in groups), strict=True)]
    arrays = {f"g{n}": column for n, column in enumerate(columns)}
    wanted = ", ".join(f"%(g{n})s::{kind}[]" for n, kind in enumerate(_SHARED.values()))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_GROUPED}, {micros('k.started_at')}, {micros('k.due')}, c.number"  # nosec B608
            " FROM cases_case c JOIN cases_caseclock k ON k.case_id = c.id"
            f" WHERE {where} AND k.due >= %(least)s AND ({_GROUPED}) IN (SELECT * FROM unnest({wanted}))"
            " ORDER BY k.due, k.id LIMIT %(shown)s",
            values | arrays | {"least": min(group.ticking.due for group in groups), "shown": SHOWN},
        )
        rows = cursor.fetchall()
    found = []
    for row in rows:
        ticking = _one(row[:9], row[10], row[11])
        will = calendar_with(pack_of(ticking.version), after, ticking.district, ticking.agency)
        new = due_anew(ticking, ticking.started_at, will)
        found.append(Moved(row[12], ticking.agency, ticking.code, ticking.version, ticking.due, new))
    return tuple(found)


def _one(shared: Sequence[Any], started: int, due: int) -> Ticking:
    version, kind, category, district, agency, code, limit, item, case = shared
    begun = instant(started)
    return Ticking(
        0, code, begun, instant(due), limit, case, kind, item, category, district, agency, version, begun
    )
