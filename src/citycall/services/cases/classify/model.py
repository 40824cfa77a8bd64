"""The trained model: asked what a report is about, and why; written as bytes and read again.

Every piece has a weight for some of the classes (an item, an agency). The scores of a class are the sums of
the weights of the pieces found; shares come from them by a softmax. Kept are the weights that matter, so
that a city's model is a few megabytes.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from typing import TypedDict

from citycall.services.cases.classify.features import BOTH, FIELD_WEIGHTS, PLACE, WORDS, Report, fields_of

FORM = 1
TEMPERATURE = 0.25
VIA_ITEM = 0.3  # how much the likely items say about the agency, beside its own weights
VIA_AGENCY = 0.2  # and the likely agencies about the item
UNSEEN = 1e-6
BIAS = "b:"


class ModelError(ValueError):
    """Bytes that are no model of a form that this version knows."""


@dataclass(frozen=True)
class Guess:
    """One likely class: its share among all, and the words of the report that speak for it."""

    code: str
    share: float
    words: tuple[str, ...] = ()


@dataclass
class Table:
    """Weights of pieces for the classes of one question. `rows`: piece -> classes and weights."""

    classes: list[str]
    rows: dict[str, tuple[array[int], array[float]]] = field(default_factory=dict)

    def scores(self, values: Mapping[str, float]) -> list[float]:
        found = [0.0] * len(self.classes)
        for piece, value in values.items():
            row = self.rows.get(piece)
            if row is not None:
                for place, weight in zip(*row, strict=True):
                    found[place] += value * weight
        return found


@dataclass
class Model:
    """What was learned: how rare each piece is, and its weights for items and agencies."""

    rarity: dict[str, float]
    common: frozenset[str]
    items: Table
    agencies: Table
    item_agencies: dict[str, dict[str, float]] = field(default_factory=dict)

    def values(self, report: Report) -> dict[str, float]:
        """The report as weighted pieces: what was never seen in training is left out."""
        found = {BIAS: 1.0}
        for name, counted in fields_of(report, self.common).items():
            part = {
                f"{name}:{piece}": (1 + log(count)) * rare
                for piece, count in counted.items()
                if (rare := self.rarity.get(f"{name}:{piece}")) is not None
            }
            length = sqrt(sum(value * value for value in part.values()))
            if length:
                scale = FIELD_WEIGHTS[name] / length
                found |= {piece: value * scale for piece, value in part.items()}
        return found

    def items_for(self, report: Report, most: int = 3) -> list[Guess]:
        """The likeliest items, with the words that speak for each."""
        values = self.values(report)
        shares, _ = self._shares_of(values)
        best = sorted(range(len(shares)), key=lambda n: -shares[n])[:most]
        return [Guess(self.items.classes[n], shares[n], self._why(values, n)) for n in best]

    def agencies_for(self, report: Report, most: int = 3) -> list[Guess]:
        """The likeliest agencies."""
        _, shares = self._shares_of(self.values(report))
        best = sorted(range(len(shares)), key=lambda n: -shares[n])[:most]
        return [Guess(self.agencies.classes[n], shares[n]) for n in best]

    def _shares_of(self, values: Mapping[str, float]) -> tuple[list[float], list[float]]:
        """Shares of items and agencies: each from the report, and a little from the other."""
        items = _shares(self.items.scores(values))
        agencies = _shares(self.agencies.scores(values))
        by_item = dict.fromkeys(self.agencies.classes, UNSEEN)
        directly = dict(zip(self.agencies.classes, agencies, strict=True))
        joined = []
        for item, share in zip(self.items.classes, items, strict=True):
            by_agency = UNSEEN
            for agency, part in self.item_agencies.get(item, {}).items():
                by_item[agency] += share * part
                by_agency += directly[agency] * part
            joined.append(share * by_agency**VIA_AGENCY)
        theirs = [
            share * by_item[agency] ** VIA_ITEM
            for agency, share in zip(self.agencies.classes, agencies, strict=True)
        ]
        return _whole(joined), _whole(theirs)

    def _why(self, values: Mapping[str, float], of: int, most: int = 4) -> tuple[str, ...]:
        """The words and places that speak most for a class; a piece within another is not said twice."""
        spoken: list[tuple[float, str]] = []
        for piece, value in values.items():
            row = self.items.rows.get(piece)
            if row is None or piece == BIAS:
                continue
            for place, weight in zip(*row, strict=True):
                if place == of and weight * value > 0:
                    spoken.append((weight * value, piece))
        said: list[str] = []
        for _weight, piece in sorted(spoken, reverse=True):
            word = readable(piece)
            if len(word) > 1 and not any(word in other or other in word for other in said):
                said.append(word)
            if len(said) == most:
                break
        return tuple(said)

    def to_bytes(self) -> bytes:
        """The model as it is stored: a head in JSON, then the weights."""
        pieces = sorted(self.rarity)
        head: Head = {
            "form": FORM,
            "common": sorted(self.common),
            "pieces": pieces,
            "items": self.items.classes,
            "agencies": self.agencies.classes,
            "item_agencies": self.item_agencies,
        }
        body = [array("f", (self.rarity[piece] for piece in pieces)).tobytes()]
        for table in (self.items, self.agencies):
            counts, places, weights = array("H"), array("H"), array("f")
            for piece in [BIAS, *pieces]:
                row = table.rows.get(piece)
                counts.append(len(row[0]) if row else 0)
                if row:
                    places.extend(row[0])
                    weights.extend(row[1])
            for part in (counts, places, weights):
                raw = part.tobytes()
                body += [len(raw).to_bytes(8, "big"), raw]
        first = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        return zlib.compress(len(first).to_bytes(8, "big") + first + b"".join(body), 6)

    @staticmethod
    def from_bytes(stored: bytes) -> Model:
        """A model that was stored; `ModelError` where it is of another form or damaged."""
        try:
            raw = zlib.decompress(stored)
            size = int.from_bytes(raw[:8], "big")
            head = json.loads(raw[8 : 8 + size])
            if head["form"] != FORM:
                raise ModelError(f"a model of form {head['form']}; this version reads {FORM}")
            return _read(head, memoryview(raw)[8 + size :])
        except (zlib.error, KeyError, ValueError, EOFError) as error:
            raise ModelError(str(error)) from error


class Head(TypedDict):
    """What stands before the numbers of a stored model."""

    form: int
    pieces: list[str]
    common: list[str]
    items: list[str]
    agencies: list[str]
    item_agencies: dict[str, dict[str, float]]


def _read(head: Head, raw: memoryview) -> Model:
    pieces = head["pieces"]
    rarity = array("f")
    rarity.frombytes(raw[: 4 * len(pieces)])
    at = 4 * len(pieces)
    tables = []
    for classes in (head["items"], head["agencies"]):
        counts, places, weights = array("H"), array("H"), array("f")
        for part in (counts, places, weights):
            length = int.from_bytes(raw[at : at + 8], "big")
            part.frombytes(raw[at + 8 : at + 8 + length])
            at += 8 + length
        table, start = Table(classes), 0
        for piece, count in zip([BIAS, *pieces], counts, strict=True):
            if count:
                end = start + count
                table.rows[piece] = (places[start:end], weights[start:end])
                start = end
        tables.append(table)
    known = dict(zip(pieces, rarity, strict=True))
    return Model(known, frozenset(head["common"]), tables[0], tables[1], head["item_agencies"])


def readable(piece: str) -> str:
    """A piece as people read it: 路燈, 鳳山區, 路燈（鳳山區）; empty for what is no word."""
    name, _, text = piece.partition(":")
    if name == WORDS:
        return text if text.isalpha() else ""
    if name == BOTH:
        word, _, place = text.partition("@")
        return f"{word}（{place}）"
    kind, _, place = text.partition("=")
    return place if name == PLACE and kind in ("Z", "R", "ZR", "RR", "L") else ""


def _shares(scores: Sequence[float]) -> list[float]:
    if not scores:
        return []
    top = max(scores)
    grown = [exp((score - top) / TEMPERATURE) for score in scores]
    total = sum(grown)
    return [value / total for value in grown]


def _whole(shares: Sequence[float]) -> list[float]:
    total = sum(shares) or 1.0
    return [share / total for share in shares]
