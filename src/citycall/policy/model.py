"""What a policy pack says: one government's whole rule-set as frozen, checked data.

Every rule carries the ids of the clauses it serves. Nothing here knows a particular government.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from citycall.policy.calendars import Calendar, Closure, DayEnd
from citycall.policy.limits import Limit
from citycall.policy.text import Text, language

if TYPE_CHECKING:
    from citycall.policy.places import Place

Code = str
Clauses = tuple[str, ...]
Where = Mapping[str, Any]
ChannelName = Literal["email", "sms", "screen"]
NoticeChannel = Literal["email", "sms", "screen", "chosen", "contact"]

_CODE = re.compile(r"^[a-z0-9][a-z0-9_.-]*$")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PLACEHOLDERS = frozenset(
    "number lookup_code item place agency description due sign_off_due established_at status hotline "
    "portal_url reason result person post cases city stage limit link".split()
)


class Rule(BaseModel):
    """Anything a pack states: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def matches(where: Where, unless: Where, facts: Mapping[str, Any]) -> bool:
    """Whether facts fit a condition: each field equal to the value, or to one of a list of values."""

    def fits(field: str, value: Any) -> bool:
        found = facts.get(field)
        return found in value if isinstance(value, list | tuple) else found == value

    if not all(fits(field, value) for field, value in where.items()):
        return False
    return not any(fits(field, value) for field, value in unless.items())


class District(Rule):
    code: Code
    name: Text
    zip: str


class Road(Rule):
    """A sample row that fixes the district of a road when an address names none."""

    district: Code
    name: str
    sample: bool = True


class Item(Rule):
    """A service item with its limits: one row of the city's table 派工項目及處理時限表 (NT-5-4-1b, NT-5-4-1c)."""

    code: Code
    name: Text
    kind: Code = "fast"
    agency: Code
    cause_group: Code
    stage1: Limit
    stage2_max: Limit
    public_safety: bool = False
    resources: bool = False
    evidence: bool = False
    keywords: tuple[str, ...] = ()
    radius_m: int = Field(default=100, ge=0, le=5000)
    active_from: date | None = None
    active_until: date | None = None
    sample: bool = False

    def flags(self) -> frozenset[str]:
        """The flags that are set: public_safety, resources (NT-5-4-11b)."""
        names = ("public_safety", "resources", "evidence")
        return frozenset(name for name in names if getattr(self, name))

    def active_on(self, day: date) -> bool:
        """Whether new cases of this item are taken on that day."""
        if self.active_from is not None and day < self.active_from:
            return False
        return self.active_until is None or day <= self.active_until


class IdentityRule(Rule):
    """Who must say who they are, and what is offered otherwise (NT-5-4-11a, NT-5-4-11b)."""

    required: tuple[Literal["name", "phone", "email", "address", "contact"], ...] = ()
    unless_flags: tuple[str, ...] = ()
    otherwise_offer: Code | None = None
    clauses: Clauses = ()

    def missing(self, item: Item | None, given: Mapping[str, Any] | None) -> tuple[str, ...]:
        """What is still to be told. `contact` is any one of phone, e-mail and address."""
        if item is not None and item.flags() & set(self.unless_flags):
            return ()
        given = given or {}
        return tuple(
            part
            for part in self.required
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
    """What a completion record must hold before a case may be closed (NT-5-4-9c)."""

    requires: tuple[Literal["finding", "result", "done_at", "photo", "prevention"], ...] = ()
    late_requires: tuple[Literal["late_reason"], ...] = ()
    clauses: Clauses = ()


class Unfounded(Rule):
    """Reports of one place and matter found groundless several times in a row (NT-5-4-10a/b)."""

    in_a_row: int = Field(ge=1)
    findings: tuple[Code, ...]
    becomes: Code
    letter_to: Code
    template: Code | None = None
    clauses: Clauses = ()


class Reply(Rule):
    """How the citizen is told the result and when the case closes (NT-5-4-4b, NT-5-4-4c, NT-5-4-9a)."""

    ways: tuple[Literal["sms", "email", "phone", "none"], ...] = ("sms", "email", "phone", "none")
    default: Literal["contact", "sms", "email", "phone", "none"] = "contact"
    phone_by: tuple[str, ...] = ("handler",)
    phone_record: tuple[Literal["caller", "callee", "at", "content", "reached"], ...] = ()
    closes_when: Literal["replied", "completed", "by_hand"] = "replied"
    second_caller: Literal["warn", "allow"] = "allow"
    tell_number_to: tuple[Literal["landline", "unreachable"], ...] = ()
    clauses: Clauses = ()


class Move(Rule):
    """One event a case may undergo: the statuses it is allowed in and the status that follows."""

    event: str
    from_: tuple[str, ...] = Field(alias="from")
    to: str | None = None
    clauses: Clauses = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Choice(Rule):
    """One entry of a list people choose from."""

    code: Code
    name: Text
    violation: bool = False


class CaseKind(Rule):
    """One kind of case: who may have it, its stages, its statuses and moves, its end."""

    code: Code
    name: Text
    number_prefix: str = Field(pattern=r"^[A-Z]{1,3}$")
    clauses: Clauses = ()
    with_item: bool = True
    identity: IdentityRule = IdentityRule()
    stages: dict[Literal["first", "second", "ordinary"], Stage] = Field(default_factory=dict)
    begins_in: Literal["first", "ordinary"] = "first"
    completion: Completion = Completion()
    unfounded: Unfounded | None = None
    reply: Reply = Reply()
    begins: str = "established"
    moves: tuple[Move, ...]
    findings: tuple[Choice, ...] = ()
    withdraw_reasons: tuple[Choice, ...] = ()
    delay_causes: tuple[Choice, ...] = ()

    def move(self, event: str, status: str) -> Move | None:
        """The move that this event makes from this status, or None where it is not allowed."""
        for move in self.moves:
            if move.event == event and status in move.from_:
                return move
        return None

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


class Start(Rule):
    """What starts a clock. `at` names a fact holding the true instant when it differs from the event's."""

    on: str
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    at: str | None = None


class Resume(Rule):
    """Events that set a clock running again which these other events had stopped."""

    on: tuple[str, ...]
    stopped_by: tuple[str, ...]


class When(Rule):
    """The instant of a strike: at, after or before the limit, after the start, or daily from one of them."""

    at: Literal["limit", "start"] | None = None
    after_limit: Limit | None = None
    before_limit: Limit | None = None
    after_start: Limit | None = None
    daily_at: time | None = None
    from_: Literal["limit", "start"] = Field(default="limit", alias="from")
    working_days: bool = False

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("daily_at", mode="before")
    @classmethod
    def _clock_time(cls, value: Any) -> Any:
        return clock_time(value)

    @model_validator(mode="after")
    def _one(self) -> Self:
        ways = (self.at, self.after_limit, self.before_limit, self.after_start, self.daily_at)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("say exactly one of at, after_limit, before_limit, after_start, daily_at")
        return self

    @property
    def daily(self) -> bool:
        return self.daily_at is not None


class NotifyAction(Rule):
    """Who is told, with which template, by which channels; `digest` puts one day's cases in one message."""

    to: tuple[str, ...] = Field(min_length=1)
    template: Code
    channels: tuple[NoticeChannel, ...] = Field(min_length=1)
    digest: bool = False


class Action(Rule):
    """One thing a strike does."""

    notify: NotifyAction | None = None
    mark: Code | None = None
    open_task: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.notify, self.mark, self.open_task)) != 1:
            raise ValueError("say exactly one of notify, mark, open_task")
        return self


class Strike(Rule):
    """When a clock strikes and what it then does."""

    code: Code
    when: When
    do: tuple[Action, ...] = Field(min_length=1)
    clauses: Clauses = ()


class ClockRule(Rule):
    """A clock: which event starts it, how long it runs, which events stop it, when it strikes."""

    code: Code
    name: Text
    kinds: tuple[Code, ...]
    start: Start
    limit: Limit | Literal["item.stage1", "kind.ordinary", "event.limit"]
    stop: tuple[str, ...]
    resume: Resume | None = None
    sets_due: bool = False
    late_field: str | None = None
    late_on: tuple[str, ...] = ()
    strikes: tuple[Strike, ...] = ()
    clauses: Clauses = ()

    def strike(self, code: str) -> Strike:
        for strike in self.strikes:
            if strike.code == code:
                return strike
        raise KeyError(code)


class NoticeRule(Rule):
    """Who is told of an event. `to`: roles of the case's agency, `reporter`, or `post:AGENCY.POST`."""

    code: Code
    on: str
    kinds: tuple[Code, ...] = ()
    where: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)
    to: tuple[str, ...] = Field(min_length=1)
    template: Code
    channels: tuple[NoticeChannel, ...] = Field(min_length=1)
    on_sent: str | None = None
    clauses: Clauses = ()


def _filled(words: str, context: Mapping[str, Any]) -> str:
    def put(found: re.Match[str]) -> str:
        value = context.get(found.group(1))
        return "" if value is None else str(value)

    return PLACEHOLDER.sub(put, words)


class Template(Rule):
    """The words of one notice on one channel in one language."""

    subject: str = ""
    body: str
    line: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = self.placeholders - PLACEHOLDERS
        if unknown:
            raise ValueError(
                f"unknown placeholder {{{sorted(unknown)[0]}}}; known are {', '.join(sorted(PLACEHOLDERS))}"
            )
        return self

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(PLACEHOLDER.findall(f"{self.subject} {self.body} {self.line}"))

    def render(self, context: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and body with the context put in; a value that is missing leaves nothing behind."""
        return _filled(self.subject, context), _filled(self.body, context)

    def render_line(self, context: Mapping[str, Any]) -> str:
        """One case's line in a message of several cases; these lines together are its {cases}."""
        return _filled(self.line, context)


class Setting(Rule):
    """The value of one variation point, with the clauses that give it and the reading taken."""

    value: Any
    clauses: Clauses = ()
    reading: str | None = None
    sample: bool = False


class HalfDay(Rule):
    """What half a day is (NT-5-1-1d): 4 hours; working or clock time; the pause deducted or not."""

    amount: Limit = Limit(amount=4, unit="hours")
    counts: Literal["working", "clock"] = "working"
    deducts_pause: bool = False


class CalendarRule(Rule):
    """The government's working time and the named readings of how days end."""

    country: str = "TW"
    office_hours: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(13), time(17)))
    half_day: HalfDay = HalfDay()
    day_ends: DayEnd = "same_time"
    working_day_ends: DayEnd = "same_time"
    sample: bool = False
    clauses: Clauses = ()

    @field_validator("office_hours", mode="before")
    @classmethod
    def _clock_times(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [[clock_time(at) for at in span] if isinstance(span, list) else span for span in value]
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        self.build("Asia/Taipei", ())
        return self

    def build(self, timezone: str, closures: Iterable[Closure]) -> Calendar:
        return Calendar(
            timezone=timezone,
            country=self.country,
            office_hours=self.office_hours,
            closures=frozenset(closures),
            half_day_counts=self.half_day.counts,
            half_day_deducts_pause=self.half_day.deducts_pause,
            day_ends=self.day_ends,
            working_day_ends=self.working_day_ends,
        )


class Pack(Rule):
    """One government's whole rule-set, as it was loaded and checked."""

    code: Code
    name: Text
    version: str
    status: Literal["in_force", "sample", "repealed"]
    extends: Code | None = None
    city: Text
    city_names: tuple[str, ...] = ()
    timezone: str = "Asia/Taipei"
    hotline: str = "1999"
    seed: str | None = None
    source: str | None = None
    clock_calendar: CalendarRule = CalendarRule()
    districts: tuple[District, ...] = ()
    roads: tuple[Road, ...] = ()
    items: dict[str, Item] = Field(default_factory=dict)
    kinds: dict[str, CaseKind] = Field(default_factory=dict)
    clocks: tuple[ClockRule, ...] = ()
    notices: tuple[NoticeRule, ...] = ()
    templates: dict[str, dict[ChannelName, dict[str, Template]]] = Field(default_factory=dict)
    settings: dict[str, Setting] = Field(default_factory=dict)
    may: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    digest: str = ""
    path: str = ""

    def calendar(self, closures: Iterable[Closure] = (), district: str | None = None) -> Calendar:
        """The calendar with these closures: those of the whole city, and of the district when named."""
        wanted = frozenset(c for c in closures if c.area in ("all", district))
        if not wanted:
            return self._plain_calendar
        return self.clock_calendar.build(self.timezone, wanted)

    @cached_property
    def _plain_calendar(self) -> Calendar:
        return self.clock_calendar.build(self.timezone, ())

    def setting(self, slug: str, default: Any = None) -> Any:
        """The value of a variation point, or the default where the pack is silent."""
        found = self.settings.get(slug)
        return default if found is None else found.value

    def clock(self, code: str) -> ClockRule:
        for rule in self.clocks:
            if rule.code == code:
                return rule
        raise KeyError(code)

    def district(self, code: str) -> District | None:
        return self._districts_by_code.get(code)

    @cached_property
    def _districts_by_code(self) -> dict[str, District]:
        return {district.code: district for district in self.districts}

    def template(self, code: str, channel: str, lang: str | None = None) -> Template:
        """The template for a channel and language; Traditional Chinese where the language is lacking."""
        by_language = self.templates[code][channel]  # type: ignore[index]
        return by_language.get(language(lang)) or by_language["zh-hant"]

    def render(
        self, code: str, channel: str, lang: str | None, context: Mapping[str, Any]
    ) -> tuple[str, str]:
        """Subject and body of a notice, the names of city and hotline put in by the pack itself."""
        own = {"city": self.city.get(lang), "hotline": self.hotline}
        return self.template(code, channel, lang).render({**own, **context})

    def items_on(self, day: date, kind: str | None = None) -> tuple[Item, ...]:
        """The items taken on that day, in the order of the table."""
        return tuple(
            item
            for item in self.items.values()
            if item.active_on(day) and (kind is None or item.kind == kind)
        )

    def find_items(self, words: str, day: date, limit: int = 10) -> tuple[Item, ...]:
        """The items that a few words point at, best first (what an operator types while listening)."""
        from citycall.policy.items import find_items

        return find_items(self, words, day, limit)

    def place(self, address: str, district: str | None = None) -> Place:
        """The place of an address as people say it; raises PlaceError when it cannot be fixed."""
        from citycall.policy.places import place

        return place(self, address, district)


def clock_time(value: Any) -> Any:
    """`"18:00"` and YAML's 1080 (18:00 read as base sixty) as a time of day."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value.strip()):
        hour, minute = value.strip().split(":")
        if int(hour) < 24 and int(minute) < 60:
            return time(int(hour), int(minute))
        raise ValueError(f"{value!r} is not a time of day")
    return value


def is_code(value: str) -> bool:
    """Whether a word may serve as a code: small letters, digits, dot, dash, underscore."""
    return _CODE.match(value) is not None


__all__ = [
    "Action", "CalendarRule", "CaseKind", "Choice", "ClockRule", "Completion", "District", "IdentityRule",
    "Item", "Move", "NoticeRule", "NotifyAction", "Pack", "Reply", "Resume", "Road", "Setting", "Stage",
    "Start", "Strike", "Template", "Unfounded", "When", "clock_time", "is_code", "matches",
]  # fmt: skip
