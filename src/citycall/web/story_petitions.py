"""What the story of a case says of petitions and urgent reports: the words of ``story`` for their events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from citycall.base import clock
from citycall.base.events import Event
from citycall.people.queries import agency_names
from citycall.services.cases.models import CaseReply
from citycall.services.cases.queries import CaseDetail
from citycall.web.ui.words import day_said, named, short

EVENTS: dict[str, tuple[Promise, str]] = {
    "case.registered": (pgettext_lazy("event", "分文掛號"), "done"),
    "case.registered_late": (pgettext_lazy("event", "逾時分文"), "late"),
    "case.passed_down": (pgettext_lazy("event", "轉分下級機關"), "active"),
    "case.graded_b": (pgettext_lazy("event", "列為 B 等級"), "info"),
    "case.submitted": (pgettext_lazy("event", "陳核"), "active"),
    "case.approved": (pgettext_lazy("event", "核定"), "done"),
    "case.returned": (pgettext_lazy("event", "陳核退回"), "warn"),
    "case.reply_drafted": (pgettext_lazy("event", "擬具回覆"), "info"),
    "case.reply_issued": (pgettext_lazy("event", "發出回覆"), "done"),
    "case.letter_opened": (pgettext_lazy("event", "開啟郵寄資料"), "info"),
    "case.not_processed": (pgettext_lazy("event", "決定不予處理"), "warn"),
    "case.result_told": (pgettext_lazy("event", "來電告知結果"), "done"),
    "case.reopening_asked": (pgettext_lazy("event", "民眾申請重啟"), "warn"),
}


def told_by_phone(detail: CaseDetail) -> str:
    """Who at the agency was told by telephone, and when (NT-5-3b, TP-5-5-5a); empty when nobody was."""
    case = detail.case
    if case.notified_at is None:
        return ""
    at = short(case.notified_at, clock.now())
    return _("已先以電話通報：%(person)s %(at)s") % {"person": case.notified_person, "at": at}


def _registered(event: Event, detail: CaseDetail) -> str:
    said = [_("承辦：%(name)s") % {"name": detail.names.get(int(event.set.get("taken_by") or 0), "")}]
    if event.info.get("reference"):
        said.append(_("文號：%(number)s") % {"number": event.info["reference"]})
    return "\n".join(said)


def _passed_down(event: Event, detail: CaseDetail) -> str:
    names = agency_names()
    before, after = str(event.info.get("from", "")), str(event.set.get("agency", ""))
    way = f"{named(names.get(before, (before, before)))} → {named(names.get(after, (after, after)))}"
    return "\n".join(filter(None, (way, str(event.info.get("note", "")))))


def _graded(event: Event, detail: CaseDetail) -> str:
    day = date.fromisoformat(str(event.set["planned_end"]))
    planned = _("預定辦結 %(day)s") % {"day": day_said(day)}
    return "\n".join(filter(None, (planned, str(event.set.get("interim_result", "")))))


def _way(event: Event, detail: CaseDetail) -> str:
    return str(CaseReply.Way(str(event.info["way"])).label)


def _left(event: Event, detail: CaseDetail) -> str:
    rule = detail.pack.kinds[detail.case.kind].unprocessed
    ground = rule.ground(str(event.info.get("ground", ""))) if rule is not None else None
    said = named(ground.name) if ground is not None else str(event.info.get("ground", ""))
    return "\n".join(filter(None, (said, str(event.info.get("reason", "")))))


def _returned(event: Event, detail: CaseDetail) -> str:
    return str(event.info.get("reason", ""))


TOLD: dict[str, Callable[[Event, CaseDetail], str]] = {
    "case.registered": _registered,
    "case.passed_down": _passed_down,
    "case.graded_b": _graded,
    "case.returned": _returned,
    "case.reply_drafted": _way,
    "case.reply_issued": _way,
    "case.not_processed": _left,
}


def answered(event: Event, detail: CaseDetail) -> str:
    """What was answered by letter or otherwise, where the agency did so itself (KM-6-1d)."""
    written = next((one for one in detail.replies if one.pk == event.info.get("reply")), None)
    if written is None:
        return ""
    way = CaseReply.Way(written.way).label
    return "\n".join(filter(None, (str(way), written.reference, written.content)))
