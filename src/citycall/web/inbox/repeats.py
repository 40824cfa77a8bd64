"""What the page of a case shows of its repeats: what is near, what was merged, what else the person asked."""

from __future__ import annotations

from typing import Any

from citycall.base.commands import Actor
from citycall.services.cases import queries
from citycall.services.cases.models import OPEN_STATUSES, Case, Status
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.queries.sight import looks_over
from citycall.web.inbox import trays
from citycall.web.inbox.access import agencies_of, can
from citycall.web.ui.words import named


def repeats_of(actor: Actor, detail: CaseDetail) -> dict[str, Any]:
    """Near cases with the reasons why they are offered, reports merged, matters of the same person."""
    case, kind = detail.case, detail.pack.kinds[detail.case.kind]
    open_now = case.status in OPEN_STATUSES
    seen = None if looks_over(actor) else agencies_of(actor)
    merges = kind.merge is not None and kind.next_status("case.merged", case.status) is not None
    links = kind.next_status("case.repeat_linked", case.status) is not None
    near = queries.near_case(case, seen) if open_now and case.cause_group else []
    others = queries.others_of_person(case) if open_now and links else []
    return {
        "near": [
            {
                "case": one.case,
                "reasons": one.reasons,
                "label": Status(one.case.status).label,
                "shape": trays.SHAPES[Status(one.case.status)],
                "place": trays.short_address(one.case, detail.pack),
                "past": kind.merge is not None
                and kind.merge.within_open_limit
                and not one.match.within_limit,
                "merge": merges
                and one.case.kind == case.kind
                and can(actor, "cases.merge", case.agency)
                and one.case.agency == case.agency
                and (one.match.within_limit or not (kind.merge and kind.merge.within_open_limit)),
            }
            for one in near
        ],
        "others_of_person": [
            {
                "case": one.case,
                "own": seen is None or one.case.agency in seen,
                "agency": named(one.row.agency),
                "item": named(one.row.item),
                "repeat": one.repeat,
                "reasons": one.reasons,
                "linked": case.repeat_of_id == one.case.pk,
                "link": links
                and case.repeat_of_id != one.case.pk
                and can(actor, "cases.link_repeat", case.agency),
                "label": Status(one.case.status).label,
                "shape": trays.SHAPES[Status(one.case.status)],
            }
            for one in others
        ],
        "followers": list(Case.objects.filter(merged_into=case).order_by("id")) if case.reports > 1 else [],
        "main_case": case.merged_into,
        "repeat_of": case.repeat_of,
    }
