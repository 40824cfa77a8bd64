"""How agencies and items did in a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from citycall.base import policies
from citycall.oversight.queries import delay_reviews, notice_trouble
from citycall.people.queries import agency_names, role_defects
from citycall.policy import Pack
from citycall.services.cases.models import UnfoundedLetter
from citycall.services.cases.queries import Figures, figures, letters, overdue_tasks_by_agency
from citycall.web.access import staff_view
from citycall.web.inbox import sheets
from citycall.web.oversight.access import (
    ANY_PART,
    ROLES,
    first_section,
    rule_work,
    scope,
    sections,
    sees_all,
)
from citycall.web.oversight.periods import Period, period_of, presets
from citycall.web.request import StaffRequest
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import named


@dataclass(frozen=True)
class Line:
    """One row of the table of figures."""

    name: str
    figures: Figures
    href: str = ""
    tasks_overdue: int = 0

    @property
    def percent(self) -> str:
        return percent(self.figures.on_time_rate)

    @property
    def bar(self) -> int:
        return round((self.figures.on_time_rate or 0) * 100)


def percent(rate: float | None) -> str:
    """A share as people write it; a dash where there is nothing to share. Never rounded up to all."""
    if rate is None:
        return "—"
    return "100%" if rate == 1 else f"{min(rate * 100, 99.9):.1f}%"


def fast_agencies(pack: Pack) -> set[str]:
    """The agencies that items of the pack in force are sent to."""
    return {item.agency for item in pack.items.values()}


def lines_of(by: str, period: Period, within: Collection[str] | None, kind: str = "") -> list[Line]:
    """The figures by agency or item, named; only of the agencies within reach, of one kind when named."""
    pack = policies.in_force()[1]
    names = agency_names()
    late = overdue_tasks_by_agency() if by == "agency" else {}
    lines = []
    for one in figures(by, period.begin, period.end, kind):
        if by == "agency":
            if within is not None and one.key not in within:
                continue
            name = named(names.get(one.key, (one.key, one.key)))
            lines.append(Line(name, one, tasks_overdue=late.get(one.key, 0)))
        else:
            item = pack.items.get(one.key)
            if within is not None and (item is None or item.agency not in within):
                continue
            lines.append(Line(named(item.name) if item else one.key or _("（無項目）"), one))
    return lines


def total_of(lines: Sequence[Line]) -> Line:
    """All rows as one."""
    parts = [line.figures for line in lines]
    return Line(
        _("合計"),
        Figures(
            "",
            sum(one.taken for one in parts),
            sum(one.closed for one in parts),
            sum(one.closed_in_time for one in parts),
            sum(one.signed_late for one in parts),
            sum(one.overdue_open for one in parts),
            sum(one.released for one in parts),
            sum(one.grade_b_open for one in parts),
        ),
        tasks_overdue=sum(line.tasks_overdue for line in lines),
    )


def _by(request: StaffRequest) -> str:
    return "item" if request.GET.get("by") == "item" else "agency"


def _kind(request: StaffRequest, pack: Pack) -> str:
    """The kind of case that is asked for; without sense or a choice, all of them."""
    asked = request.GET.get("kind", "")
    return asked if asked in pack.kinds else ""


def _kinds(pack: Pack, current: str, rest: str) -> list[Tab]:
    """All cases, or those of one kind (KM-7-7b); nothing to choose where there is one kind."""
    if len(pack.kinds) < 2:
        return []
    found = [Tab(_("全部案件"), f"?{rest}", not current)]
    found += [
        Tab(named(kind.name), f"?{rest}&kind={kind.code}", kind.code == current)
        for kind in pack.kinds.values()
    ]
    return found


@require_safe
@staff_view(roles=ANY_PART)
def home(request: StaffRequest) -> HttpResponse:
    """On-time rates, late sign-offs and what is overdue, by agency or item (NT-5-4-9a).

    Whose part of this area is another comes to that: an approver of the rules to the rules.
    """
    if not ROLES & request.actor.roles():
        return redirect(first_section(request.actor))
    period, form = period_of(request.GET)
    by, pack = _by(request), policies.in_force()[1]
    kind = _kind(request, pack)
    lines = lines_of(by, period, scope(request.actor), kind)
    of_kind = f"&kind={kind}" if kind else ""
    return render(
        request,
        "oversight/home.html",
        {
            "sections": sections(request.actor, "home"),
            "tabs": [
                Tab(_("各機關"), f"?by=agency&{period.query}{of_kind}", by == "agency"),
                Tab(_("各項目"), f"?by=item&{period.query}{of_kind}", by == "item"),
            ],
            "kinds": _kinds(pack, kind, f"by={by}&{period.query}"),
            "kind": kind,
            "grades": any(one.grade_b is not None for one in pack.kinds.values()),
            "releases": any(one.release is not None for one in pack.kinds.values()),
            "owes": by == "agency" and bool(pack.tasks),
            "by": by,
            "form": form,
            "period": period,
            "presets": presets(period),
            "lines": lines,
            "total": total_of(lines),
            "waiting": [
                *rule_work(request.actor),
                *(_waiting() if sees_all(request.actor) else []),
            ],
        },
    )


def _waiting() -> list[tuple[str, str, int]]:
    """What else waits for the steering office: words, where it is, how many."""
    found = [
        (_("待改善的逾限檢討"), "oversight:delays", len(delay_reviews("open"))),
        (_("待收的函復"), "oversight:letters", len(letters(None, [UnfoundedLetter.State.SENT]))),
        (_("職務缺漏的機關"), "oversight:posts", len(role_defects(fast_agencies(policies.in_force()[1])))),
        (_("送不出去的通知"), "oversight:outbox", len(notice_trouble())),
    ]
    return [(words, reverse(view), n) for words, view, n in found if n]


@require_safe
@staff_view(roles=ROLES)
def export(request: StaffRequest) -> HttpResponse:
    """The same table for a spreadsheet."""
    period, _form = period_of(request.GET)
    by = _by(request)
    kind = _kind(request, policies.in_force()[1])
    lines = lines_of(by, period, scope(request.actor), kind)
    header = [
        _("機關") if by == "agency" else _("項目"),
        _("受理"),
        _("結案"),
        _("依限結案"),
        _("依限率"),
        _("逾時簽收"),
        _("逾限未結"),
        _("B 等級未結"),
        _("解除列管"),
        _("逾期待辦"),
    ]
    rows: list[list[Any]] = [
        [
            line.name,
            line.figures.taken,
            line.figures.closed,
            line.figures.closed_in_time,
            "" if line.figures.on_time_rate is None else round(line.figures.on_time_rate, 4),
            line.figures.signed_late,
            line.figures.overdue_open,
            line.figures.grade_b_open,
            line.figures.released,
            line.tasks_overdue,
        ]
        for line in [*lines, total_of(lines)]
    ]
    return sheets.download(f"citycall-{by}-{period.since}-{period.until}.csv", header, rows)
