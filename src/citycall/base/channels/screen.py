"""The screen as a channel: the notice is on the post's own list as soon as it is marked as sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from citycall.base.channels.protocol import Message, Outcome, Receipt


@dataclass(frozen=True)
class ScreenChannel:
    """Nothing leaves the house."""

    name: str = "screen"
    transactional: bool = True

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        return [Receipt(reference=f"screen:{m.key}") for m in messages]
