"""What the card tells the operator while they type: district, limits, identity, what is known of the place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from citycall.base import clock
from citycall.policy import Item, Pack, PlaceError
from citycall.services.cases import queries
from citycall.services.cases.models import Prevention


@dataclass
class Check:
    """The answer to a half-filled form. Nothing is written by asking."""

    item: Item | None = None
    agency: tuple[str, str] = ("", "")
    district: Any = None
    place_error: str = ""
    choices: list[Any] = field(default_factory=list)
    identity_missing: tuple[str, ...] = ()
    unnamed_allowed: bool = False
    offer: Any = None
    becomes: Any = None
    open_here: list[queries.CaseRow] = field(default_factory=list)
    preventions: list[Prevention] = field(default_factory=list)


def check(pack: Pack, typed: dict[str, str], agency_names: dict[str, tuple[str, str]]) -> Check:
    """Look at what has been typed so far (NT-5-4-11a/b, NT-5-4-10b, NT-5-4-9b)."""
    out = Check(item=pack.items.get(typed.get("item", "")))
    address = typed.get("address", "").strip()
    place = None
    if address:
        try:
            place = pack.place(address[:200], typed.get("district") or None)
        except PlaceError as error:
            out.place_error = error.text.get(get_language())
            out.choices = [pack.district(code) for code in error.choices]
        else:
            district = pack.district(place.district_code or "")
            out.district = district.name if district else None
    if out.item is None:
        return out
    kind = pack.kinds[out.item.kind]
    out.agency = agency_names.get(out.item.agency, (out.item.agency, out.item.agency))
    given = {name: typed.get(name, "").strip() for name in ("name", "phone", "email")}
    out.identity_missing = kind.identity.missing(out.item, given)
    out.unnamed_allowed = bool(kind.identity.required) and not kind.identity.missing(out.item, {})
    offered = pack.kinds.get(kind.identity.otherwise_offer or "")
    out.offer = offered.name if offered else None
    if place is not None:
        out.open_here = queries.open_here(out.item.cause_group, place.addr_key)
        out.preventions = queries.preventions_at(out.item.cause_group, place.addr_key)
        if kind.unfounded and queries.barred(out.item.cause_group, place.addr_key):
            out.becomes = pack.kinds[kind.unfounded.becomes].name
    return out


def items_for(pack: Pack, words: str, limit: int = 8) -> list[Item]:
    """The items that a few words point at; without words the first of the table."""
    today = clock.today()
    words = words.strip()
    return list(pack.find_items(words, today, limit)) if words else list(pack.items_on(today))[:limit]
