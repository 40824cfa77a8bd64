"""Which clauses are served: those whose stories passed in this run, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from citycall.rehearsal.clauses import Clause
from citycall.rehearsal.result import Result


@dataclass
class Share:
    """A capability or a document: its clauses that can be served, and those that are."""

    served: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.served) + len(self.open)

    def as_json(self) -> dict[str, Any]:
        return {
            "served": len(self.served),
            "total": self.total,
            "served_ids": self.served,
            "open_ids": self.open,
        }


@dataclass
class Conformance:
    """The share of each capability and each document, and the stories of each served clause."""

    capabilities: dict[str, Share]
    seeds: dict[str, Share]
    stories: dict[str, list[str]]
    failed: list[str]

    def as_json(self) -> dict[str, Any]:
        return {
            "capabilities": {name: share.as_json() for name, share in self.capabilities.items()},
            "seeds": {name: share.as_json() for name, share in self.seeds.items()},
            "scenarios": self.stories,
            "failed_scenarios": self.failed,
        }


def count(clauses: Iterable[Clause], results: Sequence[Result]) -> Conformance:
    """A clause is served when a story that cites it passed in this run and none that cites it failed."""
    passed: dict[str, list[str]] = {}
    spoilt: set[str] = set()
    for result in results:
        for cited in result.clauses:
            if result.held:
                passed.setdefault(cited, []).append(result.path.as_posix())
            else:
                spoilt.add(cited)
    found = Conformance({}, {}, {}, [result.path.as_posix() for result in results if not result.held])
    for clause in clauses:
        if not clause.servable:
            continue
        served = clause.id in passed and clause.id not in spoilt
        for shares, name in ((found.capabilities, clause.capability), (found.seeds, clause.seed)):
            share = shares.setdefault(name, Share())
            (share.served if served else share.open).append(clause.id)
        if served:
            found.stories[clause.id] = passed[clause.id]
    return found
