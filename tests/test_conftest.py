"""The ground of the tests itself."""

from __future__ import annotations

import socket

import pytest
from django.db import connection

pytestmark = pytest.mark.quick


def test_other_machines_cannot_be_reached() -> None:
    with pytest.raises(AssertionError, match="only this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


@pytest.mark.django_db
def test_the_test_database_knows_chinese_letters() -> None:
    """With LC_CTYPE `C` trigrams of Chinese are silently empty."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("SELECT cardinality(show_trgm('路燈'))")
        assert cursor.fetchone()[0] > 0
