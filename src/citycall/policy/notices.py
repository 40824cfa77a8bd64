"""Who is told of an event, and by which channel a citizen can be reached. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from citycall.policy.basics import matches
from citycall.policy.model import Pack
from citycall.policy.rules import NoticeRule


def notices_for(pack: Pack, kind: str | None, event_kind: str, facts: Mapping[str, Any]) -> list[NoticeRule]:
    """The notices that an event calls for. A rule without kinds is for matters that are not cases."""
    return [
        rule
        for rule in pack.notices
        if rule.on == event_kind
        and (kind in rule.kinds if rule.kinds else kind is None)
        and matches(rule.where, rule.unless, facts)
    ]


def reporter_channel(word: str, *, mobile: bool, email: bool, reply_by: str | None = None) -> str | None:
    """The channel for a citizen, or None when there is none (a landline only: NT-5-4-2f).

    `contact`: SMS to a mobile number, else e-mail (NT-5-4-2c, NT-8-1a). `chosen`: the way the citizen chose,
    SMS or e-mail, where it can be used; otherwise as `contact` (NT-5-4-4b). `sms`, `email`: only that one.
    """
    can = {"sms": mobile, "email": email}
    if word in can:
        return word if can[word] else None
    if word == "chosen" and reply_by in can and can[reply_by]:
        return reply_by
    return next((channel for channel, usable in can.items() if usable), None)
