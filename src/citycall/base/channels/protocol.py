"""What a channel is: it takes a batch of messages and says what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Message:
    """One message, ready to go. `key` is the same however often it is tried."""

    to: str
    subject: str
    body: str
    key: str
    # Since when an earlier attempt is without an answer: it may or may not have arrived.
    uncertain_since: datetime | None = None


@dataclass(frozen=True)
class Receipt:
    """The channel took the message."""

    reference: str
    recorded: bool = False
    # The gateway knew this key already: nothing was sent a second time.
    duplicate: bool = False
    # An answer was lost and the channel could not tell what became of it, so it was sent again.
    sent_again: bool = False
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in ("", False)}


class ChannelDown(Exception):
    """Not now: the message stays pending and is tried again.

    `uncertain`: it may have gone out. `only_this`: the others need not wait for it.
    """

    def __init__(self, reason: str, *, uncertain: bool = False, only_this: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.uncertain = uncertain
        self.only_this = only_this


class Undeliverable(Exception):
    """Never: this address cannot receive it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Outcome = Receipt | ChannelDown | Undeliverable


class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str:
        """'email', 'sms', 'egov' or 'screen'."""

    @property
    def transactional(self) -> bool:
        """Whether `send` only writes to our database, so that it belongs into the sender's transaction."""

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        """Try each message; one outcome per message, in order. Failures are returned, not raised.

        What a gateway said is given whole; whoever keeps it masks addresses in it and then cuts it.
        """
