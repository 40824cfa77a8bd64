"""An address and a point together: the district, and whether the two agree.

The address decides. Where it names no district, the point does. Where the point lies in another district than
the address says, and further from it than `NEAR_BORDER_M` or the error of the point, that is a contradiction
for people to look at; nearer, the outlines are not exact enough to argue. A point outside the city is refused
with whom to call, like an address outside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from citycall.policy.places import Place, PlaceError, outside, place, vague
from citycall.policy.text import Text

if TYPE_CHECKING:
    from citycall.policy.model import Pack

NEAR_BORDER_M = 150
MOST_ERROR_M = 2_000  # a point that is off by more says nothing that could contradict


@dataclass(frozen=True)
class Point:
    """A point as a telephone or a map gives it (WGS84), with its error."""

    lat: float
    lon: float
    accuracy_m: int | None = None

    @property
    def margin(self) -> float:
        return max(NEAR_BORDER_M, min(self.accuracy_m or 0, MOST_ERROR_M))


@dataclass(frozen=True)
class Located:
    """The place; where the point contradicts the address, the district it lies in, and how to say so."""

    place: Place
    point_district: str = ""
    contradiction: Text | None = None


def locate(pack: Pack, address: str, district: str | None = None, point: Point | None = None) -> Located:
    """The place of an address, of a point, or of both; raises PlaceError when it cannot be fixed."""
    if point is None or pack.borders is None:
        return Located(place(pack, address, district))
    there = _district_at(pack, point)
    if not address.strip():
        return Located(_nameless(pack, there, point))
    try:
        found = place(pack, address, district)
    except PlaceError as error:
        if error.code == "outside_city":
            raise
        return Located(_by_point(pack, address, error, there, point))
    return _compared(pack, found, there, point)


def _district_at(pack: Pack, point: Point) -> str:
    """The district of a point; one a little outside the city belongs to the nearest."""
    assert pack.borders is not None
    area = pack.borders.at(point.lat, point.lon)
    if area is not None and area.code:
        return area.code
    metres, nearest = pack.borders.nearest(point.lat, point.lon)
    if metres <= point.margin:
        return nearest.code
    if area is not None:
        raise outside(pack, area.outside)
    zh = f"定位點不在{pack.city.zh}轄內，請確認位置；確在外縣市者，請改向當地縣市政府反映"
    en = f"The point is outside {pack.city.en}: check it, or turn to the government there"
    raise PlaceError("outside_city", Text(zh=zh, en=en))


def _by_point(pack: Pack, address: str, error: PlaceError, there: str, point: Point) -> Place:
    """The place of an address that names no district, or is too vague, in the district of the point."""
    assert pack.borders is not None
    if error.choices and there not in error.choices:
        known = [area for code in error.choices if (area := pack.borders.of(code)) is not None]
        apart = sorted((area.metres(point.lat, point.lon), area.code) for area in known)
        if apart and apart[0][0] <= point.margin:
            there = apart[0][1]
    try:
        return place(pack, address, there)
    except PlaceError as again:
        if again.code != "too_vague":
            raise
    return replace(_nameless(pack, there, point), address_norm=vague(pack, address, there))


def _nameless(pack: Pack, code: str, point: Point) -> Place:
    """A place that only a point names: no key, what is near is found by distance."""
    said = f"（定位 {point.lat:.5f}, {point.lon:.5f}）"
    return Place(f"{vague(pack, '', code)}{said}", code, None, "", "point")


def _compared(pack: Pack, found: Place, there: str, point: Point) -> Located:
    assert pack.borders is not None
    named = pack.borders.of(found.district_code or "")
    if named is None or named.code == there:
        return Located(found)
    metres = named.metres(point.lat, point.lon)
    if metres <= point.margin:
        return Located(found)
    one, other = pack.district(named.code), pack.district(there)
    if one is None or other is None:
        return Located(found)
    zh = f"地址在{one.name.zh}，定位點卻在{other.name.zh}（相距約 {metres:,.0f} 公尺），請向民眾確認"
    en = f"The address is in {one.name.en}, the point in {other.name.en} ({metres:,.0f} m away): please ask"
    return Located(found, there, Text(zh=zh, en=en))
