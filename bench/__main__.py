"""`python -m bench [due] [rest] [listing] [sweep] [recompute] ...`: all by default; bench/results.json."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import due, listing, lists, near, recompute, rest, strikes, sweep
from bench.house import open_house

PARTS: dict[str, Any] = {
    "due": due,
    "rest": rest,
    "listing": listing,
    "lists": lists,
    "sweep": sweep,
    "recompute": recompute,
    "strikes": strikes,
    "near": near,
}
RESULTS = Path(__file__).with_name("results.json")


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"no benchmark called {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if len(wanted) == 1:
        return _measure(wanted[0])
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}", flush=True)
    # Each in a process of its own: a process of Django knows one database.
    again = [subprocess.call([sys.executable, "-m", "bench", name]) for name in wanted or list(PARTS)]
    return max(again)


def _measure(name: str) -> int:
    part, begun = PARTS[name], time.perf_counter()
    if getattr(part, "NEEDS_HOUSE", True):
        with open_house(database=getattr(part, "DATABASE", None)) as house:
            found = part.measure(house)
    else:
        found = part.measure(None)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), **_plain(found)}
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1))
    print("\n".join(["", *part.lines(found), f"  ({time.perf_counter() - begun:.0f} s)"]), flush=True)
    return 0


def _plain(found: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): _plain(value) if isinstance(value, dict) else value for key, value in found.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
