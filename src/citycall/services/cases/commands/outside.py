"""What became of a matter: a released dispatch is a petition now, or an outside authority has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.base.numbering import lookup_code, next_number
from citycall.people.queries import left_address
from citycall.policy.kinds import CaseKind
from citycall.services.cases.commands.completion import Date
from citycall.services.cases.commands.inputs import OfCase
from citycall.services.cases.commands.naming import agency_for, category_of
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, ReplyBy


def _way(kind: CaseKind, old: Case) -> str:
    """The way that was asked for, where this kind knows it; a letter to whoever left but an address."""
    if old.reply_by in kind.reply.ways and old.reply_by != ReplyBy.NONE:
        return old.reply_by
    only_address = not (old.has_phone or old.has_email) and left_address(old.party_id)
    return ReplyBy.LETTER if only_address and "letter" in kind.reply.ways else ReplyBy.NONE


class Convert(OfCase):
    """Whose matter it is now, and of which category."""

    agency: Code
    category: Code | None = None
    note: Annotated[str, Field(max_length=1000)] = ""


class Converted(BaseModel):
    case: int
    number: str
    kind: str
    agency: str
    due_at: datetime | None
    related_to: int


@command("cases.convert", who=("operator", "lead"), clauses=("TP-6-6-4", "TP-6-7a"), keyed=True)
def convert(ctx: Context, data: Convert) -> Converted:
    """Record a released case anew as another kind, with another agency and that kind's own limits (TP-6-7a).

    The new case is linked to the old one and has its reporter; the old one stays released. Refused:
    ``no_conversion`` where the pack knows none, ``converted`` where it was done already.
    """
    old = load_for_change(data.case)
    pack = pack_for(old)
    release = pack.kinds[old.kind].release
    if release is None or release.becomes is None:
        raise Refused("no_conversion", _("這類案件解除列管後不另錄案。"), status=409)
    ctx.require_role(*release.by, agency=release.by_agency)
    kind = pack.kinds[release.becomes]
    agency = agency_for(None, data.agency)
    if agency == old.agency:
        message = _("請選擇原派工機關以外的機關。")
        raise Refused("invalid", message, fields={"agency": message}, status=422)
    category = category_of(kind, data.category)
    running, number = next_number(kind.number_prefix, ctx.now)
    case = Case(pk=running)
    kept = ("item", "cause_group", "description", "address", "district", "addr_key", "party_id")
    where = ("lat", "lon", "accuracy_m", "cell", "point_district")
    known = ("has_mobile", "has_phone", "has_email", "named", "channel", "call_id")
    fields = {name: getattr(old, name) for name in (*kept, *where, *known)} | {
        "number": number,
        "lookup_code": lookup_code(),
        "kind": kind.code,
        "category": category,
        "agency": agency,
        "reply_by": _way(kind, old),
        "status": kind.begins,
        "stage": kind.begins_in,
        "policy_version_id": old.policy_version_id,
        "related_to_id": old.pk,
        "established_at": ctx.now,
        "clock_from": ctx.now,
        "became_of": old.kind,
    }
    for name, value in fields.items():
        setattr(case, name, value)
    told = {"notified_at": None, "category": category, "channel": old.channel}
    advance(ctx, case, "case.established", set=fields, data=told)
    advance(
        ctx,
        old,
        "case.converted",
        info={"case": case.pk, "number": number, "agency": agency, "reason": data.note},
    )
    ctx.audit("case", old.pk, number=number)
    return Converted(
        case=case.pk,
        number=number,
        kind=kind.code,
        agency=agency,
        due_at=case.due_at,
        related_to=old.pk,
    )


FOLLOWERS = ("handler", "intake_window", "section_chief", "window")


class FollowUp(OfCase):
    """How the outside authority gets on; `outcome` ends the follow-up, else the next date is named."""

    text: Annotated[str, Field(min_length=2, max_length=2000)]
    outcome: bool = False
    next_on: Date | None = None


class Followed(BaseModel):
    case: int
    number: str
    follow_up_on: Date | None
    outcome: str


@command("cases.follow_up", who=FOLLOWERS, clauses=("NT-5-2-2d",), keyed=True)
def follow_up(ctx: Context, data: FollowUp) -> Followed:
    """Enter how an outside authority handles a matter that was passed to it, until its outcome (NT-5-2-2d).

    Refused: ``not_outside`` where no authority has it, ``outcome_known`` once the outcome stands.
    """
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    if data.outcome:
        advance(
            ctx,
            case,
            "case.outcome_recorded",
            set={"outcome": data.text, "follow_up_on": None},
            info={"text": data.text},
        )
    else:
        if data.next_on is None or data.next_on <= clock.local(ctx.now).date():
            message = _("請填寫下次追蹤日期，須晚於今日。")
            raise Refused("invalid", message, fields={"next_on": message}, status=422)
        advance(
            ctx,
            case,
            "case.followed_up",
            set={"follow_up_on": data.next_on},
            info={"text": data.text},
            data={"until": data.next_on},
        )
    ctx.audit("case", case.pk)
    return Followed(case=case.pk, number=case.number, follow_up_on=case.follow_up_on, outcome=case.outcome)
