"""Rows written without the ORM's own making of statements, which costs more than the database's work.

Rows that nobody reads before the commit go with the last statement of a command. A case that is taken
writes clocks, timers and notices: put into the closing statement they cost no round trip of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

FEW = 12  # more rows than this are written by themselves, so that the closing statement stays small


@cache
def _columns(model: type[models.Model]) -> tuple[tuple[models.Field[Any, Any], ...], str]:
    fields = tuple(
        each
        for each in model._meta.concrete_fields
        if not isinstance(each, models.AutoField) and not each.generated
    )
    quote = connection.ops.quote_name
    return fields, ", ".join(quote(each.column) for each in fields)


def insert(row: models.Model) -> None:
    """Insert a new row; a key that the database gives is set on it."""
    fields, _names = _columns(type(row))
    key = row._meta.pk
    given = isinstance(key, models.AutoField)
    unusual = any(isinstance(getattr(row, each.attname), DatabaseDefault) for each in fields)
    if unusual or (given and row.pk is not None):
        row.save(force_insert=True)
        return
    statement, values = insertion([row])
    if given:
        statement += f" RETURNING {connection.ops.quote_name(key.column)}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        if given:
            row.pk = cursor.fetchone()[0]
    row._state.adding = False
    row._state.db = connection.alias


def insertion(rows: Sequence[models.Model], *, ignore_known: bool = False) -> tuple[str, list[Any]]:
    """An INSERT of rows of one model, with its parameters. `ignore_known`: leave what a unique key knows."""
    model = type(rows[0])
    fields, columns = _columns(model)
    values: list[Any] = []
    for row in rows:
        values += [each.get_db_prep_save(each.pre_save(row, True), connection) for each in fields]
    place = "(" + ", ".join(["%s"] * len(fields)) + ")"
    table = connection.ops.quote_name(model._meta.db_table)
    # Table and column names come from the models; every value is a parameter.
    statement = f"INSERT INTO {table} ({columns}) VALUES {', '.join([place] * len(rows))}"  # nosec B608
    return statement + (" ON CONFLICT DO NOTHING" if ignore_known else ""), values
