"""The outbox: what is queued is sent once, or visibly not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from tests.base.outbox import CONTEXT, NOW, People, Wire, later, notice, people, the, wire

from citycall.base import notices, policies
from citycall.base.channels.recording import RecordedMessage
from citycall.base.notices import Notice, RenderError

pytestmark = pytest.mark.django_db
__all__ = ["people", "wire"]


def test_a_notice_is_sent_once_with_words_receipt_and_masked_address() -> None:
    notices.queue([notice()])
    assert notices.send_due() == 1
    sent = the()
    assert (sent.state, sent.sent_at, sent.attempts, sent.reason) == ("sent", NOW, 1, "")
    assert (sent.sent_to_masked, sent.sent_to_staff) == ("w***@ntpc.example", 7)
    assert sent.subject == "【職務異動】工務局 聯繫窗口"
    assert "現為：works.window" in sent.body
    assert sent.receipt == {"reference": "recorded:n1", "recorded": True}
    message = RecordedMessage.objects.get()
    assert (message.to, message.body) == ("works.window@ntpc.example", sent.body)
    assert notices.send_due() == 0
    assert RecordedMessage.objects.count() == 1


def test_a_known_key_is_left_alone() -> None:
    notices.queue([notice(), notice(context={"other": 1})])
    notices.queue([notice(to="env.window")])
    assert Notice.objects.count() == 1
    assert the().to_post == "works.window"


def test_nothing_goes_before_its_time_and_the_next_one_is_known() -> None:
    assert notices.next_due() is None
    notices.queue(
        [notice(due_at=NOW + timedelta(minutes=10)), notice("n2", due_at=NOW + timedelta(minutes=5))]
    )
    assert notices.send_due() == 0
    assert notices.next_due() == NOW + timedelta(minutes=5)
    with later(minutes=10):
        assert notices.send_due() == 2
    assert notices.next_due() is None


def test_what_is_rolled_back_is_never_sent() -> None:
    with transaction.atomic():
        notices.queue([notice()])
        transaction.set_rollback(True)
    assert notices.send_due() == 0


@pytest.mark.parametrize("more", [{"to_post": None}, {"party_id": 5}, {"channel": "pigeon"}])
def test_a_notice_has_one_recipient_and_a_known_channel(more: dict[str, Any]) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(
            **{"about_kind": "case", "about_id": 1, "to_post": "a.b", "template": "t", "channel": "email",
                  "key": "k", "due_at": NOW, "created_at": NOW, **more}
        )  # fmt: skip


def test_the_words_are_in_the_readers_language_and_the_notices_own_pack(people: People) -> None:
    people.lang = "en"
    notices.queue([notice(template="fast.overdue", policy_version_id=policies.in_force()[0].pk)])
    notices.send_due()
    assert "F1150302-000001  Street light  中山路一段  limit 2 March 2026 14:00" in the().body


def test_an_instant_is_written_for_people() -> None:
    notices.queue([notice(template="fast.overdue")])
    notices.send_due()
    assert "時限 115年3月2日 14:00" in the().body


def test_a_limit_that_ends_at_midnight_ends_with_the_day_before() -> None:
    context = {**CONTEXT, "due": "2026-03-02T16:00:00Z"}
    notices.queue([notice(template="fast.overdue", context=context)])
    notices.send_due()
    assert "時限 115年3月2日 24:00" in the().body


def test_without_anybody_at_the_post_it_waits_and_says_why() -> None:
    notices.queue([notice(to="nobody.window")])
    notices.send_due()
    waiting = the()
    assert (waiting.state, waiting.reason) == ("pending", "nobody stands at nobody.window")
    assert waiting.due_at == NOW + timedelta(seconds=30)


def test_a_citizen_without_an_address_is_undeliverable() -> None:
    notices.queue([notice(to="gone.window")])
    notices.send_due()
    assert (the().state, the().reason) == ("undeliverable", "the citizen left no address")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"context": {"agency": "a"}}, "{post} is not in the notice's context"),
        ({"template": "no.such"}, "the pack has no template no.such for email"),
        ({"channel": "sms"}, "the pack has no template people.post_changed for sms"),
    ],
)
def test_words_that_cannot_be_made_fail_visibly_and_alone(more: dict[str, Any], reason: str) -> None:
    notices.queue([notice(**more), notice("n2")])
    notices.send_due()
    assert the().state == "failed"
    assert reason in the().reason
    assert the("n2").state == "sent"


def test_what_failed_is_taken_up_again_when_asked() -> None:
    notices.queue([notice(context={})])
    notices.send_due()
    Notice.objects.update(context=CONTEXT)
    assert notices.retry([the().pk]) == 1
    notices.send_due()
    assert the().state == "sent"


def test_a_row_that_breaks_the_batch_is_set_aside_and_the_others_go() -> None:
    notices.queue([notice("n1"), notice("bad", to="broken.window"), notice("n3")])
    notices.send_due()
    assert (the("n1").state, the("n3").state) == ("sent", "sent")
    assert (the("bad").state, the("bad").reason) == ("failed", "RuntimeError: the resolver failed")


def test_a_value_that_is_none_leaves_nothing_behind() -> None:
    pack = policies.in_force()[1]
    subject, _body = notices.render(
        pack, "people.post_changed", "email", "", [{**CONTEXT, "person": None, "post": None}]
    )
    assert subject == "【職務異動】工務局 "
    with pytest.raises(RenderError):
        notices.render(pack, "people.post_changed", "email", "", [{}])


def test_braces_and_html_in_values_stay_as_they_are() -> None:
    pack = policies.in_force()[1]
    wild = "{number} {0.__class__} %s <b>"
    subject, _body = notices.render(
        pack, "people.post_changed", "email", "", [{**CONTEXT, "person": "x", "post": wild}]
    )
    assert subject.endswith(wild)


def test_what_is_called_off_is_never_sent() -> None:
    notices.queue(
        [
            notice("n1", on_sent="test.follow"),
            notice("n2"),
            notice("n3", template="fast.overdue"),
            notice("n4", about_id=2, on_sent="test.follow"),
        ]
    )
    assert notices.call_off("case", 1, on_sent="test.follow") == 1
    assert notices.call_off("case", 1, template="fast.overdue") == 1
    assert [the(key).state for key in ("n1", "n2", "n3", "n4")] == [
        "called_off",
        "pending",
        "called_off",
        "pending",
    ]
    notices.send_due()
    assert set(RecordedMessage.objects.values_list("key", flat=True)) == {"n2", "n4"}
    assert notices.call_off("case", 1) == 0  # what is out stays out
    assert notices.retry([the().pk]) == 0


@pytest.mark.django_db(transaction=True)
def test_what_a_sender_has_in_hand_is_not_called_off_and_not_waited_for(wire: Wire) -> None:
    import threading

    notices.queue([notice()])
    counts: list[int] = []

    def another() -> None:
        try:
            counts.append(notices.call_off("case", 1))
        finally:
            connection.close()

    with transaction.atomic():
        list(Notice.objects.select_for_update())
        thread = threading.Thread(target=another)
        thread.start()
        thread.join(10)
    assert counts == [0]
    assert the().state == "pending"
