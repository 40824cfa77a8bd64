"""The catalogue of clauses: every obligation of the published documents, one entry each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import ConfigDict, ValidationError

from citycall.policy.basics import Rule
from citycall.policy.refusals import explain
from citycall.policy.source import PackError, Source


class Clause(Rule):
    """One obligation: the seed's own words, the rule drawn from them, and the check that it is kept."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    seed: str
    capability: str
    kind: str
    rule: str
    quote: str
    check: str = ""
    varies: str | None = None


def load_clauses(path: Path | str) -> dict[str, Clause]:
    """Every clause by its id; raises PackError. Kept until the file changes."""
    file = Path(path).resolve()
    try:
        stat = file.stat()
    except OSError as error:
        raise PackError(file, None, "", "the catalogue of clauses is missing") from error
    return _read(file, stat.st_mtime_ns, stat.st_size)


def find_clauses(pack_folder: Path | str) -> Path | None:
    """The catalogue beside a pack: `clauses.yaml` in its folder or one above."""
    folder = Path(pack_folder).resolve()
    for one in (folder, *folder.parents):
        if (one / "clauses.yaml").is_file():
            return one / "clauses.yaml"
    return None


@lru_cache(maxsize=4)
def _read(file: Path, _mtime: int, _size: int) -> dict[str, Clause]:
    source = Source()
    content = source.yaml(file, ())
    entries = content.get("clauses") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise source.error((), "expected a list `clauses`")
    clauses: dict[str, Clause] = {}
    for n, entry in enumerate(entries):
        try:
            raw = {"seed": str(entry["id"]).split("-")[0], **entry} if isinstance(entry, dict) else entry
            clause = Clause.model_validate(raw)
        except KeyError:
            raise source.error(("clauses", n), "a clause without an id") from None
        except ValidationError as error:
            raise explain(source, error, ("clauses", n)) from None
        if clause.id in clauses:
            raise source.error(("clauses", n, "id"), f"the clause {clause.id} stands here twice")
        clauses[clause.id] = clause
    return clauses
