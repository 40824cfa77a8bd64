"""Learning a model from reports whose item and agency are known. Needs numpy; asking the model does not.

A linear support vector machine for each class against all others, with squared hinge loss, solved by dual
coordinate descent over all classes at once (the method of LIBLINEAR). The rarer a class, the more each of its
reports counts for it; and the name of an item counts as one more report of it, so that what hardly occurred
yet is not lost among what occurs daily.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from citycall.services.cases.classify.features import Report, common_words, fields_of
from citycall.services.cases.classify.model import BIAS, Model, Table

ITEM_C, AGENCY_C = 0.25, 1.0  # how much a report of another class counts; chosen inside September 2016
MOST_WEIGHT = 100  # and at most so many times that, a report of the class itself, where the class is rare
EPOCHS = 12
SEEN_IN = 2  # a piece that occurs in fewer reports is left out
LEAST_WEIGHT = 0.01
SEED = 1999
MOST_CLASSES = 1_000  # more different items or agencies than any city has
_NUMBERED = re.compile(r"[(（][一二三四五六七八九十]+[)）]")  # 路燈故障(一)


class TooManyClasses(ValueError):
    """So many distinct items or agencies that a column was mistaken for another."""


class NumpyMissing(RuntimeError):
    """Training wants numpy, which nothing else loads (ADR 0013)."""


def train(
    reports: Sequence[Report], names: Mapping[str, str] | None = None, *, epochs: int = EPOCHS
) -> Model:
    """Learn from reports; those without an item teach agencies only, and the other way round.

    `names`: what an item is called, where its code does not say so.
    """
    numpy = _numpy()
    for what in ({report.item for report in reports}, {report.agency for report in reports}):
        if len(what) > MOST_CLASSES:
            raise TooManyClasses(f"{len(what)} different items or agencies; at most {MOST_CLASSES}")
    who_does_what = _who_does_what(reports)
    reports = [*reports, *_named({report.item for report in reports if report.item}, names or {})]
    common = common_words(reports)
    seen: Counter[str] = Counter()
    for report in reports:
        for name, counted in fields_of(report, common).items():
            seen.update(f"{name}:{piece}" for piece in counted)
    total = len(reports)
    rarity = {piece: 1 + log((1 + total) / (1 + n)) for piece, n in seen.items() if n >= SEEN_IN}
    model = Model(rarity, common, Table([]), Table([]))
    column = {piece: n for n, piece in enumerate([BIAS, *sorted(rarity)])}
    rows = []
    for report in reports:
        values = model.values(report)
        columns = numpy.fromiter((column[piece] for piece in values), numpy.int32, len(values))
        rows.append((columns, numpy.fromiter(values.values(), numpy.float32, len(values))))
    pieces = list(column)
    model.items = _learn(numpy, rows, [one.item for one in reports], pieces, epochs, ITEM_C)
    model.agencies = _learn(numpy, rows, [one.agency for one in reports], pieces, epochs, AGENCY_C)
    model.item_agencies = who_does_what
    return model


def _named(items: set[str], names: Mapping[str, str]) -> list[Report]:
    """The names of the items, each as one report of its item."""
    return [Report(_NUMBERED.sub("", names.get(item, item)), item=item) for item in sorted(items)]


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise NumpyMissing(
            "training needs numpy, which requirements/base.txt installs: pip install numpy"
        ) from error
    return numpy


def _learn(
    numpy: Any,
    rows: Sequence[tuple[Any, Any]],
    labels: Sequence[str],
    names: list[str],
    epochs: int,
    c: float,
) -> Table:
    """Weights for every class that occurs among the labels."""
    known = [n for n, label in enumerate(labels) if label]
    classes = sorted({labels[n] for n in known})
    place = {label: n for n, label in enumerate(classes)}
    weights = numpy.zeros((len(names), len(classes)), numpy.float32)
    duals = numpy.zeros((len(rows), len(classes)), numpy.float32)
    # how far each class may be missed: less where its reports are few, so that each of them counts more
    often = Counter(labels[n] for n in known)
    most = max(often.values(), default=0)
    other = numpy.float32(1 / (2 * c))
    own = [other / min(MOST_WEIGHT, most / often[label]) for label in classes]
    slack = numpy.full(len(classes), other, numpy.float32)
    order = numpy.random.default_rng(SEED)
    sign = numpy.full(len(classes), -1, numpy.float32)
    for _epoch in range(epochs):
        for n in order.permutation(known):
            columns, values = rows[n]
            mine = place[labels[n]]
            sign[mine], slack[mine] = 1, own[mine]
            there = weights[columns]
            gradient = sign * (values @ there) - 1 + slack * duals[n]
            new = numpy.maximum(duals[n] - gradient / (values @ values + slack), 0)
            step = (new - duals[n]) * sign
            sign[mine], slack[mine] = -1, other
            duals[n] = new
            moved = numpy.flatnonzero(numpy.abs(step) > 1e-5)
            if len(moved):
                weights[columns[:, None], moved] = there[:, moved] + values[:, None] * step[moved]
    table = Table(classes)
    for name, row in zip(names, weights, strict=True):
        kept = numpy.flatnonzero(numpy.abs(row) > LEAST_WEIGHT)
        if len(kept):
            table.rows[name] = (array("H", kept.tolist()), array("f", row[kept].tolist()))
    return table


def _who_does_what(reports: Sequence[Report]) -> dict[str, dict[str, float]]:
    """Of every item, by which agencies its cases were dealt with, as shares."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        if report.item and report.agency:
            counted[report.item][report.agency] += 1
    return {
        item: {agency: n / sum(agencies.values()) for agency, n in agencies.items()}
        for item, agencies in counted.items()
    }
