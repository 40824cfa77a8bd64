"""What a policy pack says: one government's whole rule-set as frozen, checked data.

Every rule carries the ids of the clauses it serves. Nothing here knows a particular government.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, InstanceOf, PrivateAttr, field_validator, model_validator

from citycall.policy.basics import ChannelName, Clauses, Code, Rule, clock_time
from citycall.policy.borders import Borders
from citycall.policy.calendars import Calendar, Closure, DayEnd
from citycall.policy.intake import Authority, Intake
from citycall.policy.items import Item, find_items
from citycall.policy.kinds import CaseKind
from citycall.policy.limits import Limit
from citycall.policy.requests import RequestRule
from citycall.policy.rules import ClockRule, NoticeRule, Template
from citycall.policy.settings import Reading, Setting
from citycall.policy.tasks import TaskRule
from citycall.policy.text import Text, language
from citycall.policy.upgrades import CURRENT

if TYPE_CHECKING:
    from citycall.policy.places import Gazetteer, Place


_CALENDARS = 256  # calendars kept with their running totals: one for each set of closures


class District(Rule):
    code: Code
    name: Text
    zip: str


class Road(Rule):
    """A sample row that fixes the district of a road when an address names none."""

    district: Code
    name: str
    sample: bool = True


class Edition(Rule):
    """One issue or amendment of the document behind a pack, in force from `since` (KM-0b, NT-0b)."""

    since: date
    document: str
    note: Text | None = None
    clauses: Clauses = ()


class Suspension(Rule):
    """Which declared closures stop clocks (TP-5-5-1b, TP-5-5-1c): of which areas, and for which causes.

    `city`: the whole city; `district`: a district, for cases there; `agency`: one agency's own.
    """

    areas: tuple[Literal["city", "district", "agency"], ...] = ("city", "district")
    causes: tuple[Literal["disaster", "other"], ...] = ("disaster", "other")
    clauses: Clauses = ()


class HalfDay(Rule):
    """What half a day is (NT-5-1-1d): 4 hours; working or clock time; the pause deducted or not."""

    amount: Limit = Limit(amount=4, unit="hours")
    counts: Literal["working", "clock"] = "working"
    deducts_pause: bool = False

    @field_validator("amount")
    @classmethod
    def _plain(cls, value: Limit) -> Limit:
        if value.unit not in ("minutes", "hours") or not value.amount:
            raise ValueError("half a day is so many hours or minutes, such as 4 hours")
        return value

    @property
    def span(self) -> timedelta:
        return timedelta(minutes=self.amount.nominal_minutes)


class CalendarRule(Rule):
    """The government's working time and the named readings of how days end."""

    country: str = "TW"
    office_hours: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(13), time(17)))
    half_day: HalfDay = HalfDay()
    day_ends: DayEnd = "same_time"
    working_day_ends: DayEnd = "same_time"
    suspension: Suspension = Suspension()
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
            half_day=self.half_day.span,
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
    form: int = CURRENT  # the form its files are written in (`schema` in pack.yaml); see upgrades
    status: Literal["in_force", "sample", "repealed"]
    extends: Code | None = None
    city: Text
    city_names: tuple[str, ...] = ()
    timezone: str = "Asia/Taipei"
    hotline: str = "1999"
    seed: str | None = None
    source: str | None = None
    title: str | None = None
    issued: date | None = None
    editions: tuple[Edition, ...] = ()
    ends: date | None = None  # the first day on which the document no longer applies (TP-0b)
    ended_by: str | None = None
    clauses: Clauses = ()
    approved_by: tuple[str, ...] = ("director",)  # roles that put a change of these rules in force (KM-10-3b)
    approved_in: Code | None = None  # their agency; the managing unit where none is named
    clock_calendar: CalendarRule = CalendarRule()
    districts: tuple[District, ...] = ()
    roads: tuple[Road, ...] = ()
    borders: InstanceOf[Borders] | None = None  # the outlines of the districts, where the pack has them
    items: dict[str, Item] = Field(default_factory=dict)
    kinds: dict[str, CaseKind] = Field(default_factory=dict)
    intake: Intake = Intake()
    authorities: tuple[Authority, ...] = ()  # outside the government, to whom callers are shown the way
    clocks: tuple[ClockRule, ...] = ()
    notices: tuple[NoticeRule, ...] = ()
    templates: dict[str, dict[ChannelName, dict[str, Template]]] = Field(default_factory=dict)
    tasks: tuple[TaskRule, ...] = ()
    requests: tuple[RequestRule, ...] = ()
    settings: dict[str, Setting] = Field(default_factory=dict)
    readings: dict[str, Reading] = Field(default_factory=dict)
    referred: frozenset[str] = frozenset()  # the settings and readings that rules take over
    sources: dict[str, str] = Field(default_factory=dict)  # where: `clocks.sign_off.limit` -> which of them
    may: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    digest: str = ""
    path: str = ""

    _calendars: dict[frozenset[Closure], Calendar] = PrivateAttr(default_factory=dict)

    def calendar(self, closures: Iterable[Closure] = (), district: str | None = None) -> Calendar:
        """The calendar with these closures: those of the whole city, and of the district when named."""
        wanted = frozenset(c for c in closures if c.area in ("all", district))
        if not wanted:
            return self._plain_calendar
        found = self._calendars.get(wanted)
        if found is None:
            if len(self._calendars) >= _CALENDARS:
                self._calendars.clear()
            found = self._calendars[wanted] = self.clock_calendar.build(self.timezone, wanted)
        return found

    @cached_property
    def _plain_calendar(self) -> Calendar:
        return self.clock_calendar.build(self.timezone, ())

    def setting(self, slug: str, default: Any = None) -> Any:
        """The value of a variation point, or the default where the pack is silent."""
        found = self.settings.get(slug)
        return default if found is None else found.value

    def value(self, slug: str) -> Any:
        """The value of a variation point in its own type; None where the document is silent."""
        from citycall.policy.variation_points import POINTS

        return POINTS[slug].read(self.setting(slug))

    @property
    def managing_unit(self) -> str:
        """The agency that steers the hotline; where the document names none, that of those who approve."""
        return str(self.setting("managing-unit") or self.approved_in or "")

    def clock(self, code: str) -> ClockRule:
        for rule in self.clocks:
            if rule.code == code:
                return rule
        raise KeyError(code)

    def task(self, code: str) -> TaskRule:
        for rule in self.tasks:
            if rule.code == code:
                return rule
        raise KeyError(code)

    def applies_on(self, day: date) -> bool:
        """Whether the document still applies on a day; an ended one stays usable as a template (TP-0b)."""
        return self.ends is None or day < self.ends

    def edition_on(self, day: date) -> Edition | None:
        """The edition of the document in force on a day; None before the first and from the end on."""
        if not self.applies_on(day):
            return None
        known = [edition for edition in self.editions if edition.since <= day]
        return max(known, key=lambda edition: edition.since, default=None)

    def reading(self, slug: str, name: str, default: Any = None) -> Any:
        """One value of a named reading, or the default where the pack takes none."""
        found = self.readings.get(slug)
        return default if found is None else found.value.get(name, default)

    def district(self, code: str) -> District | None:
        return self._districts_by_code.get(code)

    @cached_property
    def _districts_by_code(self) -> dict[str, District]:
        return {district.code: district for district in self.districts}

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The names by which addresses are read."""
        from citycall.policy.places import Gazetteer

        return Gazetteer.of(self)

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

    def authority(self, code: str) -> Authority | None:
        """The outside authority of this code, or None."""
        return next((one for one in self.authorities if one.code == code), None)

    def find_authorities(self, words: str, limit: int = 8) -> tuple[Authority, ...]:
        """The outside authorities that a few words point at; without words the first of the table."""
        return tuple(one for one in self.authorities if one.fits(words))[:limit]

    def items_on(self, day: date, kind: str | None = None) -> tuple[Item, ...]:
        """The items taken on that day, in the order of the table."""
        return tuple(
            item
            for item in self.items.values()
            if item.active_on(day) and (kind is None or item.kind == kind)
        )

    def find_items(self, words: str, day: date, limit: int = 10) -> tuple[Item, ...]:
        """The items that a few words point at, best first (what an operator types while listening)."""
        return find_items(self.items_on(day), words, limit)

    def place(self, address: str, district: str | None = None) -> Place:
        """The place of an address as people say it; raises PlaceError when it cannot be fixed."""
        from citycall.policy.places import place

        return place(self, address, district)
