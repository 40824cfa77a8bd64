"""A closure is declared over very many running clocks: how long until all are counted anew, and what intake
feels of it meanwhile."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from bench.client import Spoken, run
from bench.house import House
from bench.measure import Meter, percentile
from bench.rest import asked
from bench.running import MIXED, PETITIONS, lay, wrong

CLOCKS = int(os.environ.get("BENCH_CLOCKS", "1000000"))
WORKERS = int(os.environ.get("BENCH_WORKERS", "2"))
# As an installation with a million open cases would run its server; the defaults are for a laptop.
DATABASE = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
GOAL_SECONDS = 60.0
PATIENCE = 900.0
A_SECOND = 5  # cases taken meanwhile: more than any city's hotline takes
REST_SECONDS = 15.0
SAMPLES = {"all affected": PETITIONS, "a mix": MIXED}


def measure(house: House) -> dict[str, Any]:
    wanted = os.environ.get("BENCH_SAMPLE", "")
    return {name: _once(house, name) for name in SAMPLES if wanted in ("", name)}


class Intake:
    """Callers at a steady pace through the real server, until it is stopped."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.spoken = Spoken()
        self._until = threading.Event()
        self._begun = time.perf_counter()
        self._thread = threading.Thread(target=self._call)

    def __enter__(self) -> Intake:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._until.set()
        self._thread.join()

    def _call(self) -> None:
        number = 0
        while not self._until.is_set():
            wait = self._begun + number / A_SECOND - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            one = run(self.house.port, 1, 1, 60, lambda n, k=number: asked(self.house.token, k))
            self.spoken.latencies += one.latencies
            for status, times in one.statuses.items():
                self.spoken.statuses[status] = self.spoken.statuses.get(status, 0) + times
            number += 1


def _once(house: House, name: str) -> dict[str, Any]:
    from citycall.base import clock, policies
    from citycall.base.closures import Closure, Stand, calendar_with
    from citycall.base.commands import execute
    from citycall.base.portions import Job
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.recompute import preview

    house.stop_workers()
    pack = policies.in_force()[1]
    begun = time.perf_counter()
    timers = lay(house, CLOCKS, SAMPLES[name], pack, clock.now())
    laid = time.perf_counter() - begun
    for _ in range(WORKERS):
        house.start_worker()
    run(house.port, 4, 100, 20, lambda number: asked(house.token, number))
    time.sleep(5)
    with Intake(house) as rest:
        time.sleep(REST_SECONDS)
    day = pack.calendar().next_working_day(clock.today())
    begun = time.perf_counter()
    look = preview.would_declare(Closure(day=day))
    looked = time.perf_counter() - begun
    house.forget_statements()
    meter = Meter(house.groups())
    director = actor_for_post(f"{pack.managing_unit}.director")
    with Intake(house) as busy:
        meter.begin()
        begun = time.perf_counter()
        done = execute("oversight.declare_closure", director, {"day": day, "reason": "颱風"})
        answered = time.perf_counter() - begun
        planned = 0.0
        while time.perf_counter() < begun + PATIENCE:
            job = Job.objects.get(subject_id=done.closure)
            if job.planned_at and not planned:
                planned = time.perf_counter() - begun
            if job.finished_at:
                break
            time.sleep(0.2)
        seconds = time.perf_counter() - begun
        cost = meter.end()
    statements = house.statements()
    (changed, broken) = house.sql(
        "SELECT coalesce(sum(changed), 0), count(*) FILTER (WHERE state <> 'done') FROM base_portion"
        " WHERE job_id = %s",
        job.pk,
    )[0]
    (events,) = house.sql("SELECT count(*) FROM base_event WHERE kind = 'case.due_changed'")[0]
    found = {
        "clocks": CLOCKS,
        "timers": timers,
        "workers": WORKERS,
        "seconds": seconds if job.finished_at else None,
        "command_ms": answered * 1000,
        "preview_seconds": looked,
        "preview": look.moved,
        "until_planned": planned,
        "changed": int(changed),
        "broken": broken,
        "events": events,
        "wrong": wrong(house, pack, calendar_with(pack, [Stand(day)])),
        "fixture_seconds": laid,
        "intake_at_rest": _felt(rest.spoken),
        "intake_meanwhile": _felt(busy.spoken),
        "database_cpu": cost["database"],
        "worker_cpu": cost.get("worker", 0.0),
        "others_cpu": cost["others"],
        "statements": [
            {"calls": calls, "ms": round(spent), "text": " ".join(text.split())[:110]}
            for text, calls, spent in statements[:14]
        ],
    }
    execute("oversight.withdraw_closure", director, {"closure": done.closure, "reason": "量測完畢"})
    house.stop_workers()
    house.sql("UPDATE base_job SET finished_at = now() WHERE finished_at IS NULL")
    return found


def _felt(spoken: Spoken) -> dict[str, Any]:
    return {
        "taken": spoken.statuses.get(201, 0),
        "other_answers": {status: n for status, n in spoken.statuses.items() if status != 201},
        "p50_ms": percentile(spoken.latencies, 0.5),
        "p95_ms": percentile(spoken.latencies, 0.95),
        "worst_ms": max(spoken.latencies),
    }


def lines(found: dict[str, Any]) -> list[str]:
    out = [
        f"Recompute: a closure over {CLOCKS:,} running clocks, {WORKERS} workers, intake going on"
        f" ({', '.join(f'{name} {value}' for name, value in DATABASE.items())})"
    ]
    for name, one in found.items():
        seconds = f"{one['seconds']:.1f} s" if one["seconds"] is not None else "not finished"
        rest, busy = one["intake_at_rest"], one["intake_meanwhile"]
        out.append(
            f"  {name}: {seconds} (goal {GOAL_SECONDS:.0f}); {one['changed']:,} clocks changed,"
            f" {one['events']:,} events, {one['timers']:,} timers;"
            f" other than counted from scratch: {one['wrong']}"
        )
        out.append(
            f"    a look beforehand {one['preview_seconds']:.1f} s ({one['preview']:,} would move),"
            f" the command {one['command_ms']:.0f} ms, laid out after {one['until_planned']:.1f} s;"
            f" database {one['database_cpu']:.1f} s, workers {one['worker_cpu']:.1f} s,"
            f" others {one['others_cpu']:.1f} s of processor time"
        )
        out.append(
            f"    intake at {A_SECOND} a second: p95 {rest['p95_ms']:.0f} ms at rest, {busy['p95_ms']:.0f} ms"
            f" meanwhile (p50 {rest['p50_ms']:.0f} and {busy['p50_ms']:.0f}, worst {busy['worst_ms']:.0f};"
            f" {busy['taken']} taken, {busy['other_answers'] or 'none'} refused)"
        )
    return out
