"""Cases that may be about the same thing: found by cause and place, put in order by their words.

Two are near when they have one cause and the same place (the same key, a house number that differs by at most
ten on the same road or lane, or a distance within the item's radius). They are offered, never merged silently
(TP-6-8-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citycall.policy.alike import alike, pairs_of
from citycall.policy.items import Item
from citycall.policy.places import NEIGHBOURS, neighbours, numbers_apart
from citycall.policy.points import cells_around, metres_between
from citycall.services.cases.models import OPEN_STATUSES, Case

RADIUS_M = 100
MOST = 60  # candidates that are looked at: the newest
EACH = 20  # and of one key or one square, so that a crowd at one place costs no more
SIMILAR = 0.15  # from here on likeness is worth saying

_FIELDS = "id, addr_key, left(description, 400), lat, lon, due_at, established_at"
# Written out, so that the planner sees that the partial indexes hold what is asked for.
_OPEN = ", ".join(f"'{status.value}'" for status in OPEN_STATUSES)
BY_PLACE = f"""
SELECT near.* FROM unnest(%s::text[]) AS wanted(key), LATERAL (
    SELECT {_FIELDS} FROM cases_case
    WHERE cause_group = %s AND addr_key = wanted.key AND status IN ({_OPEN})
    ORDER BY id DESC LIMIT {EACH}) AS near
ORDER BY near.id DESC LIMIT {MOST}"""  # nosec B608: constants only
BY_CELL = f"""
SELECT near.* FROM unnest(%s::bigint[]) AS wanted(square), LATERAL (
    SELECT {_FIELDS} FROM cases_case
    WHERE cause_group = %s AND cell = wanted.square AND status IN ({_OPEN}) AND cell IS NOT NULL
    ORDER BY id DESC LIMIT {EACH}) AS near
ORDER BY near.id DESC LIMIT {MOST}"""  # nosec B608: constants only


@dataclass(frozen=True)
class Spot:
    """What is asked about: a cause at a place, with the words of the report, as far as they are known."""

    cause_group: str
    addr_key: str
    words: str = ""
    lat: float | None = None
    lon: float | None = None
    radius_m: int = RADIUS_M

    @property
    def point(self) -> tuple[float, float] | None:
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    @staticmethod
    def of(case: Case, item: Item | None) -> Spot:
        radius = item.radius_m if item is not None else RADIUS_M
        return Spot(case.cause_group, case.addr_key, case.description, case.lat, case.lon, radius)


@dataclass(frozen=True)
class Match:
    """An open case that may be the same, and why: how the places agree, and how alike the words are."""

    case_id: int
    same_key: bool
    numbers: int | None
    metres: int | None
    likeness: float
    within_limit: bool
    established_at: datetime

    @property
    def reasons(self) -> list[str]:
        """Why it is offered, in the reader's words."""
        said = []
        if self.same_key:
            said.append(_("同一地點"))
        elif self.numbers is not None:
            said.append(
                ngettext("同路段，門號相差 %(n)d 號", "同路段，門號相差 %(n)d 號", self.numbers)
                % {"n": self.numbers}
            )
        if self.metres is not None and not self.same_key:
            said.append(_("相距約 %(n)d 公尺") % {"n": self.metres})
        if self.likeness >= SIMILAR:
            said.append(_("用語相近"))
        return said


def find(spot: Spot, at: datetime, *, before: int | None = None, most: int = 5) -> list[Match]:
    """Open cases of this cause near this place, likeliest first; `before`: only those established earlier."""
    if not spot.cause_group:
        return []
    rows: dict[int, tuple[Any, ...]] = {}
    with connection.cursor() as cursor:
        if spot.addr_key:
            cursor.execute(BY_PLACE, [neighbours(spot.addr_key), spot.cause_group])
            rows |= {row[0]: row for row in cursor.fetchall()}
        if spot.point is not None:
            cursor.execute(BY_CELL, [cells_around(*spot.point, spot.radius_m), spot.cause_group])
            rows |= {row[0]: row for row in cursor.fetchall()}
    words = pairs_of(spot.words)
    found = [
        match
        for row in rows.values()
        if (before is None or row[0] < before) and (match := _match(spot, words, row, at)) is not None
    ]
    return sorted(found, key=_likeliest)[:most]


def same_place(one: Spot, other: Spot) -> bool:
    """Whether two are near enough to be about one thing (TP-6-8-1: 同一報案地點)."""
    if one.addr_key and (one.addr_key == other.addr_key or other.addr_key in neighbours(one.addr_key)):
        return True
    if one.point is None or other.point is None:
        return False
    return metres_between(one.point, other.point) <= one.radius_m


def _match(spot: Spot, words: frozenset[str], row: Sequence[Any], at: datetime) -> Match | None:
    number, key, description, lat, lon, due, established = row
    metres = None
    if spot.point is not None and lat is not None and lon is not None:
        metres = round(metres_between(spot.point, (lat, lon)))
    same = bool(spot.addr_key) and key == spot.addr_key
    apart = numbers_apart(spot.addr_key, key) if spot.addr_key and not same else None
    if apart is not None and apart > NEIGHBOURS:
        apart = None
    if not same and apart is None and (metres is None or metres > spot.radius_m):
        return None
    likeness = alike(words, pairs_of(description))
    return Match(number, same, apart, metres, likeness, due is None or at <= due, established)


def _likeliest(match: Match) -> tuple[Any, ...]:
    """Those within their limit first, then by place and words together, then the newest."""
    place = 0.5 if match.same_key else 0.0
    if match.numbers is not None:
        place = 0.4 - match.numbers / 50
    if match.metres is not None:
        place = max(place, 0.5 - match.metres / 400)
    return (not match.within_limit, -(place + match.likeness), -match.case_id)
