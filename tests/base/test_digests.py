"""Notices of one day to one recipient are one message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.base.outbox import NOW, later, overdue, people, the

from citycall.base import channels, notices, timers
from citycall.base.channels.recording import RecordedMessage
from citycall.base.commands import Context
from citycall.base.notices import Notice
from citycall.base.timers import Timer

pytestmark = pytest.mark.django_db
__all__ = ["people"]


def test_a_days_cases_go_to_each_recipient_as_one_message() -> None:
    """NT-5-4-5a, NT-5-4-5b: one e-mail per recipient for that day."""
    notices.queue([overdue(n, to=to) for n in (1, 2, 3) for to in ("works.window", "works.supervisor")])
    assert notices.send_due() == 6
    assert RecordedMessage.objects.count() == 2
    body = RecordedMessage.objects.first()
    assert body is not None
    for number in (1, 2, 3):
        assert body.body.count(f"F1150302-00000{number}") == 1
        kept = Notice.objects.filter(about_id=number).values_list("body", flat=True)
        others = {1, 2, 3} - {number}
        assert all(f"F1150302-00000{number}" in text for text in kept)
        assert not any(f"F1150302-00000{other}" in text for text in kept for other in others)
    assert Notice.objects.filter(state="sent").count() == 6
    assert len({n.receipt["reference"] for n in Notice.objects.filter(to_post="works.window")}) == 1


def test_other_days_channels_and_templates_are_other_messages() -> None:
    notices.queue(
        [overdue(1), overdue(2, digest_key="2026-03-03"), overdue(3, template="people.post_changed")]
    )
    notices.send_due()
    assert RecordedMessage.objects.count() == 3


def test_a_digest_waits_and_goes_as_one() -> None:
    notices.queue([overdue(n) for n in (1, 2)])
    channels.set_down("email", True)
    notices.send_due()
    assert Notice.objects.filter(state="pending", due_at=NOW + timedelta(seconds=30)).count() == 2
    channels.set_down("email", False)
    with later(seconds=30):
        notices.send_due()
    assert RecordedMessage.objects.count() == 1


DUNNED = 250


def dunning(*, post: str = "works.window") -> None:
    """Cases that are all dunned at one instant, more of them than one sweep strikes."""

    @timers.timer_handler("toys.dun")
    def strike(ctx: Context, batch: list[Timer]) -> None:
        notices.queue([overdue(timer.subject_id, to=post) for timer in batch])

    timers.set_timers(
        Timer(due=NOW, handler="toys.dun", subject_kind="case", subject_id=number) for number in range(DUNNED)
    )


def test_a_day_with_more_cases_than_one_sweep_strikes_is_one_message() -> None:
    """NT-5-4-5a: one a day, though the sweep comes to them in several goes and the sender does not wait."""
    dunning()
    counts = []
    while struck := timers.sweep():
        with later(seconds=len(counts) / 10):
            counts.append((struck, notices.send_due()))
    assert counts == [(200, 0), (50, DUNNED)]
    assert RecordedMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_strike_one_day_make_one_message() -> None:
    """What the one has struck and not committed yet is waited for by the other's sender."""
    import threading

    dunning()
    struck, go_on = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                timers.sweep()
                struck.set()
                go_on.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert struck.wait(10)
    assert timers.sweep() == DUNNED - 200
    assert notices.send_due() == 0
    go_on.set()
    thread.join(10)
    assert notices.send_due() == DUNNED
    assert RecordedMessage.objects.count() == 1


def test_a_digest_does_not_wait_for_ever_for_timers_that_nobody_strikes() -> None:
    notices.queue([overdue(1)])
    Timer.objects.create(due=NOW, handler="toys.stuck", subject_kind="case", subject_id=9)
    assert notices.send_due() == 0
    with later(minutes=9):
        assert notices.send_due() == 0
    with later(minutes=10):
        assert notices.send_due() == 1


def test_a_digest_does_not_wait_for_timers_that_fell_due_later() -> None:
    notices.queue([overdue(1)])
    due = NOW + timedelta(seconds=1)
    Timer.objects.create(due=due, handler="toys.other", subject_kind="case", subject_id=9)
    with later(seconds=2):
        assert notices.send_due() == 1


def test_a_digest_that_broke_is_sent_in_parts_rather_than_never() -> None:
    notices.queue([overdue(1, to="broken.window"), overdue(2, to="works.window")])
    notices.send_due()
    assert the("d1broken.window").state == "failed"
    assert the("d2works.window").state == "sent"
