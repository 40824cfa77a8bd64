"""A sample government for a whole module of tests: laid in once, every test undone, all gone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

HERE = ZoneInfo("Asia/Taipei")
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=HERE)
LAMP: dict[str, Any] = {
    "kind": "fast",
    "item": "streetlight",
    "description": "路燈不亮",
    "place": {"address": "新北市板橋區中山路一段161號"},
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}
AUDIT = frozenset({"base_auditentry", "base_auditlink"})


@contextmanager
def kept_world(
    blocker: DjangoDbBlocker, start: datetime = MONDAY, *, pack: str = "newtaipei"
) -> Iterator[Any]:
    """The sample government at a virtual time, in one transaction that is never committed.

    For a module's fixture. Its tests take pytest-django's `db` as usual, which undoes what each of them did.
    """
    from citycall.base import clock, notices, policies
    from citycall.rehearsal import sample
    from citycall.rehearsal.timeline import Timeline

    with blocker.unblock():
        policies.refresh()
        notices.forget_rest()
        try:
            with transaction.atomic():
                timeline = Timeline(start)
                sample.load_sample(pack, cases=False)
                yield timeline
                transaction.set_rollback(True)
        finally:
            clock.clear_virtual()
            policies.refresh()
            connection.close()


def as_post(code: str) -> Any:
    """The actor who stands at a post."""
    from citycall.people.queries import actor_for_post

    return actor_for_post(code)


def fingerprint(but: frozenset[str] = AUDIT) -> dict[str, tuple[int, str]]:
    """Of every table of ours: how many rows, and which versions of them. Equal when nothing was written."""
    from django.apps import apps

    tables = sorted(
        {model._meta.db_table for model in apps.get_models() if model._meta.managed}
        - but
        - {"django_content_type", "django_migrations"}
    )
    # ctid moves with every update, so count and the sum of its hash tell any change.
    query = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(sum(hashtext(ctid::text || xmin::text)), 0)::text FROM {table}"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {table: (count, versions) for table, count, versions in cursor.fetchall()}
