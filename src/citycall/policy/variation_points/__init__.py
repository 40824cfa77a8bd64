"""What governments differ in: every variation point and every open reading, with the type of its value.

The catalogue of clauses names them (`variation_points`, `ambiguities`); here stands, for each, its topic in
both languages, who reads it, and what its value may hold. A value of None, or a field left out, means that
the document says nothing.
"""

from citycall.policy.variation_points.calls import CALLS
from citycall.policy.variation_points.cases import CASES
from citycall.policy.variation_points.chasing import CHASING
from citycall.policy.variation_points.offices import OFFICES
from citycall.policy.variation_points.readings import READING_LIST
from citycall.policy.variation_points.spec import BUILT, Point, ReadingPoint, Value

POINTS: dict[str, Point] = {point.slug: point for point in (*CALLS, *CASES, *CHASING, *OFFICES)}
READINGS: dict[str, ReadingPoint] = {point.slug: point for point in READING_LIST}

__all__ = ["BUILT", "POINTS", "READINGS", "Point", "ReadingPoint", "Value"]
