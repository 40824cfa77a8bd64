"""What the card of a case asks for, by the kind of case; and what typed places mean."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from citycall.policy import Pack
from citycall.policy.kinds import CaseKind
from citycall.policy.located import Point

# What only some kinds of case ask for.
SOME_KINDS = (
    "agency",
    "category",
    "application",
    "notified_person",
    "notified_at",
    "marks",
    "reporter_address",
    "identity_refused",
)

# What is said where one of these is missing: all of it at once, not one after the other.
LACKING = {
    "category": _("請從清單中選擇陳情類別。"),
    "notified_person": _("請填寫受理通報人員。"),
    "notified_at": _("請填寫電話通報時間。"),
    "application": _("請填寫這件抱怨所屬的申辦案號。"),
}


def fields_of(pack: Pack, kind: CaseKind) -> list[str]:
    """The fields of the card that this kind asks for besides those of every case (NT-5-3b, TP-5-5-4)."""
    marks = pack.intake.marks_of(kind.code)
    parts = {*kind.identity.required, *(part for mark in marks.values() for part in mark.requires)}
    asked = [] if kind.item_required else ["agency"]
    asked += ["category"] if kind.categories else []
    asked += ["application"] if kind.application == "required" else []
    asked += ["notified_person", "notified_at"] if kind.telephone_notice.when != "outage" else []
    asked += ["marks"] if marks else []
    by_letter = "letter" in kind.reply.ways
    asked += ["reporter_address"] if by_letter or {"address", "contact"} & parts else []
    asked += ["identity_refused"] if kind.identity.may_decline else []
    return asked


def needed_of(kind: CaseKind) -> list[str]:
    """The fields of the card without which a case of this kind is refused, whatever its item.

    Agency: only where no item is chosen. Who reports is told apart (`CaseKind.identity`), for an item may
    free its reporters from it.
    """
    needed = ["words"] if kind.item_required else [] if kind.owner else ["agency"]
    needed += ["category"] if kind.categories and not kind.usual_category else []
    needed += ["application"] if kind.application == "required" else []
    needed += ["notified_person", "notified_at"] if kind.telephone_notice.when == "required" else []
    return needed + (["address"] if kind.place_required else [])


def kind_meant(pack: Pack, named: str, item: str) -> CaseKind | None:
    """The kind that is named, or that of the item."""
    found = pack.items.get(item)
    return pack.kinds.get(named) or (pack.kinds[found.kind] if found else None)


_POINT = re.compile(r"\(?\s*(\d{2}(?:\.\d{1,15})?)\s*[,，、\s]\s*(\d{3}(?:\.\d{1,15})?)\s*\)?")


def point_of(typed: str) -> Point | None:
    """The point that somebody typed or pasted: latitude, longitude; None where it is none near Taiwan."""
    found = _POINT.fullmatch(typed.strip()[:60])
    if found is None:
        return None
    lat, lon = float(found.group(1)), float(found.group(2))
    return Point(lat, lon) if 10 <= lat <= 30 and 110 <= lon <= 130 else None
