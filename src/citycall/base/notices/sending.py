"""Sending what is in the outbox (stub signatures)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from citycall.base.notices.model import Notice

OnSent = Callable[[Sequence[Notice]], None]
_on_sent: dict[str, OnSent] = {}


def on_sent(name: str) -> Callable[[OnSent], OnSent]:
    """Register what is done, in the same transaction, when notices naming it are marked as sent."""

    def register(function: OnSent) -> OnSent:
        _on_sent[name] = function
        return function

    return register


def send_due(limit: int = 200) -> int:
    """Send what is due; returns how many notices were dealt with."""
    raise NotImplementedError


def next_due() -> datetime | None:
    """When the next pending notice is due."""
    raise NotImplementedError


def wake(to_post: str) -> None:
    """Make this post's waiting notices due now."""
    raise NotImplementedError
