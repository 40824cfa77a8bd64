"""Who stands at a post: holder, deputies in order, nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.people import offices

from citycall.base import clock
from citycall.people import queries
from citycall.people.models import Holding, Leave, Staff

pytestmark = pytest.mark.django_db


def away(staff: Staff, days: int = 1) -> None:
    Leave.objects.create(
        staff=staff, starts=offices.NOW - timedelta(hours=1), ends=offices.NOW + timedelta(days=days)
    )


@pytest.fixture
def window() -> list[Staff]:
    """The holder of works.window and its three deputies."""
    people = [offices.person(name) for name in ("holder", "first", "second", "third")]
    post = offices.post("works.window", holder=people[0])
    offices.deputies(post, *people[1:])
    return people


@pytest.mark.parametrize("gone", [0, 1, 2, 3])
def test_the_first_one_present_stands_there(window: list[Staff], gone: int) -> None:
    for staff in window[:gone]:
        away(staff)
    assert queries.recipient_of_post("works.window") == window[gone]


def test_nobody_stands_there_when_all_are_away(window: list[Staff]) -> None:
    for staff in window:
        away(staff)
    assert queries.recipient_of_post("works.window") is None
    with pytest.raises(LookupError, match=r"nobody stands at works\.window"):
        queries.actor_for_post("works.window")


def test_a_leave_that_is_over_or_not_begun_counts_for_nothing(window: list[Staff]) -> None:
    now = clock.now()
    Leave.objects.create(staff=window[0], starts=now - timedelta(days=2), ends=now)
    Leave.objects.create(staff=window[0], starts=now + timedelta(seconds=1), ends=now + timedelta(days=1))
    assert queries.recipient_of_post("works.window") == window[0]


def test_a_closed_account_stands_nowhere(window: list[Staff]) -> None:
    Staff.objects.filter(pk=window[0].pk).update(is_active=False)
    assert queries.recipient_of_post("works.window") == window[1]


def test_the_deputy_acts_with_the_post_only_while_the_holder_is_away(window: list[Staff]) -> None:
    own = offices.post("works.handler1", holder=window[1])
    assert [p.code for p in queries.actor_of(window[1]).posts] == [own.code]
    away(window[0])
    assert [p.code for p in queries.actor_of(window[1]).posts] == ["works.handler1", "works.window"]
    assert queries.actor_of(window[1]).has("window", "works")
    # The second deputy does not, while the first is there.
    assert queries.actor_of(window[2]).posts == ()
    away(window[1])
    assert [p.code for p in queries.actor_of(window[2]).posts] == ["works.window"]


def test_an_empty_post_is_the_first_deputys(window: list[Staff]) -> None:
    Holding.objects.update(until=clock.now())
    assert queries.recipient_of_post("works.window") == window[1]
    assert queries.actor_of(window[1]).has("window")
    assert queries.actor_of(window[0]).posts == ()


def test_a_closed_post_or_agency_gives_nothing(window: list[Staff]) -> None:
    from citycall.people.models import Agency, Post

    Agency.objects.update(active=False)
    assert queries.actor_of(window[0]).posts == ()
    Agency.objects.update(active=True)
    Post.objects.update(active=False)
    assert queries.actor_of(window[0]).posts == ()
    assert queries.recipient_of_post("works.window") is None


def test_who_acts_is_two_queries(window: list[Staff]) -> None:
    for number in range(5):
        offices.post(f"works.handler{number}", holder=window[0])
    with CaptureQueriesContext(
        connection,
    ) as seen:
        actor = queries.actor_of(window[0])
    assert len(seen) == 2
    assert len(actor.posts) == 6


def test_an_agency_s_posts_take_the_same_queries_whatever_their_number(window: list[Staff]) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as seen:
            lines = queries.posts_of_agency("works")
        assert lines
        return len(seen)

    before = counted()
    for number in range(6):
        post = offices.post(f"works.handler{number}", holder=window[0])
        offices.deputies(post, *window[1:])
    assert counted() <= max(before, 6)
    line = next(line for line in queries.posts_of_agency("works") if line.code == "works.window")
    assert (line.holder, line.holder_away, line.deputies) == (window[0], False, tuple(window[1:]))


def test_what_an_agency_lacks_is_listed_and_dunning_falls_back() -> None:
    """NT-5-4-6a."""
    offices.found()
    offices.held("works.intake_window")
    supervisor = offices.held("works.supervisor")
    offices.held("works.window")
    offices.post("works.evaluator")
    [defect] = queries.role_defects({"works"})
    assert (defect.agency, defect.agency_name, defect.missing) == ("works", "工務局", ("evaluator",))
    roles = ("supervisor", "window", "evaluator")
    assert queries.posts_in_roles("works", roles) == ["works.supervisor", "works.window"]
    Staff.objects.filter(pk=supervisor.pk).update(is_active=False)
    [defect] = queries.role_defects({"works"})
    assert defect.missing == ("supervisor", "evaluator")
    assert queries.posts_in_roles("works", roles) == ["works.window"]


def test_an_agency_that_is_not_entered_lacks_everything() -> None:
    offices.found()
    [defect] = queries.role_defects({"nowhere"})
    assert defect.missing == ("window", "supervisor", "evaluator", "intake_window")


def test_without_an_intake_window_new_cases_reach_nobody() -> None:
    """NT-5-4-4a."""
    offices.found()
    for role in ("window", "supervisor", "evaluator"):
        offices.held(f"works.{role}")
    [defect] = queries.role_defects({"works"})
    assert defect.missing == ("intake_window",)


def test_a_pack_that_is_silent_asks_for_no_roles() -> None:
    assert queries.role_defects({"works"}) == []


def test_a_complete_agency_is_not_listed() -> None:
    offices.found()
    for role in ("window", "supervisor", "evaluator", "intake_window"):
        offices.held(f"works.{role}")
    assert queries.role_defects({"works"}) == []
