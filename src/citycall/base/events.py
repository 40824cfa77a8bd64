"""Events: each change of a case, call, request or task is one append-only row: who, when, what.

The current row is the fold of its events. Personal data never goes into an event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pgtrigger
from django.db import models

from citycall.base.commands.context import Context
from citycall.base.encoding import jsonable
from citycall.base.rows import insert


class Event(models.Model):
    """One change. `data` is {"set": fields of the row, "info": what else is to be known}."""

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.TextField()
    subject_id = models.BigIntegerField()
    kind = models.TextField()
    at = models.DateTimeField()
    actor_kind = models.TextField()
    staff_id = models.BigIntegerField(null=True)
    post = models.TextField(default="")
    data = models.JSONField()

    class Meta:
        indexes = (models.Index(fields=["subject_kind", "subject_id", "id"], name="base_event_subject"),)
        triggers = (
            pgtrigger.Protect(name="event_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.kind}"

    @property
    def set(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.data.get("set", {})
        return fields

    @property
    def info(self) -> dict[str, Any]:
        more: dict[str, Any] = self.data.get("info", {})
        return more


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one row: see `record`."""

    row: models.Model
    kind: str
    set: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    agencies: Sequence[str] = ()


def subject_kind(row: models.Model | type[models.Model]) -> str:
    """The word for a kind of row in events, audit entries, timers, notices and live topics: `case`."""
    return str(getattr(row, "SUBJECT_KIND", row._meta.model_name))


def record(
    ctx: Context,
    row: models.Model,
    kind: str,
    set: Mapping[str, Any] | None = None,
    info: Mapping[str, Any] | None = None,
    agencies: Iterable[str] = (),
) -> Event:
    """Change a row and say so: the fields in `set` are given to the row and saved (a new row is inserted),
    and the event is appended. The screens of these agencies and of the row are signalled at commit.
    """
    change = Change(row, kind, set or {}, info or {}, tuple(agencies))
    names = _apply(change)
    if row._state.adding:
        insert(row)
    elif names:
        # The row first: its lock puts the events of one row in their order.
        row.save(update_fields=names)
    event = _event(ctx, change, names)
    insert(event)
    _tell(ctx, change)
    if not ctx.subject_kind:
        ctx.audit(event.subject_kind, event.subject_id)
    return event


def record_many(ctx: Context, changes: Sequence[Change]) -> list[Event]:
    """The same for many rows, in few statements: for timers that strike together.

    Changes of one row must follow one another in the order meant; rows are written before events are. A new
    row may have one change.
    """
    named = [_apply(change) for change in changes]
    together: dict[tuple[type[models.Model], tuple[str, ...]], dict[Any, models.Model]] = {}
    new: dict[type[models.Model], list[models.Model]] = {}
    for change, names in zip(changes, named, strict=True):
        if change.row._state.adding:
            new.setdefault(type(change.row), []).append(change.row)
        elif names:
            together.setdefault((type(change.row), tuple(names)), {})[change.row.pk] = change.row
    for model, added in new.items():
        model._default_manager.bulk_create(added, batch_size=500)
    for (model, columns), rows in together.items():
        model._default_manager.bulk_update(list(rows.values()), columns, batch_size=500)
    made = [_event(ctx, change, names) for change, names in zip(changes, named, strict=True)]
    Event.objects.bulk_create(made, batch_size=1000)
    for change in changes:
        _tell(ctx, change)
    return made


def history(subject_kind: str, subject_id: int) -> models.QuerySet[Event]:
    """The events of one row, oldest first."""
    return Event.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("id")


def fold(subject_kind: str, subject_id: int) -> dict[str, Any]:
    """The fields of a row as its events tell them (JSON values)."""
    fields: dict[str, Any] = {}
    for data in history(subject_kind, subject_id).values_list("data", flat=True):
        fields.update(data.get("set", {}))
    return fields


def differences(row: models.Model) -> dict[str, tuple[Any, Any]]:
    """Where a row in the database and the fold of its events disagree: field -> (row, events)."""
    kept = type(row)._default_manager.get(pk=row.pk)
    folded = fold(subject_kind(row), row.pk)
    pairs = {name: (jsonable(getattr(kept, name)), value) for name, value in folded.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _apply(change: Change) -> list[str]:
    """Give the row its new values; the names of the columns changed."""
    names = []
    for name, value in change.set.items():
        field_ = change.row._meta.get_field(name)
        if not isinstance(field_, models.Field):
            raise TypeError(f"{name} of {change.row._meta.label} is not a column")
        if getattr(field_, "private", False):
            raise TypeError(f"{name} of {change.row._meta.label} is personal data and cannot be in an event")
        setattr(change.row, name, value)
        names.append(field_.attname)
    return names


def _event(ctx: Context, change: Change, names: Sequence[str]) -> Event:
    data: dict[str, Any] = {"set": {name: jsonable(getattr(change.row, name)) for name in names}}
    if change.info:
        data["info"] = jsonable(change.info)
    return Event(
        subject_kind=subject_kind(change.row),
        subject_id=change.row.pk,
        kind=change.kind,
        at=ctx.now,
        actor_kind=ctx.actor.kind,
        staff_id=ctx.actor.staff_id,
        post=ctx.post_code,
        data=data,
    )


def _tell(ctx: Context, change: Change) -> None:
    ctx.signal(f"{subject_kind(change.row)}:{change.row.pk}", *(f"agency:{code}" for code in change.agencies))
