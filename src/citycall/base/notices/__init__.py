"""Notices: what people are told, written with what caused it and sent by a worker.

    queue([Notice(about_kind="case", about_id=7, to_post="works.intake_window", template="fast.established",
                  channel="email", context={...}, key="case:7:established:works.intake_window:email", ...)])

A notice is addressed to a post or to a citizen and resolved to an address only when it is sent. Its key
makes it unique for ever. See `sending` for what happens when a channel or a worker fails.
"""

from citycall.base.notices.model import Notice, call_off, queue
from citycall.base.notices.outcomes import forget_rest, on_sent
from citycall.base.notices.recipients import Recipient, Unresolved, set_resolver
from citycall.base.notices.rendering import RenderError, render
from citycall.base.notices.sending import next_due, retry, send_due, wake

__all__ = [
    "Notice",
    "Recipient",
    "RenderError",
    "Unresolved",
    "call_off",
    "forget_rest",
    "next_due",
    "on_sent",
    "queue",
    "render",
    "retry",
    "send_due",
    "set_resolver",
    "wake",
]
