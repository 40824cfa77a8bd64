"""Live signals: a screen that shows a topic reads its state again when the topic is signalled.

Nothing is kept: a screen also reads everything when it (re)connects. Topics: `agency:works`, `staff:12`,
`case:123`, `calls`. Within a command the topics are gathered and sent once, just before the commit.
"""

from collections.abc import Iterable
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

CHANNEL = "citycall"
WORK_CHANNEL = "citycall_work"
FEW = 20  # up to so many signals are sent by a call each, which is the cheapest


def signal(topics: Iterable[str]) -> None:
    """Tell the screens, when the running transaction commits."""
    from citycall.base.commands.context import current

    run = current()
    if run is not None:
        run.signal(*topics)
    else:
        send(topics, wake=False)


def wake_worker() -> None:
    """There is work for a worker as soon as the running transaction commits."""
    from citycall.base.commands.context import current

    run = current()
    if run is not None:
        run.wake_worker()
    else:
        send((), wake=True)


def send(topics: Iterable[str], *, wake: bool) -> None:
    """All signals in one statement, delivered at commit."""
    expression, words = expression_for(topics, wake=wake)
    if words:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {expression}", words)


def expression_for(topics: Iterable[str], *, wake: bool) -> tuple[str, list[Any]]:
    """What to select for these signals, and its parameters."""
    pairs = [(CHANNEL, topic) for topic in sorted(set(topics))]
    if wake:
        pairs.append((WORK_CHANNEL, ""))
    if len(pairs) <= FEW:
        calls = ", ".join("pg_notify(%s::text, %s::text)" for _ in pairs)
        return calls or "1", [word for pair in pairs for word in pair]
    return (
        "count(pg_notify(c, t)) FROM unnest(%s::text[], %s::text[]) AS s(c, t)",
        [[channel for channel, _ in pairs], [topic for _, topic in pairs]],
    )


def listen_parameters() -> dict[str, Any]:
    """How to reach the server for LISTEN: directly, never through a transaction pooler."""
    dsn = getattr(settings, "CITYCALL_DIRECT_DATABASE_URL", "")
    if dsn:
        return {"conninfo": dsn}
    keep = {"host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "service", "options"}
    return {key: value for key, value in connection.get_connection_params().items() if key in keep}


def connect(channel: str = CHANNEL) -> psycopg.Connection[Any]:
    """A connection of its own that listens to a channel (autocommit); the caller closes it."""
    own = psycopg.connect(autocommit=True, **listen_parameters())
    own.execute(f"LISTEN {channel}")
    return own


async def aconnect(channel: str = CHANNEL) -> psycopg.AsyncConnection[Any]:
    """The same for an event loop."""
    own = await psycopg.AsyncConnection.connect(autocommit=True, **listen_parameters())
    await own.execute(f"LISTEN {channel}")
    return own
