"""Posts change hands, and the call centre hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.people import offices

from citycall.base import notices
from citycall.base.channels.recording import RecordedMessage
from citycall.base.commands import SYSTEM, Refused
from citycall.base.events import Event, differences
from citycall.base.notices import Notice
from citycall.people import queries
from citycall.people.commands import (
    add_agency,
    add_post,
    assign_post,
    deactivate_staff,
    set_deputies,
)
from citycall.people.models import Deputy, Holding, Post, Staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _government() -> None:
    offices.found()
    offices.held("call_centre.lead")


def test_a_changed_window_is_told_to_the_call_centre_and_gets_the_new_notices() -> None:
    """NT-5-4-6b."""
    old = offices.held("works.window")
    new = offices.person("wang", display_name="王新任")
    offices.held("works.head")
    done = assign_post(offices.at("works.head"), {"post": "works.window", "staff": new.pk})
    assert (done.holder, done.before) == (new.pk, old.pk)
    assert queries.recipient_of_post("works.window") == new
    notice = Notice.objects.get()
    assert (notice.to_post, notice.template) == ("call_centre.lead", "people.post_changed")
    assert notices.send_due() == 1
    message = RecordedMessage.objects.get()
    assert message.to == "call_centre_lead@ntpc.example"
    assert "王新任" in message.body
    assert "工務局" in message.subject


def test_the_history_of_a_post_stays_and_equals_its_events() -> None:
    old = offices.held("works.window")
    new = offices.person("wang")
    offices.held("works.head")
    assign_post(offices.at("works.head"), {"post": "works.window", "staff": new.pk})
    before, after = Holding.objects.filter(post="works.window").order_by("pk")
    assert (before.staff, after.staff) == (old, new)
    assert before.until == after.since == offices.NOW
    assert differences(after) == {}
    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["people.post_left", "people.post_changed"]


def test_a_role_that_the_rule_does_not_name_is_changed_quietly() -> None:
    """NT-5-4-6b names the fast-service roles."""
    offices.post("works.handler1")
    offices.held("works.head")
    assign_post(offices.at("works.head"), {"post": "works.handler1", "staff": offices.person("li").pk})
    assert not Notice.objects.exists()


def test_a_post_left_empty_is_told_and_listed() -> None:
    offices.held("works.window")
    offices.held("works.head")
    done = assign_post(offices.at("works.head"), {"post": "works.window", "staff": None})
    assert done.holder is None
    assert "（出缺）" in str(Notice.objects.get().context)
    assert "window" in queries.role_defects({"works"})[0].missing


def test_the_same_holder_again_changes_nothing() -> None:
    staff = offices.held("works.window")
    offices.held("works.head")
    assign_post(offices.at("works.head"), {"post": "works.window", "staff": staff.pk})
    assert Holding.objects.filter(post="works.window").count() == 1
    assert not Notice.objects.exists()


@pytest.mark.parametrize("by", ["env.head", "works.handler1", "call_centre.operator1"])
def test_only_the_agency_itself_or_the_administrator_fills_its_posts(by: str) -> None:
    """NT-5-4-4a: the agency appoints."""
    staff = offices.held("works.window")
    offices.held(by)
    with pytest.raises(Refused) as refused:
        assign_post(offices.at(by), {"post": "works.window", "staff": offices.person("li").pk})
    assert refused.value.code == "not_permitted"
    assert queries.recipient_of_post("works.window") == staff


def test_the_administrator_fills_posts_of_every_agency() -> None:
    offices.post("works.window")
    offices.held("administration.admin")
    new = offices.person("li")
    assign_post(offices.at("administration.admin"), {"post": "works.window", "staff": new.pk})
    assert queries.recipient_of_post("works.window") == new


def test_what_waited_for_somebody_at_the_post_goes_at_once() -> None:
    offices.post("works.window")
    notices.queue(
        [
            Notice(
                about_kind="test", about_id=1, to_post="works.window", template="people.post_changed",
                channel="email", context={"agency": "a", "post": "b"}, key="waits",
            )
        ]
    )  # fmt: skip
    notices.send_due()
    waiting = Notice.objects.get(key="waits")
    assert waiting.state == "pending"
    assert "nobody stands at works.window" in waiting.reason
    offices.held("administration.admin")
    new = offices.person("li")
    assign_post(offices.at("administration.admin"), {"post": "works.window", "staff": new.pk})
    notices.send_due()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sent_to_staff) == ("sent", new.pk)


def test_deputies_are_kept_in_order_and_are_never_the_holder() -> None:
    holder = offices.held("works.window")
    people = [offices.person(name) for name in ("a1", "b2", "c3", "d4")]
    by = offices.at("works.window")
    ids = [p.pk for p in people]
    set_deputies(by, {"post": "works.window", "deputies": ids[:3]})
    set_deputies(by, {"post": "works.window", "deputies": [ids[2], ids[0]]})
    kept = Deputy.objects.filter(post="works.window").order_by("rank")
    assert list(kept.values_list("rank", "staff_id")) == [(1, ids[2]), (2, ids[0])]
    for wrong in ([holder.pk], [ids[0], ids[0]], [10**6], ids):
        with pytest.raises(Refused) as refused:
            set_deputies(by, {"post": "works.window", "deputies": wrong})
        assert refused.value.code == "invalid"
        assert "deputies" in refused.value.fields
    assert kept.count() == 2


def test_a_deputy_who_becomes_the_holder_stops_standing_in() -> None:
    offices.held("works.window")
    deputy = offices.person("li")
    by = offices.at("works.window")
    set_deputies(by, {"post": "works.window", "deputies": [deputy.pk]})
    assign_post(by, {"post": "works.window", "staff": deputy.pk})
    assert not Deputy.objects.exists()


def test_agencies_and_posts_are_entered_once() -> None:
    add_agency(SYSTEM, {"code": "parks", "name_zh": "景觀處"})
    assert add_post(SYSTEM, {"code": "parks.window", "role": "window"}).post == "parks.window"
    for command, data in (
        (add_agency, {"code": "parks", "name_zh": "景觀處"}),
        (add_post, {"code": "parks.window", "role": "window"}),
    ):
        with pytest.raises(Refused) as refused:
            command(SYSTEM, data)
        assert refused.value.code == "already_there"
    for data in ({"code": "nowhere.window", "role": "window"}, {"code": "parks", "role": "window"}):
        with pytest.raises(Refused) as refused:
            add_post(SYSTEM, data)
        assert refused.value.fields.keys() == {"code"}


def test_a_closed_account_gets_no_post() -> None:
    offices.held("works.window")
    closed = offices.person("gone", is_active=False)
    with pytest.raises(Refused) as refused:
        assign_post(offices.at("works.window"), {"post": "works.window", "staff": closed.pk})
    assert refused.value.fields.keys() == {"staff"}
    assert Staff.objects.get(pk=closed.pk).holdings.count() == 0


def test_a_closed_account_leaves_its_posts_and_the_call_centre_is_told() -> None:
    """NT-5-4-6b."""
    gone = offices.held("works.window")
    deputy = offices.person("deputy")
    offices.deputies(Post.objects.get(pk="works.window"), deputy)
    waits = Notice(
        about_kind="test", about_id=1, to_post="works.window", template="people.post_changed",
        channel="email", context={"agency": "a", "post": "b"}, key="waits", state="pending", attempts=1,
        created_at=offices.NOW, due_at=offices.NOW + timedelta(hours=1),
    )  # fmt: skip
    waits.save()
    deactivate_staff(SYSTEM, {"staff": gone.pk})
    told = Notice.objects.get(template="people.post_changed", to_post="call_centre.lead")
    assert "（出缺）" in str(told.context)
    assert Event.objects.filter(kind="people.post_left").count() == 1
    waits.refresh_from_db()
    assert waits.due_at == offices.NOW


@pytest.mark.parametrize("by", ["works.head", "works.window"])
@pytest.mark.parametrize("role", ["head", "director", "admin", "auditor", "lead", "operator"])
def test_an_agency_gives_no_post_above_its_own(by: str, role: str) -> None:
    code = f"works.{role}" if f"works.{role}" != by else "works.head2"
    offices.post(code, role=role)
    me = offices.held(by)
    for command, data in (
        (assign_post, {"post": code, "staff": me.pk}),
        (set_deputies, {"post": code, "deputies": [me.pk]}),
    ):
        with pytest.raises(Refused) as refused:
            command(offices.at(by), data)
        assert refused.value.code == "not_permitted"
    assert not Holding.objects.filter(post=code).exists()
    assert not Deputy.objects.exists()
    offices.held("administration.admin")
    assign_post(offices.at("administration.admin"), {"post": code, "staff": me.pk})


def test_the_head_names_who_stands_in_for_the_head() -> None:
    offices.held("works.head")
    deputy = offices.person("li")
    set_deputies(offices.at("works.head"), {"post": "works.head", "deputies": [deputy.pk]})
    assert Deputy.objects.get().staff == deputy
