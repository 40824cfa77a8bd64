"""The newest 50 of 100,000 cases by status and item, through the API."""

from __future__ import annotations

import json
from typing import Any

from bench.client import request, run
from bench.house import House
from bench.measure import Meter, percentile
from bench.rest import ITEMS, asked

CASES, REQUESTS = 100_000, 600
STATUSES = ("established", "acknowledged", "in_progress", "closed")
GOAL_CPU_MS, PEER_CPU_MS = 12.0, 629.0


def fill(house: House, wanted: int) -> int:
    """Cases copied from one that was really established, with other numbers, items, statuses and times."""
    columns = [
        name
        for (name,) in house.sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'cases_case'::regclass AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum"
        )
    ]
    others = {
        "id": "1000000000 + n",
        "number": "'B' || n",
        "item": f"(ARRAY{list(ITEMS)})[1 + n % {len(ITEMS)}]",
        "status": f"(ARRAY{list(STATUSES)})[1 + (n / 7) % {len(STATUSES)}]",
        "established_at": "c.established_at - (100000 - n) * interval '30 seconds'",
        "completed_at": "c.established_at",
        "result": "'已修復'",
        "closed_at": "c.established_at",
    }
    picked = ", ".join(others.get(name, f'c."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    (here,) = house.sql("SELECT count(*) FROM cases_case")[0]
    house.sql(
        f"INSERT INTO cases_case ({named}) SELECT {picked}"
        f" FROM generate_series(1, {max(0, wanted - here)}) n,"
        " (SELECT * FROM cases_case ORDER BY id LIMIT 1) c"
    )
    house.sql("VACUUM ANALYZE cases_case", superuser=True)
    return int(house.sql("SELECT count(*) FROM cases_case")[0][0])


def measure(house: House) -> dict[str, Any]:
    run(house.port, 1, 1, 10, lambda number: asked(house.token, number))
    cases = fill(house, CASES)

    def make(number: int) -> bytes:
        status, item = STATUSES[number % len(STATUSES)], ITEMS[number % len(ITEMS)]
        path = f"/api/v1/cases?status={status}&item={item}&limit=50"
        return request("GET", path, house.token)

    warm = run(house.port, 4, 100, 20, make)
    shown = len(json.loads(warm.last).get("cases", []))
    if set(warm.statuses) != {200} or shown != 50:
        raise RuntimeError(f"the list is not right: {warm.statuses}, {shown} cases, {warm.last[:300]!r}")
    meter = Meter(house.groups())
    meter.begin()
    spoken = run(house.port, 1, REQUESTS, 30, make)
    cost = meter.end()
    made = spoken.statuses[200]
    return {
        "cases": cases,
        "requests": made,
        "p50_ms": percentile(spoken.latencies, 0.5),
        "p95_ms": percentile(spoken.latencies, 0.95),
        "web_ms": cost["web"] / made * 1000,
        "database_ms": cost["database"] / made * 1000,
        "bytes": len(spoken.last),
    }


def lines(found: dict[str, Any]) -> list[str]:
    total = found["web_ms"] + found["database_ms"]
    return [
        f"Listing: newest 50 of {found['cases']:,} cases by status and item",
        f"  CPU {total:.2f} ms (web {found['web_ms']:.2f} + database {found['database_ms']:.2f});"
        f" goal {GOAL_CPU_MS:.0f}, peer {PEER_CPU_MS:.0f}; p50 {found['p50_ms']:.1f} ms,"
        f" p95 {found['p95_ms']:.1f} ms, {found['bytes'] / 1024:.0f} KB",
    ]
