"""Finding the service item that a few words point at."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from citycall.policy.model import Item, Pack


def find_items(pack: Pack, words: str, day: date, limit: int = 10) -> tuple[Item, ...]:
    """The items taken on that day that the words point at, best first.

    A keyword or name found whole counts most, then the share of the words' character pairs that occur in the
    item's own words. Nothing typed gives the items in the order of the table.
    """
    said = "".join(words.split()).casefold()
    items = pack.items_on(day)
    if not said:
        return items[:limit]
    scored = [(_score(item, said), -n, item) for n, item in enumerate(items)]
    best = sorted((entry for entry in scored if entry[0] > 0), key=lambda entry: entry[:2], reverse=True)
    return tuple(item for _, _, item in best[:limit])


def _score(item: Item, said: str) -> float:
    own = [word.casefold().replace(" ", "") for word in (item.name.zh, item.name.en, item.code, *item.keywords)]
    score = sum(3.0 + len(word) / 10 for word in own if len(word) > 1 and word in said)
    score += sum(2.0 for word in own if said in word)
    pairs = {said[n : n + 2] for n in range(len(said) - 1)}
    if pairs:
        known = {word[n : n + 2] for word in own for n in range(len(word) - 1)}
        score += len(pairs & known) / len(pairs)
    return score
