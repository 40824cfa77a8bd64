"""Petitions and complaints by month: how many, how long, what was left unprocessed (HR-3-1-0, NT-5-2-5b)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from citycall.base import clock, policies
from citycall.base.commands import not_found
from citycall.oversight import tables
from citycall.people.queries import agency_names, staff_names
from citycall.services.cases.queries import (
    LeftUnprocessed,
    Month,
    left_unprocessed,
    petition_kinds,
    petition_months,
)
from citycall.web.access import staff_view
from citycall.web.oversight.access import ROLES, scope, sections
from citycall.web.request import StaffRequest
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import month_said, named

MONTHS = 12


def _kind(request: StaffRequest) -> str:
    """The kind that is asked for; without sense or a choice, all of them."""
    asked = request.GET.get("kind", "")
    return asked if asked in petition_kinds() else ""


def _months(request: StaffRequest) -> list[Month]:
    """The last twelve months, the newest first."""
    last = clock.today()
    n = last.year * 12 + last.month - 1 - (MONTHS - 1)
    kind = _kind(request)
    months = petition_months(
        date(n // 12, n % 12 + 1, 1),
        last,
        kinds=[kind] if kind else None,
        agencies=scope(request.actor),
    )
    return months[::-1]


def span(took: timedelta | None) -> str:
    """How long something took, as people say it."""
    if took is None:
        return "—"
    hours = round(abs(took.total_seconds()) / 3600)
    days, rest = divmod(hours, 24)
    said = []
    if days:
        said.append(_("%(n)s 日") % {"n": days})
    if rest or not days:
        said.append(_("%(n)s 小時") % {"n": rest})
    return " ".join(said)


def trend(month: Month) -> str:
    """What changed against the month before, in words."""
    more, longer = month.received_trend, month.average_trend
    said = []
    if more:
        said.append(_("收件 %(n)s") % {"n": f"{more:+d}"})
    if longer is not None and longer:
        sign = "+" if longer > timedelta(0) else "−"
        said.append(_("處理時間 %(span)s") % {"span": sign + span(longer)})
    return "、".join(said) or "—"


@require_safe
@staff_view(roles=ROLES)
def petitions(request: StaffRequest) -> HttpResponse:
    """By month, with the trend; below it what was left unprocessed, by whom and on which ground."""
    kinds, kind = petition_kinds(), _kind(request)
    pack = policies.in_force()[1]
    tabs = [Tab(_("全部"), "?", not kind)]
    tabs += [Tab(named(pack.kinds[code].name), f"?kind={code}", code == kind) for code in kinds]
    months = _months(request)
    since = datetime.combine(months[-1].begins, time(), clock.TAIPEI)
    left = left_unprocessed(since, clock.now() + timedelta(seconds=1), agencies=scope(request.actor))
    return render(
        request,
        "oversight/petitions.html",
        {
            "sections": sections(request.actor, "petitions"),
            "kinds": tabs if len(kinds) > 1 else [],
            "kind": kind,
            "months": [
                (one, month_said(f"{one.begins:%Y-%m}"), span(one.average), trend(one)) for one in months
            ],
            "left": _left(left),
        },
    )


def _left(left: list[LeftUnprocessed]) -> list[dict[str, object]]:
    people = staff_names(one.decided_by for one in left)
    agencies = agency_names()
    lines: list[dict[str, object]] = []
    for one in left:
        rule = policies.pack_of(one.case.policy_version_id).kinds[one.case.kind].unprocessed
        ground = rule.ground(one.ground) if rule is not None else None
        lines.append(
            {
                "case": one.case,
                "agency": named(agencies.get(one.case.agency, (one.case.agency, one.case.agency))),
                "ground": named(ground.name) if ground is not None else one.ground,
                "decided_by": people.get(one.decided_by or 0, ""),
                "decided_at": one.decided_at,
            }
        )
    return lines


@require_safe
@staff_view(roles=ROLES)
def export(request: StaffRequest, form: str) -> HttpResponse:
    """The same table for a spreadsheet: CSV, ODS or XLSX."""
    if form not in tables.FORMATS:
        raise not_found()
    header = [_("月份"), _("收件"), _("結案"), _("不予處理"), _("平均處理時間（小時）"), _("趨勢")]
    rows = [
        [
            f"{one.begins:%Y-%m}",
            str(one.received),
            str(one.closed),
            str(one.unprocessed),
            "" if one.average_hours is None else str(one.average_hours),
            trend(one),
        ]
        for one in _months(request)
    ]
    content = tables.write(form, [header], rows, _("陳情統計"))
    response = HttpResponse(content, content_type=tables.MIME[form])
    response["Content-Disposition"] = f'attachment; filename="petitions-{clock.today()}.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response
