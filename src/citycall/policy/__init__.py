"""A government's rules as data, and the pure arithmetic over them. No Django, no I/O beyond the packs."""

from citycall.policy.calendars import Calendar, Closure
from citycall.policy.clocks import (
    clocks_started_by,
    due_at,
    first_strikes,
    late_field,
    limit_of,
    limit_text,
    next_strike,
    resumed_by,
    started_at,
    stopped_by,
    strike_at,
)
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind
from citycall.policy.limits import Limit, LimitError
from citycall.policy.load import load_pack
from citycall.policy.model import District, Pack
from citycall.policy.notices import notices_for, reporter_channel
from citycall.policy.places import Place, PlaceError
from citycall.policy.rules import ClockRule, NoticeRule, Strike, Template
from citycall.policy.source import PackError
from citycall.policy.text import Text
from citycall.policy.world import World, sample_world

__all__ = [
    "Calendar", "CaseKind", "ClockRule", "Closure", "District", "Item", "Limit", "LimitError",
    "NoticeRule", "Pack", "PackError", "Place", "PlaceError", "Strike", "Template", "Text", "World",
    "clocks_started_by", "due_at", "first_strikes", "late_field", "limit_of", "limit_text", "load_pack",
    "next_strike", "notices_for", "reporter_channel", "resumed_by", "sample_world", "started_at",
    "stopped_by", "strike_at",
]  # fmt: skip
