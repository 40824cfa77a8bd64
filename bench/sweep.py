"""100,000 running timers, 10,000 of them due at once: struck once each, also when a worker is killed."""

from __future__ import annotations

import time
from typing import Any

from bench.client import run
from bench.house import House
from bench.listing import fill
from bench.measure import Meter
from bench.rest import asked

TIMERS, DUE = 100_000, 10_000
GOAL_SECONDS = 20.0
PATIENCE = 120.0


def measure(house: House) -> dict[str, Any]:
    run(house.port, 1, 1, 10, lambda number: asked(house.token, number))
    fill(house, TIMERS + 10)
    return {"two workers": _once(house, kill=False), "one killed": _once(house, kill=True)}


def _lay(house: House) -> None:
    """A running sign-off clock for each case, and its timer: the first 10,000 are due in a moment."""
    house.sql("DELETE FROM base_timer")
    house.sql("DELETE FROM base_notice")
    house.sql("DELETE FROM cases_caseclock")
    code, strike = _strike(house)
    house.sql(
        "INSERT INTO cases_caseclock (case_id, code, started_at, due, stopped_by, state, late)"
        " SELECT id, %s, now(), now() + CASE WHEN place <= %s THEN interval '0' ELSE interval '1 day' END,"
        " '', 'running', false FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place"
        " FROM cases_case) AS cases WHERE place <= %s",
        code,
        DUE,
        TIMERS,
    )
    house.sql(
        "INSERT INTO base_timer (due, handler, subject_kind, subject_id, payload, state, error)"
        " SELECT due, 'cases.clock', 'case', case_id, jsonb_build_object('clock', code, 'strike', %s::text),"
        " 'pending', '' FROM cases_caseclock",
        strike,
    )
    house.sql("VACUUM ANALYZE base_timer", superuser=True)
    house.sql("VACUUM ANALYZE cases_caseclock", superuser=True)


def _strike(house: House) -> tuple[str, str]:
    """The clock that asks for a signature, and what it does when nobody signs."""
    from citycall.base import policies

    pack = policies.in_force()[1]
    rule = next(rule for rule in pack.clocks if not rule.sets_due and rule.strikes)
    return rule.code, rule.strikes[0].code


def _once(house: House, *, kill: bool) -> dict[str, Any]:
    house.stop_workers()
    _lay(house)
    (before,) = house.sql("SELECT coalesce(max(id), 0) FROM base_auditentry")[0]
    meter = Meter({"database": [house.database_pid]})
    meter.begin()
    first, _second = house.start_worker(), house.start_worker()
    begun = last = None
    killed_at = -1
    deadline = time.monotonic() + PATIENCE
    struck = 0
    while time.monotonic() < deadline:
        (struck,) = house.sql("SELECT count(*) FROM base_timer WHERE state <> 'pending'")[0]
        if struck and begun is None:
            begun = time.monotonic()
        if kill and killed_at < 0 and struck >= DUE * 0.3:
            first.kill()
            first.wait()
            killed_at = struck
        if struck >= DUE:
            last = time.monotonic()
            break
        time.sleep(0.05)
    cost = meter.end()
    time.sleep(1.0)  # whatever would strike a second time has the time to
    found = _effects(house, before)
    timed = house.sql(
        "SELECT extract(epoch FROM max(struck_at) - min(struck_at)) FROM base_timer WHERE state = 'struck'"
    )[0]
    house.stop_workers()
    return {
        "struck": struck,
        "killed_at": killed_at,
        "seconds": (last - begun) if begun and last else None,
        "seconds_by_rows": float(timed[0] or 0),
        "database_cpu": cost["database"],
        **found,
    }


def _effects(house: House, before: int) -> dict[str, Any]:
    """Counted where the effects are: in the audit trail (which strike ran which timer) and in the outbox."""
    entries, distinct, most = house.sql(
        "SELECT count(*), count(DISTINCT timer), coalesce(max(times), 0) FROM"
        " (SELECT timer, count(*) OVER (PARTITION BY timer) AS times FROM base_auditentry,"
        " jsonb_array_elements_text(detail->'timers') AS timer"
        " WHERE id > %s AND command = 'timer:cases.clock' AND outcome = 'done') AS ran",
        before,
    )[0]
    notices, told, fewest, fullest = house.sql(
        "SELECT sum(n), count(*), min(n), max(n) FROM"
        " (SELECT about_id, count(*) AS n FROM base_notice GROUP BY about_id) AS each"
    )[0]
    (broken,) = house.sql("SELECT count(*) FROM base_timer WHERE state = 'broken'")[0]
    exact = entries == distinct == DUE and most == 1 and told == DUE and fewest == fullest and not broken
    return {
        "strikes": entries,
        "timers": distinct,
        "most_for_one": most,
        "cases_told": told,
        "notices": int(notices or 0),
        "notices_a_case": (fewest, fullest),
        "broken": broken,
        "exactly_once": exact,
    }


def lines(found: dict[str, Any]) -> list[str]:
    out = [f"Sweep: {TIMERS:,} running timers, {DUE:,} due at once, two workers"]
    for name, one in found.items():
        seconds = f"{one['seconds']:.1f} s" if one["seconds"] is not None else "not finished"
        out.append(
            f"  {name}: {seconds} (goal {GOAL_SECONDS:.0f}); {one['strikes']:,} strikes of"
            f" {one['timers']:,} timers, {one['notices']:,} notices for {one['cases_told']:,} cases;"
            f" exactly once: {one['exactly_once']}"
            + (f"; killed after {one['killed_at']:,}" if one["killed_at"] >= 0 else "")
        )
    return out
