"""What the model looks at in a report: its words, its place, and both together.

Three fields, each of length one so that none drowns the others: pieces of the description of 1 to 4
characters, pieces of the address, and pairs of a common word of the description with the district or road.
The last say that a lamp on this road is that office's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from citycall.policy.places import even

LONGEST = 4
MOST = 400  # characters of a description that are read
WORDS, PLACE, BOTH = "d", "a", "x"
FIELD_WEIGHTS = {WORDS: 1.0, PLACE: 0.5, BOTH: 0.65}

_HAN = r"\u4e00-\u9fff"
_SET_PHRASES = re.compile(r"渠反映|該處|建請查處|渠")
_DIGITS = re.compile(r"\d+")
_ROADS = re.compile(rf"[{_HAN}]{{1,6}}?(?:路|街|大道)")
_ROAD_HEAD = re.compile(r"^[^0-9與和及]{1,8}?(?:大道|路|街)(?:[一二三四五六七八九十]段)?")
_LANE = re.compile(r"\d+巷")


@dataclass(frozen=True, slots=True)
class Report:
    """A report as far as it is known: what was said, where it is; and for training what it became."""

    description: str
    address: str = ""
    district: str = ""
    item: str = ""
    agency: str = ""
    day: str = ""


def plain(description: str) -> str:
    """The description in one way of writing, without set phrases and with one zero for every number."""
    return _SET_PHRASES.sub("", _DIGITS.sub("0", even(description[:MOST])))


def word_pieces(description: str) -> Counter[str]:
    """Pieces of one to four characters, and how often each occurs."""
    text = plain(description)
    return Counter(text[n : n + size] for size in range(1, LONGEST + 1) for n in range(len(text) - size + 1))


def roads_of(address: str) -> list[str]:
    """The first two roads that an address names."""
    return _ROADS.findall(even(address))[:2]


def place_pieces(report: Report) -> Counter[str]:
    """Pieces of the address: district, roads, lane, and pairs and triples of its characters."""
    address, district = even(report.address), even(report.district)
    if district and address.startswith(district):
        address = address[len(district) :]
    found = [f"Z={district}"] if district else []
    for road in _ROADS.findall(address):
        found += [f"R={road}", f"ZR={district}{road}"]
    head = _ROAD_HEAD.match(address)
    if head is not None:
        lane = _LANE.search(address)
        found.append(f"RR={head.group()}")
        found += [f"L={head.group()}{lane.group()}"] if lane is not None else []
    if address:
        bare = f"^{_DIGITS.sub('0', address)}$"
        found += [bare[n : n + size] for size in (2, 3) for n in range(len(bare) - size + 1)]
    return Counter(found)


def both_pieces(report: Report, common: frozenset[str]) -> Counter[str]:
    """Pairs of a common piece of the description with the district, a road, or a road of the district."""
    text, district = plain(report.description), even(report.district)
    there = common.intersection(text[n : n + 2] for n in range(len(text) - 1))
    roads = roads_of(report.address)
    places = [*([district] if district else []), *roads, *(f"{district}{road}" for road in roads if district)]
    return Counter(f"{word}@{place}" for word in there for place in places)


def fields_of(report: Report, common: frozenset[str]) -> dict[str, Counter[str]]:
    """All fields of a report, as counted pieces."""
    return {
        WORDS: word_pieces(report.description),
        PLACE: place_pieces(report),
        BOTH: both_pieces(report, common),
    }


def common_words(reports: Iterable[Report], share: float = 0.01) -> frozenset[str]:
    """Pairs of characters that occur in at least this share of the descriptions."""
    counted: Counter[str] = Counter()
    total = 0
    for report in reports:
        text = plain(report.description)
        counted.update({text[n : n + 2] for n in range(len(text) - 1)})
        total += 1
    return frozenset(
        word for word, count in counted.items() if count >= max(2, share * total) and word.isalpha()
    )
