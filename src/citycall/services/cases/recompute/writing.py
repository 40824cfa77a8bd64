"""Clocks counted anew, written: a few statements for very many rows.

Who calls holds the cases. A timer that a sweep has in its hands cannot be waited for, since the sweep waits
for the case: it is passed over, the sweep finds that its limit is no longer the clock's and lets it pass,
and another is set in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField

from citycall.base.encoding import dumps
from citycall.base.timers import Timer
from citycall.services.cases.models import Case
from citycall.services.cases.recompute.reading import OPEN, as_list, instant, micros
from citycall.services.cases.recompute.reckon import Anew, Wanted

HANDLER = "cases.clock"
EVENT = "case.due_changed"
# A sweep takes what is due by the clock of its own machine, which may go a little ahead.
SOON = timedelta(minutes=1)
# The pending timers of one strike of these clocks, each looked up by its case. OFFSET 0: else the planner may
# go through all timers instead.
_OWNERS = "unnest(%(owners)s::bigint[], %(old)s::text[], %(new)s::text[], %(at)s::timestamptz[])"
_TIMERS = (
    f"{_OWNERS} AS v(owner, old, new, at) CROSS JOIN LATERAL (SELECT t.id, t.due FROM base_timer t"  # nosec B608: constants of this file
    " WHERE t.subject_kind = 'case' AND t.subject_id = v.owner AND t.state = 'pending'"
    " AND t.handler = 'cases.clock' AND t.payload->>'clock' = %(code)s AND t.payload->>'strike' = %(strike)s"
    " AND coalesce(t.payload->>'limit', v.old) = v.old"
)


_BARE: frozenset[str] = frozenset()


class Held(NamedTuple):
    """A case that is locked, as it stands now; `marks` are those that are set."""

    agency: str
    district: str
    version: int
    due_at: datetime | None
    marks: frozenset[str]


def one_by_one() -> None:
    """In this transaction rows are looked up by their index, each: a table is never read as a whole.

    The planner cannot know how few of very many rows a list of numbers names.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")


def hold(cases: Sequence[int], marks: Iterable[str]) -> tuple[dict[int, Held], list[int]]:
    """Lock these cases, lowest first, but not those that somebody is working on: they are the second."""
    columns = sorted(set(marks))
    for name in columns:
        if not isinstance(Case._meta.get_field(name), BooleanField):
            raise TypeError(f"{name} of a case is no mark")
    picked = "".join(f", {connection.ops.quote_name(name)}" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, status = ANY(%s), agency, district, policy_version_id,"  # nosec B608
            f" {micros('due_at')}{picked} FROM cases_case"
            " WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
            [OPEN, as_list(cases)],
        )
        rows = cursor.fetchall()
    held: dict[int, Held] = {}
    for case, is_open, agency, district, version, due, *flags in rows:
        if is_open:
            bears = (
                frozenset(name for name, flag in zip(columns, flags, strict=True) if flag) if flags else _BARE
            )
            held[case] = Held(agency, district, version, None if due is None else instant(due), bears)
    mine = {row[0] for row in rows}
    return held, [case for case in cases if case not in mine]


def clocks(found: Sequence[Anew]) -> list[Anew]:
    """Give clocks their new due; those that were stopped or set meanwhile keep theirs and are left out."""
    moved = [one for one in found if one.moved]
    if not moved:
        return list(found)
    restarted = [one for one in moved if one.started_at != one.ticking.started_at]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_caseclock k SET due = v.due"
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS v(id, old, due)"
            " WHERE k.id = v.id AND k.state = 'running' AND k.due = v.old RETURNING k.id",
            [
                as_list(one.ticking.clock for one in moved),
                as_list(one.old for one in moved),
                as_list(one.new for one in moved),
            ],
        )
        written = {row[0] for row in cursor.fetchall()}
        for one in restarted:
            if one.ticking.clock in written:
                cursor.execute(
                    "UPDATE cases_caseclock SET started_at = %s WHERE id = %s",
                    [one.started_at, one.ticking.clock],
                )
    return [one for one in found if not one.moved or one.ticking.clock in written]


# --- timers -------------------------------------------------------------------------------------------------


def timers(found: Sequence[Anew], now: datetime) -> bool:
    """Move the pending timers of these clocks to their new instants, and set those that must ring again.

    Gives whether any may be due at once.
    """
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
    return any(wanted.raw <= now for pairs in groups.values() for _one, wanted in pairs)


def _arrays(pairs: Sequence[tuple[Anew, Wanted]]) -> dict[str, Any]:
    return {
        "owners": as_list(one.ticking.case for one, _ in pairs),
        "old": as_list(one.old for one, _ in pairs),
        "new": as_list(one.new for one, _ in pairs),
        "at": as_list(wanted.said for _, wanted in pairs),
    }


def _move_far(code: str, strike: str, pairs: Sequence[tuple[Anew, Wanted]], now: datetime) -> set[int]:
    """Those that no sweep can have in its hands yet, in one statement; the cases they are of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE base_timer u SET due = w.at, payload = u.payload || jsonb_build_object('limit', w.new)"
            f" FROM (SELECT x.id, v.new, v.at FROM {_TIMERS} AND t.due > %(soon)s OFFSET 0) AS x) AS w"  # nosec B608
            " WHERE u.id = w.id AND u.state = 'pending' RETURNING u.subject_id",
            _arrays(pairs) | {"code": code, "strike": strike, "soon": now + SOON},
        )
        return {row[0] for row in cursor.fetchall()}


def _move_near(code: str, strike: str, pairs: Sequence[tuple[Anew, Wanted]], now: datetime) -> list[Timer]:
    """Those due about now, struck already, or in a sweep's hands, one by one; what is to be set anew."""
    values = _arrays(pairs) | {"code": code, "strike": strike}
    query = f"SELECT v.owner, x.id, x.due FROM {_TIMERS}"  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(f"{query} OFFSET 0) AS x", values)
        waiting = {row[0]: row[2] for row in cursor.fetchall()}
        cursor.execute(f"{query} FOR UPDATE SKIP LOCKED) AS x", values)
        free = {row[0]: row[1] for row in cursor.fetchall()}
        new = []
        for one, wanted in pairs:
            case = one.ticking.case
            at = _when(one, wanted, waiting.get(case), now)
            if case in free:
                cursor.execute(
                    "UPDATE base_timer SET due = %s,"
                    " payload = payload || jsonb_build_object('limit', %s::text) WHERE id = %s",
                    [at, one.new, free[case]],
                )
            elif one.moved and (case in waiting or (wanted.of_limit and wanted.raw > now)):
                new.append(_timer(one, wanted.strike, at))
    return new


def _when(one: Anew, wanted: Wanted, was: datetime | None, now: datetime) -> datetime:
    """When a strike that waited for `was` comes now. What comes daily and was missed comes once, at once, for
    its own day, if that is still right.
    """
    if was is None or was > now:
        return wanted.at
    if not one.moved:
        return was
    if not wanted.daily:
        return wanted.at
    first = was if was > one.due else wanted.raw
    return first if first <= now else wanted.at


def _timer(one: Anew, strike: str, at: datetime) -> Timer:
    return Timer(
        due=at,
        handler=HANDLER,
        subject_kind="case",
        subject_id=one.ticking.case,
        payload={"clock": one.ticking.code, "strike": strike, "limit": one.new},
    )


def _call_off(one: Anew, strike: str) -> None:
    """A reminder that would come before the clock began is none (a sweep that holds it lets it pass)."""
    never = Wanted(strike, one.due, one.new, one.due, daily=False, of_limit=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE base_timer SET state = 'cancelled' WHERE id IN"
            f" (SELECT x.id FROM {_TIMERS} FOR UPDATE SKIP LOCKED) AS x)",  # nosec B608
            _arrays([(one, never)]) | {"code": one.ticking.code, "strike": strike},
        )


# --- cases and events ---------------------------------------------------------------------------------------


def cases(found: Sequence[Anew], held: dict[int, Held], now: datetime, told: dict[str, Any]) -> set[int]:
    """The cases' own limit and marks, and one event for each case; the cases that have one."""
    of_case: dict[int, list[Anew]] = defaultdict(list)
    for one in found:
        if one.moved:
            of_case[one.ticking.case].append(one)
    due: dict[int, str] = {}
    unmarked: dict[str, list[int]] = defaultdict(list)
    plain: dict[str, list[Anew]] = defaultdict(list)
    others: list[tuple[int, str]] = []
    for case, ones in of_case.items():
        row = held[case]
        if len(ones) > 1:  # that which sets the case's limit first
            ones.sort(key=lambda one: not (one.sets_due and one.ticking.due == row.due_at))
        first = ones[0]
        sets_due = first.sets_due and first.ticking.due == row.due_at
        if sets_due:
            due[case] = first.new
        marks = sorted({mark for one in ones for mark in one.unmark} & row.marks)
        for mark in marks:
            unmarked[mark].append(case)
        if sets_due and not marks and len(ones) == 1:
            plain[first.ticking.code].append(first)
        else:
            changes = ({"due_at": due[case]} if case in due else {}) | dict.fromkeys(marks, False)
            info = {**told, **_said(first)} | ({"also": [_said(one) for one in ones[1:]]} if ones[1:] else {})
            others.append((case, dumps({"set": changes, "info": info})))
    _write_cases(due, unmarked)
    for code, ones in plain.items():
        _write_plain(code, ones, now, told)
    _write_events(others, now)
    return set(of_case)


def _said(one: Anew) -> dict[str, Any]:
    return {
        "clock": one.ticking.code,
        "old_due": one.old,
        "new_due": one.new,
    }


def _write_cases(due: dict[int, str], unmarked: dict[str, list[int]]) -> None:
    with connection.cursor() as cursor:
        if due:
            cursor.execute(
                "UPDATE cases_case c SET due_at = v.due FROM unnest(%s::bigint[], %s::timestamptz[])"
                " AS v(id, due) WHERE c.id = v.id",
                [as_list(due), as_list(due.values())],
            )
        for mark, owners in unmarked.items():
            column = connection.ops.quote_name(mark)
            cursor.execute(f"UPDATE cases_case SET {column} = false WHERE id = ANY(%s)", [owners])  # nosec B608


def _write_plain(code: str, ones: Sequence[Anew], now: datetime, told: dict[str, Any]) -> None:
    """The events of cases of which one clock has moved and the case's limit with it: made by the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO base_event (subject_kind, subject_id, kind, at, actor_kind, post, data)"
            " SELECT 'case', v.owner, %s, %s, 'system', '', jsonb_build_object('set',"
            "  jsonb_build_object('due_at', v.new), 'info', %s::jsonb || jsonb_build_object("
            "  'clock', %s::text, 'old_due', v.old, 'new_due', v.new))"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS v(owner, old, new) ORDER BY v.owner",
            [
                EVENT,
                now,
                dumps(told),
                code,
                as_list(one.ticking.case for one in ones),
                as_list(one.old for one in ones),
                as_list(one.new for one in ones),
            ],
        )


def _write_events(events: Sequence[tuple[int, str]], now: datetime) -> None:
    if not events:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO base_event (subject_kind, subject_id, kind, at, actor_kind, post, data)"
            " SELECT 'case', v.owner, %s, %s, 'system', '', v.data::jsonb"
            " FROM unnest(%s::bigint[], %s::text[]) AS v(owner, data) ORDER BY v.owner",
            [EVENT, now, [case for case, _ in events], [data for _, data in events]],
        )
