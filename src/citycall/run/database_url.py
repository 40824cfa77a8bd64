"""DATABASE_URL read into what Django and psycopg need."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit


class DatabaseUrlError(ValueError):
    """DATABASE_URL does not name a PostgreSQL database."""


def parse(url: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/name?host=/socket/folder&sslmode=require as a Django database."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise DatabaseUrlError("DATABASE_URL must begin with postgresql://; CityCall runs on PostgreSQL only")
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise DatabaseUrlError("DATABASE_URL names no database: postgresql://user@host/NAME")
    try:
        port = parts.port
    except ValueError as error:
        raise DatabaseUrlError(f"DATABASE_URL: {error}") from error
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(options.pop("port", "") or port or ""),
        "OPTIONS": options,
    }


def on_socket(folder: Path, database: str, role: str) -> str:
    """The URL of a database that is reached through a socket in this folder."""
    return f"postgresql://{role}@/{database}?host={quote(str(folder))}"
