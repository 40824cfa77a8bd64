"""One due date over a calendar of three years, in every unit and deadline, with thirty declared closures."""

from __future__ import annotations

import random
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from citycall.policy import Closure
from citycall.policy.calendars import Calendar
from citycall.policy.deadlines import Due, read_due
from citycall.policy.limits import UNITS

GOAL = 20.0  # microseconds
STARTS, ROUNDS, CLOSURES = 5_000, 7, 30
AMOUNTS = (1, 3, 6, 14, 30)
DEADLINES = ("next working day 10:00", "same working day 10:00", "day 26", "before 2026-05-05")


def measure(_house: Any) -> dict[str, Any]:
    """Microseconds for one: time on the wall, and of the processor, which other work does not lengthen."""
    lots = random.Random(1999)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(minutes=lots.randrange(3 * 365 * 1440)) for _ in range(STARTS)]
    closed = {date(2024, 1, 1) + timedelta(days=lots.randrange(3 * 365)) for _ in range(CLOSURES)}
    calendar = Calendar(
        closures=frozenset(Closure(day, lots.choice(["all", "morning", "afternoon"])) for day in closed)
    )
    kinds: dict[str, list[Due]] = {unit: [read_due(f"{n} {unit}") for n in AMOUNTS] for unit in UNITS}
    kinds |= {text: [read_due(text)] for text in DEADLINES}
    return {name: _one(limits, starts, calendar) for name, limits in kinds.items()}


def _one(limits: list[Due], starts: list[datetime], calendar: Calendar) -> dict[str, float]:
    walls, cpus = [], []
    for turn in range(ROUNDS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        for start in starts:
            for limit in limits:
                limit.after(start, calendar)
        if turn:  # the first fills what is kept
            count = len(starts) * len(limits)
            walls.append((time.perf_counter() - wall) / count * 1e6)
            cpus.append((time.process_time() - cpu) / count * 1e6)
    return {"us": round(statistics.median(walls), 2), "cpu_us": round(statistics.median(cpus), 2)}


def lines(found: dict[str, Any]) -> list[str]:
    out = [f"One due date over a three-year calendar with {CLOSURES} closures (goal under {GOAL:g} µs)"]
    for name, one in found.items():
        verdict = (
            "" if one["us"] < GOAL else "   OVER THE GOAL" if one["cpu_us"] >= GOAL else "   (machine busy)"
        )
        out.append(f"  {name:24} {one['us']:6.2f} µs   processor {one['cpu_us']:6.2f} µs{verdict}")
    return out
