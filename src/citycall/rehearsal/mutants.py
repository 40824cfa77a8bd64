"""Packs with one rule taken out or shifted, to see whether a story notices (`citycall mutants`).

A rule that can be lost without any story failing is shown by none. Mutants are made of the files of a pack as
people write them, so that what is tried is what an office could really change: a clock deleted, a strike
deleted or moved, a recipient or channel dropped, a setting shifted.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml

from citycall.policy import Pack
from citycall.policy.load import folders_of
from citycall.policy.settings import REFERENCES
from citycall.policy.source import Source

RULES = ("clocks.yaml", "notices.yaml", "tasks.yaml")
VALUES = ("settings.yaml", "readings.yaml")
_AMOUNT = re.compile(r"^\s*(\d+)(\s*[^\d\s].*)$")
_TIME = re.compile(r"^(\d{1,2}):(\d{2})$")
# What a rule says for people or for the catalogue, and what only names it.
_WORDS = {"name", "says", "clauses", "code", "reading", "template", "sample", "group", "kinds", "digest"}
Step = str | int
Where = tuple[Step, ...]


@dataclass(frozen=True)
class Mutant:
    """One change of one file: what was done, and the clauses of the rule it was done to.

    `path`: of a setting or a reading, where it was changed, as `Pack.referred` names it.
    """

    file: str
    what: str
    content: Any = field(compare=False)
    clauses: tuple[str, ...] = ()
    path: str = ""

    @property
    def name(self) -> str:
        return f"{self.file}: {self.what}"

    def lay(self, pack: Path, into: Path) -> Path:
        """A copy of the pack, with the packs it extends beside it, that differs in this one thing."""
        for folder in folders_of(pack):
            shutil.copytree(folder, into / folder.name, ignore=shutil.ignore_patterns("sample", "import"))
        target = into / pack.name
        text = yaml.safe_dump(self.content, allow_unicode=True, sort_keys=False)
        (target / self.file).write_text(text, encoding="utf-8")
        return target


Verdict = Literal["noticed", "refused", "same", "survived", "unread"]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: which story noticed it, or why loading refused it."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""


def same_rules(one: Pack, other: Pack) -> bool:
    """Whether two packs say the same, such as one that writes out a default and one that leaves it."""
    fields = type(one).model_fields.keys() - {"digest", "path"}
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def mutants(pack: Path) -> Iterator[Mutant]:
    """Every mutant of a pack's own rules and values, in the order of its files."""
    for name in RULES:
        if (pack / name).is_file():
            yield from _of_rules(name, _content(pack / name))
    for name in VALUES:
        if (pack / name).is_file():
            yield from _of_values(name, _content(pack / name))


def _content(path: Path) -> Any:
    return Source().yaml(path, ())


# -- rules -------------------------------------------------------------------------------------------------


def _of_rules(file: str, content: Any) -> Iterator[Mutant]:
    at: Where = ()
    rules = content
    if isinstance(content, dict):
        at, rules = (file.removesuffix(".yaml"),), content.get(file.removesuffix(".yaml"), [])
    for n, rule in enumerate(rules):
        clauses = tuple(_clauses(rule))
        yield Mutant(file, f"{rule['code']} deleted", _without(content, (*at, n)), clauses)
        yield from _shifted(file, content, (*at, n), rule["code"], clauses)
        for m, strike in enumerate(rule.get("strikes", ())):
            where = (*at, n, "strikes", m)
            own = tuple(_clauses(strike)) or clauses
            told = f"{rule['code']}.{strike['code']}"
            yield Mutant(file, f"{told} deleted", _without(content, where), own)
            yield from _shifted(file, content, where, told, own)


def _shifted(file: str, content: Any, where: Where, told: str, clauses: tuple[str, ...]) -> Iterator[Mutant]:
    """Every value of one rule made another, its strikes left to themselves."""
    for path, value in _leaves(_at(content, where), skip=_WORDS | {"strikes"}):
        yield from _values(file, content, (*where, *path), f"{told}.{_dotted(path)}", value, clauses)


# -- values ------------------------------------------------------------------------------------------------


def _of_values(file: str, content: Any) -> Iterator[Mutant]:
    for slug, entry in content.items():
        if not isinstance(entry, dict) or entry.get("value") is None:
            continue
        clauses = tuple(entry.get("clauses", ()))
        for path, value in _leaves(entry["value"], skip={"sample"}):
            told = f"{slug}.{_dotted(path)}" if path else slug
            at = f"{file.removesuffix('.yaml')}.{told}"
            yield from _values(file, content, (slug, "value", *path), told, value, clauses, at)


def _values(
    file: str, content: Any, where: Where, told: str, value: Any, clauses: tuple[str, ...], path: str = ""
) -> Iterator[Mutant]:
    if isinstance(value, list):
        for n, one in enumerate(value):
            without = _without(content, (*where, n))
            yield Mutant(file, f"{told} without {_short(one)}", without, clauses, path)
        return
    other = _other(value)
    if other is not None:
        what = f"{told} {_short(value)} -> {_short(other)}"
        yield Mutant(file, what, _with(content, where, other), clauses, path)
    elif isinstance(value, str) and where and isinstance(where[-1], str):
        yield Mutant(file, f"{told} {_short(value)} taken out", _without(content, where), clauses, path)


def _other(value: Any) -> Any:
    """A value a little beside the given one; None where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, date):
        return value.replace(year=value.year + 1, day=min(value.day, 28))
    if isinstance(value, str):
        amount, time = _AMOUNT.match(value), _TIME.match(value)
        if time is not None:
            return f"{(int(time[1]) + 1) % 24:02}:{time[2]}"
        if amount is not None:
            return f"{int(amount[1]) + 1}{amount[2]}"
    return None


def _leaves(value: Any, skip: set[str], path: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Every single value and every list of single values; references are shifted where they point to."""
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)) in REFERENCES:
            return
        if value.keys() <= {"zh", "en"}:
            return  # words for people
        for name, inner in value.items():
            if name not in skip:
                yield from _leaves(inner, skip, (*path, name))
    elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        for n, inner in enumerate(value):
            yield from _leaves(inner, skip, (*path, n))
    elif value is not None:
        yield path, value


def _clauses(rule: Mapping[str, Any]) -> Iterator[str]:
    yield from rule.get("clauses", ())
    for strike in rule.get("strikes", ()):
        yield from strike.get("clauses", ())


# -- content -----------------------------------------------------------------------------------------------


def _at(content: Any, where: Where) -> Any:
    for step in where:
        content = content[step]
    return content


def _without(content: Any, where: Where) -> Any:
    changed = copy.deepcopy(content)
    del _at(changed, where[:-1])[where[-1]]
    return changed


def _with(content: Any, where: Where, value: Any) -> Any:
    changed = copy.deepcopy(content)
    _at(changed, where[:-1])[where[-1]] = value
    return changed


def _dotted(path: Where) -> str:
    return ".".join(map(str, path))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
