"""The outbox: what is queued is sent once, later, or visibly not at all, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.base.gateways import MitakeGateway

from citycall.base import channels, clock, notices, policies, timers
from citycall.base.audit import AuditEntry
from citycall.base.channels import ChannelDown, Message, Receipt, Undeliverable
from citycall.base.channels.protocol import Outcome
from citycall.base.channels.recording import RecordedMessage
from citycall.base.commands import Context, background
from citycall.base.notices import Notice, Recipient, RenderError, Unresolved, outcomes, recipients
from citycall.base.notices.sending import LEASE
from citycall.base.timers import Timer

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PACK = Path(__file__).parents[2] / "policies" / "newtaipei"
pytestmark = pytest.mark.django_db


class People:
    """Who is known here: posts by code, and anybody called gone, nobody or broken."""

    def __init__(self) -> None:
        self.lang = ""
        self.calls = 0

    def __call__(self, batch: Sequence[Notice], at: datetime) -> Mapping[int, Recipient | Unresolved]:
        self.calls += 1
        return {notice.pk: self._one(notice) for notice in batch}

    def _one(self, notice: Notice) -> Recipient | Unresolved:
        to = notice.to_post or f"party{notice.party_id}"
        if to.startswith("nobody"):
            return Unresolved(f"nobody stands at {to}")
        if to.startswith("gone"):
            return Unresolved("the citizen left no address", for_good=True)
        if to.startswith("broken"):
            raise RuntimeError("the resolver failed")
        return Recipient(f"{to}@ntpc.example", f"{to[0]}***@ntpc.example", self.lang, to, 7)


class Wire:
    """A channel that leaves the house; answers as it is told to."""

    name = "email"
    transactional = False

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: list[Outcome | BaseException] = []

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        assert not connection.in_atomic_block or len(connection.savepoint_ids) <= TEST_DEPTH
        found: list[Outcome] = []
        for message in messages:
            answer = self.answers.pop(0) if self.answers else Receipt(reference=f"r{len(self.sent)}")
            if isinstance(answer, BaseException) and not isinstance(answer, ChannelDown | Undeliverable):
                self.sent.append(message)  # it went out, and then the worker was lost
                raise answer
            if isinstance(answer, Receipt) or (isinstance(answer, ChannelDown) and answer.uncertain):
                self.sent.append(message)
            found.append(answer)
        return found


TEST_DEPTH = 0  # the transaction that the test itself runs in


@pytest.fixture(autouse=True)
def people() -> Iterator[People]:
    before = recipients._resolver
    made = People()
    notices.set_resolver(made)
    policies.refresh()
    policies.install(PACK)
    notices.forget_rest()
    with clock.at(NOW):
        yield made
    assert before is not None
    notices.set_resolver(before)
    policies.refresh()
    for name in channels.registry.NAMES:
        channels.set_down(name, False)
        channels.set_channel(name, None)
    for name in [n for n in outcomes._on_sent if n.startswith("test.")]:
        del outcomes._on_sent[name]


@pytest.fixture
def wire() -> Wire:
    made = Wire()
    channels.set_channel("email", made)
    return made


CONTEXT: dict[str, Any] = {
    "agency": {"zh": "工務局", "en": "Public Works"},
    "post": "聯繫窗口",
    "number": "F1150302-000001",
    "item": {"zh": "路燈", "en": "Street light"},
    "place": "中山路一段",
    "due": "2026-03-02T06:00:00Z",
}


def notice(key: str = "n1", to: str = "works.window", **more: Any) -> Notice:
    given: dict[str, Any] = {
        "about_kind": "case",
        "about_id": 1,
        "to_post": to,
        "template": "people.post_changed",
        "channel": "email",
        "context": CONTEXT,
        **more,
    }
    return Notice(key=key, **given)


def the(key: str = "n1") -> Notice:
    return Notice.objects.get(key=key)


def later(**by: float) -> Any:
    return clock.at(clock.now() + timedelta(**by))


# --- the way of one notice ----------------------------------------------------------------------


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


# --- nobody, no words, no address ---------------------------------------------------------------


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


# --- a channel that is down ---------------------------------------------------------------------


def test_a_channel_taken_away_delays_and_never_loses() -> None:
    notices.queue([notice()])
    channels.set_down("email", True)
    waits = []
    for _ in range(8):
        with clock.at(the().due_at):
            notices.send_due()
            waits.append((the().due_at - clock.now()).total_seconds())
    assert waits == [30, 120, 600, 1800, 3600, 3600, 3600, 3600]
    assert (the().state, the().reason, the().attempts) == ("pending", "the channel is down", 8)
    channels.set_down("email", False)
    with clock.at(the().due_at):
        notices.send_due()
    assert the().state == "sent"


def test_other_channels_go_on(wire: Wire) -> None:
    wire.answers = [ChannelDown("connection refused")]
    pack_has = {"template": "fast.established_citizen", "to_post": None, "party_id": 5, "channel": "sms"}
    context = {**CONTEXT, "lookup_code": "123456"}
    notices.queue([notice(), notice("n2", **pack_has, context=context)])
    notices.send_due()
    assert (the().state, the("n2").state) == ("pending", "sent")
    assert the().reason == "connection refused"


def test_a_channel_that_does_not_answer_is_left_alone_for_a_while(wire: Wire) -> None:
    wire.answers = [ChannelDown("timed out")]
    notices.queue([notice()])
    notices.send_due()
    notices.queue([notice("n2")])
    notices.send_due()
    assert the("n2").reason == "the channel is down"
    assert not wire.sent
    with later(seconds=31):
        notices.send_due()
    assert (the().state, the("n2").state) == ("sent", "sent")


def test_an_address_that_the_gateway_refuses_is_undeliverable(wire: Wire) -> None:
    wire.answers = [Undeliverable("550 no such mailbox")]
    notices.queue([notice(), notice("n2")])
    notices.send_due()
    assert (the().state, the().reason, the("n2").state) == ("undeliverable", "550 no such mailbox", "sent")


SAID = "<works.window@ntpc.example>: user works.window (see lin@gov.example, 0912345678, +886 912-345-678) x"
KEPT = "<w***@ntpc.example>: user w*** (see l***@gov.example, 09xx-xxx-678, 09xx-xxx-678) x"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Receipt(reference="r1", detail=SAID), "sent"),
        (Undeliverable(SAID), "undeliverable"),
        (ChannelDown(SAID), "pending"),
    ],
)
def test_an_answer_that_names_an_address_is_kept_without_it(wire: Wire, answer: Outcome, state: str) -> None:
    wire.answers = [answer]
    notices.queue([notice()])
    notices.send_due()
    assert the().state == state
    assert (the().receipt.get("detail") or the().reason) == KEPT


def test_an_address_is_not_cut_in_half_and_kept(wire: Wire) -> None:
    wire.answers = [Undeliverable("x" * 190 + " <works.window@ntpc.example> is unknown")]
    notices.queue([notice()])
    notices.send_due()
    assert the().reason.endswith("x <w***@ntp")


# --- a worker that is lost ----------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone."""


def test_a_sender_killed_after_the_gateway_took_it_leaves_the_answer_missing(wire: Wire) -> None:
    wire.answers = [Killed()]
    notices.queue([notice()])
    with pytest.raises(Killed):
        notices.send_due()
    assert the().state == "sending"
    assert notices.send_due() == 0  # the lease still runs: it may yet answer
    with later(seconds=LEASE.total_seconds() + 1):
        wire.answers = [Receipt(reference="r0", duplicate=True)]
        notices.send_due()
    assert (the().state, the().uncertain_since) == ("sent", NOW)
    assert [m.key for m in wire.sent] == ["n1", "n1"]
    assert [m.uncertain_since for m in wire.sent] == [None, NOW]
    assert the().receipt == {"reference": "r0", "duplicate": True}


def test_killed_after_the_text_message_went_out_the_citizen_gets_one() -> None:
    """The gateway's memory of the key decides, and the receipt tells it."""
    gateway = MitakeGateway()

    class LostAfterSending:
        name, transactional = "sms", False

        def send(self, messages: Sequence[Message]) -> list[Outcome]:
            gateway.channel().send(messages)
            raise Killed

    def to_mobile(batch: Sequence[Notice], at: datetime) -> Mapping[int, Recipient | Unresolved]:
        return {n.pk: Recipient(gateway.GOOD, "09xx-xxx-678", "", "王小明") for n in batch}

    notices.set_resolver(to_mobile)
    try:
        channels.set_channel("sms", LostAfterSending())
        notices.queue(
            [
                notice(
                    template="fast.established_citizen",
                    channel="sms",
                    to_post=None,
                    party_id=5,
                    context={**CONTEXT, "lookup_code": "123456"},
                )
            ]
        )
        with pytest.raises(Killed):
            notices.send_due()
        channels.set_channel("sms", gateway.channel())
        with later(seconds=LEASE.total_seconds() + 1):
            notices.send_due()
    finally:
        gateway.down()
    assert len(gateway.arrived) == 1
    assert "案號F1150302-000001，查詢碼123456" in gateway.arrived[0].body
    assert (the().state, the().receipt["duplicate"]) == ("sent", True)
    assert the().receipt["reference"] == gateway.arrived[0].id


def test_a_lost_answer_is_passed_on_to_the_second_try(wire: Wire) -> None:
    wire.answers = [ChannelDown("timed out", uncertain=True), Receipt(reference="r1", sent_again=True)]
    notices.queue([notice()])
    notices.send_due()
    assert (the().state, the().uncertain_since) == ("pending", NOW)
    with later(seconds=31):
        notices.send_due()
    assert wire.sent[1].uncertain_since == NOW
    assert the().receipt["sent_again"] is True


def test_what_another_worker_holds_is_passed_over(wire: Wire) -> None:
    notices.queue([notice(), notice("n2")])
    Notice.objects.filter(key="n1").update(state="sending", claimed_at=NOW)
    assert notices.send_due() == 1
    assert [m.key for m in wire.sent] == ["n2"]


def test_few_leave_the_house_at_once_so_that_the_lease_holds(wire: Wire) -> None:
    notices.queue([notice(f"n{number}") for number in range(30)])
    assert notices.send_due() == 20
    assert notices.send_due() == 10
    assert len({m.key for m in wire.sent}) == 30


# --- digests ------------------------------------------------------------------------------------


def overdue(number: int, **more: Any) -> Notice:
    context = {**CONTEXT, "number": f"F1150302-00000{number}"}
    given = {"template": "fast.overdue", "about_id": number, "context": context, "digest_key": "2026-03-02"}
    return notice(f"d{number}{more.get('to', '')}", **{**given, **more})


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


# --- what follows -------------------------------------------------------------------------------


def test_what_follows_runs_once_with_the_whole_batch_in_the_same_transaction() -> None:
    seen: list[list[str]] = []

    @notices.on_sent("test.follow")
    def follow(rows: Sequence[Notice]) -> None:
        with background("test.follow"):
            assert all(Notice.objects.get(pk=row.pk).state == "sent" for row in rows)
            seen.append([row.key for row in rows])

    notices.queue([notice("n1", on_sent="test.follow"), notice("n2"), notice("n3", on_sent="test.follow")])
    notices.send_due()
    assert seen == [["n1", "n3"]]
    assert not Timer.objects.exists()
    assert AuditEntry.objects.get().command == "test.follow"  # one entry, the follower's own


def test_what_fails_afterwards_does_not_unsend_the_message_and_is_done_later(wire: Wire) -> None:
    done: list[str] = []
    wrong = ["n1"]

    @notices.on_sent("test.follow")
    def follow(rows: Sequence[Notice]) -> None:
        if any(row.key in wrong for row in rows):
            Notice.objects.update(reason="half done")
            raise RuntimeError("no such case")
        done.extend(row.key for row in rows)

    notices.queue([notice("n1", on_sent="test.follow"), notice("n2", on_sent="test.follow")])
    notices.send_due()
    assert (the("n1").state, the("n2").state, the("n1").reason) == ("sent", "sent", "")
    assert done == []
    assert timers.sweep() == 2
    assert done == ["n2"]
    broken = Timer.objects.get(state="broken")  # visible, and mended when its cause is gone
    assert (broken.handler, broken.payload["notice"]) == ("notices.followed", the("n1").pk)
    assert "no such case" in broken.error
    wrong.clear()
    assert timers.mend(broken.pk)
    timers.sweep()
    assert done == ["n2", "n1"]
    assert len(wire.sent) == 2


def test_an_unknown_follower_is_on_record() -> None:
    notices.queue([notice(on_sent="test.unknown")])
    notices.send_due()
    assert the().state == "sent"
    timers.sweep()
    assert "test.unknown" in Timer.objects.get(state="broken").error


@pytest.mark.django_db(transaction=True)
def test_a_locked_case_does_not_send_the_message_again(wire: Wire) -> None:
    """The case is locked for longer than the sender may wait: the answer is out once, and recorded later."""
    import threading

    case = Timer.objects.create(
        due=NOW + timedelta(days=1), handler="toys.case", subject_kind="case", subject_id=1
    )
    done: list[str] = []

    @notices.on_sent("test.follow")
    def follow(rows: Sequence[Notice]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        Timer.objects.select_for_update().get(pk=case.pk)
        done.extend(row.key for row in rows)

    notices.queue([notice(on_sent="test.follow")])
    counts: list[int] = []

    def sender() -> None:
        try:
            counts.append(notices.send_due())
            counts.append(timers.sweep())  # the case is still locked
        finally:
            connection.close()

    with transaction.atomic():
        Timer.objects.select_for_update().get(pk=case.pk)
        thread = threading.Thread(target=sender)
        thread.start()
        thread.join(20)
    assert counts == [1, 0]
    assert (the().state, done, len(wire.sent)) == ("sent", [], 1)
    assert timers.sweep() == 1
    with later(seconds=LEASE.total_seconds() + 1):
        assert notices.send_due() == 0
    assert (done, len(wire.sent)) == (["n1"], 1)


# --- many ---------------------------------------------------------------------------------------


def test_a_batch_takes_the_same_few_statements_whatever_its_size(people: People) -> None:
    def statements(many: int, name: str) -> int:
        notices.queue([notice(f"{name}{number}") for number in range(many)])
        with CaptureQueriesContext(connection) as seen:
            assert notices.send_due(limit=500) == many
        return len(seen)

    policies.in_force()
    small, large = statements(2, "a"), statements(400, "b")
    assert large == small <= 10
    assert people.calls == 2


@pytest.mark.django_db(transaction=True)
def test_two_senders_share_the_work_and_nothing_goes_twice() -> None:
    import threading

    notices.queue([notice(f"n{number}") for number in range(300)])
    notices.queue([overdue(n) for n in range(1, 9)])
    counts: list[int] = []

    def work() -> None:
        try:
            while found := notices.send_due(limit=20):
                counts.append(found)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while notices.send_due():
        pass
    assert Notice.objects.filter(state="sent").count() == 308
    assert RecordedMessage.objects.count() == 301
