"""Looking for citizens by their number, and at their contact data outside any case."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, OptionalLine, RowId, command, invalid
from citycall.base.events import record
from citycall.base.private import normalise_phone, phone_hash
from citycall.people import queries
from citycall.people.models import IdentityCheck
from citycall.people.parties import LEAST_PURPOSE, Revealed, reveal


class Unmask(Input):
    party: RowId
    purpose: Annotated[str, Field(min_length=LEAST_PURPOSE, max_length=200)]
    about_kind: OptionalLine = ""
    about_id: RowId | None = None


@command("people.unmask", who=("lead",), clauses=("NT-5-4-4e",))
def unmask(ctx: Context, data: Unmask) -> Revealed:
    """Show a citizen's contact data for a stated purpose; who looked, when and why stays on record."""
    return reveal(ctx, data.party, data.purpose, about_kind=data.about_kind, about_id=data.about_id)


class FindByPhone(Input):
    phone: Annotated[str, Field(min_length=1, max_length=80, repr=False)]


class FoundParties(BaseModel):
    """Newest first; none for an unknown or impossible number."""

    parties: list[int]


@command("people.find_by_phone", who=("operator", "lead"))
def find_by_phone(ctx: Context, data: FindByPhone) -> FoundParties:
    """Find whose number this is, for a caller who asks how their cases stand; every search is on record."""
    found = queries.parties_by_phone(data.phone)
    ctx.audit("party", found[0] if found else "", parties=found[:20], count=len(found))
    return FoundParties(parties=found)


class CheckIdentity(Input):
    """The number that was rung back, on which call's matter, and whether it was they; why not, if not."""

    call: RowId | None = None
    phone: Annotated[str, Field(min_length=1, max_length=30, repr=False)]
    confirmed: bool
    reason: Annotated[str, Field(max_length=500)] = ""


class IdentityChecked(BaseModel):
    check: int
    confirmed: bool
    at: datetime


@command("people.check_identity", who=("operator", "lead"), clauses=("NT-8-2a", "NT-8-2b"), keyed=True)
def check_identity(ctx: Context, data: CheckIdentity) -> IdentityChecked:
    """The operator has rung back to confirm who reports; what came of it stays on record (NT-8-2a).

    Refused: ``invalid`` without the reason where it was not confirmed (NT-8-2b).
    """
    wrong: dict[str, str] = {}
    number = ""
    try:
        number = normalise_phone(data.phone)
    except ValueError:
        wrong["phone"] = _("不是有效的電話號碼；市話請含區域號碼。")
    if not data.confirmed and len(data.reason.strip()) < 2:
        wrong["reason"] = _("請填寫無法確認身分的情形。")
    if wrong:
        raise invalid(wrong)
    check = IdentityCheck(phone=number, phone_hash=phone_hash(number))
    fields = {
        "call_id": data.call,
        "confirmed": data.confirmed,
        "reason": data.reason,
        "at": ctx.now,
        "checked_by": ctx.actor.staff_id,
        "checked_post": ctx.post_code,
    }
    record(ctx, check, "identity.checked", set=fields)
    ctx.audit("identity_check", check.pk, confirmed=data.confirmed)
    return IdentityChecked(check=check.pk, confirmed=check.confirmed, at=check.at)
