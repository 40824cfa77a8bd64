"""What holds before a matter is taken: marks on it, grounds for not taking it, what lies outside the remit.

Marks say what a matter touches (private rights, public safety, somebody's livelihood), and what follows for
who reports it. Grounds are those on which a matter may be refused. Both end on the call record, never as a
case (KM-2-4c, TP-5-1a, NT-8-2b).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from citycall.policy.basics import Clauses, Code, Rule
from citycall.policy.text import Text

Part = Literal["name", "phone", "email", "address", "contact"]
# How a caller is helped with what is another's business, at the call; a letter is the agency's later act.
OutsideWay = Literal["help_find", "tell_contact", "notify_outside", "redial", "letter"]
AT_THE_CALL: tuple[OutsideWay, ...] = ("tell_contact", "redial", "help_find", "notify_outside")


class Mark(Rule):
    """What a matter touches, as the operator hears it.

    `requires`: what who reports must then say (KM-6-2a). `frees`: nothing is asked of them, whatever else
    holds (KM-6-2b). `confirms`: who reports is rung back first; without their word no case (NT-8-2a);
    `confirmed_hours`: so long the call back holds for what is told, which no document says.
    """

    name: Text
    kinds: tuple[Code, ...] = Field(min_length=1)
    requires: tuple[Part, ...] = ()
    frees: bool = False
    confirms: bool = False
    confirmed_hours: int = Field(default=24, ge=1)
    clauses: Clauses = ()


class Ground(Rule):
    """A ground for not taking a matter, with the law it stands on (TP-5-1a, TP-6-2b).

    `of`: what it is about, kinds of case; empty for all. `unidentified`: offered where who reports does not
    say who they are; `unconfirmed`: where calling back did not confirm it (NT-8-2b).
    """

    name: Text
    law: Text | None = None
    of: tuple[Code, ...] = ()
    unidentified: bool = False
    unconfirmed: bool = False
    sample: bool = False
    clauses: Clauses = ()


class Outside(Rule):
    """Matters that are another authority's business: how the caller is helped (KM-2-2c, KM-2-4c).

    `told_asks`: what must be kept of an authority told to the caller; `notified_asks`: of one notified.
    """

    ways: tuple[OutsideWay, ...] = ()
    told_asks: tuple[Literal["authority", "contact"], ...] = ("authority",)
    notified_asks: tuple[Literal["authority", "person", "at"], ...] = ("authority", "at")
    clauses: Clauses = ()

    @property
    def at_the_call(self) -> tuple[OutsideWay, ...]:
        """What the operator can do at once."""
        return tuple(way for way in AT_THE_CALL if way in self.ways)


class SpecialList(Rule):
    """Who may be put on the list of special callers (NT-7-3a): proposed, then approved, for a time.

    `delegates`: who decides for those named in `approved_by`, by delegated authority.
    """

    proposed_by: tuple[Code, ...] = Field(min_length=1)
    approved_by: tuple[Code, ...] = Field(min_length=1)
    delegates: tuple[Code, ...] = ()
    seen_by: tuple[Code, ...] = ()
    most_days: int = Field(default=365, ge=1, le=3650)
    sample: bool = False
    clauses: Clauses = ()

    @property
    def deciders(self) -> tuple[Code, ...]:
        return (*self.approved_by, *self.delegates)


class Prosecution(Rule):
    """A false report handed to the police when the one wronged by it asks for that (NT-8-3a)."""

    on_request: bool = False
    referred_by: tuple[Code, ...] = ()
    clauses: Clauses = ()


class Intake(Rule):
    """All of it."""

    marks: dict[Code, Mark] = Field(default_factory=dict)
    grounds: dict[Code, Ground] = Field(default_factory=dict)
    outside: Outside = Outside()
    special_list: SpecialList | None = None
    prosecution: Prosecution = Prosecution()

    @field_validator("grounds", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        """A name alone will do."""
        if isinstance(value, Mapping):
            return {
                code: {"name": one} if isinstance(one, str) or set(one) == {"zh", "en"} else one
                for code, one in value.items()
            }
        return value

    def marks_of(self, kind: Code) -> dict[Code, Mark]:
        """The marks that a matter of this kind may bear."""
        return {code: mark for code, mark in self.marks.items() if kind in mark.kinds}

    def grounds_of(self, kind: Code | None) -> dict[Code, Ground]:
        """The grounds on which a matter of this kind may be refused; of no kind yet: those for all."""
        return {code: one for code, one in self.grounds.items() if not one.of or kind in one.of}


class Authority(Rule):
    """An authority or company outside the government, with what a caller is told of it (KM-7-6b)."""

    code: Code
    name: Text
    matters: Text
    phone: str
    phone_note: Text | None = None
    address: str = ""
    website: str = ""
    source: str = ""
    sample: bool = False
    words: tuple[str, ...] = ()

    @property
    def contact(self) -> str:
        """The contact details in one line, as they are read out and kept."""
        return "；".join(part for part in (self.phone, self.address, self.website) if part)

    def fits(self, typed: str) -> bool:
        """Whether every word that was typed is found in it."""
        said = " ".join((self.code, *self.words, *(text for one in (self.name, self.matters)
                         for text in (one.zh, one.en)), self.phone)).casefold()  # fmt: skip
        return all(word in said for word in typed.casefold().split())
