"""The limit: the very rows that one case left in every table, written again by bare SQL, in a transaction."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.house import House
from bench.measure import Meter, percentile

SECONDS = 10.0


@dataclass
class Row:
    """One row of the pattern. `fresh` are columns that must differ each time."""

    insert: str
    values: list[Any]
    fresh: list[int]
    case: list[int]


def pattern(house: House) -> list[Row]:
    """All rows that the last transaction of `cases.establish` wrote, whatever the tables are."""
    with psycopg.connect(house.postgres.url()) as connection:
        xid, case = connection.execute(
            "SELECT (xid::text::bigint & 4294967295)::text, subject_id::bigint FROM base_auditentry"
            " WHERE command = 'cases.establish' AND outcome = 'done' ORDER BY id DESC LIMIT 1"
        ).fetchone() or ("0", 0)
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname = 'cases_case' DESC, relname"
            )
        ]
        rows: list[Row] = []
        for table in tables:
            rows += _rows(connection, table, xid, case)
    return rows


def _rows(connection: psycopg.Connection[Any], table: str, xid: str, case: int) -> list[Row]:
    name = sql.Identifier(table)
    columns = connection.execute(
        "SELECT a.attname, a.attidentity <> '' AS given, format_type(a.atttypid, a.atttypmod) AS kind,"
        " EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique"
        " AND a.attnum = ANY(i.indkey)) AS alone"
        " FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped"
        " ORDER BY a.attnum",
        [f"public.{table}"],
    ).fetchall()
    wanted = [column for column in columns if not column[1] and column[2] != "xid8"]
    fields = sql.SQL(", ").join(sql.Identifier(column[0]) for column in wanted)
    found = connection.execute(
        sql.SQL("SELECT {} FROM {} WHERE xmin::text = %s").format(fields, name), [xid]
    ).fetchall()
    places = sql.SQL(", ").join(sql.SQL("%s::" + column[2]) for column in wanted)
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name, fields, places).as_string(None)
    rows = []
    for values in found:
        fresh = [place for place, column in enumerate(wanted) if column[3] and isinstance(values[place], str)]
        same = [place for place, value in enumerate(values) if value == case and type(value) is int]
        plain = [
            Jsonb(value) if column[2] == "jsonb" and value is not None else value
            for value, column in zip(values, wanted, strict=True)
        ]
        rows.append(Row(insert, plain, fresh, same))
    return rows


def measure(house: House, rows: list[Row], clients: int, count: int) -> dict[str, Any]:
    latencies: list[float] = []
    lock = threading.Lock()
    until = time.perf_counter() + SECONDS
    left = iter(range(count))

    def write() -> None:
        mine: list[float] = []
        with psycopg.connect(house.postgres.url(), autocommit=True, prepare_threshold=1) as connection:
            while time.perf_counter() < until:
                with lock:
                    if next(left, None) is None:
                        break
                begun = time.perf_counter()
                _write_one(connection, rows)
                mine.append((time.perf_counter() - begun) * 1000)
        with lock:
            latencies.extend(mine)

    meter = Meter({"database": [house.database_pid]})
    meter.begin()
    threads = [threading.Thread(target=write) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cost = meter.end()
    return {
        "cases": len(latencies),
        "per_second": len(latencies) / cost["seconds"],
        "p50_ms": percentile(latencies, 0.5),
        "p95_ms": percentile(latencies, 0.95),
        "database_ms": cost["database"] / len(latencies) * 1000,
        "client_ms": cost["client"] / len(latencies) * 1000,
        "rows": len(rows),
        "tables": len({row.insert for row in rows}),
    }


_numbers = iter(range(10**15, 10**16))


def _write_one(connection: psycopg.Connection[Any], rows: list[Row]) -> None:
    """One transaction, one round trip."""
    case, word = next(_numbers), uuid.uuid4().hex[:20]
    with connection.pipeline(), connection.transaction():
        for number, row in enumerate(rows):
            values = list(row.values)
            for place in row.fresh:
                values[place] = f"{word}{number}"
            for place in row.case:
                values[place] = case
            connection.execute(row.insert, values)
