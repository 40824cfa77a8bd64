"""Days and times on screens: one way of writing them, in `ui.words`, whatever the page."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import pytest

import citycall.web
from citycall.base import clock
from citycall.services.cases.models import CaseTask
from citycall.web.tasks import said_of
from citycall.web.ui import words

WEB = Path(citycall.web.__file__).parent
OTHERWISE = re.compile(r"\|\s*(date|time)\b|\{%\s*now\b|isoformat|strftime")
MACHINES = {"_document.html"}  # the time of the page, for scripts


@pytest.mark.parametrize("page", sorted(WEB.glob("**/templates/**/*.html")), ids=lambda page: page.name)
def test_no_page_writes_a_day_in_a_way_of_its_own(page: Path) -> None:
    if page.name not in MACHINES:
        assert not OTHERWISE.search(page.read_text()), "use {% when … %} or |day_said"


def test_what_was_entered_for_a_task_is_dated_as_the_page_around_it() -> None:
    at = datetime(2026, 11, 10, 10, 20, tzinfo=clock.TAIPEI)
    task = CaseTask(code="outside_letter", at=at, date=date(2026, 11, 9))
    assert [said for _, said in said_of(task)] == ["2026年11月10日 10:20", "2026年11月9日"]
    with words.as_document():
        assert [said for _, said in said_of(task)] == ["115年11月10日 10:20", "115年11月9日"]
