"""Where the linked cases lie: a small drawing with a scale, drawn here, and the same as a list beside it.

There is no map below it and nothing is fetched: north is up, the case is in the middle, the others stand at
their distance, numbered as in the list. Only what has a point, lies within two kilometres and may be seen by
this person is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, radians
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from citycall.base.commands import Actor
from citycall.policy.points import A_DEGREE_M
from citycall.services.cases.models import Case
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.queries.sight import looks_over
from citycall.web.inbox.access import agencies_of

WIDE, HIGH, MARGIN = 320, 220, 24
WITHIN_M = 2_000
MOST = 12
APART = 22  # marks stand no closer, so that each number can be read
SCALES = (10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Mark:
    """One linked case on the drawing and in the list."""

    n: int
    case: Case
    relation: str
    metres: int
    way: str
    x: float
    y: float


@dataclass(frozen=True)
class Locator:
    """The drawing: the case in the middle, marks round it, a bar of so many metres."""

    x: float
    y: float
    marks: list[Mark]
    bar_m: int
    bar: float
    error: float  # radius of the point's own error; nought where it is too small to draw

    wide: int = WIDE
    high: int = HIGH


def locate_linked(actor: Actor, detail: CaseDetail, repeats: dict[str, Any]) -> Locator | None:
    """The drawing of a case and what is linked with it; None where nothing has a point. Reads nothing."""
    case = detail.case
    if case.lat is None or case.lon is None:
        return None
    seen = None if looks_over(actor) else agencies_of(actor)
    found: list[tuple[Case, str, float, float]] = []
    known = {case.pk}
    for other, relation in _linked(detail, repeats):
        if other.pk in known or other.lat is None or other.lon is None:
            continue
        if seen is not None and other.agency not in seen:
            continue
        known.add(other.pk)
        north = (other.lat - case.lat) * A_DEGREE_M
        east = (other.lon - case.lon) * A_DEGREE_M * cos(radians(case.lat))
        if hypot(north, east) <= WITHIN_M:
            found.append((other, relation, north, east))
    return _drawn(case, found[:MOST]) if found else None


def _linked(detail: CaseDetail, repeats: dict[str, Any]) -> Iterator[tuple[Case, str]]:
    if repeats["main_case"] is not None:
        yield repeats["main_case"], _("併入之案件")
    for other in repeats["followers"]:
        yield other, _("已併入本案")
    if repeats["repeat_of"] is not None:
        yield repeats["repeat_of"], _("同一事由之前案")
    for other in detail.related:
        yield other, _("相關案件")
    for one in repeats["near"]:
        yield one["case"], _("可能是同一件")


def _drawn(case: Case, found: list[tuple[Case, str, float, float]]) -> Locator:
    reach_x = max(20.0, *(abs(east) for _, _, _, east in found))
    reach_y = max(20.0, *(abs(north) for _, _, north, _ in found))
    scale = min((WIDE / 2 - MARGIN) / reach_x, (HIGH / 2 - MARGIN) / reach_y)  # units of the drawing a metre
    taken = [(WIDE / 2, HIGH / 2)]
    marks = []
    for n, (other, relation, north, east) in enumerate(found, 1):
        x, y = _free(WIDE / 2 + east * scale, HIGH / 2 - north * scale, taken)
        taken.append((x, y))
        metres = round(hypot(north, east))
        marks.append(Mark(n, other, relation, metres, way_of(north, east) if metres else "", x, y))
    bar_m = max((m for m in SCALES if m * scale <= WIDE / 3), default=SCALES[0])
    error = (case.accuracy_m or 0) * scale
    return Locator(
        WIDE / 2, HIGH / 2, marks, bar_m, round(bar_m * scale, 1), round(error, 1) if 8 < error < WIDE else 0
    )


def _free(x: float, y: float, taken: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The nearest place on a few rings round a point where a mark does not cover another."""
    half = APART / 2
    for ring in range(6):
        for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)):
            at_x = min(max(x + dx * ring * half, half), WIDE - half)
            at_y = min(max(y + dy * ring * half, half), HIGH - half)
            if all(hypot(at_x - a, at_y - b) >= APART - 0.5 for a, b in taken):
                return round(at_x, 1), round(at_y, 1)
    return round(x, 1), round(y, 1)


def way_of(north: float, east: float) -> str:
    """Which way it lies, in one of eight words."""
    names = (
        pgettext("way", "北"),
        pgettext("way", "東北"),
        pgettext("way", "東"),
        pgettext("way", "東南"),
        pgettext("way", "南"),
        pgettext("way", "西南"),
        pgettext("way", "西"),
        pgettext("way", "西北"),
    )
    return names[round(degrees(atan2(east, north)) / 45) % 8]
