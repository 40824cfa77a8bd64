"""Kinds of case: who may have one, its stages, its statuses and moves, its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from citycall.policy.answers import Reopening, Unprocessed, Writing
from citycall.policy.basics import Clauses, Code, Rule
from citycall.policy.intake import Mark
from citycall.policy.items import Item
from citycall.policy.limits import Limit
from citycall.policy.text import Text


class IdentityRule(Rule):
    """Who must say who they are, and what is offered otherwise (NT-5-4-11a, NT-5-4-11b)."""

    required: tuple[Literal["name", "phone", "email", "address", "contact"], ...] = ()
    unless_flags: tuple[str, ...] = ()
    otherwise_offer: Code | None = None
    may_decline: bool = False  # a case may be taken of who refuses to say, and need not be (TP-6-2a, TP-6-2b)
    clauses: Clauses = ()

    def missing(
        self, item: Item | None, given: Mapping[str, Any] | None, marks: Iterable[Mark] = ()
    ) -> tuple[str, ...]:
        """What is still to be told. `contact` is any one of phone, e-mail and address.

        A mark on the matter may ask for more, as private rights do (KM-6-2a), or free the reporter of it all,
        as an immediate need of public safety does (KM-6-2b).
        """
        marks = tuple(marks)
        if item is not None and item.flags() & set(self.unless_flags):
            return ()
        if any(mark.frees for mark in marks):
            return ()
        given = given or {}
        asked = dict.fromkeys((*self.required, *(part for mark in marks for part in mark.requires)))
        return tuple(
            part
            for part in asked
            if not (
                any(given.get(way) for way in ("phone", "email", "address"))
                if part == "contact"
                else given.get(part)
            )
        )


class Stage(Rule):
    """A stage of a case and the limit that it gives: `item.stage1`, `event.limit` or a limit of its own."""

    limit: Limit | Literal["item.stage1", "event.limit"] | None = None
    min: Limit | None = None
    max: Limit | None = None
    on_application: bool = False
    reason_required: bool = False
    decided_by: tuple[str, ...] = ()
    sample: bool = False
    clauses: Clauses = ()


class Completion(Rule):
    """What a completion record must hold before a case may be closed (NT-5-4-9c), and who enters it.

    `by`: the roles of the agency that may enter it; empty for all who work on cases. `report_first`: the
    handler reports back (`case.reported_back`) before the result is entered (TP-6-3-2c).
    `told_by_phone_requires`: what is asked for instead where the agency was told by telephone before
    (TP-5-5-5b); None for the same. `approved_by`: roles that must approve the result before it counts and
    goes out (NT-5-2-3b, NT-5-3e, TP-5-5-2a); empty for nobody. `phone_reply`: the reply by telephone, with
    its date and time, comes before the result where the citizen is to be rung (NT-5-3e).
    """

    requires: tuple[Literal["finding", "result", "done_at", "photo", "prevention", "phone_reply"], ...] = ()
    late_requires: tuple[Literal["late_reason"], ...] = ()
    by: tuple[str, ...] = ()
    report_first: bool = False
    told_by_phone_requires: tuple[Literal["finding", "result", "done_at", "photo"], ...] | None = None
    approved_by: tuple[str, ...] = ()
    clauses: Clauses = ()


class TelephoneNotice(Rule):
    """Whether the agency is told by telephone before the case is entered (通報; NT-3-4, NT-5-3b, TP-5-5-5a).

    `required`: without person and time the case is refused. `optional`: they may be given. `outage`: only for
    what was telephoned while cases could not be sent (NT-5-4-3a). `rings`: whose numbers are then shown.
    """

    when: Literal["required", "optional", "outage"] = "outage"
    rings: tuple[str, ...] = ("intake_window",)
    clauses: Clauses = ()


class Category(Rule):
    """A category of petition, with a limit of its own where the government sets one (TP-5-5-4)."""

    code: Code
    name: Text
    limit: Limit | None = None
    sample: bool = False


class GradeB(Rule):
    """An interim result: a planned end later than the limit, entered within it (TP-5-5-6a to TP-5-5-6d).

    `counted_from`: the day of the entry or the end of the limit, as the government reads it.
    `within_limit`: not after the limit has passed. `requires`: what is asked for; the planned end always is.
    """

    most: Limit
    within_limit: bool = True
    requires: tuple[Literal["schedule", "findings"], ...] = ("schedule", "findings")
    counted_from: Literal["entry", "limit"] = "entry"
    clauses: Clauses = ()


class Choice(Rule):
    """One entry of a list people choose from: what it counts as, and what it asks for."""

    code: Code
    name: Text
    asks_phone: bool = False  # the caller must ring from the number on the case (NT-8-1b)
    asks: tuple[Literal["course", "authority", "reference", "date"], ...] = ()  # what must be entered with it
    incident: bool = False  # kept for later handling, as a report in another's name is (NT-8-1b)


class Release(Rule):
    """Release from tracking: who may release, who asks, on which grounds (KM-7-7b, TP-6-6-0).

    `becomes`: the kind of case as which the call centre may record it anew with another agency (TP-6-7a).
    """

    by_agency: Code
    by: tuple[str, ...] = Field(min_length=1)
    grounds: tuple[Choice, ...] = ()
    becomes: Code | None = None
    clauses: Clauses = ()

    @field_validator("grounds", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """Names by their codes, as a setting has them, will do."""
        if isinstance(value, Mapping):
            return [{"code": code, "name": name} for code, name in value.items()]
        return value


class Unfounded(Rule):
    """Reports of one place and matter found groundless several times in a row (NT-5-4-10a/b, TP-6-8-2a/b).

    `decisions`: what the letter may propose, with the facts; empty where it only gives reasons.
    """

    in_a_row: int = Field(ge=1)
    findings: tuple[Code, ...]
    becomes: Code
    letter_to: Code
    decisions: tuple[Literal["refuse", "accept_with_conditions"], ...] = ()
    clauses: Clauses = ()


class Merge(Rule):
    """Merging a report into an open case of the same place and matter (TP-6-8-1).

    `by`: the agency that works on both, or the call centre. `within_open_limit`: only while the limit of the
    open case runs. `follow`: what happens to the main case and is said on each merged one too, so that every
    reporter hears of it. `holds`: what may not happen to a case while others are merged into it.
    """

    by: Literal["agency", "call_centre"] = "agency"
    within_open_limit: bool = True
    follow: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    sample: bool = False
    clauses: Clauses = ()


class Reply(Rule):
    """How the citizen is told the result and when the case closes (NT-5-4-4b, NT-5-4-4c, NT-5-4-9a).

    Where `none` is not among the ways, whoever left a way of contact is answered, asked for or not (NT-5-3d).
    Where `letter` is, whoever left an address and nothing else is answered by letter (TP-5-5-1a).
    `by_hand`: how the agency's people may answer by themselves, with date and content on record (KM-6-1d).
    """

    ways: tuple[Literal["sms", "email", "phone", "letter", "none"], ...] = ("sms", "email", "phone", "none")
    as_wished: bool = False  # who left a way of contact is asked how to be answered (NT-5-2-3a)
    by_hand: tuple[Literal["phone", "letter", "email", "visit"], ...] = ()
    phone_by: tuple[str, ...] = ("handler",)
    phone_agency: Code = "case"  # who owes the call: the case's own agency, or one such as call_centre
    always_by_phone: bool = False  # the call centre rings whatever way was left, if there is one (KM-7-4b)
    phone_record: tuple[Literal["caller", "callee", "at", "content", "reached"], ...] = ()
    closes_when: Literal["replied", "completed", "by_hand"] = "replied"
    closed_by: tuple[str, ...] = ("handler", "lead")
    closed_by_agency: Code = "case"
    second_caller: Literal["warn", "allow"] = "allow"
    tell_number_to: tuple[Literal["landline", "unreachable"], ...] = ()
    clauses: Clauses = ()

    def phone_agency_of(self, agency: Code) -> Code:
        """Who owes the call about a case of this agency."""
        return agency if self.phone_agency == "case" else self.phone_agency

    def closing_agency_of(self, agency: Code) -> Code:
        """Who closes a case of this agency."""
        return agency if self.closed_by_agency == "case" else self.closed_by_agency

    def owes_call(self, reply_by: str, *, has_phone: bool) -> bool:
        """Whether the citizen is to be rung: by wish, or always where a telephone was left (KM-7-4b)."""
        return reply_by == "phone" or (self.always_by_phone and has_phone)


class Move(Rule):
    """One event a case may undergo: the statuses it is allowed in and the status that follows."""

    event: str
    from_: tuple[str, ...] = Field(alias="from")
    to: str | None = None
    clauses: Clauses = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class CaseKind(Rule):
    """One kind of case: who may have it, its stages, its statuses and moves, its end."""

    code: Code
    name: Text
    number_prefix: str = Field(pattern=r"^[A-Z]{1,3}$")
    clauses: Clauses = ()
    identity: IdentityRule = IdentityRule()
    stages: dict[Literal["first", "second", "ordinary"], Stage] = Field(default_factory=dict)
    begins_in: Literal["first", "ordinary"] = "first"
    item_required: bool = True  # else an agency may be named instead
    place_required: bool = True
    register_name: Text | None = None  # the system or register it is kept in (`case-system`)
    telephone_notice: TelephoneNotice = TelephoneNotice()
    categories: tuple[Category, ...] = ()
    category_limits: dict[Code, Limit] = Field(default_factory=dict)  # by category, where they are named only
    usual_category: Code | None = None  # where nobody chose one; None: one must be chosen (KM-2-3a)
    application: Literal["none", "required"] = "none"  # the application that it is about (HR-3-1-2)
    passed_up_to: tuple[Code, ...] = ()  # who settles it when it is passed up, the first there is (HR-3-1-2)
    owner: Code | None = None  # the agency that takes matters of this kind where none is named (AE-7-1a)
    grade_b: GradeB | None = None
    release: Release | None = None
    completion: Completion = Completion()
    unfounded: Unfounded | None = None
    merge: Merge | None = None
    reply: Reply = Reply()
    writing: Writing | None = None  # the written reply, where one is drafted and approved
    unprocessed: Unprocessed | None = None
    reopening: Reopening | None = None
    begins: str = "established"
    moves: tuple[Move, ...]
    findings: tuple[Choice, ...] = ()
    withdraw_reasons: tuple[Choice, ...] = ()
    delay_causes: tuple[Choice, ...] = ()

    @field_validator("categories", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """Names by their codes, as the setting `petition-kinds` has them, will do (KM-2-3a, TP-2-1-4a)."""
        if isinstance(value, Mapping):
            return [{"code": code, "name": name} for code, name in value.items()]
        return value

    def category(self, code: str) -> Category | None:
        """The category of this code, or None."""
        return next((one for one in self.categories if one.code == code), None)

    def category_limit(self, code: str | None) -> Limit | None:
        """The limit that a category has of its own."""
        found = self.category(code or "")
        if found is None:
            return None
        return self.category_limits.get(found.code) if found.limit is None else found.limit

    def move(self, event: str, status: str) -> Move | None:
        """The move that this event makes from this status, or None where it is not allowed."""
        for move in self.moves:
            if move.event == event and status in move.from_:
                return move
        return None

    def finding(self, code: str) -> Choice | None:
        """The finding of this code, or None."""
        return next((choice for choice in self.findings if choice.code == code), None)

    def next_status(self, event: str, status: str) -> str | None:
        """The status after the event, or None where the event is not allowed in this status."""
        move = self.move(event, status)
        return None if move is None else move.to or status

    @property
    def statuses(self) -> tuple[str, ...]:
        """Every status of this kind, in the order of the table."""
        seen = {self.begins: None}
        for move in self.moves:
            seen.update(dict.fromkeys(move.from_))
            if move.to is not None:
                seen[move.to] = None
        return tuple(seen)

    def second_stage_limits(self, item: Item | None) -> tuple[Limit | None, Limit | None]:
        """The least and most that a second stage may last; the item may allow less (NT-5-4-1c)."""
        stage = self.stages.get("second")
        if stage is None:
            return None, None
        most = stage.max
        if item is not None and (most is None or item.stage2_max.nominal_minutes < most.nominal_minutes):
            most = item.stage2_max
        return stage.min, most
