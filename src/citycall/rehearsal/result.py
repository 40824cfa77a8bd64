"""What came of a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Failure:
    """One thing that did not go as the story says."""

    line: int
    expected: str
    found: str


@dataclass
class Result:
    """One story, told to its end or to where it could not go on."""

    path: Path
    title: str
    clauses: tuple[str, ...]
    steps: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.path.as_posix(),
            "title": self.title,
            "clauses": list(self.clauses),
            "held": self.held,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "failures": [asdict(failure) for failure in self.failures],
        }


def told(results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """A whole run, for programs."""
    return {
        "held": bool(results) and all(result.held for result in results),
        "scenarios": len(results),
        "failed": sum(not result.held for result in results),
        "seconds": round(seconds, 3),
        "results": [result.as_json() for result in results],
    }
