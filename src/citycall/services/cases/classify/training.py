"""Learning a model from reports whose item and agency are known. Needs numpy; asking the model does not.

A linear support vector machine for each class against all others, with squared hinge loss, solved by dual
coordinate descent over all classes at once (the method of LIBLINEAR).
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log
from typing import Any

from citycall.services.cases.classify.features import Report, common_words, fields_of
from citycall.services.cases.classify.model import BIAS, Model, Table

C = 1.0
EPOCHS = 12
SEEN_IN = 2  # a piece that occurs in fewer reports is left out
LEAST_WEIGHT = 0.01
SEED = 1999


class NumpyMissing(RuntimeError):
    """Training wants numpy, which nothing else loads (ADR 0013)."""


def train(reports: Sequence[Report], *, epochs: int = EPOCHS, c: float = C) -> Model:
    """Learn from reports; those without an item teach agencies only, and the other way round."""
    numpy = _numpy()
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
    names = list(column)
    model.items = _learn(numpy, rows, [one.item for one in reports], names, epochs, c)
    model.agencies = _learn(numpy, rows, [one.agency for one in reports], names, epochs, c)
    model.item_agencies = _who_does_what(reports)
    return model


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
    slack = numpy.float32(1 / (2 * c))
    order = numpy.random.default_rng(SEED)
    sign = numpy.full(len(classes), -1, numpy.float32)
    for _epoch in range(epochs):
        for n in order.permutation(known):
            columns, values = rows[n]
            mine = place[labels[n]]
            sign[mine] = 1
            there = weights[columns]
            gradient = sign * (values @ there) - 1 + slack * duals[n]
            new = numpy.maximum(duals[n] - gradient / (values @ values + slack), 0)
            step = (new - duals[n]) * sign
            sign[mine] = -1
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
