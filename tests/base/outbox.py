"""An outbox to try: who stands at a post, a channel that answers as it is told to, notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from citycall.base import channels, clock, notices, policies
from citycall.base.channels import ChannelDown, Message, Receipt, Undeliverable
from citycall.base.channels.protocol import Outcome
from citycall.base.notices import Notice, Recipient, Unresolved, outcomes, recipients

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PACK = Path(__file__).parents[2] / "policies" / "newtaipei"


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


def overdue(number: int, **more: Any) -> Notice:
    context = {**CONTEXT, "number": f"F1150302-00000{number}"}
    given = {"template": "fast.overdue", "about_id": number, "context": context, "digest_key": "2026-03-02"}
    return notice(f"d{number}{more.get('to', '')}", **{**given, **more})
