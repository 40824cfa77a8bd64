"""Clocks counted anew, written: a few statements for very many rows.

Who calls holds the cases. A timer that a sweep has in its hands cannot be waited for, since the sweep waits
for the case: it is passed over, the sweep finds that its limit is no longer the clock's and lets it pass,
and another is set in its place.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField

from citycall.base.encoding import dumps
from citycall.base.timers import Timer
from citycall.services.cases.models import OPEN_STATUSES, Case
from citycall.services.cases.recompute.reckon import Anew, Wanted

HANDLER = "cases.clock"
EVENT = "case.due_changed"
# A sweep takes what is due by the clock of its own machine, which may go a little ahead.
SOON = timedelta(minutes=1)
_TIMER = (
    "t.subject_kind = 'case' AND t.subject_id = v.owner AND t.state = 'pending' AND t.handler = 'cases.clock'"
    " AND t.payload->>'clock' = %(code)s AND t.payload->>'strike' = %(strike)s"
    " AND coalesce(t.payload->>'limit', v.old) = v.old"
)


class Held(NamedTuple):
    """A case that is locked, as it stands now."""

    case: int
    agency: str
    due_at: datetime | None
    marks: dict[str, bool]


def utc_text(at: datetime) -> str:
    """An instant as events and timers keep it (`jsonable`), without asking what it is."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def hold(cases: Sequence[int], marks: Iterable[str]) -> tuple[dict[int, Held], list[int]]:
    """Lock these cases, lowest first, but not those that somebody is working on: they are the second."""
    columns = sorted({"overdue", *marks})
    for name in columns:
        if not isinstance(Case._meta.get_field(name), BooleanField):
            raise TypeError(f"{name} of a case is no mark")
    picked = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, status, agency, due_at, {picked} FROM cases_case WHERE id = ANY(%s)"  # nosec B608
            " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
            [list(cases)],
        )
        rows = cursor.fetchall()
    held = {
        row[0]: Held(row[0], row[2], row[3], dict(zip(columns, row[4:], strict=True)))
        for row in rows
        if row[1] in OPEN_STATUSES
    }
    mine = {row[0] for row in rows}
    return held, [case for case in cases if case not in mine]


def clocks(found: Sequence[Anew]) -> list[Anew]:
    """Give clocks their new due; those that were stopped or set meanwhile keep theirs and are left out."""
    moved = [one for one in found if one.moved]
    if not moved:
        return list(found)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_caseclock k SET due = v.due, started_at = v.started"
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])"
            " AS v(id, old, due, started)"
            " WHERE k.id = v.id AND k.state = 'running' AND k.due = v.old RETURNING k.id",
            [
                [one.ticking.clock for one in moved],
                [one.ticking.due for one in moved],
                [one.due for one in moved],
                [one.started_at for one in moved],
            ],
        )
        written = {row[0] for row in cursor.fetchall()}
    return [one for one in found if not one.moved or one.ticking.clock in written]


# --- timers -------------------------------------------------------------------------------------------------


def timers(found: Sequence[Anew], now: datetime) -> None:
    """Move the pending timers of these clocks to their new instants, and set those that must ring again."""
    groups: dict[tuple[str, str], list[tuple[Anew, Wanted]]] = defaultdict(list)
    for one in found:
        for wanted in one.wanted:
            groups[one.ticking.code, wanted.strike].append((one, wanted))
        for strike in one.never:
            _call_off(one, strike)
    new: list[Timer] = []
    for (code, strike), pairs in groups.items():
        far = _move_far(code, strike, pairs, now)
        near = [pair for pair in pairs if pair[0].ticking.case not in far]
        if near:
            new += _move_near(code, strike, near, now)
    if new:
        Timer.objects.bulk_create(new, batch_size=1000)


def _arrays(pairs: Sequence[tuple[Anew, Wanted]]) -> dict[str, Any]:
    return {
        "owners": [one.ticking.case for one, _ in pairs],
        "old": [utc_text(one.ticking.due) for one, _ in pairs],
        "new": [utc_text(one.due) for one, _ in pairs],
        "at": [wanted.at for _, wanted in pairs],
    }


def _move_far(code: str, strike: str, pairs: Sequence[tuple[Anew, Wanted]], now: datetime) -> set[int]:
    """Those that no sweep can have in its hands yet, in one statement; the cases they are of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE base_timer t SET due = v.at, payload = t.payload || jsonb_build_object('limit', v.new)"
            " FROM unnest(%(owners)s::bigint[], %(old)s::text[], %(new)s::text[], %(at)s::timestamptz[])"
            " AS v(owner, old, new, at)"
            f" WHERE {_TIMER} AND t.due > %(soon)s RETURNING t.subject_id",  # nosec B608
            _arrays(pairs) | {"code": code, "strike": strike, "soon": now + SOON},
        )
        return {row[0] for row in cursor.fetchall()}


def _move_near(code: str, strike: str, pairs: Sequence[tuple[Anew, Wanted]], now: datetime) -> list[Timer]:
    """Those due about now, struck already, or in a sweep's hands, one by one; what is to be set anew."""
    known = {one.ticking.case: (one, wanted) for one, wanted in pairs}
    values = _arrays(pairs) | {"code": code, "strike": strike}
    query = (
        "SELECT t.subject_id, t.id, t.due FROM base_timer t"
        " JOIN unnest(%(owners)s::bigint[], %(old)s::text[]) AS v(owner, old)"
        f" ON {_TIMER}"  # nosec B608
    )
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        waiting = {row[0] for row in cursor.fetchall()}
        cursor.execute(f"{query} FOR UPDATE OF t SKIP LOCKED", values)
        free = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        for case, (timer, was) in free.items():
            one, wanted = known[case]
            at = wanted.at
            if was <= now and (not one.moved or (wanted.daily and was > one.due)):
                at = was  # its time has come, and is still right: it strikes at once, for its own day
            cursor.execute(
                "UPDATE base_timer SET due = %s, payload = payload || jsonb_build_object('limit', %s::text)"
                " WHERE id = %s",
                [at, utc_text(one.due), timer],
            )
    new = []
    for case, (one, wanted) in known.items():
        if case in free or not one.moved:
            continue
        if case in waiting or (wanted.of_limit and wanted.raw > now):
            new.append(_timer(one, wanted))
    return new


def _timer(one: Anew, wanted: Wanted) -> Timer:
    return Timer(
        due=wanted.at,
        handler=HANDLER,
        subject_kind="case",
        subject_id=one.ticking.case,
        payload={"clock": one.ticking.code, "strike": wanted.strike, "limit": utc_text(one.due)},
    )


def _call_off(one: Anew, strike: str) -> None:
    """A reminder that would come before the clock began is none (a sweep that holds it lets it pass)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE base_timer SET state = 'cancelled' WHERE id IN (SELECT t.id FROM base_timer t"
            f" JOIN (SELECT %(owner)s::bigint AS owner, %(old)s::text AS old) AS v ON {_TIMER}"  # nosec B608
            " FOR UPDATE OF t SKIP LOCKED)",
            {
                "owner": one.ticking.case,
                "old": utc_text(one.ticking.due),
                "code": one.ticking.code,
                "strike": strike,
            },
        )


# --- cases and events ---------------------------------------------------------------------------------------


def cases(found: Sequence[Anew], held: dict[int, Held], now: datetime, told: dict[str, Any]) -> set[int]:
    """The cases' own limit and marks, and one event for each case; the cases that have one."""
    of_case: dict[int, list[Anew]] = defaultdict(list)
    for one in found:
        if one.moved:
            of_case[one.ticking.case].append(one)
    due: dict[int, datetime] = {}
    unmarked: dict[str, list[int]] = defaultdict(list)
    owners: list[int] = []
    data: list[str] = []
    common = dumps(told)[1:-1]
    for case, ones in of_case.items():
        row = held[case]
        first = next((one for one in ones if one.sets_due and one.ticking.due == row.due_at), None)
        changes: list[str] = []
        if first is not None:
            due[case] = first.due
            changes.append(f'"due_at":"{utc_text(first.due)}"')
        for mark in sorted({mark for one in ones for mark in one.unmark if row.marks.get(mark)}):
            unmarked[mark].append(case)
            changes.append(f"{json.dumps(mark)}:false")
        ones.sort(key=lambda one: one is not first)
        more = f',"also":[{",".join("{" + _said(one) + "}" for one in ones[1:])}]' if ones[1:] else ""
        owners.append(case)
        data.append(f'{{"set":{{{",".join(changes)}}},"info":{{{common},{_said(ones[0])}{more}}}}}')
    _write_cases(due, unmarked)
    _write_events(owners, data, now)
    return set(owners)


def _said(one: Anew) -> str:
    return (
        f'"clock":{json.dumps(one.ticking.code)},"old_due":"{utc_text(one.ticking.due)}"'
        f',"new_due":"{utc_text(one.due)}"'
    )


def _write_cases(due: dict[int, datetime], unmarked: dict[str, list[int]]) -> None:
    with connection.cursor() as cursor:
        if due:
            cursor.execute(
                "UPDATE cases_case c SET due_at = v.due FROM unnest(%s::bigint[], %s::timestamptz[])"
                " AS v(id, due) WHERE c.id = v.id",
                [list(due), list(due.values())],
            )
        for mark, owners in unmarked.items():
            column = connection.ops.quote_name(mark)
            cursor.execute(f"UPDATE cases_case SET {column} = false WHERE id = ANY(%s)", [owners])  # nosec B608


def _write_events(owners: list[int], data: list[str], now: datetime) -> None:
    if not owners:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO base_event (subject_kind, subject_id, kind, at, actor_kind, post, data)"
            " SELECT 'case', v.owner, %s, %s, 'system', '', v.data::jsonb"
            " FROM unnest(%s::bigint[], %s::text[]) AS v(owner, data) ORDER BY v.owner",
            [EVENT, now, owners, data],
        )
