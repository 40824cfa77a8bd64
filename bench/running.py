"""Very many running clocks, laid into the tables by few statements as the program would have left them.

Cases are copied from ones that were really taken; every clock is counted by `policy`, so that what the
program makes of it later can be compared with counting from scratch.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench.house import House
from citycall.policy import Calendar, Pack
from citycall.policy.clocks import first_strikes, read_limit

FIRST = 1_000_000_000  # numbers of cases beyond what the sequence gives
STARTS = 20_000  # different instants at which clocks began
REPORTER = {"name": "王小明", "phone": "0912345678"}
PLACE = {"address": "新北市板橋區中山路一段1號"}
LAMP = {"item": "streetlight", "description": "路燈不亮", "place": PLACE, "reporter": REPORTER}
PETITION = {
    "kind": "petition",
    "agency": "civil",
    "category": "petition",
    "description": "建議延長市民活動中心開放時間",
    "reporter": REPORTER,
    "reply_by": "sms",
}


@dataclass(frozen=True)
class Sort:
    """Clocks of one sort: copied from which case, counted by which clock and limit, begun since when."""

    asked: dict[str, Any]
    code: str
    limit: str
    since: timedelta
    share: float


PETITIONS = (Sort(PETITION, "petition", "6 working_days", timedelta(days=6), 1.0),)
# As a city's open cases may stand: the table's hours and days are most, petitions the fewer and longer ones.
MIXED = (
    Sort(PETITION, "petition", "6 working_days", timedelta(days=6), 0.30),
    Sort(LAMP, "first_stage", "4 hours", timedelta(hours=4), 0.30),
    Sort(LAMP, "first_stage", "1 days", timedelta(hours=24), 0.25),
    Sort(LAMP, "second_stage", "14 days", timedelta(days=14), 0.15),
)


def establish(asked: dict[str, Any]) -> int:
    """A case that is really taken, in this process."""
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    made = execute("cases.establish", actor_for_post("call_centre.operator1"), asked)
    return int(made.case)


def lay(house: House, count: int, sorts: Sequence[Sort], pack: Pack, now: datetime) -> int:
    """So many open cases with one running clock each and all its timers; the number of timers."""
    chance = random.Random(1999)
    house.sql("TRUNCATE base_timer, base_notice, cases_caseclock")
    house.sql("DELETE FROM cases_case WHERE id > %s", FIRST)
    house.sql("DROP TABLE IF EXISTS bench_start, bench_strike")
    house.sql(
        "CREATE TABLE bench_start (n int PRIMARY KEY, template bigint, code text, said text,"
        " started_at timestamptz, due timestamptz)"
    )
    house.sql("CREATE TABLE bench_strike (n int, strike text, at timestamptz, said text)")
    templates = [establish(sort.asked) for sort in sorts]
    house.sql("TRUNCATE base_timer, base_notice, cases_caseclock")
    calendar = pack.calendar()
    rows: list[tuple[Any, ...]] = []
    strikes: list[tuple[Any, ...]] = []
    for sort, template in zip(sorts, templates, strict=True):
        for _ in range(round(STARTS * sort.share)):
            n = len(rows)
            start = now - sort.since * chance.random()
            start = start.replace(microsecond=0).astimezone(UTC)
            due = _due(sort.limit, start, calendar)
            rows.append((n, template, sort.code, sort.limit, start, due))
            strikes += [
                (n, strike, at, _text(due))
                for strike, at in first_strikes(pack.clock(sort.code), start, due, calendar)
            ]
    _copy(house, "bench_start", rows)
    _copy(house, "bench_strike", strikes)
    house.sql("CREATE INDEX ON bench_strike (n)")
    _cases(house, count, len(rows))
    return _clocks(house, count, len(rows))


def _text(at: datetime) -> str:
    """An instant as a timer keeps it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _due(limit: str, start: datetime, calendar: Calendar) -> datetime:
    found = read_limit(limit)
    assert found is not None
    return found.after(start, calendar)


def _copy(house: House, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with (
        psycopg.connect(house.postgres.url(), autocommit=True) as connection,
        connection.cursor().copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _cases(house: House, count: int, starts: int) -> None:
    columns = [
        name
        for (name,) in house.sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'cases_case'::regclass AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum"
        )
    ]
    others = {
        "id": f"{FIRST} + i",
        "number": "'B' || i",
        "addr_key": "'板橋區中山路' || i % 50000",
        "cause_group": "c.cause_group || i % 40",
        "party_id": "i",
        "status": "(ARRAY['established','acknowledged','in_progress'])[1 + i % 3]",
        "agency": "(ARRAY['works','env','civil','police','social'])[1 + i % 5]",
        "established_at": "s.started_at",
        "clock_from": "s.started_at",
        "due_at": "s.due",
    }
    picked = ", ".join(others.get(name, f'c."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    house.sql(
        f"INSERT INTO cases_case ({named}) SELECT {picked} FROM generate_series(1, {count}) i"
        f" JOIN bench_start s ON s.n = i * 7919::bigint % {starts} JOIN cases_case c ON c.id = s.template"
    )


def _clocks(house: House, count: int, starts: int) -> int:
    house.sql(
        'INSERT INTO cases_caseclock (case_id, code, started_at, due, stopped_by, state, late, "limit")'
        f" SELECT {FIRST} + i, s.code, s.started_at, s.due, '', 'running', false, s.said"
        f" FROM generate_series(1, {count}) i JOIN bench_start s ON s.n = i * 7919::bigint % {starts}"
        " ORDER BY i"
    )
    house.sql(
        "INSERT INTO base_timer (due, handler, subject_kind, subject_id, payload, state, error)"
        f" SELECT r.at, 'cases.clock', 'case', {FIRST} + i,"
        "  jsonb_build_object('clock', s.code, 'strike', r.strike, 'limit', r.said), 'pending', ''"
        f" FROM generate_series(1, {count}) i JOIN bench_start s ON s.n = i * 7919::bigint % {starts}"
        " JOIN bench_strike r USING (n) ORDER BY i"
    )
    for table in ("cases_case", "cases_caseclock", "base_timer", "base_event"):
        house.sql(f"VACUUM ANALYZE {table}", superuser=True)
    house.sql("CHECKPOINT", superuser=True)
    return int(house.sql("SELECT count(*) FROM base_timer")[0][0])


def wrong(house: House, pack: Pack, calendar: Calendar) -> dict[str, int]:
    """Clocks, cases and timers that are not what counting from scratch by this calendar gives."""
    rows = house.sql("SELECT n, code, said, started_at FROM bench_start ORDER BY n")
    due = [(n, code, start, _due(said, start, calendar)) for n, code, said, start in rows]
    house.sql("DROP TABLE IF EXISTS bench_due, bench_ring")
    house.sql("CREATE TABLE bench_due (n int PRIMARY KEY, due timestamptz)")
    house.sql("CREATE TABLE bench_ring (n int, strike text, at timestamptz, said text)")
    _copy(house, "bench_due", [(n, at) for n, _code, _start, at in due])
    _copy(
        house,
        "bench_ring",
        [
            (n, strike, at, _text(limit))
            for n, code, start, limit in due
            for strike, at in first_strikes(pack.clock(code), start, limit, calendar)
        ],
    )
    starts = len(rows)
    mine = f"(k.case_id - {FIRST}) * 7919::bigint % {starts}"
    (clocks,) = house.sql(
        f"SELECT count(*) FROM cases_caseclock k JOIN bench_due d ON d.n = {mine}"
        f" WHERE k.case_id > {FIRST} AND k.due <> d.due"
    )[0]
    (cases,) = house.sql(
        f"SELECT count(*) FROM cases_case c JOIN bench_due d"
        f" ON d.n = (c.id - {FIRST}) * 7919::bigint % {starts} WHERE c.id > {FIRST} AND c.due_at <> d.due"
    )[0]
    (timers,) = house.sql(
        "SELECT count(*) FROM (SELECT t.subject_id, t.payload->>'strike' AS strike,"
        "  t.due, t.payload->>'limit' AS said FROM base_timer t WHERE t.state = 'pending'"
        f"   AND t.subject_id > {FIRST}) AS t"
        f" LEFT JOIN bench_ring r ON r.n = (t.subject_id - {FIRST}) * 7919::bigint % {starts}"
        "  AND r.strike = t.strike AND r.at = t.due AND r.said = t.said WHERE r.n IS NULL"
    )[0]
    return {"clocks": clocks, "cases": cases, "timers": timers}
