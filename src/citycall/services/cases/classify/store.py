"""The trained model of this installation: kept in the database, read once a process, then asked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from citycall.base.commands import Context, Input, command
from citycall.policy import Item, Pack
from citycall.services.cases.classify.features import Report
from citycall.services.cases.classify.model import Model, ModelError
from citycall.services.cases.models import Classifier

log = logging.getLogger("citycall.cases")
LEAST_SHARE = 0.02  # a guess below this is no help

_loaded: tuple[int, Model | None] = (0, None)


class KeepModel(Input):
    """A trained model as bytes, with what it was trained on and how often it was right."""

    trained_on: str
    reports: int
    accuracy: dict[str, float]
    data: bytes


class Kept(BaseModel):
    version: int


@command("cases.keep_classifier", who=("system",), clauses=())
def keep(ctx: Context, data: KeepModel) -> Kept:
    """Keep a trained model as the newest version; from now on it is asked. Earlier ones stay on record."""
    Model.from_bytes(data.data)  # what cannot be read is not kept
    row = Classifier.objects.create(
        trained_at=ctx.now,
        trained_on=data.trained_on[:200],
        reports=data.reports,
        accuracy=data.accuracy,
        data=data.data,
    )
    ctx.audit("classifier", row.pk, reports=data.reports)
    return Kept(version=row.pk)


def current() -> Model | None:
    """The newest model; None where none was trained, or none that this version can read."""
    global _loaded
    newest = Classifier.objects.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return None
    if newest != _loaded[0]:
        stored = Classifier.objects.values_list("data", flat=True).get(pk=newest)
        try:
            _loaded = (newest, Model.from_bytes(bytes(stored)))
        except ModelError as error:
            log.warning("the classifier #%s cannot be read: %s", newest, error)
            _loaded = (newest, None)
    return _loaded[1]


def forget() -> None:
    """Another database: read anew."""
    global _loaded
    _loaded = (0, None)


@dataclass(frozen=True)
class Suggestion:
    """A likely item, its share among all, and the words of the report that speak for it."""

    item: Item
    share: float
    words: tuple[str, ...]


def suggest(pack: Pack, words: str, day: date, *, address: str = "", district: str = "") -> list[Suggestion]:
    """The likeliest items for what has been typed, at most three; none without a model or without words."""
    if len(words.strip()) < 2:
        return []
    model = current()
    if model is None:
        return []
    guesses = model.items_for(Report(words, address, district))
    return [
        Suggestion(item, guess.share, guess.words)
        for guess in guesses
        if guess.share >= LEAST_SHARE
        and (item := pack.items.get(guess.code)) is not None
        and item.active_on(day)
    ]


def known_items(pack: Pack, labels: Iterable[str]) -> Mapping[str, str]:
    """Which item of the pack a label of a file means: its code or its Chinese name."""
    by_name = {item.name.zh: code for code, item in pack.items.items()}
    return {label: code for label in labels if (code := label if label in pack.items else by_name.get(label))}
