"""Leave is declared by oneself or one's superiors, and changes where notices go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.people import offices

from citycall.base import notices
from citycall.base.commands import Refused
from citycall.base.notices import Notice
from citycall.people import queries
from citycall.people.commands import declare_leave, end_leave
from citycall.people.models import Leave, Post

pytestmark = pytest.mark.django_db
TODAY = {"starts": offices.NOW - timedelta(hours=2), "ends": offices.NOW + timedelta(hours=6)}


def test_a_notice_goes_to_the_deputy_while_the_holder_is_away_and_then_back() -> None:
    offices.found()
    holder = offices.held("works.window")
    deputy = offices.person("deputy")
    offices.deputies(Post.objects.get(pk="works.window"), deputy)
    leave = declare_leave(queries.actor_of(holder), TODAY).leave

    def sent(key: str) -> int | None:
        given = {"agency": "工務局", "post": "window"}
        notices.queue(
            [
                Notice(about_kind="test", about_id=1, to_post="works.window", template="people.post_changed",
                       channel="email", context=given, key=key)
            ]
        )  # fmt: skip
        notices.send_due()
        return Notice.objects.get(key=key).sent_to_staff

    assert sent("while away") == deputy.pk
    end_leave(queries.actor_of(holder), {"leave": leave})
    assert sent("when back") == holder.pk


def test_a_leave_that_has_not_begun_is_called_off() -> None:
    holder = offices.held("works.window")
    later = {"starts": offices.NOW + timedelta(days=1), "ends": offices.NOW + timedelta(days=2)}
    leave = declare_leave(queries.actor_of(holder), later).leave
    end_leave(queries.actor_of(holder), {"leave": leave})
    assert not Leave.objects.exists()


def test_the_head_declares_for_their_people_and_nobody_elses() -> None:
    handler = offices.held("works.handler1")
    offices.held("works.head")
    offices.held("env.head")
    offices.held("works.handler2")
    declare_leave(offices.at("works.head"), {**TODAY, "staff": handler.pk})
    for other in ("env.head", "works.handler2"):
        with pytest.raises(Refused) as refused:
            declare_leave(offices.at(other), {**TODAY, "staff": handler.pk})
        assert refused.value.code == "not_permitted"
    assert Leave.objects.count() == 1


def test_a_leave_ends_after_it_begins() -> None:
    holder = offices.held("works.window")
    with pytest.raises(Refused) as refused:
        declare_leave(queries.actor_of(holder), {"starts": TODAY["ends"], "ends": TODAY["starts"]})
    assert refused.value.code == "invalid"
    with pytest.raises(Refused):
        declare_leave(queries.actor_of(holder), {"starts": "2026-03-02T08:00", "ends": "2026-03-02T18:00"})


@pytest.mark.parametrize("who", ["holder", "deputy"])
def test_leave_and_its_end_wake_what_waits(who: str) -> None:
    holder, deputy = offices.held("works.window"), offices.person("deputy")
    offices.deputies(Post.objects.get(pk="works.window"), deputy)
    goes = queries.actor_of(holder if who == "holder" else deputy)
    waits = Notice.objects.create(
        about_kind="test", about_id=1, to_post="works.window", template="people.post_changed",
        channel="email", context={}, key="waits", state="pending", attempts=1, due_at=offices.NOW,
        created_at=offices.NOW,
    )  # fmt: skip
    later = offices.NOW + timedelta(hours=1)

    def woken() -> bool:
        waits.refresh_from_db()
        early = waits.due_at == offices.NOW
        Notice.objects.update(due_at=later)
        return early

    assert woken()
    leave = declare_leave(goes, TODAY).leave
    assert woken()
    end_leave(goes, {"leave": leave})
    assert woken()
