"""How often the model is right: on reports it has not seen, and by cross-validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from time import perf_counter

from citycall.services.cases.classify.features import Report
from citycall.services.cases.classify.model import Guess, Model
from citycall.services.cases.classify.training import train


@dataclass
class Accuracy:
    """Of so many reports: the right one came first, was among three; what it was taken for instead."""

    asked: int = 0
    first: int = 0
    among_three: int = 0
    mistaken: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, right: str, guesses: Sequence[Guess]) -> None:
        codes = [guess.code for guess in guesses]
        self.asked += 1
        self.among_three += right in codes[:3]
        if codes and codes[0] == right:
            self.first += 1
        else:
            self.mistaken[(right, codes[0] if codes else "")] += 1

    def add(self, other: Accuracy) -> None:
        self.asked += other.asked
        self.first += other.first
        self.among_three += other.among_three
        self.mistaken.update(other.mistaken)

    @property
    def top_1(self) -> float:
        return self.first / self.asked if self.asked else 0.0

    @property
    def top_3(self) -> float:
        return self.among_three / self.asked if self.asked else 0.0


def interval(right: int, asked: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share: how far chance alone may have moved it."""
    if not asked:
        return 0.0, 1.0
    share = right / asked
    middle = (share + z * z / (2 * asked)) / (1 + z * z / asked)
    half = z / (1 + z * z / asked) * sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class Evaluation:
    """Items and agencies, and what one question costs."""

    items: Accuracy = field(default_factory=Accuracy)
    agencies: Accuracy = field(default_factory=Accuracy)
    ms: float = 0.0
    strange_items: int = 0  # reports of an item that the training never saw: never right
    strange_agencies: int = 0

    def report(self) -> dict[str, float | int]:
        return {
            "asked": self.items.asked,
            "item_first": self.items.first,
            "item_among_three": self.items.among_three,
            "agency_asked": self.agencies.asked,
            "agency_first": self.agencies.first,
            "agency_among_three": self.agencies.among_three,
            "items_never_seen": self.strange_items,
            "agencies_never_seen": self.strange_agencies,
            "item_top_1": round(self.items.top_1, 4),
            "item_top_3": round(self.items.top_3, 4),
            "agency_top_1": round(self.agencies.top_1, 4),
            "agency_top_3": round(self.agencies.top_3, 4),
            "item_top_3_low": round(interval(self.items.among_three, self.items.asked)[0], 4),
            "item_top_3_high": round(interval(self.items.among_three, self.items.asked)[1], 4),
            "agency_top_1_low": round(interval(self.agencies.first, self.agencies.asked)[0], 4),
            "agency_top_1_high": round(interval(self.agencies.first, self.agencies.asked)[1], 4),
            "ms": round(self.ms, 2),
        }


def test(model: Model, reports: Sequence[Report]) -> Evaluation:
    """Ask the model about each report; only what is known of it counts."""
    found = Evaluation()
    items, agencies = set(model.items.classes), set(model.agencies.classes)
    begun = perf_counter()
    for report in reports:
        found.strange_items += bool(report.item) and report.item not in items
        found.strange_agencies += bool(report.agency) and report.agency not in agencies
        if report.item:
            found.items.count(report.item, model.items_for(report))
        if report.agency:
            found.agencies.count(report.agency, model.agencies_for(report))
    found.ms = (perf_counter() - begun) * 1000 / max(1, len(reports))
    return found


def folds(reports: Sequence[Report], parts: int) -> Iterator[tuple[list[Report], list[Report]]]:
    """The reports in so many blocks of time, each tested once by what the others teach."""
    for part in range(parts):
        first, last = len(reports) * part // parts, len(reports) * (part + 1) // parts
        yield [*reports[:first], *reports[last:]], list(reports[first:last])


def cross_validate(
    reports: Sequence[Report],
    parts: int = 5,
    say: Callable[[str], None] = lambda said: None,
    names: Mapping[str, str] | None = None,
) -> Evaluation:
    """Train on all parts but one and test on that one, for each; the sums."""
    whole = Evaluation()
    for n, (teach, ask) in enumerate(folds(reports, parts), 1):
        found = test(train(teach, names), ask)
        say(f"{n}/{parts}: {found.report()}")
        whole.items.add(found.items)
        whole.agencies.add(found.agencies)
        whole.strange_items += found.strange_items
        whole.strange_agencies += found.strange_agencies
        whole.ms = max(whole.ms, found.ms)
    return whole
