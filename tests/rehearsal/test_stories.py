"""Every story of `scenarios/` holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rehearsal.stories import STORIES, Tell

from citycall.rehearsal.clauses import catalogue
from citycall.rehearsal.scenario import find, load

pytestmark = pytest.mark.slow  # needs databases of its own

PATHS = find([STORIES])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(STORIES).with_suffix("").as_posix())
def test_story_holds(path: Path, tell: Tell) -> None:
    failures = tell(path).failures
    assert not failures, "\n".join(
        f"{path}:{f.line}: expected {f.expected}; found {f.found}" for f in failures
    )


def test_every_clause_of_the_fast_service_has_a_story() -> None:
    clauses = catalogue()
    told = {clause for path in PATHS for clause in load(path, clauses).clauses}
    wanted = {
        clause.id
        for clause in clauses.values()
        if clause.id.startswith(("NT-5-4-", "NT-8-1")) and clause.kind in ("system", "workflow")
    }
    assert len(wanted) == 33
    assert not wanted - told
