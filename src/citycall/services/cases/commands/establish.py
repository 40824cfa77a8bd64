"""Taking a case: identity, place, item, repeated reports; then 成案."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from citycall.base import clock
from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import Code, RowId
from citycall.base.numbering import lookup_code, next_number
from citycall.base.private import is_mobile, normalise_phone
from citycall.people.parties import create_party
from citycall.policy import Pack, PlaceError
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind
from citycall.policy.located import Located, Point, locate
from citycall.policy.points import cell_of
from citycall.services.cases.commands.identity import check_confirmed, check_identity, marks_named
from citycall.services.cases.commands.inputs import Done, Instant, OfCase, OneLine
from citycall.services.cases.commands.naming import (
    agency_for,
    category_of,
    kinds_for,
    related_case,
    telephone_notice,
)
from citycall.services.cases.lifecycle import advance, load_for_change
from citycall.services.cases.models import Case, ReplyBy
from citycall.services.cases.queries import barred

Way = Literal["sms", "email", "phone", "letter", "none"]


class PlaceIn(Input):
    """Where it is: an address, crossing or landmark as people say it, a point on the map, or both."""

    lat: Annotated[float, Field(ge=10, le=30)] | None = None  # WGS84, as a telephone or a map gives it
    lon: Annotated[float, Field(ge=110, le=130)] | None = Field(default=None, validate_default=True)
    accuracy_m: Annotated[int, Field(ge=0, le=100_000)] | None = None
    # May be left out where there is a point.
    address: Annotated[str, OneLine, Field(max_length=200)] = Field(default="", validate_default=True)
    district: Annotated[str, Field(max_length=16)] = ""

    @field_validator("lon")
    @classmethod
    def _both(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "lat" in info.data and (value is None) != (info.data["lat"] is None):
            raise ValueError(_("定位點要有緯度和經度。"))
        return value

    @field_validator("address")
    @classmethod
    def _somewhere(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("lat") is None:
            raise ValueError(_("請填寫地點。"))
        return value

    @property
    def point(self) -> Point | None:
        return None if self.lat is None or self.lon is None else Point(self.lat, self.lon, self.accuracy_m)


class ReporterIn(Input):
    """Who reports, as far as told."""

    name: Annotated[str, OneLine, Field(max_length=60)] = ""
    phone: Annotated[str, OneLine, Field(max_length=30)] = ""
    email: Annotated[str, OneLine, Field(max_length=254)] = ""
    address: Annotated[str, OneLine, Field(max_length=200)] = ""

    @field_validator("name")
    @classmethod
    def _a_name(cls, value: str) -> str:
        """A full stop is no name (NT-5-4-11a)."""
        if value and not any(character.isalpha() for character in value):
            raise ValueError(_("請填寫姓名；民眾不願具名時留空。"))
        return value


class Establish(Input):
    """One matter to be taken as a case (NT-5-4-2a); its kind is the item's own unless another is named.

    A kind that needs no item names the agency instead, and may be without a place. Who at the agency was told
    by telephone, and when, is asked for where the kind says so (NT-5-3b, TP-5-5-5a).
    """

    kind: Code | None = None
    item: Code | None = None
    agency: Code | None = None
    category: Code | None = None
    marks: Annotated[tuple[Code, ...], Field(max_length=12)] = ()  # what it touches, as the pack names it
    description: Annotated[str, Field(min_length=2, max_length=2000)]
    place: PlaceIn | None = None
    reporter: ReporterIn = ReporterIn()
    reply_by: Way | None = None
    call_id: RowId | None = None
    related_to: RowId | None = None  # the earlier case whose matter is taken up again (TP-6-4c)
    channel: Literal["phone", "api", "web", "counter", "letter", "box", "import"] = "phone"
    identity_refused: bool = False  # the reporter was asked and will not say (TP-6-2a)
    identity_check: RowId | None = None  # the call back that confirmed who reports (NT-8-2a)
    application: Annotated[str, OneLine, Field(max_length=80)] = ""  # the application it is about (HR-3-1-2)
    notified_at: Instant | None = None
    notified_person: Annotated[str, OneLine, Field(max_length=80)] = ""


class Established(BaseModel):
    """What the operator reads out."""

    case: int
    number: str
    lookup_code: str
    kind: str
    became: str
    agency: str
    district: str
    status: str
    due_at: datetime | None
    tell_number: bool
    warnings: list[str] = []  # such as an address and a point that contradict each other


@command(
    "cases.establish",
    who=("operator", "lead"),
    clauses=(
        "NT-3-4",
        "NT-3-5",
        "NT-5-2-1b",
        "NT-5-3a",
        "NT-5-3b",
        "NT-5-4-1a",
        "NT-5-4-2a",
        "NT-5-4-2b",
        "NT-5-4-2c",
        "NT-5-4-11a",
        "NT-5-4-11b",
        "NT-5-4-10b",
        "TP-5-5-4",
        "TP-5-5-5a",
        "TP-6-4c",
        "TP-2-1-4a",
        "TP-2-1-4b",
        "TP-5-1b",
        "TP-6-2a",
        "KM-2-3a",
        "KM-2-3b",
        "KM-6-2a",
        "KM-6-2b",
        "KM-6-2c",
        "NT-3-3",
        "NT-5-2-3a",
        "NT-8-2a",
        "AE-7-1a",
        "HR-3-1-2",
        "HR-3-2-0",
    ),
    keyed=True,
)
def establish(ctx: Context, data: Establish) -> Established:
    """Take a case. Everything that follows from it, clocks and notices, is written with it.

    Refused: ``unknown_item``, ``closed_item``, ``unknown_agency``, ``place_outside``, ``place_unclear``,
    ``invalid``, ``identity_required`` (with the kind that is offered instead), ``identity_unconfirmed``,
    ``no_outage``, ``telephone_notice_required``.
    """
    pack = ctx.pack
    item = _item(pack, data, ctx)
    kind = _kind(pack, item, data)
    agency = agency_for(item, data.agency, kind.owner)
    located = _place(pack, kind, data.place)
    place = located.place if located else None
    reporter = data.reporter.model_dump()
    marks = marks_named(pack, kind, data.marks)
    refused = check_identity(pack, kind, item, marks, reporter, refused=data.identity_refused)
    confirmed = check_confirmed(pack, kind, marks, reporter["phone"], data.identity_check, ctx.now)
    became = _becomes(kind, item, place.addr_key if place else "")
    if became:
        kind = pack.kinds[became]
    category = category_of(kind, data.category)
    if kind.application == "required" and not data.application:
        message = _("請填寫這件抱怨所屬的申辦案號。")
        raise Refused("invalid", message, fields={"application": message}, status=422)
    told = telephone_notice(kind, data.notified_at, data.notified_person, ctx.now)
    reply_by = data.reply_by or _way_left(kind, reporter)
    _check_way(kind, reply_by, reporter)

    party = create_party(ctx, **reporter) if any(reporter.values()) else None
    running, number = next_number(kind.number_prefix, ctx.now)
    case = Case(pk=running)
    fields: dict[str, Any] = {
        "number": number,
        "lookup_code": lookup_code(),
        "kind": kind.code,
        "item": item.code if item else "",
        "category": category,
        "marks": list(marks),
        "identity_refused": refused,
        "identity_check_id": confirmed,
        "application": data.application,
        "cause_group": item.cause_group if item else "",
        "description": data.description,
        "address": place.address_norm if place else "",
        "district": (place.district_code or "") if place else "",
        "addr_key": place.addr_key if place else "",
        **_point(data.place, located),
        "agency": agency,
        "party_id": party.pk if party else None,
        "has_mobile": bool(party and party.has_mobile),
        "has_phone": bool(reporter["phone"]),
        "has_email": bool(reporter["email"]),
        "named": bool(reporter["name"]),
        "reply_by": reply_by,
        "status": kind.begins,
        "stage": kind.begins_in,
        "policy_version_id": ctx.policy.pk,
        "channel": data.channel,
        "call_id": data.call_id,
        "related_to_id": related_case(data.related_to),
        "established_at": ctx.now,
        "clock_from": told.counts_from or ctx.now,
        "entered_late": told.counts_from is not None,
        "notified_at": told.at,
        "notified_person": told.person,
        "became_of": item.kind if item and became else "",
    }
    for name, value in fields.items():
        setattr(case, name, value)
    step = advance(
        ctx,
        case,
        "case.established",
        set=fields,
        data={"notified_at": told.at, "category": category, "channel": data.channel},
    )
    ctx.audit("case", case.pk, number=number)
    return Established(
        case=case.pk,
        number=number,
        lookup_code=case.lookup_code,
        kind=kind.code,
        became=became or "",
        agency=case.agency,
        district=case.district,
        status=case.status,
        due_at=case.due_at,
        tell_number=step.told_reporter == 0
        and ("landline" if reporter["phone"] else "unreachable") in kind.reply.tell_number_to,
        warnings=[located.contradiction.get(get_language())] if located and located.contradiction else [],
    )


@command("cases.tell_number", who=("operator", "lead"), clauses=("NT-5-4-2f",))
def tell_number(ctx: Context, data: OfCase) -> Done:
    """The operator has read the case number out to the caller (NT-5-4-2f)."""
    case = load_for_change(data.case)
    if case.number_told_at is None:
        advance(ctx, case, "case.number_told", set={"number_told_at": ctx.now})
    ctx.audit("case", case.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


def _item(pack: Pack, data: Establish, ctx: Context) -> Item | None:
    if data.item is None:
        return None
    item = pack.items.get(data.item)
    if item is None:
        message = _("沒有這個服務項目，請從清單中選擇。")
        raise Refused("unknown_item", message, fields={"item": message}, status=422)
    if not item.active_on(clock.local(ctx.now).date()):
        message = _("「%(item)s」目前不受理，請改選其他項目。") % {"item": item.name.get(get_language())}
        raise Refused("closed_item", message, fields={"item": message}, status=422)
    return item


def _kind(pack: Pack, item: Item | None, data: Establish) -> CaseKind:
    """The kind that is asked for, if this item may be one; else the item's own (NT-3-5)."""
    code = data.kind or (item.kind if item else None)
    if code is None:
        message = _("請選擇服務項目或案件類別。")
        raise Refused("invalid", message, fields={"item": message}, status=422)
    kind = pack.kinds.get(code)
    if kind is None or (item is not None and code not in kinds_for(pack, item)):
        message = _("這個項目不能登錄為這種案件類別。")
        raise Refused("invalid", message, fields={"kind": message}, status=422)
    if item is None and kind.item_required:
        message = _("「%(kind)s」須選擇服務項目。") % {"kind": kind.name.get(get_language())}
        raise Refused("invalid", message, fields={"item": message}, status=422)
    return kind


def _place(pack: Pack, kind: CaseKind, given: PlaceIn | None) -> Located | None:
    if given is None:
        if kind.place_required:
            message = _("請填寫地點。")
            raise Refused("invalid", message, fields={"place": message}, status=422)
        return None
    try:
        return locate(pack, given.address, given.district or None, given.point)
    except PlaceError as error:
        code = "place_outside" if error.code == "outside_city" else "place_unclear"
        message = error.text.get(get_language())
        raise Refused(
            code,
            message,
            fields={"place.address" if given.address else "place.lat": message},
            status=422,
            info={"districts": list(error.choices)},
        ) from error


def _point(given: PlaceIn | None, located: Located | None) -> dict[str, Any]:
    """The point on the map, with the square of the grid by which what is near is found."""
    if given is None or given.lat is None or given.lon is None:
        return {}
    return {
        "lat": given.lat,
        "lon": given.lon,
        "accuracy_m": given.accuracy_m,
        "cell": cell_of(given.lat, given.lon),
        "point_district": located.point_district if located else "",
    }


def _way_left(kind: CaseKind, reporter: dict[str, str]) -> str:
    """The way by which to answer where none was named: asked for where the pack says so (NT-5-2-3a)."""
    if kind.reply.as_wished and (reporter["phone"] or reporter["email"]):
        message = _("民眾留有聯絡方式，請詢問希望的回覆方式並登錄。")
        raise Refused("invalid", message, fields={"reply_by": message}, status=422)
    return _best_way(kind, reporter)


def _best_way(kind: CaseKind, reporter: dict[str, str]) -> str:
    """By the contact way left; by telephone where the kind knows no case without a reply (NT-5-3d), or none
    that goes out by itself (KM-6-1d); by letter to whoever left nothing but an address (TP-5-5-1a).
    """
    ways = kind.reply.ways
    if "sms" in ways and reporter["phone"] and _mobile(reporter["phone"]):
        return ReplyBy.SMS
    if "email" in ways and reporter["email"]:
        return ReplyBy.EMAIL
    asked_for = "none" in ways and ("sms" in ways or "email" in ways)
    if "phone" in ways and reporter["phone"] and not asked_for:
        return ReplyBy.PHONE
    if "letter" in ways and reporter["address"] and not (reporter["phone"] or reporter["email"]):
        return ReplyBy.LETTER
    return ReplyBy.NONE


def _mobile(phone: str) -> bool:
    try:
        return is_mobile(normalise_phone(phone))
    except ValueError:
        return False


def _check_way(kind: CaseKind, reply_by: str, reporter: dict[str, str]) -> None:
    """The citizen can be answered by the way that was chosen."""
    message = ""
    unreachable = not (reporter["phone"] or reporter["email"])
    if reply_by == ReplyBy.NONE and unreachable:
        return
    if reply_by not in kind.reply.ways:
        message = _("這類案件不能用這種方式回覆。")
    elif reply_by == ReplyBy.SMS and not _mobile(reporter["phone"]):
        message = _("以簡訊回覆需要手機號碼。")
    elif reply_by == ReplyBy.EMAIL and not reporter["email"]:
        message = _("以電子郵件回覆需要電子郵件地址。")
    elif reply_by == ReplyBy.PHONE and not reporter["phone"]:
        message = _("以電話回覆需要電話號碼。")
    elif reply_by == ReplyBy.LETTER and not reporter["address"]:
        message = _("以書信回覆需要地址。")
    if message:
        raise Refused("invalid", message, fields={"reply_by": message}, status=422)


def _becomes(kind: CaseKind, item: Item | None, addr_key: str) -> str | None:
    """What a matter becomes whose place and cause were reported in vain too often (NT-5-4-10b)."""
    if kind.unfounded is None or item is None or not addr_key:
        return None
    return kind.unfounded.becomes if barred(item.cause_group, addr_key) else None
