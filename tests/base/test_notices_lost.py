"""Notices whose channel is down, whose address is refused, whose worker is lost: sent later, and once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest
from tests.base.gateways import MitakeGateway
from tests.base.outbox import CONTEXT, NOW, Wire, later, notice, people, the, wire

from citycall.base import channels, clock, notices
from citycall.base.channels import ChannelDown, Message, Receipt, Undeliverable
from citycall.base.channels.protocol import Outcome
from citycall.base.notices import Notice, Recipient, Unresolved
from citycall.base.notices.sending import LEASE

pytestmark = pytest.mark.django_db
__all__ = ["people", "wire"]


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
