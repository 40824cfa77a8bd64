"""Points on the map: how far apart two are, and the squares of a grid by which those close by are found.

A square is a thousandth of a degree each way, in Taiwan some 111 by 102 metres: what lies within a hundred
metres lies in the same square or one beside it. Its number is an integer, so that a plain index finds it.
"""

from __future__ import annotations

from math import ceil, cos, floor, hypot, radians

A_DEGREE_M = 111_195.0  # of latitude; of longitude less, by the cosine
_EAST = 1_000_000  # squares a row, more than there are on the globe
_SIDE = 1000  # squares a degree
LEAST_SIDE_M = 90.0  # a square is never narrower than this below 36 degrees of latitude
MOST_RINGS = 10


def cell_of(lat: float, lon: float) -> int:
    """The square that a point lies in."""
    return (floor(lat * _SIDE) + 90 * _SIDE) * _EAST + floor(lon * _SIDE) + 180 * _SIDE


def cells_around(lat: float, lon: float, metres: float) -> list[int]:
    """Every square in which a point within so many metres may lie; for more than a kilometre, within one."""
    rings = min(MOST_RINGS, max(1, ceil(metres / LEAST_SIDE_M)))
    middle = cell_of(lat, lon)
    return [
        middle + up * _EAST + across for up in range(-rings, rings + 1) for across in range(-rings, rings + 1)
    ]


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two points (latitude, longitude) of one city; off by less than 0.5 %."""
    north = (one[0] - other[0]) * A_DEGREE_M
    east = (one[1] - other[1]) * A_DEGREE_M * cos(radians((one[0] + other[0]) / 2))
    return hypot(north, east)
