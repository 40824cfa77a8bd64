"""How long after the call each agency was told by telephone: what the lead looks over (NT-5-3a)."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from citycall.people.queries import agency_names
from citycall.services.calls import queries as call_queries
from citycall.services.cases import queries
from citycall.web.access import staff_view
from citycall.web.desk.frame import draw
from citycall.web.oversight.periods import period_of
from citycall.web.request import StaffRequest
from citycall.web.ui.listing import Column, Listing, ListState

COLUMNS = (
    Column("number", _("案號")),
    Column("agency", _("權責機關")),
    Column("person", _("受理通報人員")),
    Column("at", _("電話通報時間")),
    Column("minutes", _("來電後"), align="end"),
    Column("status", _("狀態")),
)


@require_safe
@staff_view(roles=("lead",))
def notices(request: StaffRequest) -> HttpResponse:
    """The telephone notices of a period, newest first."""
    period, form = period_of(request.GET)
    state = ListState.of(request, COLUMNS, default="number")
    found = queries.telephone_notices(
        period.begin, period.end, call_queries.began, first=state.offset, limit=state.size + 1
    )
    names = agency_names()
    rows = [
        {"notice": one, "agency": names.get(one.case.agency, (one.case.agency, one.case.agency))}
        for one in found[: state.size]
    ]
    listing = Listing(state, COLUMNS, rows, len(found) > state.size)
    return draw(request, "desk/notices.html", {"listing": listing, "form": form})
