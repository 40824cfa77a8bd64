"""Where the districts lie: their outlines (districts.geojson), which one a point is in, how far from one.

The file is GeoJSON in degrees (EPSG:4326) or in Taiwan's metres (EPSG:3826, 3825), one feature for each
district, which names it by `code`. A feature with `outside` instead is a government next door, so that a
point there can be refused with whom to call. A point is in an outline when a ray from it crosses the outline
an odd number of times; holes count like any other ring.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from math import cos, hypot, isfinite, radians

from citycall.policy.points import A_DEGREE_M
from citycall.policy.twd97 import MERIDIANS, degrees_of

Ring = tuple[tuple[float, float], ...]  # of longitude and latitude, closed
Polygon = tuple[Ring, ...]
MOST_POINTS = 200_000


class BorderError(ValueError):
    """Outlines that cannot be used: which feature, and why."""

    def __init__(self, feature: str, reason: str) -> None:
        super().__init__(f"{feature}: {reason}" if feature else reason)
        self.feature = feature
        self.reason = reason


@dataclass(frozen=True)
class Area:
    """The outline of a district of the city (`code`), or of a government next door (`outside`, its name)."""

    code: str
    outside: str
    polygons: tuple[Polygon, ...]

    @cached_property
    def boxes(self) -> tuple[tuple[float, float, float, float], ...]:
        """West, south, east, north of each polygon: what is outside needs no closer look."""
        found = []
        for polygon in self.polygons:
            east, north = zip(*polygon[0], strict=True)
            found.append((min(east), min(north), max(east), max(north)))
        return tuple(found)

    def holds(self, lat: float, lon: float) -> bool:
        """Whether the point lies in it."""
        return any(
            west <= lon <= east and south <= lat <= north and _odd(polygon, lat, lon)
            for polygon, (west, south, east, north) in zip(self.polygons, self.boxes, strict=True)
        )

    def metres(self, lat: float, lon: float) -> float:
        """How far the point is from it; nought inside."""
        if self.holds(lat, lon):
            return 0.0
        across = A_DEGREE_M * cos(radians(lat))
        return min(
            _from_line(
                (a[0] - lon) * across,
                (a[1] - lat) * A_DEGREE_M,
                (b[0] - lon) * across,
                (b[1] - lat) * A_DEGREE_M,
            )
            for polygon in self.polygons
            for ring in polygon
            for a, b in pairwise(ring)
        )


@dataclass(frozen=True, repr=False)
class Borders:
    """All outlines of a pack, the city's own first."""

    areas: tuple[Area, ...]

    def __repr__(self) -> str:
        """Short, and another one for other outlines: what a comparison of two packs shows."""
        sums = sha256(repr([(area.code, area.outside, area.polygons) for area in self.areas]).encode())
        return f"{len(self.areas)} outlines, {sums.hexdigest()[:12]}"

    def at(self, lat: float, lon: float) -> Area | None:
        """The area that a point lies in; one of the city's own before a neighbour's."""
        return next((area for area in self.areas if area.holds(lat, lon)), None)

    def of(self, code: str) -> Area | None:
        """The outline of one district."""
        return next((area for area in self.areas if code and area.code == code), None)

    def nearest(self, lat: float, lon: float) -> tuple[float, Area]:
        """The district of the city that is nearest to a point, and how far it is."""
        own = [area for area in self.areas if area.code]
        return min(((area.metres(lat, lon), area) for area in own), key=lambda found: found[0])


def read_borders(
    text: str, districts: Iterable[str] = (), *, name: str = "code", epsg: int = 4326
) -> Borders:
    """The outlines in a GeoJSON text; raises BorderError that names the feature and the reason.

    `name` is the property that holds the code of the district. With `districts`, every one of them must have
    an outline, and no other may.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BorderError("", f"this is not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise BorderError("", "expected a GeoJSON FeatureCollection")
    epsg = _system(data, epsg)
    features = data.get("features")
    if not isinstance(features, list) or not features:
        raise BorderError("", "there is no feature in it")
    known = frozenset(districts)
    areas: dict[str, Area] = {}
    points = 0
    for n, feature in enumerate(features, 1):
        area = _feature(feature, f"feature {n}", name, epsg)
        called = area.code or area.outside
        if called in areas:
            raise BorderError(f"feature {n} ({called})", "stands here twice")
        if known and area.code and area.code not in known:
            raise BorderError(f"feature {n} ({called})", "there is no such district in the pack")
        points += sum(len(ring) for polygon in area.polygons for ring in polygon)
        if points > MOST_POINTS:
            raise BorderError(
                f"feature {n} ({called})", f"more than {MOST_POINTS} points; simplify the outlines"
            )
        areas[called] = area
    missing = sorted(known - areas.keys())
    if missing:
        raise BorderError("", f"no outline for {', '.join(missing)}")
    if not any(area.code for area in areas.values()):
        raise BorderError("", f"no feature names a district by {name!r}")
    return Borders(tuple(sorted(areas.values(), key=lambda area: bool(area.outside))))


def written(borders: Borders, source: str = "") -> str:
    """The outlines as GeoJSON in degrees to five places (about a metre), one feature a line."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"code": area.code} if area.code else {"outside": area.outside},
                "geometry": {
                    "type": "MultiPolygon",
                    "coordinates": [
                        [[[round(east, 5), round(north, 5)] for east, north in ring] for ring in polygon]
                        for polygon in area.polygons
                    ],
                },
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for area in borders.areas
    ]
    head = f'{{"type":"FeatureCollection","source":{json.dumps(source, ensure_ascii=False)},"features":[\n'
    return head + ",\n".join(lines) + "\n]}\n"


def _system(data: dict[str, object], epsg: int) -> int:
    """The coordinates the file says it is in, if it says so; else those that were named."""
    said = data.get("crs")
    if isinstance(said, dict):
        properties = said.get("properties")
        named = str(properties.get("name", "")) if isinstance(properties, dict) else ""
        number = named.rpartition(":")[2]
        epsg = 4326 if number in ("CRS84", "4326") else int(number) if number.isdecimal() else epsg
    if epsg != 4326 and epsg not in MERIDIANS:
        raise BorderError("", f"EPSG:{epsg} is not known; expected 4326, 3826 or 3825")
    return epsg


def _feature(feature: object, where: str, name: str, epsg: int) -> Area:
    if not isinstance(feature, dict):
        raise BorderError(where, "expected a feature")
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    code, outside = str(properties.get(name) or ""), str(properties.get("outside") or "")
    if not code and not outside:
        raise BorderError(where, f"no property {name!r} that names the district")
    where = f"{where} ({code or outside})"
    geometry = feature.get("geometry")
    geometry = geometry if isinstance(geometry, dict) else {}
    shape, coordinates = geometry.get("type"), geometry.get("coordinates")
    if shape not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list) or not coordinates:
        raise BorderError(where, f"expected a Polygon or MultiPolygon (found {shape!r})")
    polygons = [coordinates] if shape == "Polygon" else coordinates
    found = []
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise BorderError(where, "a polygon without a ring")
        found.append(tuple(_ring(ring, where, epsg) for ring in polygon))
    return Area(code, "" if code else outside, tuple(found))


def _ring(ring: object, where: str, epsg: int) -> Ring:
    if not isinstance(ring, list) or len(ring) < 4:
        raise BorderError(where, "a ring needs at least four points")
    points = []
    for point in ring:
        if not isinstance(point, list) or len(point) < 2 or not all(_number(value) for value in point[:2]):
            raise BorderError(where, "a point is two numbers, east first")
        east, north = float(point[0]), float(point[1])
        if epsg != 4326:
            east, north = degrees_of(east, north, MERIDIANS[epsg])
        if not (110 <= east <= 130 and 10 <= north <= 30):
            what = (
                "east and north are exchanged"
                if 110 <= north <= 130
                else "this point is not in or near Taiwan"
            )
            raise BorderError(where, f"{what} ({point[0]}, {point[1]}); is it EPSG:{epsg}?")
        points.append((east, north))
    if points[0] != points[-1]:
        raise BorderError(where, "a ring that is not closed: its last point is to be its first")
    if len(set(points)) < 3:
        raise BorderError(where, "a ring without an inside")
    return tuple(points)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _odd(polygon: Polygon, lat: float, lon: float) -> bool:
    inside = False
    for ring in polygon:
        ax, ay = ring[0]
        for bx, by in ring[1:]:
            if (ay > lat) != (by > lat) and lon < ax + (lat - ay) / (by - ay) * (bx - ax):
                inside = not inside
            ax, ay = bx, by
    return inside


def _from_line(ax: float, ay: float, bx: float, by: float) -> float:
    """How far the origin is from the line between two points."""
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / length))
    return hypot(ax + along * dx, ay + along * dy)
