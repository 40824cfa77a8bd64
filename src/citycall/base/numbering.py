"""Numbers of matters and the codes that open them to the citizen.

Numbers come from one PostgreSQL sequence: no two are equal, gaps are allowed, and no intake waits for
another's transaction.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import connection

from citycall.base import clock

SEQUENCE = "citycall_number"
CREATE_SEQUENCE = f"CREATE SEQUENCE IF NOT EXISTS {SEQUENCE}"
DROP_SEQUENCE = f"DROP SEQUENCE IF EXISTS {SEQUENCE}"


def next_number(prefix: str, now: datetime) -> tuple[int, str]:
    """The next number with the local date in ROC years: (123, 'F1150302-000123')."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [SEQUENCE])
        running = int(cursor.fetchone()[0])
    return running, format_number(prefix, running, now)


def format_number(prefix: str, running: int, now: datetime) -> str:
    """How a running number of that day is written."""
    day = clock.local(now)
    return f"{prefix}{day.year - 1911:03d}{day.month:02d}{day.day:02d}-{running:06d}"


def lookup_code() -> str:
    """Six random digits that, with the number, open a matter's public page."""
    return f"{secrets.randbelow(1_000_000):06d}"
