"""What a case is found by: the pairs of characters of its words, and the few facts that lists narrow to.

Each case keeps its terms as numbers in a row of its own (`CaseTerms`), in one inverted index. The number of a
term begins with the block of case numbers that it stands in, so that a search goes from the newest block to
older ones and stops when the page is full: a common word costs no more than a rare one (ADR 0012).

Words are read alike when written and when asked for: width, case of letters and 臺/台 make no difference.
Running Chinese text becomes its neighbouring pairs, as no dictionary knows a new shop's name; Latin words and
figures stay whole. Nothing of the reporter is in it: people are found by number, on record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from unicodedata import normalize
from zlib import crc32

BLOCK = 13  # bits: 8,192 cases in a block
_SHIFT = 32  # a term's own part of its number
MOST_ASKED = 24  # terms of one question; what is longer than that is found by its beginning

_RUNS = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
# A telephone number in a text is no term: people are found by number on record only.
_PHONE = re.compile(r"(?<!\d)0\d(?:[-\s()]{0,2}\d){6,9}(?!\d)")
_ALIKE = str.maketrans({"臺": "台", "裡": "裏", "啟": "啓", "為": "爲", "眾": "衆", "群": "羣", "峰": "峯"})
WORDS = ("description", "address", "result")
FACTS = ("agency", "kind", "item", "district", "stage")
SEARCHED = frozenset({*WORDS, *FACTS, "completed_at"})


def plain(text: str) -> str:
    """Text as it is compared: one width, one case, one form of characters that mean the same."""
    return normalize("NFKC", text).lower().translate(_ALIKE)


def _runs(text: str) -> list[str]:
    return _RUNS.findall(_PHONE.sub(" ", plain(text)))


def grams(text: str) -> Iterator[str]:
    """The terms of a text: every character, every pair of neighbours, Latin words and figures whole."""
    for run in _runs(text):
        if run[0].isascii():
            yield run
        else:
            yield from run
            yield from map("".join, pairwise(run))


def asked(text: str) -> list[str]:
    """The terms that a case must have for a question: pairs alone where there are pairs."""
    found: dict[str, None] = {}
    for run in _runs(text):
        pairs = [run] if run[0].isascii() or len(run) == 1 else map("".join, pairwise(run))
        found.update(dict.fromkeys(pairs))
    return list(found)[:MOST_ASKED]


def code(term: str) -> int:
    return crc32(term.encode())


def fact(name: str, value: str) -> int:
    """The term of a fact: `item=streetlight`. No text yields one, for `=` parts words."""
    return crc32(f"{name}={value}".encode())


OPEN = fact("open", "yes")


def codes_of(case: Any, open_statuses: Iterable[str]) -> list[int]:
    """All terms of a case as it stands, without the block. A result is found once it counts (NT-5-3g)."""
    words = WORDS if case.completed_at is not None else WORDS[:-1]
    found = {code(term) for name in words for term in grams(getattr(case, name))}
    found.update(fact(name, value) for name in FACTS if (value := getattr(case, name)))
    found.add(OPEN if case.status in open_statuses else fact("status", case.status))
    return sorted(found)


def block_of(case_id: int) -> int:
    return case_id >> BLOCK


def in_block(block: int, codes: Iterable[int]) -> list[int]:
    """Terms as the index keeps them."""
    first = block << _SHIFT
    return [first | each for each in codes]


def keyed(case: Any, open_statuses: Iterable[str]) -> list[int]:
    return in_block(block_of(case.pk), codes_of(case, open_statuses))


def touched(changes: Mapping[str, Any]) -> bool:
    """Whether a change of a case's fields changes how it is found."""
    return not SEARCHED.isdisjoint(changes)
