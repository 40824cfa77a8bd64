"""The typed input of a command."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from citycall.base import clock

FIRST_YEAR, LAST_YEAR = 1999, 2199
LONGEST = 4000
# Characters that turn the reading direction round can make a text look like another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Input(BaseModel):
    """Base of every command's input: unknown keys refused, text trimmed and free of control characters.

    A string without a `max_length` of its own takes at most 4,000 characters.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        str_max_length=LONGEST,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
    )

    @field_validator("*", mode="after")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return clean(value)


def clean(value: Any) -> Any:
    """Line ends as \\n; control characters refused, in lists and mappings too."""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n") if "\r" in value else value
        if not text.isprintable() and any(_is_control(c) for c in text):
            raise PydanticCustomError("control_characters", "control characters")
        return text
    if isinstance(value, list | tuple):
        return type(value)(clean(item) for item in value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def _is_control(character: str) -> bool:
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs") or character in _TURNING


# The common shapes of text.
Line = Annotated[str, Field(min_length=1, max_length=200)]
OptionalLine = Annotated[str, Field(max_length=200)]
Paragraphs = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-z0-9_.\-]+$")]
RowId = Annotated[int, Field(gt=0, lt=2**63)]


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


Instant = Annotated[AwareDatetime, BeforeValidator(_assume_local)]
