"""A story while it is told: what was saved, who is who, what a name or a moment means."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from citycall.base import clock, policies
from citycall.base.closures import calendar_of
from citycall.base.commands import SYSTEM, Actor, citizen
from citycall.base.events import subject_kind
from citycall.people.models import Holding, Post
from citycall.people.queries import actor_for_post, recipient_of_post
from citycall.policy import Pack
from citycall.rehearsal import moments
from citycall.rehearsal.expect import Unfit
from citycall.rehearsal.expect.form import Refusal
from citycall.rehearsal.expect.records import RECORDS, as_mapping, model_of
from citycall.rehearsal.scenario import REFERENCE
from citycall.services.cases.recompute import DUE_CHANGED
from citycall.services.cases.tasks import CANCELLED, DONE, OPENED

VIA = "rehearsal"


class Telling:
    """What the steps and expectations of one story ask."""

    def __init__(self, start: datetime, zone: ZoneInfo) -> None:
        self.start = start
        self.zone = zone
        self.saved: dict[str, Mapping[str, Any]] = {}
        self.refusal: Refusal | None = None

    @property
    def pack(self) -> Pack:
        return policies.in_force()[1]

    # -- who and when --------------------------------------------------------------------------------

    def actor(self, name: str) -> Actor:
        """A post's person, `citizen` or `system`; Unfit if there is no such post."""
        if name == "citizen":
            return citizen(via=VIA)
        if name == "system":
            return Actor(kind="system", staff_id=None, name=SYSTEM.name, posts=(), via=VIA)
        try:
            return actor_for_post(name, via=VIA)
        except LookupError as error:
            raise Unfit(str(error)) from error

    def instant(self, value: str | date) -> datetime:
        return moments.moment(value, self.start, self.zone, calendar_of(self.pack))

    def local(self, value: datetime) -> str:
        at = value.astimezone(self.zone)
        return f"{at:%Y-%m-%d %H:%M:%S}" if at.second else f"{at:%Y-%m-%d %H:%M}"

    def posts_of(self, staff_id: int) -> set[str]:
        return set(Holding.objects.filter(staff=staff_id).values_list("post_id", flat=True))

    def addresses_of(self, post: str) -> set[str]:
        """Where a post's person is reached; in e公務 and on the screen by the account."""
        staff = recipient_of_post(post, clock.now())
        return {one for one in (staff.email, staff.mobile, staff.username) if one} if staff else set()

    def known_post(self, code: str) -> None:
        if not Post.objects.filter(pk=code).exists():
            raise Unfit(f"there is no post {code}")

    def known_event(self, kind: str) -> None:
        pack = self.pack
        known = {move.event for one in pack.kinds.values() for move in one.moves} | {"case.established"}
        if pack.tasks:
            known |= {OPENED, DONE, CANCELLED}
        known.add(DUE_CHANGED)
        if kind not in known:
            raise Unfit(f"there is no event {kind}; there are {', '.join(sorted(known))}")

    # -- names ---------------------------------------------------------------------------------------

    def save(self, name: str, result: Mapping[str, Any]) -> None:
        self.saved[name] = result

    def resolve(self, value: Any, key: str = "") -> Any:
        """`$c` as the field `key` wants it, `$c.number` as the field named; anything else as it is."""
        match = REFERENCE.match(value) if isinstance(value, str) else None
        if match is None:
            return value
        result = self.saved[match[1]]
        path = [part for part in match[2].split(".") if part]
        if not path:
            return self._id(match[1], result, key)
        found: Any = result
        for part in path:
            if not isinstance(found, Mapping) or part not in found:
                found = self._of_record(match[1], result, path)
                break
            found = found[part]
        return found

    def subject(self, reference: str) -> tuple[str, int]:
        """The kind of record, as events and notices name it, and its id."""
        match = REFERENCE.match(reference)
        if match is None:
            raise Unfit(f"{reference} is not a saved name (write $name)")
        for name, value in self.saved[match[1]].items():
            if name in RECORDS and isinstance(value, int):
                return subject_kind(model_of(name)), value
        raise Unfit(f"{reference} is about no record")

    @staticmethod
    def _id(name: str, result: Mapping[str, Any], key: str) -> Any:
        for field in (key, f"{key}_id", key.removesuffix("_id"), "id"):
            if field in result:
                return result[field]
        number = next((value for value in result.values() if type(value) is int), None)
        if number is None:
            raise Unfit(f"${name} has no {key or 'id'}; it has {', '.join(result) or 'nothing'}")
        return number

    def _of_record(self, name: str, result: Mapping[str, Any], path: list[str]) -> Any:
        """A field that the command did not answer, from the record it was about."""
        for kind, value in result.items():
            if kind in RECORDS and isinstance(value, int) and len(path) == 1:
                record = as_mapping(model_of(kind)._default_manager.get(pk=value))
                if path[0] in record:
                    return record[path[0]]
        raise Unfit(f"${name} has no {'.'.join(path)}; it has {', '.join(result) or 'nothing'}")

    # -- a command's input -----------------------------------------------------------------------------

    def given(self, value: Any, model: type[BaseModel]) -> dict[str, Any]:
        """What a step gives to a command: names resolved, moments made instants."""
        return {
            name: self._given(inner, model.model_fields[name].annotation, name)
            for name, inner in value.items()
        }

    def _given(self, value: Any, annotation: Any, key: str) -> Any:
        inner = form_of(annotation)
        if isinstance(value, dict) and inner is not None:
            return self.given(value, inner)
        if isinstance(value, dict) and set(value) == {"pdf"}:
            return Paper(str(value["pdf"]))
        if isinstance(value, list):
            return [self._given(one, annotation, key) for one in value]
        value = self.resolve(value, key)
        if isinstance(value, str | date) and wants_instant(annotation) and moments.is_moment(value):
            return self.instant(value)
        return value


class Paper(io.BytesIO):
    """A document that a story attaches: `{pdf: 簽陳.pdf}`, an empty sheet of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
        self.name = name


def members(annotation: Any) -> list[Any]:
    """The types in a hint, whatever they are wrapped in."""
    if get_origin(annotation) in (Union, UnionType) or get_args(annotation):
        return [one for part in get_args(annotation) for one in members(part)]
    return [annotation]


def form_of(annotation: Any) -> type[BaseModel] | None:
    """The form that a field holds, if it holds one."""
    return next(
        (one for one in members(annotation) if isinstance(one, type) and issubclass(one, BaseModel)), None
    )


def wants_instant(annotation: Any) -> bool:
    """Whether a field holds a date and time."""
    return any(
        (isinstance(one, type) and issubclass(one, datetime))
        or getattr(one, "__name__", "") == "AwareDatetime"
        for one in members(annotation)
    )


def unknown_keys(value: Any, model: type[BaseModel], place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The keys of a step's `with` that the command does not know, by their place."""
    found: list[tuple[str, ...]] = []
    for name, inner in value.items():
        if name not in model.model_fields:
            found.append((*place, str(name)))
            continue
        form = form_of(model.model_fields[name].annotation)
        if form is not None and isinstance(inner, dict):
            found += unknown_keys(inner, form, (*place, name))
    return found
