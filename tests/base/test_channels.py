"""What every channel promises, tried on each of them; then what only one of them has."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings
from tests.base.gateways import Arrived, EgovGateway, MitakeGateway, SmtpGateway

from citycall.base import channels, clock, private
from citycall.base.channels import Channel, ChannelDown, Message, Receipt, Undeliverable
from citycall.base.channels.egov import EgovChannel
from citycall.base.channels.email import EmailChannel
from citycall.base.channels.recording import RecordedMessage, RecordingChannel
from citycall.base.channels.sms_mitake import MitakeChannel

pytestmark = pytest.mark.django_db


class Gateway(Protocol):
    GOOD: str
    BAD: str
    arrived: list[Arrived]
    lose_answers: bool

    def channel(self) -> Channel: ...
    def up(self) -> None: ...
    def down(self) -> None: ...


@dataclass
class Recorder:
    """The recording channel, seen as the other two: what it keeps has arrived."""

    GOOD: str = "wang@example.com"
    BAD: str = ""
    lose_answers: bool = False

    def channel(self) -> Channel:
        return RecordingChannel("email")

    @property
    def arrived(self) -> list[Arrived]:
        return [Arrived(m.to, m.subject, m.body, m.key) for m in RecordedMessage.objects.order_by("pk")]

    def up(self) -> None: ...
    def down(self) -> None: ...


OUTSIDE = {"smtp": SmtpGateway, "mitake": MitakeGateway, "egov": EgovGateway}


@pytest.fixture(params=["recording", *OUTSIDE])
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    made = {"recording": Recorder, **OUTSIDE}[request.param]()
    yield made  # type: ignore[misc]
    made.down()


@pytest.fixture(params=list(OUTSIDE))
def outside(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """The ones that leave the house, so that they can be away or lose an answer."""
    made = OUTSIDE[request.param]()
    yield made  # type: ignore[misc]
    made.down()


@pytest.fixture
def smtp() -> Iterator[SmtpGateway]:
    made = SmtpGateway()
    yield made
    made.down()


@pytest.fixture
def mitake() -> Iterator[MitakeGateway]:
    made = MitakeGateway()
    yield made
    made.down()


@pytest.fixture
def egov() -> Iterator[EgovGateway]:
    made = EgovGateway()
    yield made
    made.down()


def message(to: str, key: str = "case:1", **more: object) -> Message:
    given = {
        "subject": "【新案請簽收】F1150302-000001",
        "body": "路燈不亮\n地點：中山路一段 <161號> & 旁",
        **more,
    }
    return Message(to=to, key=key, **given)  # type: ignore[arg-type]


# --- what every channel promises ----------------------------------------------------------------


def test_a_message_arrives_word_for_word_with_a_receipt(gateway: Gateway) -> None:
    [receipt] = gateway.channel().send([message(gateway.GOOD)])
    assert isinstance(receipt, Receipt)
    assert receipt.reference
    [arrived] = gateway.arrived
    assert arrived.to == gateway.GOOD
    assert arrived.body.rstrip("\n") == message("").body
    assert (receipt.sent_again, receipt.duplicate) == (False, False)


def test_one_outcome_per_message_in_their_order(gateway: Gateway) -> None:
    many = [message(gateway.GOOD, f"case:{number}", body=f"內容{number}") for number in range(5)]
    outcomes = gateway.channel().send(many)
    assert [type(o) for o in outcomes] == [Receipt] * 5
    assert len({o.reference for o in outcomes if isinstance(o, Receipt)}) == 5
    assert [a.body.strip() for a in gateway.arrived] == [m.body for m in many]


def test_nothing_to_send_is_nothing_sent(gateway: Gateway) -> None:
    gateway.down()
    assert gateway.channel().send([]) == []


def test_an_impossible_address_is_undeliverable_and_stops_nobody_else(outside: Gateway) -> None:
    outcomes = outside.channel().send([message(outside.BAD, "a"), message(outside.GOOD, "b")])
    assert [type(o) for o in outcomes] == [Undeliverable, Receipt]
    assert len(outside.arrived) == 1


def test_a_channel_that_is_down_says_so_for_all_and_works_again(outside: Gateway) -> None:
    outside.down()
    outcomes = outside.channel().send([message(outside.GOOD, "a"), message(outside.GOOD, "b")])
    assert [type(o) for o in outcomes] == [ChannelDown, ChannelDown]
    assert not any(o.uncertain for o in outcomes if isinstance(o, ChannelDown))
    outside.up()
    assert isinstance(outside.channel().send([message(outside.GOOD, "a")])[0], Receipt)
    assert len(outside.arrived) == 1


def test_a_lost_answer_is_uncertain_and_the_second_try_honest(gateway: Gateway) -> None:
    """Either the channel knows that it was sent already, or the receipt says that it was sent again."""
    since = None
    if not isinstance(gateway, Recorder):
        gateway.lose_answers = True
        [outcome] = gateway.channel().send([message(gateway.GOOD)])
        assert isinstance(outcome, ChannelDown)
        assert outcome.uncertain
        gateway.lose_answers = False
        since = clock.now()
    else:
        gateway.channel().send([message(gateway.GOOD)])
    [receipt] = gateway.channel().send([message(gateway.GOOD, uncertain_since=since)])
    assert isinstance(receipt, Receipt)
    if len(gateway.arrived) > 1:
        assert receipt.sent_again
        assert gateway.arrived[0].id == gateway.arrived[1].id  # recognisable as the same letter
    else:
        assert not receipt.sent_again


# --- e-mail -------------------------------------------------------------------------------------


def test_a_subject_cannot_add_headers(smtp: SmtpGateway) -> None:
    smtp.channel().send([message(smtp.GOOD, subject="路燈\r\nBcc: everybody@example.com")])
    [arrived] = smtp.arrived
    assert arrived.subject == "路燈 Bcc: everybody@example.com"


def test_a_busy_mailbox_waits_alone(smtp: SmtpGateway) -> None:
    smtp.busy_for = {"busy@example.com"}
    outcomes = smtp.channel().send([message("busy@example.com", "a"), message(smtp.GOOD, "b")])
    assert isinstance(outcomes[0], ChannelDown)
    assert outcomes[0].only_this
    assert isinstance(outcomes[1], Receipt)


def test_an_address_that_is_none_fails_alone(smtp: SmtpGateway) -> None:
    outcomes = smtp.channel().send([message("not an address\r\nRCPT", "a"), message(smtp.GOOD, "b")])
    assert isinstance(outcomes[0], Undeliverable)
    assert isinstance(outcomes[1], Receipt)


def test_a_password_does_not_go_over_an_open_line(smtp: SmtpGateway) -> None:
    channel = EmailChannel.from_url(f"smtp://user:secret@127.0.0.1:{smtp.port}", "1999@ntpc.example")
    assert channel.tls == "required"
    [outcome] = channel.send([message(smtp.GOOD)])
    assert isinstance(outcome, ChannelDown)
    assert not smtp.arrived
    assert "secret" not in repr(channel)


@pytest.mark.parametrize("url", ["http://host", "smtp://", "smtp://host?tls=maybe"])
def test_a_wrong_smtp_address_is_said_to_be_wrong(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CITYCALL_SMTP_URL"):
        EmailChannel.from_url(url, "1999@ntpc.example")


def test_the_usual_smtp_addresses() -> None:
    def made(url: str) -> tuple[str, int, str]:
        channel = EmailChannel.from_url(url, "1999@ntpc.example")
        return channel.host, channel.port, channel.tls

    assert made("smtps://mail.example") == ("mail.example", 465, "implicit")
    assert made("smtp://mail.example") == ("mail.example", 25, "offered")
    assert made("smtp://u:p@mail.example:587") == ("mail.example", 587, "required")
    assert EmailChannel.from_url("smtp://u:p%40x@h", "a@b").password == "p@x"
    assert smtplib.SMTP.default_port == 25


# --- Mitake -------------------------------------------------------------------------------------


def test_mitake_knows_a_message_again(mitake: MitakeGateway) -> None:
    first, again = (mitake.channel().send([message(mitake.GOOD)])[0] for _ in range(2))
    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (again.reference, again.duplicate, again.detail) == (first.reference, True, "status 4")
    assert len(mitake.arrived) == 1


def test_beyond_mitakes_memory_the_receipt_says_sent_again(mitake: MitakeGateway) -> None:
    mitake.channel().send([message(mitake.GOOD)])
    mitake.forgets = True
    for hours, said in ((1, False), (13, True)):
        since = clock.now() - timedelta(hours=hours)
        [receipt] = mitake.channel().send([message(mitake.GOOD, uncertain_since=since)])
        assert isinstance(receipt, Receipt)
        assert receipt.sent_again is said


def test_an_empty_account_or_wrong_password_waits(mitake: MitakeGateway) -> None:
    mitake.points = 0
    wrong = MitakeChannel.from_url(f"mitake+http://user:wrong@127.0.0.1:{mitake.port}")
    for channel in (mitake.channel(), wrong):
        [outcome] = channel.send([message(mitake.GOOD)])
        assert isinstance(outcome, ChannelDown)
        assert not outcome.uncertain
    assert "wrong" not in repr(wrong)


def test_mitake_tells_what_became_of_messages(mitake: MitakeGateway) -> None:
    [receipt] = mitake.channel().send([message(mitake.GOOD)])
    assert isinstance(receipt, Receipt)
    assert mitake.channel().query([receipt.reference, "#unknown"]) == {receipt.reference: "4"}


@pytest.mark.parametrize("url", ["mitake://host", "https://u:p@host", "mitake+http://u:p@sms.example"])
def test_a_wrong_sms_address_is_said_to_be_wrong(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CITYCALL_SMS_URL"):
        MitakeChannel.from_url(url)


# --- e公務 ---------------------------------------------------------------------------------------


def test_the_e_government_gateway_knows_a_message_again(egov: EgovGateway) -> None:
    first, again = (egov.channel().send([message(egov.GOOD)])[0] for _ in range(2))
    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (again.reference, again.duplicate) == (first.reference, True)
    assert len(egov.arrived) == 1


def test_beyond_the_gateways_memory_the_receipt_says_sent_again(egov: EgovGateway) -> None:
    egov.channel().send([message(egov.GOOD)])
    egov.forgets = True
    for hours, said in ((1, False), (24, True)):
        since = clock.now() - timedelta(hours=hours)
        [receipt] = egov.channel().send([message(egov.GOOD, uncertain_since=since)])
        assert isinstance(receipt, Receipt)
        assert receipt.sent_again is said


def test_a_wrong_key_or_a_busy_gateway_waits(egov: EgovGateway) -> None:
    wrong = EgovChannel.from_url(f"egov+http://citycall:guessed@127.0.0.1:{egov.port}/messages")
    [outcome] = wrong.send([message(egov.GOOD)])
    assert isinstance(outcome, ChannelDown)
    assert "簽章不符" in outcome.reason
    assert "guessed" not in repr(wrong)
    egov.busy = True
    [outcome] = egov.channel().send([message(egov.GOOD)])
    assert isinstance(outcome, ChannelDown)
    assert not outcome.uncertain
    assert not egov.arrived


@pytest.mark.parametrize("said", ["", "taken", "[]", '{"id": ""}'])
def test_an_answer_without_an_id_is_none(egov: EgovGateway, said: str) -> None:
    egov.says = said or " "
    [outcome] = egov.channel().send([message(egov.GOOD)])
    assert isinstance(outcome, ChannelDown)
    assert outcome.uncertain


@pytest.mark.parametrize("url", ["egov://host", "https://k:s@host", "egov+http://k:s@gateway.example"])
def test_a_wrong_egov_address_is_said_to_be_wrong(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CITYCALL_EGOV_URL"):
        EgovChannel.from_url(url)


def test_an_egov_address_is_https_unless_it_is_this_machine() -> None:
    assert EgovChannel.from_url("egov://k:s@gw.example:8443/in").address == "https://gw.example:8443/in"
    assert EgovChannel.from_url("egov+http://k:s@localhost").address == "http://localhost/"


# --- which channel is used ----------------------------------------------------------------------


@pytest.fixture
def _chosen_anew() -> Iterator[None]:
    def forget() -> None:
        for name in ("email", "sms", "egov", "screen"):
            channels.set_channel(name, None)
            channels.set_down(name, False)

    forget()
    yield
    forget()


@pytest.mark.usefixtures("_chosen_anew")
def test_a_sample_records_and_a_real_government_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(channels.channel("email"), RecordingChannel)
    channels.set_channel("email", None)
    monkeypatch.setattr(private, "is_sample", lambda: False)
    [outcome] = channels.channel("email").send([message("wang@example.com")])
    assert isinstance(outcome, ChannelDown)
    assert "not configured" in outcome.reason
    assert not RecordedMessage.objects.exists()


@pytest.mark.usefixtures("_chosen_anew")
def test_the_settings_choose_the_real_channels(settings: Settings) -> None:
    settings.CITYCALL_SMTP_URL = "smtp://127.0.0.1:2525?tls=none"
    settings.CITYCALL_SMS_URL = "mitake://user:pass@smsapi.mitake.com.tw"
    settings.CITYCALL_EGOV_URL = "egov://citycall:secret@egov.example/messages"
    assert channels.status() == {
        "email": "EmailChannel",
        "sms": "MitakeChannel",
        "egov": "EgovChannel",
        "screen": "ScreenChannel",
    }
    channels.set_down("sms", True)
    assert channels.status()["sms"] == "down"


def test_an_unknown_channel_is_never_silently_recorded() -> None:
    assert isinstance(channels.channel("pigeon").send([message("a")])[0], ChannelDown)
    channels.set_channel("pigeon", None)
