"""What the pages of a petition or urgent report show besides: told by telephone, given out, approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from citycall.services.cases.commands.completion import last_answer
from citycall.services.cases.models import OPEN_STATUSES, Case, ReplyBy, Status
from citycall.services.cases.queries import CaseDetail
from citycall.web.ui.words import day_said, named


@dataclass(frozen=True)
class Particular:
    """A label with its words, and an instant where there is one."""

    label: Any
    text: str = ""
    at: datetime | None = None


def particulars(detail: CaseDetail) -> list[Particular]:
    """What there is to say of this very case, in the order in which it happened."""
    case = detail.case
    kind = detail.pack.kinds[case.kind]
    category = next((named(one.name) for one in kind.categories if one.code == case.category), "")
    found = [Particular(_("陳情類別"), category)] if category else []
    if case.point_district and (other := detail.pack.district(case.point_district)) is not None:
        said = _("定位點在%(district)s，與地址不符") % {"district": named(other.name)}
        found.append(Particular(_("定位點"), said))
    if case.notified_at is not None:
        found.append(Particular(_("電話通報"), case.notified_person, case.notified_at))
    if case.registered_at is not None:
        late = _("逾時分文") if case.registered_late else ""
        found.append(Particular(_("分文掛號"), late, case.registered_at))
    if case.grade:
        planned = day_said(case.planned_end) if case.planned_end else ""
        found.append(
            Particular(
                _("處理等級"), _("%(grade)s，預定辦結 %(day)s") % {"grade": case.grade, "day": planned}
            )
        )
        found.append(Particular(_("初步查處結果"), case.interim_result))
    if case.unprocessed_at is not None:
        rule = kind.unprocessed
        ground = rule.ground(case.unprocessed_ground) if rule is not None else None
        said = named(ground.name) if ground is not None else case.unprocessed_ground
        found.append(Particular(_("不予處理"), said, case.unprocessed_at))
    if case.submitted_at is not None:
        found.append(Particular(_("陳核"), detail.names.get(case.submitted_by or 0, ""), case.submitted_at))
    if case.approved_at is not None:
        found.append(Particular(_("核定"), detail.names.get(case.approved_by or 0, ""), case.approved_at))
    return found


def told_before(case: Case) -> bool:
    """Whether the agency was told by telephone before the case was entered, an outage apart (TP-5-5-5b)."""
    return case.notified_at is not None and not case.entered_late


def reply_first(detail: CaseDetail) -> bool:
    """Whether the citizen must be rung before the result can be submitted, and has not been (NT-5-3e)."""
    case = detail.case
    wanted = "phone_reply" in detail.pack.kinds[case.kind].completion.requires
    begun = case.status in OPEN_STATUSES and case.status not in (Status.SUBMITTED, Status.COMPLETED)
    return wanted and begun and case.reply_by == ReplyBy.PHONE and last_answer(case) is None
