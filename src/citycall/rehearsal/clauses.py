"""The clauses of the published documents, as the catalogue beside the packs lists them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

SERVABLE = ("system", "workflow", "setting")  # a purpose or a heading leaves nothing to serve


@dataclass(frozen=True)
class Clause:
    """One obligation of one document."""

    id: str
    seed: str
    capability: str
    kind: str
    rule: str

    @property
    def servable(self) -> bool:
        return self.kind in SERVABLE


def catalogue() -> dict[str, Clause]:
    """Every clause by its id, in the order of the documents."""
    path = Path(getattr(settings, "CITYCALL_POLICIES", "policies")) / "clauses.yaml"
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> dict[str, Clause]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(path.read_bytes(), Loader=loader)  # nosec B506: a safe loader
    return {
        entry["id"]: Clause(
            id=entry["id"],
            seed=entry["id"].partition("-")[0],
            capability=entry["capability"],
            kind=entry["kind"],
            rule=entry["rule"],
        )
        for entry in content["clauses"]
    }
