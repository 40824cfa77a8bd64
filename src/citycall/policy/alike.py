"""How alike two reports are in their words: the share of character pairs that both have.

It puts candidates in order and never decides: at one place the half of the repeats have less than 0.28 in
common, and at different places many have more.
"""

from __future__ import annotations

import re
import unicodedata

# What every operator writes, whatever the matter.
_SET_PHRASES = re.compile(r"渠反映|民眾反映|陳情人反映|來電反映|該處|建請|請貴單位|查處|儘速|處理|惠請|協助")


def pairs_of(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a report, without its set phrases."""
    plain = unicodedata.normalize("NFKC", text[:600]).casefold().replace("台", "臺")
    bare = re.sub(r"[\W_\d]+", "", _SET_PHRASES.sub("", plain))
    return frozenset(bare[n : n + 2] for n in range(len(bare) - 1))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0, nothing in common, to 1."""
    if not one or not other:
        return 0.0
    return len(one & other) / len(one | other)
