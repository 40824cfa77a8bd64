"""Taiwan's map grid in metres (TWD97 / TM2) as degrees: Krüger's series, exact to less than a millimetre.

EPSG:3826 has its middle at 121 degrees east (Taiwan), EPSG:3825 at 119 (Kinmen, Matsu, Penghu).
"""

from __future__ import annotations

from math import asin, atan2, cos, cosh, degrees, sin, sinh

MERIDIANS = {3826: 121.0, 3825: 119.0}
_FLAT = 1 / 298.257222101
_N = _FLAT / (2 - _FLAT)
_RADIUS = 6_378_137.0 / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_SCALE = 0.9999
_EAST = 250_000.0
_BETA = (_N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96, _N**2 / 48 + _N**3 / 15, 17 * _N**3 / 480)
_DELTA = (2 * _N - 2 * _N**2 / 3 - 2 * _N**3, 7 * _N**2 / 3 - 8 * _N**3 / 5, 56 * _N**3 / 15)


def degrees_of(east: float, north: float, meridian: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the grid; what is far outside of it comes out far outside."""
    if abs(east) > 2_000_000 or abs(north) > 10_000_000:
        return 0.0, 0.0
    xi, eta = north / (_SCALE * _RADIUS), (east - _EAST) / (_SCALE * _RADIUS)
    up = xi - sum(b * sin(2 * j * xi) * cosh(2 * j * eta) for j, b in enumerate(_BETA, 1))
    across = eta - sum(b * cos(2 * j * xi) * sinh(2 * j * eta) for j, b in enumerate(_BETA, 1))
    chi = asin(max(-1.0, min(1.0, sin(up) / cosh(across))))
    lat = chi + sum(d * sin(2 * j * chi) for j, d in enumerate(_DELTA, 1))
    return meridian + degrees(atan2(sinh(across), cos(up))), degrees(lat)
