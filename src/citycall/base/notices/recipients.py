"""From a post or a party to an address. The people room says how; this room does not know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from citycall.base.notices.model import Notice


@dataclass(frozen=True)
class Recipient:
    """Where a notice goes now."""

    address: str
    masked: str
    lang: str
    name: str
    staff_id: int | None = None


@dataclass(frozen=True)
class Unresolved:
    """Nobody to tell. `for_good` when waiting cannot help (a citizen without such an address)."""

    reason: str
    for_good: bool = False


Resolver = Callable[[Sequence["Notice"], datetime], Mapping[int, Recipient | Unresolved]]

_resolver: Resolver | None = None


def set_resolver(resolver: Resolver) -> None:
    """Say how recipients are found. It gets a batch and answers by the notices' ids."""
    global _resolver
    _resolver = resolver


def resolve(notices: Sequence[Notice], at: datetime) -> Mapping[int, Recipient | Unresolved]:
    """The recipients of these notices at this instant."""
    if _resolver is None:
        return {notice.pk: Unresolved("no resolver is registered") for notice in notices}
    return _resolver(notices, at)
