"""What a run costs: time, and processor time of whole process trees as the kernel counts it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            found.setdefault(int(fields[1]), []).append(int(name))
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of these processes and all below them, those that have ended too."""
    children = _children()
    todo, ticks = list(roots), 0
    while todo:
        pid = todo.pop()
        fields = _stat(pid)
        if fields is None:
            continue
        ticks += sum(int(field) for field in fields[11:15])
        todo += children.get(pid, [])
    return ticks / _TICKS


def machine_seconds() -> float:
    """What all processors of the machine have worked, for whomever."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / _TICKS


@dataclass
class Meter:
    """Processor time of named groups of processes between `begin` and `end`."""

    groups: dict[str, list[int]]

    def begin(self) -> None:
        self._own = time.process_time()
        self._before = {name: cpu_seconds(pids) for name, pids in self.groups.items()}
        self._machine = machine_seconds()
        self._at = time.perf_counter()

    def end(self) -> dict[str, float]:
        found = {"seconds": time.perf_counter() - self._at}
        found |= {name: cpu_seconds(pids) - self._before[name] for name, pids in self.groups.items()}
        found["client"] = time.process_time() - self._own
        ours = sum(found[name] for name in (*self.groups, "client"))
        found["others"] = max(0.0, machine_seconds() - self._machine - ours)
        return found


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
