"""Packs with one rule taken out or shifted, to see whether a story notices (`citycall mutants`).

A rule that can be lost without any story failing is shown by none. Mutants are made of the files of a pack as
people write them, so that what is tried is what an office could really change: a clock deleted, a strike
deleted or moved, a recipient or channel dropped or exchanged for another, a setting shifted. A word that
cannot be left out is exchanged for one of its sort: an event, a role, an agency, a kind of case, a choice.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from citycall.policy import Pack
from citycall.policy.intake import Intake
from citycall.policy.kinds import CaseKind
from citycall.policy.load import folders_of
from citycall.policy.requests import RequestRule
from citycall.policy.rules import ClockRule, NoticeRule
from citycall.policy.settings import REFERENCES
from citycall.policy.source import Source
from citycall.policy.tasks import TaskRule
from citycall.policy.variation_points import POINTS, READINGS, Point

RULES: dict[str, type[BaseModel]] = {
    "clocks.yaml": ClockRule,
    "notices.yaml": NoticeRule,
    "tasks.yaml": TaskRule,
    "requests.yaml": RequestRule,
}
# Files of parts within parts; the parts of the second are a government's, those of the first a kind's.
TABLES: dict[str, type[BaseModel]] = {"kinds.yaml": CaseKind, "intake.yaml": Intake}
VALUES: dict[str, Mapping[str, Point]] = {"settings.yaml": POINTS, "readings.yaml": READINGS}
_AMOUNT = re.compile(r"^\s*(\d+)(\s*[^\d\s].*)$")
_TIME = re.compile(r"^(\d{1,2}):(\d{2})$")
# What stands on a rule of a file by its code: file -> the lists within its rules, and where they name it.
# It goes with the rule, as it would in the hands of whoever takes the rule out.
_STANDS_ON: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    "clocks.yaml": {"requests.yaml": {"windows": ("after", "until")}},
}
# What a rule says for people or for the catalogue, and what only names it.
_WORDS = {"name", "says", "clauses", "code", "reading", "template", "sample", "group", "kinds", "digest"}
_NAMING = _WORDS | {"event", "law", "number_prefix", "register_name"}
Step = str | int
Where = tuple[Step, ...]
WORLD = "sample/world.yaml"


@dataclass(frozen=True)
class Mutant:
    """One change of one file: what was done, and the clauses of the rule it was done to.

    `path`: of a setting or a reading, where it was changed, as `Pack.referred` names it.
    `gone`: the code of a rule taken out whole; what names it in other files is not laid either.
    """

    file: str
    what: str
    content: Any = field(compare=False)
    clauses: tuple[str, ...] = ()
    path: str = ""
    gone: str = ""

    @property
    def name(self) -> str:
        return f"{self.file}: {self.what}"

    def lay(self, pack: Path, into: Path) -> Path:
        """A copy of the pack, with the packs it extends beside it, that differs in this one thing."""
        for folder in folders_of(pack):
            shutil.copytree(folder, into / folder.name, ignore=shutil.ignore_patterns("sample", "import"))
        target = into / pack.name
        _write(target / self.file, self.content)
        for file, lists in _STANDS_ON.get(self.file, {}).items() if self.gone else ():
            if (target / file).is_file():
                _write(target / file, _without_naming(self.gone, _content(target / file), lists))
        return target


def unchanged(pack: Path) -> Mutant:
    """A copy of a pack that says the same: what a story must hold under before it can notice anything."""
    return Mutant("pack.yaml", "nothing changed", _content(pack / "pack.yaml"))


Verdict = Literal["noticed", "refused", "same", "survived", "unread"]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: which story noticed it, or why loading refused it."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""


def same_rules(one: Pack, other: Pack) -> bool:
    """Whether two packs say the same, such as one that writes out a default and one that leaves it."""
    fields = type(one).model_fields.keys() - {"digest", "path", "settings", "readings"}
    return _values_said(one) == _values_said(other) and all(
        getattr(one, name) == getattr(other, name) for name in fields
    )


def _values_said(pack: Pack) -> dict[str, Any]:
    """The settings and readings in their own types, defaults put in."""
    said: dict[str, Any] = {}
    for slug, entry in pack.settings.items():
        said[slug] = POINTS[slug].read(entry.value) if slug in POINTS else entry.value
    for slug, reading in pack.readings.items():
        said[slug] = READINGS[slug].read(reading.value) if slug in READINGS else reading.value
    return said


def mutants(pack: Path) -> Iterator[Mutant]:
    """Every mutant of a pack's own rules and values, in the order of its files."""
    words = _Words.of(pack)
    for name, rule in RULES.items():
        if (pack / name).is_file():
            yield from _Maker(name, _content(pack / name), words).of_rules(rule)
    for name, table in TABLES.items():
        if (pack / name).is_file():
            yield from _Maker(name, _content(pack / name), words).of_tables(table)
    for name, points in VALUES.items():
        if (pack / name).is_file():
            yield from _Maker(name, _content(pack / name), words).of_values(points)


def _content(path: Path) -> Any:
    return Source().yaml(path, ())


# -- words of one sort -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """The sorts of words that one may be exchanged within: agencies and kinds of the pack, roles, events."""

    sorts: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, pack: Path) -> _Words:
        folders = folders_of(pack)
        kinds = {code for folder in folders for code in _mapping(folder / "kinds.yaml")}
        world = next((folder / WORLD for folder in folders if (folder / WORLD).is_file()), None)
        agencies = [one["code"] for one in _mapping(world)["agencies"]] if world else []
        roles = "evaluator supervisor handler section_chief window intake_window allotter operator lead head"
        roles += " director secretary_general mayor duty_officer"
        posts = ("post:research.evaluator", "post:call_centre.lead")
        events = ("case.established", "case.acknowledged", "case.completed", "case.closed")
        return cls((tuple(agencies), tuple(sorted(kinds)), tuple(roles.split()), posts, events))

    def other(self, word: str, choices: tuple[Any, ...]) -> str | None:
        """Another word of its sort, or another of the choices that the schema gives; None where none is."""
        for sort in (choices, *self.sorts):
            if word in sort:
                return next((one for one in sort if one != word and isinstance(one, str)), None)
        return "case.acknowledged" if word.startswith("case.") else None


def _mapping(path: Path | None) -> Mapping[str, Any]:
    found = _content(path) if path is not None and path.is_file() else {}
    return found if isinstance(found, Mapping) else {}


def _choices(kind: Any, path: Where) -> tuple[Any, ...]:
    """The words that a type offers at a path within it, such as the channels of a notice."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _choices(get_args(kind)[0], path)
    if origin in (Union, UnionType):
        found = (_choices(one, path) for one in get_args(kind) if one is not NoneType)
        return tuple(word for words in found for word in words)
    if origin is Literal:
        return get_args(kind) if not path else ()
    if origin is tuple:
        return _choices(get_args(kind)[0], path[1:] if path and isinstance(path[0], int) else path)
    if not path:
        return ()
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        names = {(field.alias or name): name for name, field in kind.model_fields.items()}
        name = names.get(str(path[0]))
        return _choices(kind.model_fields[name].annotation, path[1:]) if name else ()
    if origin is not None and issubclass(origin, Mapping):
        return _choices(get_args(kind)[1], path[1:])
    return ()


# -- rules and values --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Maker:
    """Makes the mutants of one file."""

    file: str
    content: Any
    words: _Words

    def of_rules(self, kind: type[BaseModel]) -> Iterator[Mutant]:
        at: Where = ()
        rules = self.content
        if isinstance(rules, dict):
            name = self.file.removesuffix(".yaml")
            at, rules = (name,), rules.get(name, [])
        for n, rule in enumerate(rules):
            clauses = tuple(_clauses(rule))
            yield replace(self._deleted(rule["code"], (*at, n), clauses), gone=rule["code"])
            yield from self._shifted((*at, n), rule["code"], clauses, kind, ())
            for m, strike in enumerate(rule.get("strikes", ())):
                where = (*at, n, "strikes", m)
                own = tuple(_clauses(strike)) or clauses
                told = f"{rule['code']}.{strike['code']}"
                yield self._deleted(told, where, own)
                yield from self._shifted(where, told, own, kind, ("strikes", m))

    def of_values(self, points: Mapping[str, Point]) -> Iterator[Mutant]:
        for slug, entry in self.content.items():
            if not isinstance(entry, dict) or entry.get("value") is None:
                continue
            point = points.get(slug)
            for path, value in _leaves(entry["value"], skip={"sample"}):
                told = f"{slug}.{_dotted(path)}" if path else slug
                choices = _choices(point.type, path) if point is not None else ()
                for what, content in self._values((slug, "value", *path), told, value, choices):
                    at = f"{self.file.removesuffix('.yaml')}.{told}"
                    yield Mutant(self.file, what, content, tuple(entry.get("clauses", ())), at)

    def of_tables(self, kind: type[BaseModel]) -> Iterator[Mutant]:
        """Every part deleted and every value shifted, as a move, a mark or what a completion must hold."""
        if self.file != "kinds.yaml":
            yield from self._parts((), "", self.content, (), kind, ())
            return
        for code, one in self.content.items():
            yield from self._parts((code,), code, one, tuple(_clauses(one)), kind, ())

    def _parts(
        self,
        where: Where,
        told: str,
        content: Mapping[str, Any],
        clauses: tuple[str, ...],
        kind: type[BaseModel],
        within: Where,
    ) -> Iterator[Mutant]:
        for name, value in content.items():
            if name in _NAMING or _only_words(value):
                continue
            label = f"{told}.{name}" if told else name
            entries: list[tuple[Where, str, Any]] = [((name,), label, value)]
            if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
                entries = [((name, n), f"{label}.{_called(one, n)}", one) for n, one in enumerate(value)]
            for path, said, one in entries:
                if isinstance(one, Mapping):
                    own = tuple(one.get("clauses", ())) or clauses
                    if not _a_choice(one):  # one of a list for people: it is in use when a story chooses it
                        yield self._deleted(said, (*where, *path), own)
                    yield from self._parts((*where, *path), said, one, own, kind, (*within, *path))
                else:
                    choices = _choices(kind, (*within, *path))
                    for what, changed in self._values((*where, *path), said, one, choices):
                        yield Mutant(self.file, what, changed, clauses)

    def _deleted(self, told: str, where: Where, clauses: tuple[str, ...]) -> Mutant:
        return Mutant(self.file, f"{told} deleted", _without(self.content, where), clauses)

    def _shifted(
        self, where: Where, told: str, clauses: tuple[str, ...], kind: type[BaseModel], within: Where
    ) -> Iterator[Mutant]:
        """Every value of one rule made another, its strikes left to themselves."""
        for path, value in _leaves(_at(self.content, where), skip=_WORDS | {"strikes"}):
            choices = _choices(kind, (*within, *path))
            name = f"{told}.{_dotted(path)}"
            for what, content in self._values((*where, *path), name, value, choices):
                yield Mutant(self.file, what, content, clauses)

    def _values(
        self, where: Where, told: str, value: Any, choices: tuple[Any, ...]
    ) -> Iterator[tuple[str, Any]]:
        if isinstance(value, list):
            for n, one in enumerate(value):
                yield f"{told} without {_short(one)}", _without(self.content, (*where, n))
            if len(value) == 1:
                yield from self._exchanged((*where, 0), told, value[0], choices)
            return
        other = _other(value)
        if other is not None:
            yield f"{told} {_short(value)} -> {_short(other)}", _with(self.content, where, other)
        elif isinstance(value, str) and where and isinstance(where[-1], str):
            yield f"{told} {_short(value)} taken out", _without(self.content, where)
            yield from self._exchanged(where, told, value, choices)

    def _exchanged(
        self, where: Where, told: str, value: Any, choices: tuple[Any, ...]
    ) -> Iterator[tuple[str, Any]]:
        other = self.words.other(value, choices) if isinstance(value, str) else None
        if other is not None:
            yield f"{told} {_short(value)} -> {other}", _with(self.content, where, other)


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


def _only_words(value: Any) -> bool:
    """Words for people, or a reference: what it takes over is shifted where it stands."""
    if not isinstance(value, Mapping):
        return value is None
    return value.keys() <= {"zh", "en"} or (len(value) == 1 and next(iter(value)) in REFERENCES)


def _called(one: Mapping[str, Any], n: int) -> str:
    """What an entry of a list is called: a move by its event, a choice by its code."""
    return str(one.get("event", one.get("code", n)))


def _a_choice(one: Mapping[str, Any]) -> bool:
    """Whether it is one of a list that people choose from and asks for nothing besides."""
    return one.keys() <= {"code", "name", "sample"}


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


def _without_naming(code: str, rules: Any, lists: Mapping[str, tuple[str, ...]]) -> Any:
    """The rules of a file, less every entry of these lists that names a rule by this code."""
    kept = copy.deepcopy(rules)
    for rule in kept:
        for name, fields in lists.items():
            if name in rule:
                rule[name] = [one for one in rule[name] if code not in (one.get(field) for field in fields)]
    return kept


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _dotted(path: Where) -> str:
    return ".".join(map(str, path))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
