"""What the card tells the operator while they type: district, limits, identity, what is known of a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language

from citycall.base import clock
from citycall.base.closures import calendar_of
from citycall.base.private import is_mobile, normalise_phone
from citycall.people.queries import IntakeNumber, identity_check
from citycall.policy import Item, Pack, Place, PlaceError
from citycall.policy.clocks import clocks_started_by, due_at, limit_of, started_at
from citycall.policy.kinds import CaseKind
from citycall.policy.limits import LimitError
from citycall.policy.located import Point, locate
from citycall.policy.model import District
from citycall.policy.notices import notices_for, reporter_channel
from citycall.services.cases import queries
from citycall.services.cases.classify.store import Suggestion, suggest
from citycall.services.cases.commands.naming import kinds_for
from citycall.services.cases.models import Prevention, UnfoundedLetter
from citycall.services.cases.near import Spot
from citycall.web.desk.forms.asked import kind_meant, point_of

ESTABLISHED = "case.established"
Names = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Choice:
    """One item to choose, with what tells it from the others."""

    item: Item
    agency: tuple[str, str]
    limit: str
    why: tuple[str, ...] = ()  # words of the report that speak for it, where it was learned
    unnamed: bool = False  # it is taken without a name, where its kind wants one (NT-5-4-11b)


@dataclass(frozen=True)
class Limit:
    """One clock that will start: its name, how long it runs, when it is due."""

    name: Any
    words: str
    due: datetime


@dataclass
class Check:
    """The answer to a half-filled form. Nothing is written by asking."""

    item: Item | None = None
    kind: CaseKind | None = None
    agency: tuple[str, str] = ("", "")
    rings: list[IntakeNumber] = field(default_factory=list)
    district: Any = None
    place_error: str = ""
    contradiction: str = ""  # the address and the point do not agree
    choices: list[District] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    identity_required: bool = False
    identity_missing: tuple[str, ...] = ()
    confirms: list[Any] = field(default_factory=list)  # marks for which who reports is rung back (NT-8-2a)
    confirmed: Any = None  # the call back that confirmed it
    unconfirmed: Any = None  # the one that did not
    freed: bool = False  # a mark frees the reporter of saying who they are (KM-6-2b)
    may_decline: bool = False
    wish_missing: bool = False  # left a way of contact, was not asked how to be answered (NT-5-2-3a)
    unnamed_allowed: bool = False
    offer: CaseKind | None = None
    tells: str | None = None
    becomes: CaseKind | None = None
    near: list[queries.NearRow] = field(default_factory=list)
    letter: UnfoundedLetter | None = None
    preventions: list[Prevention] = field(default_factory=list)


def may_end(pack: Pack) -> bool:
    """Whether a matter may end at the call without a case."""
    return bool(pack.intake.grounds or pack.intake.outside.at_the_call)


def check(pack: Pack, typed: Mapping[str, str], agency_names: Names, marked: Sequence[str] = ()) -> Check:
    """Look at what has been typed so far (NT-5-4-11a/b, NT-5-4-10b, NT-5-4-9b)."""
    out = Check(item=pack.items.get(typed.get("item", "")))
    point = point_of(typed.get("point", ""))
    place = _place(pack, typed, point, out)
    kind = out.kind = kind_meant(pack, typed.get("filed_as", ""), typed.get("item", ""))
    if kind is None:
        return out
    agency = out.item.agency if out.item else typed.get("agency", "")
    out.agency = agency_names.get(agency, ("", ""))
    if kind.telephone_notice.when != "outage" and agency in agency_names:
        out.rings = queries.telephone_numbers(kind, agency)
    given = {name: typed.get(name, "").strip() for name in ("name", "phone", "email")}
    given["address"] = typed.get("reporter_address", "").strip()
    marks = {code: mark for code, mark in pack.intake.marks_of(kind.code).items() if code in marked}
    out.identity_required = bool(kind.identity.required or any(mark.requires for mark in marks.values()))
    out.identity_missing = kind.identity.missing(out.item, given, marks.values())
    out.freed = any(mark.frees for mark in marks.values())
    out.may_decline = kind.identity.may_decline
    out.wish_missing = (
        kind.reply.as_wished and bool(given["phone"] or given["email"]) and not typed.get("reply_by")
    )
    out.confirms = [mark for mark in marks.values() if mark.confirms]
    if out.confirms and typed.get("identity_check", "").isdigit():
        found = identity_check(int(typed["identity_check"][:18]))
        out.confirmed = found if found is not None and found.confirmed else None
        out.unconfirmed = found if found is not None and not found.confirmed else None
    out.unnamed_allowed = out.identity_required and not kind.identity.missing(out.item, {}, marks.values())
    out.offer = pack.kinds.get(kind.identity.otherwise_offer or "")
    if place is not None and out.item is not None:
        said = typed.get("description", "")[:600]
        out.near = queries.near_spot(
            Spot(
                out.item.cause_group,
                place.addr_key,
                said,
                lat=point.lat if point else None,
                lon=point.lon if point else None,
                radius_m=out.item.radius_m,
            )
        )
        out.preventions = queries.preventions_at(out.item.cause_group, place.addr_key)
        out.letter = queries.letter_about(out.item.cause_group, place.addr_key) if kind.unfounded else None
        if kind.unfounded and out.letter is not None:
            out.becomes = kind = pack.kinds[kind.unfounded.becomes]
    out.limits = _limits(pack, kind, out.item, place, agency, typed)
    out.tells = _tells(pack, kind, given)
    return out


def _place(pack: Pack, typed: Mapping[str, str], point: Point | None, out: Check) -> Place | None:
    address = typed.get("address", "").strip()
    if not address and point is None:
        return None
    try:
        located = locate(pack, address[:200], typed.get("district") or None, point)
    except PlaceError as error:
        out.place_error = error.text.get(get_language())
        out.choices = [found for code in error.choices if (found := pack.district(code))]
        return None
    place = located.place
    if located.contradiction is not None:
        out.contradiction = located.contradiction.get(get_language())
    district = pack.district(place.district_code or "")
    out.district = district.name if district else None
    return place


def _limits(
    pack: Pack, kind: CaseKind, item: Item | None, place: Place | None, agency: str, typed: Mapping[str, str]
) -> list[Limit]:
    """The clocks that would start now, as the pack counts them."""
    now = clock.now()
    calendar = calendar_of(pack, place.district_code if place else None, agency)
    facts = {"category": typed.get("category", "")}
    found = []
    for rule in clocks_started_by(pack, kind.code, ESTABLISHED, facts):
        limit = limit_of(rule, item, kind, facts)
        said = limit.words(get_language()) if limit else ""
        if said.replace(" ", "") in rule.name.get(get_language()).replace(" ", ""):
            said = ""
        try:
            due = due_at(rule, item, kind, started_at(rule, now, facts, calendar), facts, calendar)
        except LimitError:
            continue
        found.append(Limit(rule.name, said, due))
    return sorted(found, key=lambda one: one.due)


def _tells(pack: Pack, kind: CaseKind, given: Mapping[str, str]) -> str | None:
    """By which channel the citizen would be told of the case; none: the number is read out (NT-5-4-2f)."""
    try:
        mobile = is_mobile(normalise_phone(given["phone"]))
    except ValueError:
        mobile = False
    email = bool(given["email"])
    ways = (
        reporter_channel(word, mobile=mobile, email=email)
        for rule in notices_for(pack, kind.code, ESTABLISHED, {})
        if "reporter" in rule.to
        for word in rule.channels
    )
    return next((way for way in ways if way), None)


@dataclass(frozen=True)
class Said:
    """What is typed of a matter so far: the words looked for, what is reported, and where."""

    words: str = ""
    description: str = ""
    address: str = ""
    district: str = ""

    @classmethod
    def of(cls, pack: Pack, typed: Mapping[str, str]) -> Said:
        """From the form; a district that only the address names is known too."""
        address = typed.get("address", "").strip()[:200]
        code: str | None = typed.get("district", "")
        if address and not code:
            try:
                code = pack.place(address).district_code
            except PlaceError:
                code = ""
        district = pack.district(code or "")
        return cls(
            typed.get("words", "").strip()[:80],
            typed.get("description", "").strip()[:600],
            address.removeprefix(pack.city.zh),
            district.name.zh if district is not None else "",
        )


def items_for(
    pack: Pack, said: Said, agency_names: Names, limit: int = 6, filed_as: str = ""
) -> list[Choice]:
    """The items that what is typed points at; without anything the first of the table.

    First those that such reports were in the city's own cases, where a model was trained; then by the words
    of the items themselves. With a kind, those that may be filed as it.
    """
    today = clock.today()
    words = said.words or said.description
    likely = _likely(pack, said, today)
    if filed_as in pack.kinds:
        likely = [one for one in likely if filed_as in kinds_for(pack, one.item)]
    if filed_as not in pack.kinds:
        found = pack.find_items(words, today, limit) if words else pack.items_on(today)[:limit]
    else:
        some = pack.find_items(words, today, len(pack.items)) if words else pack.items_on(today)
        may_be = [item for item in some if filed_as in kinds_for(pack, item)]
        found = tuple(sorted(may_be, key=lambda item: item.kind != filed_as))[:limit]
    known = {one.item.code for one in likely}
    rest = [item for item in found if item.code not in known][: max(0, limit - len(likely))]
    return [
        *(choice_of(one.item, agency_names, pack, one.words) for one in likely),
        *(choice_of(item, agency_names, pack) for item in rest),
    ]


def _likely(pack: Pack, said: Said, today: date) -> list[Suggestion]:
    """What was learned of such words, and of all that was said there: what is looked for comes first."""
    where = {"address": said.address, "district": said.district}
    found = suggest(pack, said.words, today, **where)
    if said.description:
        whole = suggest(pack, f"{said.words} {said.description}".strip(), today, **where)
        first = {one.item.code for one in found[:1]}
        found = [*found[:1], *(one for one in whole if one.item.code not in first)][:3]
    return found


def items_with_choice(
    pack: Pack, typed: Mapping[str, str], agency_names: Names, picked: str
) -> tuple[list[Choice], str]:
    """The items for all that is typed, and which is chosen while place and report are still being typed.

    What was picked, or found by words, stays; a question that overtook the one for the words finds the same.
    Where nothing was looked for, the likeliest is chosen.
    """
    filed_as = typed.get("filed_as", "")
    found = items_for(pack, Said.of(pack, typed), agency_names, filed_as=filed_as)
    chosen = typed.get("item", "")
    may_be_none = filed_as in pack.kinds and not pack.kinds[filed_as].item_required
    by_words = bool(typed.get("words", "").strip())
    if found and not picked and not may_be_none and (not chosen if by_words else found[0].why):
        chosen = found[0].item.code
    item = pack.items.get(chosen)
    if item is not None and item not in [choice.item for choice in found]:
        found = [choice_of(item, agency_names, pack), *found[:-1]]
    return found, chosen


def choice_of(item: Item, agency_names: Names, pack: Pack, why: tuple[str, ...] = ()) -> Choice:
    """An item with its agency and its limit."""
    agency = agency_names.get(item.agency, (item.agency, item.agency))
    kind = pack.kinds[item.kind]
    stage = kind.stages.get("first")
    first = stage is not None and stage.limit == "item.stage1"
    limit = item.stage1.words(get_language()) if first else ""
    return Choice(item, agency, limit, why, unnamed=not kind.identity.missing(item, {}))
