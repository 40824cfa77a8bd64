"""The form of every expectation, and how a found value is compared with an expected one."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citycall.rehearsal import moments


class Unfit(ValueError):
    """An expectation that cannot be checked as written, or that could never fail."""

    def __init__(self, message: str, place: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.place = tuple(place)


@dataclass(frozen=True)
class Unmet:
    """An expectation that did not hold, with what was found instead."""

    expected: str
    found: str


@dataclass
class Refusal:
    """The last command that was refused in the story."""

    command: str
    code: str
    message: str
    status: int
    fields: dict[str, str] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


class Story(Protocol):
    """What an expectation may ask of the story that is being told."""

    refusal: Refusal | None

    @property
    def pack(self) -> Any: ...
    def resolve(self, value: Any, key: str = "") -> Any: ...
    def subject(self, reference: str) -> tuple[str, int]: ...
    def instant(self, value: str | date) -> datetime: ...
    def local(self, value: datetime) -> str: ...
    def posts_of(self, staff_id: int) -> set[str]: ...
    def known_post(self, code: str) -> None: ...
    def known_event(self, kind: str) -> None: ...
    def addresses_of(self, post: str) -> set[str]: ...
    def save(self, name: str, result: Mapping[str, Any]) -> None: ...


class Expectation(BaseModel, ABC):
    """One expectation: its kind's key with the subject, and beside it what must be so."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]
    save: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    def fit(self) -> None:
        """Unfit if it could never fail, or names what does not exist."""

    @abstractmethod
    def verify(self, story: Story) -> Iterator[Unmet]:
        """Each way in which it does not hold now; nothing if it holds."""


_KINDS: dict[str, type[Expectation]] = {}
Family = Callable[[str], "type[Expectation] | None"]
_BY_NAME: list[Family] = []
_E = TypeVar("_E", bound=type[Expectation])


def kind(cls: _E) -> _E:
    """Enter a kind of expectation into the registry."""
    _KINDS[cls.kind] = cls
    return cls


def kind_by_name(
    find: Callable[[str], type[Expectation] | None],
) -> Callable[[str], type[Expectation] | None]:
    """Enter a function that knows a family of kinds: the records."""
    _BY_NAME.append(find)
    return find


def kinds() -> dict[str, type[Expectation]]:
    """Every kind that was entered by name."""
    return dict(_KINDS)


LATER = {"search": "search of the knowledge room"}
SIBLINGS = {"has", "count", "hides", "first", "includes", "excludes", "save"}


def read(form: Mapping[str, Any]) -> Expectation:
    """The expectation written in a file; Unfit if there is none."""
    named = [key for key in form if key not in SIBLINGS]
    if len(named) != 1:
        raise Unfit(f"an expectation has one subject; found {', '.join(map(str, named)) or 'none'}")
    cls = _KINDS.get(named[0])
    if cls is None:
        cls = next(filter(None, (find(named[0]) for find in _BY_NAME)), None)
    if cls is None:
        if named[0] in LATER:
            raise Unfit(
                f"{named[0]} is not supported yet: this version has no {LATER[named[0]]}", (named[0],)
            )
        raise Unfit(f"unknown kind of expectation {named[0]!r}", (named[0],))
    try:
        expectation = cls.model_validate(dict(form))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inside = [part for part in first["loc"] if part in _parts(form)]
        where = ".".join(str(part) for part in first["loc"])
        said = f"unknown key {where!r}" if first["type"] == "extra_forbidden" else f"{where}: {first['msg']}"
        raise Unfit(said.replace("Value error, ", ""), inside) from error
    expectation.fit()
    return expectation


def _parts(form: Any) -> set[str | int]:
    found: set[str | int] = set()
    if isinstance(form, Mapping):
        for key, value in form.items():
            found |= {key} | _parts(value)
    elif isinstance(form, list):
        found |= set(range(len(form)))
    return found


# -- comparing -------------------------------------------------------------------------------------------


def same(story: Story, expected: Any, found: Any, key: str = "") -> bool:
    """Whether a found value is the expected one: dates in local time, members of staff by their post."""
    expected = story.resolve(expected, key)
    if isinstance(found, datetime):
        if isinstance(expected, datetime | date) or (
            isinstance(expected, str) and moments.is_moment(expected)
        ):
            return story.instant(expected) == found
        return False
    if isinstance(found, date):
        return str(found) == str(expected)
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(expected, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and same(story, inner, found[name], name) for name, inner in expected.items()
        )
    if isinstance(expected, list) and isinstance(found, list | tuple):
        return len(expected) == len(found) and all(
            same(story, one, other) for one, other in zip(expected, found, strict=True)
        )
    if isinstance(found, int) and isinstance(expected, str) and _is_staff(key):
        return expected in story.posts_of(found)
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return float(found) == float(expected)
    if found in (None, "") and expected in (None, ""):
        return True
    return str(found) == str(expected) if isinstance(expected, str) else bool(found == expected)


def _is_staff(key: str) -> bool:
    return key.endswith("_by") or key == "staff_id"


def differences(
    story: Story, has: Mapping[str, Any], record: Mapping[str, Any], what: str
) -> Iterator[Unmet]:
    """Each field of `has` that the record does not have so."""
    for key, expected in has.items():
        if key not in record:
            yield Unmet(
                f"{what} has {key}: {show(story, expected)}", f"no field {key}; there are {', '.join(record)}"
            )
        elif not same(story, expected, record[key], key):
            yield Unmet(f"{what} has {key}: {show(story, expected)}", show(story, record[key], key))


def show(story: Story, value: Any, key: str = "") -> str:
    """A value as a reader of the story would write it."""
    if isinstance(value, datetime):
        return story.local(value)
    if isinstance(value, int) and not isinstance(value, bool) and _is_staff(key):
        return "/".join(sorted(story.posts_of(value))) or str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {show(story, inner, name)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(show(story, inner) for inner in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value) if value != "" else '""'


def counted(count: int | None, found: int) -> bool:
    """Whether the number found is the number expected: by default at least one."""
    return found >= 1 if count is None else found == count


def times(count: int | None) -> str:
    return "at least 1" if count is None else ("none" if count == 0 else f"exactly {count}")


def listed(lines: Iterable[str], limit: int = 8) -> str:
    """What was found, one after another, cut where a reader would stop reading."""
    rows = list(lines)
    more = f" … and {len(rows) - limit} more" if len(rows) > limit else ""
    return "; ".join(rows[:limit]) + more if rows else "nothing"
