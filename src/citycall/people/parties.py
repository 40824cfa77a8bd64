"""Citizens' contact data within another command's transaction: taken in, shown with a purpose, erased."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from pydantic import BaseModel

from citycall.base import private
from citycall.base.commands import Context, invalid, not_found
from citycall.base.rows import insert
from citycall.people.models import Party, PartyView

FIELDS = ("name", "phone", "phone2", "email", "address")
LEAST_PURPOSE = 4


class Revealed(BaseModel):
    """A citizen's contact data in the clear. Fields that were not asked for are None."""

    party: int
    name: str | None = None
    phone: str | None = None
    phone_display: str | None = None
    phone2: str | None = None
    email: str | None = None
    address: str | None = None


def create_party(
    ctx: Context,
    *,
    name: str | None = None,
    phone: str | None = None,
    phone2: str | None = None,
    email: str | None = None,
    address: str | None = None,
    path: str = "reporter.",
) -> Party:
    """Keep a citizen's contact data, numbers normalised: one insert. `path` leads a wrong field's name."""
    wrong: dict[str, str] = {}
    numbers: dict[str, str | None] = {}
    for field, number in (("phone", phone), ("phone2", phone2)):
        numbers[field] = None
        if number and number.strip():
            try:
                numbers[field] = private.normalise_phone(number)
            except ValueError:
                wrong[path + field] = _("不是有效的電話號碼；市話請含區域號碼。")
    if email and email.strip():
        try:
            validate_email(email.strip())
        except ValidationError:
            wrong[path + "email"] = _("不是有效的電子郵件地址。")
    if wrong:
        raise invalid(wrong)
    party = Party(
        name=_or_none(name),
        phone=numbers["phone"],
        phone2=numbers["phone2"],
        email=_or_none(email),
        address=_or_none(address),
        phone_hash=private.phone_hash(numbers["phone"]) if numbers["phone"] else None,
        created_at=ctx.now,
    )
    insert(party)
    return party


def reveal(
    ctx: Context,
    party_id: int,
    purpose: str,
    *,
    about_kind: str = "",
    about_id: int | None = None,
    fields: Sequence[str] = FIELDS,
) -> Revealed:
    """The data in the clear, with the look at them on record. The caller has checked that the actor may."""
    if len(purpose.strip()) < LEAST_PURPOSE:
        raise invalid({"purpose": _("請說明調閱目的，至少 %(n)s 個字。") % {"n": LEAST_PURPOSE}})
    party = Party.objects.filter(pk=party_id, erased_at=None).first()
    if party is None:
        raise not_found()
    shown = [field for field in FIELDS if field in fields]
    PartyView.objects.create(
        party=party,
        staff_id=ctx.actor.staff_id,
        post=ctx.post_code,
        via=ctx.actor.via,
        ip=ctx.actor.ip,
        purpose=purpose.strip()[:200],
        fields=shown,
        about_kind=about_kind,
        about_id=about_id,
        at=ctx.now,
    )
    if not ctx.subject_kind:
        ctx.audit("party", party.pk)
    ctx.detail.setdefault("revealed", []).append({"party": party.pk, "fields": shown})
    found = Revealed(party=party.pk, **{field: getattr(party, field) for field in shown})
    if found.phone:
        found.phone_display = private.format_phone(found.phone)
    return found


def erase_party(ctx: Context, party_id: int) -> None:
    """Forget who it was. The row stays for the counts, the looks at it stay on record."""
    erased = Party.objects.filter(pk=party_id, erased_at=None).update(
        **dict.fromkeys(FIELDS), phone_hash=None, erased_at=ctx.now
    )
    if erased:
        ctx.audit("party", party_id, erased=True)


def _or_none(text: str | None) -> str | None:
    return (text or "").strip() or None
