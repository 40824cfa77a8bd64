"""What every part of a pack is made of: frozen rules, codes, conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Code = str
Clauses = tuple[str, ...]
Where = Mapping[str, Any]
ChannelName = Literal["email", "sms", "egov", "screen"]
NoticeChannel = Literal["email", "sms", "egov", "screen", "chosen", "contact"]

_CODE = re.compile(r"^[a-z0-9][a-z0-9_.-]*$")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_KNOWN = """
    contact_due agency authority cases city content description document_number due established_at grade
    handler_name handler_phone hotline item letter_date limit link main reply_date
    lookup_code notified_at notified_person number other_agency person place planned_end portal_url post
    reason reference result sign_off_due stage status task_name
"""
PLACEHOLDERS = frozenset(re.findall("[a-z_]+", _KNOWN))


class Rule(BaseModel):
    """Anything a pack states: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def matches(where: Where, unless: Where, facts: Mapping[str, Any]) -> bool:
    """Whether facts fit a condition: each field equal to the value, or to one of a list of values."""

    def fits(field: str, value: Any) -> bool:
        found = facts.get(field)
        return found in value if isinstance(value, list | tuple) else found == value

    if not all(fits(field, value) for field, value in where.items()):
        return False
    return not any(fits(field, value) for field, value in unless.items())


def clock_time(value: Any) -> Any:
    """`"18:00"` and YAML's 1080 (18:00 read as base sixty) as a time of day."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value.strip()):
        hour, minute = value.strip().split(":")
        if int(hour) < 24 and int(minute) < 60:
            return time(int(hour), int(minute))
        raise ValueError(f"{value!r} is not a time of day")
    if isinstance(value, str) and not re.match(r"\d{1,2}:\d{2}", value.strip()):
        raise ValueError(f"{value!r} is not a time of day, such as 18:00")
    return value


def is_code(value: str) -> bool:
    """Whether a word may serve as a code: small letters, digits, dot, dash, underscore."""
    return _CODE.match(value) is not None
