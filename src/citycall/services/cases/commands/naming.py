"""What a new case names: which kind its item may be, whose it is, its category, who was told by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base.commands import Refused
from citycall.people.queries import agencies_with
from citycall.policy import Pack
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind
from citycall.services.cases.models import Case, Outage

# An agency takes cases when it has somebody who signs for them, gives them out or works on them.
TAKES_CASES = frozenset({"allotter", "window", "intake_window", "handler", "section_chief"})
# Earlier than this before the entry a telephone notice is a slip of the pen.
NOTICE_WITHIN = timedelta(days=1)


def kinds_for(pack: Pack, item: Item) -> set[str]:
    """The kinds that a matter of this item may be filed as (NT-3-5).

    The item's own kind, those that this kind offers or turns into; and kinds that need no item take each
    other's, as a petition that is urgent is telephoned and becomes an urgent report (NT-3-4).
    """
    own = pack.kinds[item.kind]
    others = {own.identity.otherwise_offer, own.unfounded.becomes if own.unfounded else None}
    if not own.item_required:
        others |= {code for code, kind in pack.kinds.items() if not kind.item_required}
    return {item.kind} | {code for code in others if code}


def agency_for(item: Item | None, named: str | None, owner: str | None = None) -> str:
    """The competent agency: the item's own, the one named, or the kind's owner (AE-7-1a)."""
    if item is not None:
        if named and named != item.agency:
            message = _("這個服務項目由其他機關辦理，請不要另選機關。")
            raise Refused("invalid", message, fields={"agency": message}, status=422)
        return item.agency
    named = named or owner
    if not named:
        message = _("沒有服務項目時，請選擇權責機關。")
        raise Refused("invalid", message, fields={"agency": message}, status=422)
    if named not in {agency.code for agency in agencies_with(TAKES_CASES)}:
        message = _("沒有這個機關，或這個機關不受理案件。")
        raise Refused("unknown_agency", message, fields={"agency": message}, status=422)
    return named


def category_of(kind: CaseKind, named: str | None) -> str:
    """The category of a petition, which may set its limit (TP-5-5-4); empty where the kind knows none.

    Where nobody chose one it is the usual one of the kind, if it has such (NT-3-3); else one must be chosen
    (KM-2-3a, TP-2-1-4a).
    """
    known = {category.code for category in kind.categories}
    named = named or kind.usual_category
    if not named and not known:
        return ""
    if named not in known:
        message = _("請從清單中選擇陳情類別。") if known else _("這類案件沒有類別。")
        raise Refused("invalid", message, fields={"category": message}, status=422)
    return named or ""


@dataclass(frozen=True)
class Told:
    """Who at the agency was told by telephone and when; `counts_from` where clocks run from that call."""

    at: datetime | None = None
    person: str = ""
    counts_from: datetime | None = None


def telephone_notice(kind: CaseKind, at: datetime | None, person: str, now: datetime) -> Told:
    """The telephone notice as the kind asks for it (NT-3-4, NT-5-3b, TP-5-5-5a, NT-5-4-3a).

    Refused: ``telephone_notice_required`` without person and time where both must be noted, ``invalid`` for
    half a notice or an impossible time, ``no_outage`` where only an outage is a reason for one.
    """
    when = kind.telephone_notice.when
    if when == "outage":
        if at is None:
            return Told()
        _check_outage(at, now)
        return Told(at, person, counts_from=at)
    if at is None and not person and when == "optional":
        return Told()
    missing = {}
    if not person:
        missing["notified_person"] = _("請填寫受理通報人員。")
    if at is None:
        missing["notified_at"] = _("請填寫電話通報時間。")
    if missing or at is None:
        if when == "optional":
            message = _("電話通報須同時註記受理通報人員及時間。")
            raise Refused("invalid", message, fields=missing, status=422)
        message = _("「%(kind)s」須先以電話通報權責機關，並註記受理通報人員及時間，才能後送。") % {
            "kind": kind.name.get(get_language())
        }
        raise Refused("telephone_notice_required", message, fields=missing, status=422)
    if not now - NOTICE_WITHIN <= at <= now:
        message = _("電話通報時間必須在現在之前、最近一日之內。")
        raise Refused("invalid", message, fields={"notified_at": message}, status=422)
    return Told(at, person)


def _check_outage(at: datetime, now: datetime) -> None:
    """An agency was told by telephone during an outage (NT-5-4-3a, NT-5-4-3b)."""
    outage = Outage.objects.filter(since__lte=at).order_by("-since").first()
    covered = outage is not None and (outage.until is None or at <= outage.until)
    if at > now or not covered:
        message = _("電話通報時間必須在系統異常期間內。")
        raise Refused("no_outage", message, fields={"notified_at": message}, status=422)


def related_case(wanted: int | None) -> int | None:
    """The earlier case that a new one is linked to; it stays as it is (TP-6-4c)."""
    if wanted is not None and not Case.objects.filter(pk=wanted).exists():
        message = _("查無要連結的案件。")
        raise Refused("not_found", message, fields={"related_to": message}, status=404)
    return wanted
