"""JSON as events, audit entries and stored results keep it: the same value always gives the same text."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from pydantic import BaseModel


def jsonable(value: Any) -> Any:
    """Plain JSON data: instants in UTC, rows by their key, sets sorted. What it does not know it refuses."""
    if isinstance(value, Enum):
        return jsonable(value.value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | Promise):
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("an instant without a zone cannot be recorded")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal | UUID | PurePath):
        return str(value)
    if isinstance(value, models.Model):
        return jsonable(value.pk)
    if isinstance(value, BaseModel):
        return jsonable(dict(value))
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((jsonable(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be recorded as JSON")


def dumps(value: Any) -> str:
    """Canonical text: keys sorted, no spaces, characters as they are."""
    return json.dumps(jsonable(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> bytes:
    return hashlib.sha256(dumps(value).encode()).digest()
