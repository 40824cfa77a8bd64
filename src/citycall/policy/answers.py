"""What the agency writes to the citizen, and how a matter ends otherwise: left unprocessed, opened again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from citycall.policy.basics import Clauses, Code, Rule
from citycall.policy.limits import Limit
from citycall.policy.text import Text

WrittenBy = Literal["sms", "email", "letter", "phone"]
Part = Literal["content", "handler_name", "handler_phone", "document_number", "reply_date", "grade", "result"]


class Named(Rule):
    """One entry of a list people choose from."""

    code: Code
    name: Text
    sample: bool = False


def _named(value: Any) -> Any:
    """Names by their codes, as a setting has them, will do."""
    if isinstance(value, Mapping):
        return [{"code": code, "name": name} for code, name in value.items()]
    return value


class Writing(Rule):
    """The written reply of a kind: drafted, put up with the result, sent once it is approved.

    `requires`: what it must hold before it goes out (NT-5-2-3c, TP-5-5-2b, KM-6-1e). `later`: of these, what
    may still be missing when it is put up, as a document's number is before the approval. `grades`: the
    grades of handling that it may name. `must`: no case is closed without one (AE-7-0).
    """

    ways: tuple[WrittenBy, ...] = Field(default=("sms", "email", "letter", "phone"), min_length=1)
    requires: tuple[Part, ...] = ("content",)
    later: tuple[Part, ...] = ()
    grades: tuple[Named, ...] = ()
    must: bool = False
    clauses: Clauses = ()

    _by_code = field_validator("grades", mode="before")(_named)

    @property
    def at_once(self) -> tuple[Part, ...]:
        """What must be there when it is put up."""
        return tuple(part for part in self.requires if part not in self.later)

    def grade(self, code: str) -> Named | None:
        """The grade of this code, or None."""
        return next((one for one in self.grades if one.code == code), None)


class Unprocessed(Rule):
    """Leaving a petition unprocessed (不予處理): by whom, on which grounds (NT-5-2-5a, TP-6-8-2c)."""

    by: tuple[str, ...] = Field(min_length=1)
    grounds: tuple[Named, ...] = Field(min_length=1)
    sample: bool = False
    clauses: Clauses = ()

    _by_code = field_validator("grounds", mode="before")(_named)

    def ground(self, code: str) -> Named | None:
        """The ground of this code, or None."""
        return next((one for one in self.grounds if one.code == code), None)


class Reopening(Rule):
    """The citizen asks for a closed case to be opened again; `within` of its close, or at any time."""

    within: Limit | None = None
    sample: bool = False
    clauses: Clauses = ()
