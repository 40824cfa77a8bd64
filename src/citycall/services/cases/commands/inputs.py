"""Typed inputs and results that several commands of this room share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from citycall.base import clock
from citycall.base.commands import Input
from citycall.base.commands.inputs import Paragraphs, RowId

Reason = Annotated[str, Field(min_length=2, max_length=1000)]


def _assume_local(value: object) -> object:
    """A time typed without a zone is the government's own."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=clock.TAIPEI)
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_assume_local)]


class OfCase(Input):
    """A command about one case."""

    case: RowId


class WithText(OfCase):
    text: Paragraphs


class WithReason(OfCase):
    reason: Reason


class Done(BaseModel):
    """What most steps answer: the case and where it stands now."""

    case: int
    number: str
    status: str
