"""Rows read without the ORM's own making of statements, which costs more than the database's work.

A screen reads some thirty tables; making a statement by the ORM takes half a millisecond of processor time,
reading the rows of one that is written out a tenth of that. What comes is the same: rows of the model, every
column, values as the fields read them. For reads done with
every page; elsewhere the ORM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import signals
from django.db.models.base import ModelState
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader

M = TypeVar("M", bound=models.Model)
Converter = Callable[[Any, Any, Any], Any]


@cache
def _shape(model: type[models.Model]) -> tuple[str, tuple[str, ...], tuple[tuple[int, Converter], ...]]:
    """The statement of a model up to its conditions, the names of its fields, what some values go through."""
    fields: Sequence[Any] = model._meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(f"row.{quote(each.column)}" for each in fields)
    reads = tuple(
        (place, converter)
        for place, each in enumerate(fields)
        for converter in (
            *connection.ops.get_db_converters(each.cached_col),
            *each.get_db_converters(connection),
        )
    )
    # The names come from the model; every value is a parameter.
    head = f"SELECT {columns} FROM {quote(model._meta.db_table)} AS row"  # nosec B608
    return head, tuple(each.attname for each in fields), reads


def rows(model: type[M], rest: str, *given: Any) -> list[M]:
    """The rows of a model: `rest` is what follows, with the table called `row`, as in ``row.case_id = %s``.

    `rest` is written out in the program; what comes from outside is given beside it.
    """
    head, names, reads = _shape(model)
    with connection.cursor() as cursor:
        cursor.execute(f"{head} {rest}", given)
        found = cursor.fetchall()
    make = _maker(model)
    if not reads:
        return [make(names, values) for values in found]
    made = []
    for values in found:
        read = list(values)
        for place, converter in reads:
            read[place] = converter(read[place], None, connection)
        made.append(make(names, read))
    return made


@cache
def _maker(model: type[M]) -> Callable[[Sequence[str], Sequence[Any]], M]:
    """A row from its values. Setting sixty fields one by one is half of what a list costs to read.

    A model that does something of its own when it is made is made by Django.
    """
    alias = connection.alias
    plain = model.__init__ is models.Model.__init__ and not any(
        signal.has_listeners(model) for signal in (signals.pre_init, signals.post_init)
    )
    if not plain or "from_db" in vars(model):
        return lambda names, values: model.from_db(alias, names, values)

    def make(names: Sequence[str], values: Sequence[Any]) -> M:
        row = model.__new__(model)
        row._state = ModelState()
        row._state.adding, row._state.db = False, alias
        row.__dict__.update(zip(names, values, strict=True))
        return row

    return make


def of_keys(model: type[M], keys: Any) -> dict[Any, M]:
    """Rows by their keys; no statement for none."""
    wanted = list(keys)
    if not wanted:
        return {}
    key = connection.ops.quote_name(model._meta.pk.column)
    return {row.pk: row for row in rows(model, f"WHERE row.{key} = ANY(%s)", wanted)}


class Instants(TimestamptzLoader):
    """Instants as the database writes them, read by the language itself: three times as fast as psycopg's."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        written = str(data, "ascii")
        if written.endswith("+00"):
            try:
                return datetime.fromisoformat(written)
            except ValueError:
                pass  # before the year 1 or after 9999, or infinity: psycopg says what is wrong
        return super().load(data).astimezone(UTC)


def read_instants_quickly(*, connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """For every new connection to the database."""
    if connection.vendor == "postgresql":
        connection.connection.adapters.register_loader("timestamptz", Instants)


def values(statement: str, *given: Any) -> list[tuple[Any, ...]]:
    """What a statement that is written out gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
