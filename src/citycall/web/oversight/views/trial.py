"""A draft rehearsed: which cases of a month would have been late under it, and which no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from citycall.base import clock
from citycall.base.commands import not_found, not_permitted
from citycall.oversight import tables
from citycall.oversight.changes import Draft, draft_of
from citycall.oversight.models import PolicyChange
from citycall.oversight.queries import month_of
from citycall.oversight.trial import Hit, Trial, months_with_cases, rehearse, touches_limits
from citycall.people.queries import agency_names
from citycall.policy import Pack, PackError
from citycall.web.access import staff_view
from citycall.web.oversight.access import POLICY_READERS, sections, sees_changes
from citycall.web.oversight.policy_forms import MonthForm
from citycall.web.oversight.views.changes import change_or_404
from citycall.web.request import StaffRequest
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.templatetags.ui import Tab
from citycall.web.ui.words import due_said, month_said, named, said, shifted, span

COLUMNS = (
    Column("number", lazy("案號"), sort=True),
    Column("agency", lazy("機關"), sort=True),
    Column("item", lazy("項目")),
    Column("clock", lazy("期限")),
    Column("due", lazy("實際期限"), sort=True),
    Column("would", lazy("依草案"), sort=True),
    Column("ended", lazy("辦到")),
    Column("over", lazy("逾期多久"), sort=True),
)
ORDER: dict[str, Callable[[Hit], Any]] = {
    "number": lambda hit: (hit.number, hit.clock),
    "agency": lambda hit: (hit.agency, hit.number),
    "due": lambda hit: (hit.due, hit.number),
    "would": lambda hit: (hit.would_be_due, hit.number),
    "over": lambda hit: (hit.over, hit.number),
}
MOST_TALLIED = 30


@dataclass(frozen=True)
class Line:
    """One clock as the list and the file show it."""

    hit: Hit
    agency: str
    item: str
    clock: str

    @property
    def shift(self) -> str:
        return shifted(self.hit.shift)

    @property
    def over(self) -> str:
        return span(self.hit.over)


class _Names:
    """What the codes of agencies, items and clocks are called, before or after the draft."""

    def __init__(self, draft: Draft) -> None:
        self.packs: tuple[Pack, ...] = (draft.after, draft.before)
        self.agencies = agency_names()

    def agency(self, code: str) -> str:
        return named(self.agencies.get(code, (code, code)))

    def item(self, code: str) -> str:
        found = next((pack.items[code].name for pack in self.packs if code in pack.items), None)
        return named(found) if found else code or _("（無項目）")

    def clock(self, code: str) -> str:
        rules = (rule for pack in self.packs for rule in pack.clocks)
        return next((named(rule.name) for rule in rules if rule.code == code), code)

    def line(self, hit: Hit) -> Line:
        return Line(hit, self.agency(hit.agency), self.item(hit.item), self.clock(hit.clock))


def _asked(request: StaffRequest, change: int) -> tuple[PolicyChange, Draft, dict[str, int], str]:
    """The change, what comes of it, the months that can be chosen, and the one that is."""
    if not sees_changes(request.actor):
        raise not_permitted()
    found = change_or_404(request, change)
    months = months_with_cases()
    asked = request.GET.get("month", "")
    return found, draft_of(found), months, asked if asked in months else next(iter(months), "")


def _ordered(hits: list[Hit], sort: str) -> list[Hit]:
    return sorted(hits, key=ORDER[sort.removeprefix("-")], reverse=sort.startswith("-"))


@require_safe
@staff_view(roles=POLICY_READERS)
def trial(request: StaffRequest, change: int) -> HttpResponse:
    """The draft against a month's cases: how many would have been late, which, of which agency and item."""
    try:
        found, draft, months, period = _asked(request, change)
    except PackError:
        return redirect("oversight:change", change)  # no longer sound: its own page says what is wrong
    result = rehearse(draft.after, *month_of(period)) if period else Trial()
    names = _Names(draft)
    spared = request.GET.get("view") == "spared"
    state = ListState.of(request, COLUMNS, default="-over")
    hits = _ordered(result.spared if spared else result.late, state.sort_by)
    lines = [names.line(hit) for hit in hits[state.offset : state.offset + state.size]]
    has_next = len(hits) > state.offset + state.size
    here = {"month": period, "sort": state.sort_by}
    tallies = ((names.agency, result.by_agency), (names.item, result.by_item), (names.clock, result.by_clock))
    return render(
        request,
        "oversight/policy_trial.html",
        {
            "sections": sections(request.actor, "policy"),
            "change": found,
            "form": MonthForm(months, {"month": period}) if months else None,
            "period": month_said(period) if period else "",
            "trial": result,
            "touches": touches_limits(draft.before, draft.after),
            "spared": spared,
            "views": [
                Tab(_("會逾期"), f"?{urlencode({'month': period})}", not spared, len(result.late_cases)),
                Tab(
                    _("不再逾期"),
                    f"?{urlencode({'month': period, 'view': 'spared'})}",
                    spared,
                    len(result.spared_cases),
                ),
            ],
            "cases": len(result.spared_cases if spared else result.late_cases),
            "listing": Listing(state, COLUMNS, lines, has_next, len(hits)),
            "files": [(form, form.upper()) for form in ("xlsx", "ods", "csv")],
            "query": urlencode({**here, "view": "spared" if spared else "late"}),
            "tallies": [
                [(name(code), n) for code, n in counted.most_common(MOST_TALLIED)]
                for name, counted in tallies
            ],
        },
    )


@require_safe
@staff_view(roles=POLICY_READERS)
def export(request: StaffRequest, change: int, form: str) -> HttpResponse:
    """What the list shows, all pages of it, as CSV, ODS or XLSX."""
    if form not in tables.FORMATS:
        raise not_found()
    try:
        found, draft, _months, period = _asked(request, change)
    except PackError:
        return redirect("oversight:change", change)
    result = rehearse(draft.after, *month_of(period)) if period else Trial()
    names = _Names(draft)
    state = ListState.of(request, COLUMNS, default="-over")
    spared = request.GET.get("view") == "spared"
    header = [*(str(column.label) for column in COLUMNS), _("期限異動")]
    rows = []
    for hit in _ordered(result.spared if spared else result.late, state.sort_by):
        line = names.line(hit)
        ended = said(hit.ended) if hit.ended else _("計時中")
        dues = (due_said(hit.due), due_said(hit.would_be_due))
        rows.append([hit.number, line.agency, line.item, line.clock, *dues, ended, line.over, line.shift])
    title = _("不再逾期") if spared else _("會逾期")
    response = HttpResponse(
        tables.write(form, [header], rows, f"{title} {period}"), content_type=tables.MIME[form]
    )
    kind = "spared" if spared else "late"
    name = f"trial-{found.pk}-{period or clock.today().strftime('%Y-%m')}-{kind}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
