"""What a story may expect: one class for each kind of expectation, kept in a registry by its name."""

from __future__ import annotations

from citycall.rehearsal.expect import events, messages, portal, records, refusal, reports
from citycall.rehearsal.expect.form import Expectation, Story, Unfit, Unmet, kinds, read

__all__ = [
    "Expectation",
    "Story",
    "Unfit",
    "Unmet",
    "events",
    "kinds",
    "messages",
    "portal",
    "read",
    "records",
    "refusal",
    "reports",
]
