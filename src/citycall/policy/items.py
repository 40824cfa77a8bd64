"""Service items, and finding the one that a few words point at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import Field

from citycall.policy.basics import Code, Rule
from citycall.policy.limits import Limit
from citycall.policy.text import Text


class Item(Rule):
    """A service item with its limits: a row of the table 派工項目及處理時限表 (NT-5-4-1b, NT-5-4-1c)."""

    code: Code
    name: Text
    kind: Code = "fast"
    agency: Code
    cause_group: Code
    stage1: Limit
    stage2_max: Limit
    public_safety: bool = False
    resources: bool = False
    evidence: bool = False
    handler: Code | None = None  # the post of its agency in charge until somebody takes the case
    place_kinds: tuple[str, ...] = ()  # the kinds of place it is taken for (`places.PlaceKind`); empty: any
    keywords: tuple[str, ...] = ()
    radius_m: int = Field(default=100, ge=0, le=5000)
    active_from: date | None = None
    active_until: date | None = None
    sample: bool = False

    def flags(self) -> frozenset[str]:
        """The flags that are set: public_safety, resources (NT-5-4-11b)."""
        names = ("public_safety", "resources", "evidence")
        return frozenset(name for name in names if getattr(self, name))

    def active_on(self, day: date) -> bool:
        """Whether new cases of this item are taken on that day."""
        if self.active_from is not None and day < self.active_from:
            return False
        return self.active_until is None or day <= self.active_until


def find_items(items: Iterable[Item], words: str, limit: int = 10) -> tuple[Item, ...]:
    """The items that the words point at, best first.

    A keyword or name found whole counts most, then the share of the words' character pairs that occur in the
    item's own words. Nothing typed gives the items in the order of the table.
    """
    said = "".join(words.split()).casefold()
    items = tuple(items)
    if not said:
        return items[:limit]
    scored = [(_score(item, said), -n, item) for n, item in enumerate(items)]
    best = sorted((entry for entry in scored if entry[0] > 0), key=lambda entry: entry[:2], reverse=True)
    return tuple(item for _, _, item in best[:limit])


def _score(item: Item, said: str) -> float:
    own = [
        word.casefold().replace(" ", "") for word in (item.name.zh, item.name.en, item.code, *item.keywords)
    ]
    score = sum(3.0 + len(word) / 10 for word in own if len(word) > 1 and word in said)
    score += sum(2.0 for word in own if said in word)
    pairs = {said[n : n + 2] for n in range(len(said) - 1)}
    if pairs:
        known = {word[n : n + 2] for word in own for n in range(len(word) - 1)}
        score += len(pairs & known) / len(pairs)
    return score
