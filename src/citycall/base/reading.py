"""Rows read without the ORM's own making of statements, which costs more than the database's work.

A screen reads some thirty tables; making a statement by the ORM takes half a millisecond of processor time,
reading the rows of one that is written out a tenth of that. What comes is the same: rows of the model, every
column, values as the fields read them. For reads done with
every page; elsewhere the ORM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

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
    alias = connection.alias
    if not reads:
        return [model.from_db(alias, names, values) for values in found]
    made = []
    for values in found:
        read = list(values)
        for place, converter in reads:
            read[place] = converter(read[place], None, connection)
        made.append(model.from_db(alias, names, read))
    return made


def of_keys(model: type[M], keys: Any) -> dict[Any, M]:
    """Rows by their keys; no statement for none."""
    wanted = list(keys)
    if not wanted:
        return {}
    key = connection.ops.quote_name(model._meta.pk.column)
    return {row.pk: row for row in rows(model, f"WHERE row.{key} = ANY(%s)", wanted)}


def values(statement: str, *given: Any) -> list[tuple[Any, ...]]:
    """What a statement that is written out gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
