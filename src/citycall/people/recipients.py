"""Where a notice goes now: called by the sender of notices, for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from citycall.base import private
from citycall.base.notices import Notice, Recipient, Unresolved
from citycall.people.models import Party, Staff
from citycall.people.presence import standing_at


def resolve(notices: Sequence[Notice], at: datetime) -> dict[int, Recipient | Unresolved]:
    """Posts to the person standing there, citizens to their own address. Three queries at most."""
    codes = {n.to_post for n in notices if n.to_post is not None}
    standing = standing_at(codes, at) if codes else {}
    wanted = {n.party_id for n in notices if n.party_id is not None}
    citizens = Party.objects.in_bulk(wanted) if wanted else {}
    found: dict[int, Recipient | Unresolved] = {}
    for notice in notices:
        if notice.to_post is not None:
            found[notice.pk] = _of_staff(notice, standing.get(notice.to_post))
        elif notice.party_id is not None:
            found[notice.pk] = _of_citizen(notice, citizens.get(notice.party_id))
    return found


def _of_staff(notice: Notice, staff: Staff | None) -> Recipient | Unresolved:
    if staff is None:
        return Unresolved(f"nobody stands at {notice.to_post}")
    lang = notice.lang or staff.language
    if notice.channel == "email":
        address, masked = staff.email, private.mask_email(staff.email)
    elif notice.channel == "sms":
        address, masked = staff.mobile or "", private.mask_phone(staff.mobile)
    else:  # on the screen, and in e公務, people are known by their account
        address, masked = staff.username, staff.username
    if not address:
        return Unresolved(f"whoever stands at {notice.to_post} has no address for {notice.channel}")
    return Recipient(address, masked, lang, staff.display_name, staff.pk)


def _of_citizen(notice: Notice, party: Party | None) -> Recipient | Unresolved:
    if party is None or party.erased_at is not None:
        return Unresolved("the citizen's data were erased", for_good=True)
    name = party.name or ""
    if notice.channel == "email" and party.email:
        return Recipient(party.email, party.masked_email, notice.lang, name)
    if notice.channel == "sms":
        for number in (party.phone, party.phone2):
            if number and private.is_mobile(number):
                return Recipient(number, private.mask_phone(number), notice.lang, name)
    return Unresolved(f"the citizen left no address for {notice.channel}", for_good=True)
