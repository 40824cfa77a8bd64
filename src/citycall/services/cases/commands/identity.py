"""Who reports a matter: what must be said, what a mark on it asks, the call back that confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base.commands import Refused
from citycall.base.private import normalise_phone, phone_hash
from citycall.people.queries import identity_check
from citycall.policy import Pack
from citycall.policy.intake import Mark
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind


def marks_named(pack: Pack, kind: CaseKind, named: Iterable[str]) -> dict[str, Mark]:
    """The marks that the operator put on the matter, in the order of the pack; ``invalid`` for another."""
    known = pack.intake.marks_of(kind.code)
    wanted = set(named)
    if wanted - set(known):
        message = _("這類案件沒有這個註記，請從清單中選擇。")
        raise Refused("invalid", message, fields={"marks": message}, status=422)
    return {code: mark for code, mark in known.items() if code in wanted}


def check_identity(
    pack: Pack,
    kind: CaseKind,
    item: Item | None,
    marks: Mapping[str, Mark],
    reporter: Mapping[str, Any],
    *,
    refused: bool,
) -> bool:
    """Whether a case is taken of somebody who refuses to say who they are (TP-6-2a); False where all is said.

    ``identity_required`` where something is missing (NT-5-4-11a, KM-6-2a), unless what the item or a mark
    says frees the reporter of it (NT-5-4-11b, KM-6-2b). It names what is missing, the kind that is offered
    instead and the grounds on which the matter may be refused (TP-6-2b).
    """
    missing = kind.identity.missing(item, reporter, marks.values())
    if not missing:
        return False
    if refused and kind.identity.may_decline:
        return True
    labels = {
        "name": _("姓名"),
        "phone": _("電話"),
        "email": _("電子郵件"),
        "address": _("住址"),
        "contact": _("聯絡方式"),
    }
    names = "、".join(labels[part] for part in missing)
    offer = kind.identity.otherwise_offer
    grounds = [code for code, one in pack.intake.grounds_of(kind.code).items() if one.unidentified]
    if offer is not None:
        message = _("未具名不適用快速服務，請補填：%(names)s；或改以一般陳情受理。") % {"names": names}
    else:
        message = _("請補填：%(names)s，才能受理。") % {"names": names}
    raise Refused(
        "identity_required",
        message,
        fields={f"reporter.{part}": _("本項服務必須具名。") for part in missing},
        status=422,
        info={"offer": offer, "missing": list(missing), "grounds": grounds},
    )


def check_confirmed(
    pack: Pack, kind: CaseKind, marks: Mapping[str, Mark], phone: str, check: int | None, now: datetime
) -> int | None:
    """The call back that confirmed who reports, where a mark asks for one (NT-8-2a, NT-8-2b).

    It holds for as long as the pack says, not for another matter next week.
    ``identity_unconfirmed`` without such a call back that reached the number on the matter and
    confirmed who reports it.
    """
    asking = [mark for mark in marks.values() if mark.confirms]
    if not asking:
        return None
    found = identity_check(check)
    if (
        found is not None
        and found.confirmed
        and found.phone_hash == _hash(phone)
        and found.at > now - timedelta(hours=min(mark.confirmed_hours for mark in asking))
    ):
        return found.pk
    touched = "、".join(mark.name.get(get_language()) for mark in asking)
    grounds = [code for code, one in pack.intake.grounds_of(kind.code).items() if one.unconfirmed]
    message = _("本件%(touched)s，須先回撥確認陳情人身分並登錄，才能受理錄案。") % {"touched": touched}
    raise Refused(
        "identity_unconfirmed",
        message,
        fields={"identity_check": message},
        status=422,
        info={"marks": list(marks), "grounds": grounds},
    )


def _hash(phone: str) -> str | None:
    try:
        return phone_hash(normalise_phone(phone))
    except ValueError:
        return None
