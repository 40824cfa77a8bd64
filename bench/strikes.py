"""Very many running clocks, a tenth of them due: how many a second are struck by 1, 2 and 4 workers. How
late is one that comes due by itself."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any

from bench.house import House
from bench.measure import Meter, percentile
from bench.running import FIRST, MIXED, lay

CLOCKS = int(os.environ.get("BENCH_CLOCKS", "1000000"))
DUE = int(os.environ.get("BENCH_DUE", str(CLOCKS // 10)))
WORKERS = (1, 2, 4)
SINGLE, APART = 200, timedelta(milliseconds=150)
# As an installation with a million open cases would run its server; the defaults are for a laptop.
DATABASE = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
GOAL_LATENESS = 2.0
PATIENCE = 1800.0


def measure(house: House) -> dict[str, Any]:
    from citycall.base import clock, policies

    house.stop_workers()
    pack = policies.in_force()[1]
    timers = lay(house, CLOCKS, MIXED, pack, clock.now())
    found: dict[str, Any] = {"clocks": CLOCKS, "timers": timers, "due": DUE}
    for number in WORKERS:
        found[f"{number} workers"] = _struck(house, number)
    found["lateness"] = _lateness(house)
    return found


def _make_due(house: House) -> None:
    """The limit of every tenth clock passes now, and none other for a day; nothing was struck or told."""
    house.sql("TRUNCATE base_notice")
    house.sql("UPDATE cases_case SET overdue = false WHERE overdue")
    house.sql(
        "UPDATE base_timer SET state = 'pending', struck_at = NULL,"
        " due = now() + interval '1 day' + (id % 86400) * interval '1 second'"
    )
    house.sql(
        "UPDATE base_timer SET due = now() - interval '1 second' WHERE payload->>'strike' = 'overdue'"
        " AND (subject_id - %s) %% %s = 0",
        FIRST,
        CLOCKS // DUE,
    )
    house.sql("VACUUM ANALYZE base_timer", superuser=True)
    house.sql("VACUUM ANALYZE cases_case", superuser=True)
    house.sql("CHECKPOINT", superuser=True)


def _struck(house: House, workers: int) -> dict[str, Any]:
    house.stop_workers()
    _make_due(house)
    (due,) = house.sql("SELECT count(*) FROM base_timer WHERE due <= now()")[0]
    (before,) = house.sql("SELECT coalesce(max(id), 0) FROM base_event")[0]
    meter = Meter({"database": [house.database_pid]})
    meter.begin()
    for _ in range(workers):
        house.start_worker()
    until = time.monotonic() + PATIENCE
    struck = 0
    while time.monotonic() < until and struck < due:
        time.sleep(0.25)
        (struck,) = house.sql("SELECT count(*) FROM base_timer WHERE state <> 'pending'")[0]
    cost = meter.end()
    house.stop_workers()
    # From the first to the last strike: how long a worker takes to start is another matter.
    (seconds,) = house.sql(
        "SELECT extract(epoch FROM max(struck_at) - min(struck_at)) FROM base_timer WHERE state <> 'pending'"
    )[0]
    (late,) = house.sql(
        "SELECT count(DISTINCT subject_id) FROM base_event WHERE id > %s AND kind = 'case.overdue'", before
    )[0]
    (events,) = house.sql("SELECT count(*) FROM base_event WHERE id > %s AND kind = 'case.overdue'", before)[
        0
    ]
    return {
        "due": due,
        "struck": struck,
        "seconds": float(seconds or 0),
        "per_second": struck / float(seconds) if seconds else 0.0,
        "exactly_once": late == events == due == struck,
        "database_cpu": cost["database"],
        "others_cpu": cost["others"],
    }


def _lateness(house: House) -> dict[str, Any]:
    """Single clocks come due one after the other; two workers have nothing else to do."""
    _make_due(house)
    house.sql("UPDATE base_timer SET due = now() + interval '1 day' WHERE due <= now()")
    house.start_worker()
    house.start_worker()
    time.sleep(6)
    house.sql(
        "UPDATE base_timer t SET due = now() + interval '3 seconds' + s.n * %s FROM"
        " (SELECT id, row_number() OVER (ORDER BY id) AS n FROM base_timer"
        "  WHERE payload->>'strike' = 'overdue' ORDER BY id LIMIT %s) AS s WHERE t.id = s.id",
        APART,
        SINGLE,
    )
    time.sleep(4 + SINGLE * APART.total_seconds())
    rows = house.sql("SELECT extract(epoch FROM struck_at - due) FROM base_timer WHERE state = 'struck'")
    house.stop_workers()
    late = [float(row[0]) for row in rows]
    return {
        "struck": len(late),
        "p50_s": percentile(late, 0.5),
        "p95_s": percentile(late, 0.95),
        "worst_s": max(late),
    }


def lines(found: dict[str, Any]) -> list[str]:
    out = [
        f"Strikes: {found['clocks']:,} running clocks with {found['timers']:,} timers,"
        f" {found['due']:,} due at once"
    ]
    for number in WORKERS:
        one = found[f"{number} workers"]
        out.append(
            f"  {number} workers: {one['per_second']:,.0f} a second ({one['struck']:,} in"
            f" {one['seconds']:.1f} s); exactly once: {one['exactly_once']};"
            f" database {one['database_cpu']:.0f} s, others {one['others_cpu']:.0f} s of processor time"
        )
    late = found["lateness"]
    out.append(
        f"  lateness at rest, two workers: p50 {late['p50_s']:.2f} s, p95 {late['p95_s']:.2f} s"
        f" (goal {GOAL_LATENESS:.0f}), worst {late['worst_s']:.2f} s of {late['struck']}"
    )
    return out
