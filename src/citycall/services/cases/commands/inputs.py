"""Typed inputs and results that several commands of this room share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from unicodedata import category

from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from citycall.base import clock
from citycall.base.commands import Input
from citycall.base.commands.inputs import Paragraphs, RowId

FIRST_YEAR, LAST_YEAR = 1999, 2199
Reason = Annotated[str, Field(min_length=2, max_length=1000)]


def _assume_local(value: object) -> object:
    """A time typed without a zone is the government's own."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(_("年份不正確。"))
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=clock.TAIPEI)
    return value


def _one_line(value: object) -> object:
    """Text of one line: white space made even, characters that nobody sees taken out."""
    if not isinstance(value, str):
        return value
    seen = "".join(character for character in value if category(character) != "Cf")
    return " ".join(seen.split())


Instant = Annotated[AwareDatetime, BeforeValidator(_assume_local)]
OneLine = BeforeValidator(_one_line)


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
