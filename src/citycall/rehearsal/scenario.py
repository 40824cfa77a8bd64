"""The form of a story, checked strictly before anything runs.

A story that could pass without having shown anything is worse than none: an unknown key, an unknown
clause, a name that was never saved and an expectation that could never fail are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from citycall.rehearsal import expect, lines, moments
from citycall.rehearsal.lines import Document, ScenarioError

__all__ = ["Scenario", "ScenarioError", "Step", "find", "load"]

_T = TypeVar("_T", bound=BaseModel)
NAME = r"^[a-z][a-z0-9_]*$"
REFERENCE = re.compile(r"^\$([a-z][a-z0-9_]*)((?:\.[a-z0-9_]+)*)$")


def _moment(value: object) -> object:
    if not moments.is_moment(value):
        raise ValueError(f"not a moment: {value!r} (write +10m, +4h, +3d, +2wd or 2026-03-02 10:10)")
    return value


def _absolute(value: object) -> object:
    if not isinstance(value, date) and not (isinstance(value, str) and moments.looks_absolute(value)):
        raise ValueError(f"not a date and time: {value!r} (write 2026-03-02 10:00)")
    return value


Moment = Annotated[str | datetime | date, BeforeValidator(_moment)]
Absolute = Annotated[str | datetime | date, BeforeValidator(_absolute)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Do(_Form):
    """Someone does something: a registered command, by its name."""

    do: str
    actor: str = Field(alias="as")
    given: dict[str, Any] = Field(alias="with", default_factory=dict)
    save: str | None = Field(default=None, pattern=NAME)
    refused: str | None = Field(default=None, min_length=1)
    key: str | None = None


class At(_Form):
    """Time moves to this moment; what falls due on the way happens at its own instant."""

    at: Moment


class Channel(_Form):
    """A way out to people is taken away or given back."""

    channel: dict[Literal["email", "sms", "egov", "screen"], Literal["down", "up"]] = Field(min_length=1)


class Worker(_Form):
    """The worker dies, or comes back and finds what it missed."""

    worker: Literal["killed", "started"]


class Closure(_Form):
    closed: date
    part: Literal["all", "morning", "afternoon"] = "all"
    area: str = "all"
    cause: Literal["disaster", "other"] = "disaster"
    reason: str


class Calendar(_Form):
    """Offices are closed on a day, declared by the steering office's director at this step."""

    calendar: Closure
    save: str | None = Field(default=None, pattern=NAME)


class Expect(_Form):
    """Something must be so now."""

    expect: dict[str, Any]


Form = Do | At | Channel | Worker | Calendar | Expect
VERBS: dict[str, type[_Form]] = {
    "do": Do,
    "at": At,
    "channel": Channel,
    "worker": Worker,
    "calendar": Calendar,
    "expect": Expect,
}


class _Head(_Form):
    rehearsal: str = Field(min_length=3)
    clauses: list[str] = Field(min_length=1)
    policy: str = Field(min_length=1)
    start: Absolute
    steps: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True)
class Step:
    """One step as it stands in the file."""

    index: int
    line: int
    form: Form
    expectation: expect.Expectation | None = None


@dataclass(frozen=True)
class Scenario:
    """One story, checked."""

    path: Path
    title: str
    clauses: tuple[str, ...]
    policy: str
    start: str | date
    steps: tuple[Step, ...]
    document: Document

    def error(self, step: Step, message: str, *inside: str | int) -> ScenarioError:
        return self.document.error(("steps", step.index, *inside), message)


def load(path: Path, known_clauses: Iterable[str]) -> Scenario:
    """The story in the file; ScenarioError with file and line if it is not one."""
    document = lines.read(path)
    if not isinstance(document.value, dict):
        raise ScenarioError(
            path, 1, "a scenario is a mapping with rehearsal, clauses, policy, start and steps"
        )
    head = _validated(_Head, document.value, document, ())
    known = set(known_clauses)
    for index, clause in enumerate(head.clauses):
        if clause not in known:
            raise document.error(("clauses", index), f"unknown clause {clause!r}")
        if clause in head.clauses[:index]:
            raise document.error(("clauses", index), f"the clause {clause} is cited twice")
    steps: list[Step] = []
    saved: set[str] = set()
    for index, raw in enumerate(head.steps):
        step = _step(document, index, raw)
        for place, name in _references(raw):
            if name not in saved:
                raise document.error(
                    ("steps", index, *place), f"nothing was saved as ${name} before this step"
                )
        new = _saves(step)
        if new:
            if new in saved:
                raise document.error(("steps", index), f"the name ${new} is saved twice")
            saved.add(new)
        steps.append(step)
    if not any(step.expectation or (isinstance(step.form, Do) and step.form.refused) for step in steps):
        raise document.error(("steps",), "nothing is expected: this story could never fail")
    return Scenario(
        path=path,
        title=head.rehearsal,
        clauses=tuple(head.clauses),
        policy=head.policy,
        start=head.start,
        steps=tuple(steps),
        document=document,
    )


def _step(document: Document, index: int, raw: dict[str, Any]) -> Step:
    place = ("steps", index)
    verbs = [verb for verb in VERBS if verb in raw]
    if len(verbs) != 1:
        asked = " or ".join(VERBS)
        found = (
            f"this one has {', '.join(verbs)}" if verbs else f"this one has only {', '.join(map(str, raw))}"
        )
        raise document.error(place, f"a step has exactly one of {asked}; {found}")
    form = _validated(VERBS[verbs[0]], raw, document, place)
    assert isinstance(form, Do | At | Channel | Worker | Calendar | Expect)
    if isinstance(form, Do) and form.refused and form.save:
        raise document.error((*place, "save"), "a refused step has no result to save")
    expectation = None
    if isinstance(form, Expect):
        try:
            expectation = expect.read(form.expect)
        except expect.Unfit as error:
            raise document.error((*place, "expect", *error.place), str(error)) from error
    return Step(index, document.line(place), form, expectation)


def _saves(step: Step) -> str | None:
    if isinstance(step.form, Do | Calendar):
        return step.form.save
    return step.expectation.save if step.expectation else None


def _validated(model: type[_T], value: object, document: Document, place: Sequence[str | int]) -> _T:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inside = list(first["loc"])
        where = ".".join(str(part) for part in inside)
        said = {
            "extra_forbidden": f"unknown key {where!r}",
            "missing": f"the key {where!r} is missing",
        }.get(first["type"], f"{where}: {first['msg'].removeprefix('Value error, ')}")
        raise document.error((*place, *inside), said) from error


def _references(
    value: object, place: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        match = REFERENCE.match(value)
        if match:
            yield place, match[1]
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _references(inner, (*place, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _references(inner, (*place, index))


def find(places: Iterable[Path]) -> list[Path]:
    """The scenario files named, and those below the folders named, each once."""
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            inside = sorted(place.rglob("*.yaml")) + sorted(place.rglob("*.yml"))
            if not inside:
                raise ScenarioError(place, 1, "no scenario in this folder")
            found.update(dict.fromkeys(inside))
        elif place.exists():
            found[place] = None
        else:
            raise ScenarioError(place, 1, "no such file or folder")
    return list(found)
