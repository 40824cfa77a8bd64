"""Databases that a rehearsal may fill and throw away: on the server of the live one, and never the live one.

The schema is made once and the sample world of each pack once. After a story only the tables that it wrote
to are put back from a copy of the world. That takes some milliseconds, where a database of its own for each
story takes a second or more on a busy disk.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from citycall.base import clock, policies
from citycall.people.queries import forget_tokens
from citycall.rehearsal import sample

PREFIX = "citycall_rehearsal_"
WORLD_BEGAN = datetime(2000, 1, 1, tzinfo=UTC)  # before every story
LEFT_BEHIND = 86_400  # seconds after which a database of a run that was killed is removed


def traces() -> dict[str, tuple[int, int]]:
    """How many rows each table has, and which transaction last wrote to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        ask = " UNION ALL ".join(
            f"SELECT '{table}', count(*), coalesce(max(xmin::text::bigint), 0) FROM {table}"  # nosec B608
            for (table,) in cursor.fetchall()
        )
        cursor.execute(ask)
        return {table: (count, last) for table, count, last in cursor.fetchall()}


@dataclass
class World:
    """A database with a sample world, and the copy from which it is put back after a story."""

    name: str
    columns: dict[str, str]  # of each table, those that can be written
    guarded: frozenset[str]  # tables whose triggers refuse deletion
    sequences: list[tuple[str, int | None, int]]
    traces: dict[str, tuple[int, int]]
    used: bool = False

    @classmethod
    def kept(cls, name: str) -> World:
        """Copy the world that is in the database now."""
        found = traces()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT quote_ident(c.relname), string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)"
                " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'r'"
                " AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
                " AND a.attgenerated = '' GROUP BY 1"
            )
            columns = dict(cursor.fetchall())
            cursor.execute(
                "SELECT DISTINCT quote_ident(c.relname) FROM pg_trigger t"
                " JOIN pg_class c ON c.oid = t.tgrelid"
                " WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace"
            )
            guarded = frozenset(table for (table,) in cursor.fetchall())
            cursor.execute(
                "SELECT quote_ident(sequencename), last_value, start_value FROM pg_sequences"
                " WHERE schemaname = 'public'"
            )
            sequences = cursor.fetchall()
            cursor.execute("CREATE SCHEMA world")
            for table, (count, _) in found.items():
                if count:
                    cursor.execute(f"CREATE TABLE world.{table} AS TABLE public.{table}")  # nosec B608
        return cls(name, columns, guarded, sequences, found)

    def put_back(self) -> None:
        """Undo what a story wrote. Foreign keys are checked at the end, as Django makes them deferrable."""
        now = traces()
        written = [table for table, trace in now.items() if trace != self.traces.get(table)]
        guarded = [table for table in written if table in self.guarded]
        with transaction.atomic(), connection.cursor() as cursor:
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for table in written:
                cursor.execute(f"DELETE FROM {table}")  # nosec B608: names from the catalogue, quoted
                if self.traces[table][0]:
                    names = self.columns[table]
                    cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM world.{table}")  # nosec B608
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            for name, last, first in self.sequences:
                cursor.execute(
                    "SELECT setval(%s::regclass, %s, %s)",
                    [name, first if last is None else last, last is not None],
                )
        self.traces = traces()


class Scratch:
    """The scratch databases of one run."""

    def __init__(self) -> None:
        self.live: str = connection.settings_dict["NAME"]
        self.run = f"{PREFIX}{int(time.time())}_{os.getpid()}_{secrets.token_hex(2)}"
        self.made: list[str] = []
        self.worlds: dict[Path, World] = {}
        self.schema = ""
        self.count = 0

    @contextmanager
    def world(self, pack: str | Path, keep_as: str | None = None) -> Iterator[None]:
        """Within the block the database is as if new: migrated, with the pack's sample world.

        With `keep_as` what the block made of it is kept under that name, unless it ends in an error.
        """
        folder = sample.pack_folder(pack)
        world = self.worlds.get(folder)
        if world is None:
            world = self.worlds[folder] = self._make_world(folder)
        with self._using(world.name):
            if world.used:
                world.put_back()
            world.used = True
            yield
            if keep_as:
                with connection.cursor() as cursor:
                    cursor.execute("DROP SCHEMA world CASCADE")
        if keep_as:
            del self.worlds[folder]
            self._rename(world.name, keep_as)

    def _make_world(self, folder: Path) -> World:
        if not self.schema:
            name = self._create(None)
            with self._using(name):
                call_command("migrate", interactive=False, verbosity=0)
            self.schema = name
        name = self._create(self.schema)
        with self._using(name):
            with clock.at(WORLD_BEGAN):
                sample.load_sample(folder, cases=False)
            return World.kept(name)

    @contextmanager
    def _using(self, name: str) -> Iterator[None]:
        before: dict[str, Any] = dict(connection.settings_dict)
        options = dict(before["OPTIONS"])
        # Nothing here must outlive a power cut.
        options["options"] = f"{options.get('options', '')} -c synchronous_commit=off -c statement_timeout=0"
        connection.close()
        connection.settings_dict.update({"NAME": name, "OPTIONS": options})
        _forget()
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)
            _forget()

    def _create(self, template: str | None) -> str:
        self.count += 1
        name = f"{self.run}_{self.count}"
        command = sql.SQL("CREATE DATABASE {} ").format(sql.Identifier(name))
        with connection._nodb_cursor() as cursor:
            if template:
                command += sql.SQL("TEMPLATE {}").format(sql.Identifier(template))
            else:
                command += self._as_live(cursor)
            cursor.execute(command)
        self.made.append(name)
        return name

    def _as_live(self, cursor: Any) -> sql.Composable:
        """An empty database that sorts and folds letters as the live one does."""
        cursor.execute("SELECT to_jsonb(d) FROM pg_database d WHERE datname = %s", [self.live])
        row = cursor.fetchone()
        if row is None:
            return sql.SQL("TEMPLATE template0 ENCODING 'UTF8'")
        found = row[0] if isinstance(row[0], dict) else json.loads(row[0])
        options = sql.SQL("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {} LC_CTYPE {}").format(
            sql.Literal(found["datcollate"]), sql.Literal(found["datctype"])
        )
        locale = found.get("datlocale") or found.get("daticulocale")
        provider = {"b": "builtin", "i": "icu"}.get(found.get("datlocprovider", "c"))
        if provider and locale:
            options += sql.SQL(" LOCALE_PROVIDER {} {} {}").format(
                sql.SQL(provider), sql.SQL(f"{provider.upper()}_LOCALE"), sql.Literal(locale)
            )
        return options

    def _drop(self, name: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self.made.remove(name)

    def _rename(self, name: str, keep_as: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(name), sql.Identifier(keep_as)
                )
            )
        self.made.remove(name)

    def exists(self, name: str) -> bool:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return cursor.fetchone() is not None

    def close(self) -> None:
        """Remove what this run made, and what a run that was killed a day ago left behind."""
        for name in list(self.made):
            self._drop(name)
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            for (name,) in cursor.fetchall():
                made_at = name.removeprefix(PREFIX).partition("_")[0]
                if made_at.isdigit() and time.time() - int(made_at) > LEFT_BEHIND:
                    cursor.execute(
                        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                    )


def _forget() -> None:
    """What this process remembers of the database before."""
    policies.refresh()
    forget_tokens()


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Scratch databases for a block; none is left after it."""
    databases = Scratch()
    try:
        yield databases
    finally:
        databases.close()
