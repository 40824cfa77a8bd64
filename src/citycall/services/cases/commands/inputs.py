"""Typed inputs and results that several commands of this room share."""

from __future__ import annotations

from typing import Annotated
from unicodedata import category

from pydantic import BaseModel, BeforeValidator, Field

from citycall.base.commands import Input
from citycall.base.commands.inputs import Instant as Instant
from citycall.base.commands.inputs import Paragraphs, RowId

Reason = Annotated[str, Field(min_length=2, max_length=1000)]


def _one_line(value: object) -> object:
    """Text of one line: white space made even, characters that nobody sees taken out."""
    if not isinstance(value, str):
        return value
    seen = "".join(character for character in value if category(character) != "Cf")
    return " ".join(seen.split())


OneLine = BeforeValidator(_one_line)


class OfCase(Input):
    """A command about one case. `seen`: the state of it that one acts on, for `stale` (acts/stale.py)."""

    case: RowId
    seen: RowId | None = None


class WithText(OfCase):
    text: Paragraphs


class WithReason(OfCase):
    reason: Reason


class Done(BaseModel):
    """What most steps answer: the case and where it stands now."""

    case: int
    number: str
    status: str
