"""One set of scratch databases for all rehearsals of the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:  # pytest reads this file before Django is set up
    from tests.rehearsal.stories import Tell, WriteStory

    from citycall.rehearsal.result import Result
    from citycall.rehearsal.scratch import Scratch


@pytest.fixture(scope="session")
def databases(django_db_blocker: DjangoDbBlocker) -> Iterator[Scratch]:
    from citycall.rehearsal.scratch import Scratch

    with django_db_blocker.unblock():
        made = Scratch()
    yield made
    with django_db_blocker.unblock():
        made.close()


@pytest.fixture
def tell(databases: Scratch, django_db_blocker: DjangoDbBlocker) -> Iterator[Tell]:
    """Tell the story of a file, under its own pack or another one."""
    from citycall.rehearsal.clauses import catalogue
    from citycall.rehearsal.runner import rehearse
    from citycall.rehearsal.scenario import load

    def told(path: Path, policy: Path | None = None) -> Result:
        return rehearse(load(path, catalogue()), databases, policy)

    with django_db_blocker.unblock():
        yield told


@pytest.fixture
def story(tmp_path: Path) -> WriteStory:
    """A file with these steps below an ordinary head."""

    def written(steps: str, **head: str) -> Path:
        fields = {
            "rehearsal": "A story for a test",
            "clauses": "[NT-5-4-2a]",
            "policy": "newtaipei",
            "start": "2026-03-02 10:00",
        } | head
        path = tmp_path / "story.yaml"
        text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
        path.write_text(f"{text}steps:\n{steps}", encoding="utf-8")
        return path

    return written
