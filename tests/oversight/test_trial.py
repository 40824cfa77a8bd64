"""A draft counted against what really happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.guards.worlds import LAMP, as_post

from citycall.base import clock, policies
from citycall.base.commands import execute
from citycall.oversight import trial
from citycall.oversight.changes import drafted
from citycall.oversight.edits import Edits, ValueEdit
from citycall.oversight.trial import Trial, rehearse

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, tzinfo=clock.TAIPEI)
MARCH = (datetime(2026, 3, 1, tzinfo=clock.TAIPEI), datetime(2026, 4, 1, tzinfo=clock.TAIPEI))


@pytest.fixture(autouse=True)
def city(db: None) -> Iterator[None]:
    from citycall.rehearsal import sample

    policies.refresh()
    clock.set_virtual(MONDAY)
    sample.load_sample(cases=False)
    yield
    clock.clear_virtual()
    policies.refresh()


def done_after(hours: float, **changes: Any) -> str:
    """A case that was signed and finished so many hours after it came; nobody waits for an answer."""
    began = clock.now()
    made = execute(
        "cases.establish", as_post("call_centre.operator1"), {**LAMP, "reply_by": "none", **changes}
    )
    execute("cases.acknowledge", as_post("works.intake_window"), {"case": made.case})
    clock.set_virtual(began + timedelta(hours=hours))
    late = {"late_reason": "備料"} if hours > 4 else {}
    given = {"case": made.case, "finding": "resolved", "result": "已修復", **late}
    execute("cases.complete", as_post("works.handler1"), given)
    clock.set_virtual(began)
    return str(made.number)


def under(stage1: str = "", **settings: Any) -> Trial:
    items = {"streetlight": {"stage1": stage1}} if stage1 else {}
    bounds = {"first": {"min": "1 hours", "max": "3 days"}, "second": {"min": "1 days", "max": "14 days"}}
    wide = {"stage-limits": ValueEdit(value=bounds | {"second_on_application": True})}
    edits = Edits(items=items, settings=wide | {slug: ValueEdit(value=v) for slug, v in settings.items()})
    return rehearse(drafted(policies.latest(), edits).after, *MARCH)


def test_a_shorter_limit_makes_some_late() -> None:
    quick, slow, late = done_after(1), done_after(3), done_after(5)
    found = under("2 hours")
    assert found.cases == 3
    assert found.late_cases == {slow}
    assert found.was_late == 1
    assert found.spared == []
    (hit,) = found.late
    assert (hit.agency, hit.item, hit.clock) == ("works", "streetlight", "first_stage")
    assert hit.would_be_due == MONDAY + timedelta(hours=2)
    assert hit.due == MONDAY + timedelta(hours=4)
    assert (found.by_agency, found.by_item) == ({"works": 1}, {"streetlight": 1})
    assert {quick, late}.isdisjoint(found.late_cases)


def test_a_longer_limit_spares_some() -> None:
    done_after(1)
    late = done_after(5)
    found = under("8 hours")
    assert (found.late, found.spared_cases) == ([], {late})


def test_what_the_draft_leaves_alone_stays_as_it_was() -> None:
    done_after(1)
    done_after(5)
    found = under(**{"managing-unit": "research"})
    assert (found.changed, found.late, found.spared, found.uncounted) == (0, [], [], 0)


def test_a_running_clock_is_late_when_its_time_would_have_passed() -> None:
    execute("cases.establish", as_post("call_centre.operator1"), LAMP)
    clock.set_virtual(MONDAY + timedelta(hours=3))
    found = under("2 hours")
    (hit,) = found.late
    assert hit.ended is None


def test_the_office_hours_change_working_days() -> None:
    made = execute("cases.establish", as_post("call_centre.operator1"), {**LAMP, "kind": "petition"})
    assert made.due_at
    found = under(**{"petition-deadline": {"ordinary": "2 working_days"}})
    assert found.changed == 1


def test_withdrawn_cases_are_left_out() -> None:
    made = execute("cases.establish", as_post("call_centre.operator1"), LAMP)
    execute(
        "cases.withdraw", as_post("call_centre.lead"), {"case": made.case, "reason": "entered_by_mistake"}
    )
    assert under("2 hours").clocks == 0


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        done_after(3)
    monkeypatch.setattr(trial, "MOST", 2)
    found = under("2 hours")
    assert found.stopped_short
    assert found.clocks == 2


def test_other_months_are_not_asked() -> None:
    done_after(3)
    edits = Edits(items={"streetlight": {"stage1": "8 hours"}})
    february = (datetime(2026, 2, 1, tzinfo=clock.TAIPEI), MARCH[0])
    assert rehearse(drafted(policies.latest(), edits).after, *february).cases == 0
