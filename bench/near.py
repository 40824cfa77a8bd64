"""What is near, among 1,000,000 cases of which some 57,000 are open: asked while a report is typed.

The open cases get points on the map; one address has 2,000 open cases of one cause, as after a typhoon. Plans
are kept as text.
"""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

from bench import million
from bench.house import House
from bench.lists import CASES, DATABASE
from bench.measure import percentile

__all__ = ["DATABASE", "lines", "measure"]
LOOKUPS, CLIENTS, CROWD = 1_000, 8, 2_000
GOAL_MS = 20.0
PLANS = Path(__file__).with_name("plans")
POINTS = """
UPDATE cases_case SET lat = p.lat, lon = p.lon,
    cell = (floor(p.lat * 1000)::bigint + 90000) * 1000000 + floor(p.lon * 1000)::bigint + 180000
FROM (SELECT id, 24.95 + 0.15 * random() AS lat, 121.40 + 0.20 * random() AS lon FROM cases_case
      WHERE status IN ('established', 'acknowledged', 'in_progress', 'submitted', 'completed')) p
WHERE cases_case.id = p.id
"""
TYPHOON = """
UPDATE cases_case SET cause_group = 'tree', addr_key = %s, lat = 25.01, lon = 121.46,
    cell = (floor(25.01 * 1000)::bigint + 90000) * 1000000 + floor(121.46 * 1000)::bigint + 180000
WHERE id IN (SELECT id FROM cases_case WHERE status = 'established' ORDER BY id LIMIT %s)
"""


def measure(house: House) -> dict[str, Any]:
    from citycall.base import policies

    cases = million.lay(house, CASES, policies.in_force()[1])
    house.sql("SELECT setseed(0.1999)")
    house.sql(POINTS, superuser=True)
    hot = house.sql("SELECT addr_key FROM cases_case WHERE cell IS NOT NULL AND addr_key LIKE '%號' LIMIT 1")
    key = hot[0][0] if hot else "31:typhoon"
    house.sql(TYPHOON, key, CROWD, superuser=True)
    house.sql("VACUUM ANALYZE cases_case", superuser=True)
    spots = _spots(house, key)
    found: dict[str, Any] = {"cases": cases}
    found["open"] = house.sql("SELECT count(*) FROM cases_case WHERE cell IS NOT NULL")[0][0]
    house.forget_statements()
    worked = time.process_time()
    found["alone"] = _asked([spots])
    worked = (time.process_time() - worked) * 1000 / len(spots)
    spent = sum(ms for text, _calls, ms in house.statements() if "wanted" in text)
    found["needs"] = {"database_ms": spent / len(spots), "program_ms": worked}
    parts = [spots[n::CLIENTS] for n in range(CLIENTS)]
    found["together"] = _asked(parts)
    found["crowd"] = _asked([[spots[0]] * 200])
    _keep_plans(spots)
    return found


def _spots(house: House, key: str) -> list[Any]:
    """Places where something is open, a little beside or right at it; and places where nothing is."""
    from citycall.services.cases.near import Spot

    chance = random.Random(30)
    rows = house.sql(
        "SELECT cause_group, addr_key, description, lat, lon FROM cases_case"
        " WHERE cell IS NOT NULL AND cause_group <> '' ORDER BY md5(id::text) LIMIT %s",
        LOOKUPS,
    )
    spots = [Spot("tree", key, "路樹傾倒", 25.01, 121.46)]
    for cause, place, words, lat, lon in rows:
        beside = chance.uniform(-0.0008, 0.0008)
        spots.append(Spot(cause, place, words, lat + beside, lon + beside, chance.choice((30, 100))))
    return spots


def _asked(parts: list[list[Any]]) -> dict[str, float]:
    """Each part asked by a client of its own, at once."""
    from django.db import connection

    from citycall.base import clock
    from citycall.services.cases import near

    times: list[float] = []
    offered: list[int] = []

    def client(spots: list[Any]) -> None:
        own, seen = [], 0
        for spot in spots:
            begun = time.perf_counter()
            found = near.find(spot, clock.now())
            own.append((time.perf_counter() - begun) * 1000)
            seen += bool(found)
        times.extend(own)
        offered.append(seen)
        connection.close()

    threads = [threading.Thread(target=client, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "asked": len(times),
        "with_an_offer": sum(offered),
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
        "worst_ms": max(times),
    }


def _keep_plans(spots: list[Any]) -> None:
    from django.db import connection

    from citycall.policy.places import neighbours
    from citycall.policy.points import cells_around
    from citycall.services.cases import near

    PLANS.mkdir(exist_ok=True)
    spot = spots[0]
    asked = {
        "near-place": (near.BY_PLACE, [neighbours(spot.addr_key), spot.cause_group]),
        "near-cell": (near.BY_CELL, [cells_around(spot.lat, spot.lon, spot.radius_m), spot.cause_group]),
    }
    with connection.cursor() as cursor:
        for name, (statement, arguments) in asked.items():
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY) {statement}", arguments)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            (PLANS / f"{name}.txt").write_text(f"-- {CASES:,} cases\n{statement}\n\n{plan}\n")


def lines(found: dict[str, Any]) -> list[str]:
    out = [
        f"near duplicates among {found['cases']:,} cases, {found['open']:,} open (goal: p95 {GOAL_MS:.0f} ms)"
    ]
    for name, said in (
        ("alone", "one after the other"),
        ("together", f"{CLIENTS} at once in one process"),
        ("crowd", f"{CROWD:,} open cases at the very place"),
    ):
        one = found[name]
        out.append(
            f"  {said:36} p50 {one['p50_ms']:6.2f}  p95 {one['p95_ms']:6.2f}  worst {one['worst_ms']:6.2f} ms"
            f"  ({one['asked']} asked, {one['with_an_offer']} with an offer)"
        )
    needs = found["needs"]
    out.append(
        f"  of the first: {needs['database_ms']:.2f} ms in the database, {needs['program_ms']:.2f} ms of"
        " processor time in the program; the rest is waiting for a busy machine"
    )
    return out
