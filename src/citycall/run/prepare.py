"""What is done before anything is served: schema, keys, static files, the sample government.

Runs as a process of its own, so that the supervisor stays small; answers with one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import django
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

DEFAULT_SAMPLE = "newtaipei"


class NotReady(Exception):
    """The installation cannot be served as it is; the message says why and what to do."""


@dataclass
class Prepared:
    """What the supervisor tells the person who started it."""

    government: str = ""
    sample: bool = False
    accounts: list[dict[str, str]] = field(default_factory=list)


def prepare() -> Prepared:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise NotReady(f"the database cannot be reached: {str(error).strip()}") from error
    _check_server()
    _check_pack()
    _migrate()
    _check_trigrams()
    _collect_static()
    return _government()


def _check_server() -> None:
    assert connection.connection is not None
    found = connection.connection.info.server_version
    if found < 150000:
        raise NotReady(f"CityCall needs PostgreSQL 15 or newer; this server is {found // 10000}")


def _check_pack() -> None:
    """A pack that is not there is said before a database is made for it."""
    from citycall.rehearsal import sample

    if wanted := os.environ.get("CITYCALL_SAMPLE_PACK", ""):
        try:
            sample.pack_folder(wanted)
        except sample.NoPack as wrong:
            raise NotReady(str(wrong)) from wrong


def _migrate() -> None:
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    _say("bringing the database to this version ...")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        call_command("migrate", interactive=False, verbosity=0)
        cursor.execute("RESET statement_timeout")


def _check_trigrams() -> None:
    """In a database whose LC_CTYPE is `C` trigrams of Chinese are silently empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
        cursor.execute("SELECT cardinality(show_trgm('路燈')) > 0")
        if cursor.fetchone() != (True,):
            raise NotReady(
                "this database finds no trigrams in Chinese text. Make it anew: CREATE DATABASE citycall "
                "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'"
            )


def _collect_static() -> None:
    """Static files with their names hashed and compressed, once per version of them."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    if not settings.STATIC_ROOT:  # served from where they are
        return
    found = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            found.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    done = Path(settings.STATIC_ROOT) / ".collected"
    if done.is_file() and done.read_text() == found.hexdigest():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    done.write_text(found.hexdigest())


def _government() -> Prepared:
    from django.conf import settings

    from citycall.base import private
    from citycall.people import sample_guard
    from citycall.people.models import Government
    from citycall.rehearsal import sample

    keys = Path(settings.CITYCALL_KEYS)
    wanted = os.environ.get("CITYCALL_SAMPLE_PACK", "")
    government = Government.objects.first()
    if government is not None and wanted and Path(wanted).name != government.pack:
        raise NotReady(
            f"this data directory keeps {government} already; {wanted} needs one of its own: --data FOLDER"
        )
    if government is None:
        name = _pack_name(wanted or DEFAULT_SAMPLE)
        if not keys.exists():
            keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private.create_key_file(keys, sample=True)
        if not private.is_sample():
            raise NotReady(
                "this installation has real keys and no government yet: `citycall init PACK` begins it"
            )
        _say(f"first start: laying in the sample government of {name} ...")
        sample.load_sample(pack=wanted or DEFAULT_SAMPLE)
        government = Government.objects.get()
    if not keys.exists():
        raise NotReady(f"the keys of this installation are missing: put the backup of {keys} back")
    sample_guard.check_installation()
    return Prepared(
        government=str(government),
        sample=government.sample,
        accounts=sample.accounts() if government.sample else [],
    )


def _pack_name(pack: str) -> str:
    """What the pack is called, wherever it lies."""
    from citycall.policy import PackError, load_pack
    from citycall.rehearsal import sample

    try:
        return load_pack(sample.pack_folder(pack)).name.en
    except (sample.NoPack, PackError) as wrong:
        raise NotReady(str(wrong)) from wrong


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@click.command()
@click.option("--answer-fd", type=int, required=True)
def main(answer_fd: int) -> None:
    answer: dict[str, Any]
    django.setup()
    try:
        answer = asdict(prepare())
    except (NotReady, ImproperlyConfigured) as refusal:
        answer = {"refusal": str(refusal)}
    with os.fdopen(answer_fd, "w", encoding="utf-8") as out:
        json.dump(answer, out)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citycall.settings")
    main()
