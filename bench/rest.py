"""Cases established through the REST API, and the same rows written by bare SQL as the limit."""

from __future__ import annotations

import json
import uuid
from typing import Any

from bench import bare
from bench.client import request, run
from bench.house import House
from bench.measure import Meter, percentile

LEVELS = ((1, 500), (8, 2000), (32, 2500))  # clients, at most so many cases
SECONDS = 20.0
GOAL_CPU_MS, GOAL_P95_MS = 8.0, 50.0
PEER = "Signalen, measured on such a machine: 64 ms web + 48 ms database"
ITEMS = ("streetlight", "pothole", "drain", "noise", "refuse", "tree", "signal")


def asked(token: str, number: int) -> bytes:
    """One matter as a program would send it."""
    body = {
        "item": ITEMS[number % len(ITEMS)],
        "description": f"路燈不亮，請派員檢修（第 {number} 件）",
        "place": {"address": f"新北市板橋區中山路一段{number % 900 + 1}號"},
        "reporter": {"name": "王小明", "phone": f"09{number % 10**8:08d}"},
        "reply_by": "sms",
    }
    data = json.dumps(body, ensure_ascii=False).encode()
    return request("POST", "/api/v1/cases", token, data, Idempotency_Key=uuid.uuid4().hex)


def measure(house: House) -> dict[str, Any]:
    def make(number: int) -> bytes:
        return asked(house.token, number)

    warm = run(house.port, 8, 200, 10, make)
    if set(warm.statuses) != {201}:
        raise RuntimeError(f"cases are not established: {warm.statuses} {warm.last.decode()}")
    found: dict[str, Any] = {"levels": {}}
    for clients, count in LEVELS:
        house.forget_statements()
        meter = Meter(house.groups())
        meter.begin()
        spoken = run(house.port, clients, count, SECONDS, make)
        cost = meter.end()
        made = spoken.statuses.get(201, 0)
        statements = house.statements()
        found["levels"][clients] = {
            "cases": made,
            "other_answers": {status: n for status, n in spoken.statuses.items() if status != 201},
            "per_second": made / cost["seconds"],
            "p50_ms": percentile(spoken.latencies, 0.5),
            "p95_ms": percentile(spoken.latencies, 0.95),
            "web_ms": cost["web"] / made * 1000,
            "database_ms": cost["database"] / made * 1000,
            "client_ms": cost["client"] / made * 1000,
            "cores_busy": (cost["web"] + cost["database"] + cost["client"]) / cost["seconds"],
            "cores_of_others": cost["others"] / cost["seconds"],
            "statements": sum(calls for _text, calls, _spent in statements) / made,
        }
        if clients == 8:
            found["top_statements"] = [
                {
                    "calls": round(calls / made, 2),
                    "ms": round(spent / made, 3),
                    "text": " ".join(text.split())[:200],
                }
                for text, calls, spent in statements[:25]
            ]
    rows = bare.pattern(house)
    found["bare"] = {clients: bare.measure(house, rows, clients, count) for clients, count in LEVELS}
    return found


def lines(found: dict[str, Any]) -> list[str]:
    out = ["REST: cases established (real server, 2 web processes, default durability)"]
    out.append(
        "  clients   cases/s   p50 ms   p95 ms   web ms    db ms   sum ms   stmts/case  cores  bare SQL/s"
    )
    for clients, level in found["levels"].items():
        bare_level = found["bare"][clients]
        out.append(
            f"  {clients:>7}  {level['per_second']:>8.1f} {level['p50_ms']:>8.1f} {level['p95_ms']:>8.1f}"
            f" {level['web_ms']:>8.2f} {level['database_ms']:>8.2f}"
            f" {level['web_ms'] + level['database_ms']:>8.2f} {level['statements']:>12.1f}"
            f" {level['cores_busy']:>6.2f} {bare_level['per_second']:>11.1f}"
        )
        if level["other_answers"]:
            out.append(f"           other answers: {level['other_answers']}")
    eight = found["levels"][8]
    total = eight["web_ms"] + eight["database_ms"]
    out.append(f"  CPU a case at 8 clients: {total:.2f} ms; goal {GOAL_CPU_MS:.0f}; peer: {PEER}")
    out.append(f"  p95 at 8 clients: {eight['p95_ms']:.1f} ms; goal under {GOAL_P95_MS:.0f}")
    limit = found["bare"][8]
    out.append(
        f"  bare SQL at 8 clients: {limit['per_second']:.1f}/s, {limit['database_ms']:.2f} ms of database,"
        f" {limit['rows']} rows in {limit['tables']} tables a case"
    )
    out.append(f"  bound by: {bound(found)}")
    return out


def bound(found: dict[str, Any]) -> str:
    """Processor or disk: how much of the two cores was used at the most clients."""
    level = found["levels"][32]
    if level["cores_busy"] > 1.7:
        share = level["web_ms"] / (level["web_ms"] + level["database_ms"] + level["client_ms"])
        return (
            f"the processor ({level['cores_busy']:.2f} of 2 cores busy, {share:.0%} of it the web processes)"
        )
    if level["cores_busy"] + level["cores_of_others"] > 1.7:
        return (
            f"other work on this machine ({level['cores_of_others']:.2f} cores;"
            f" ours {level['cores_busy']:.2f}): measure again when it is quiet"
        )
    return f"waiting for commits to reach the disk ({level['cores_busy']:.2f} of 2 cores busy)"
