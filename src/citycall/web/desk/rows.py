"""The lines of what a search found, drawn at once: as a template they take longer than the search."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from citycall.services.cases.models import OPEN_STATUSES, Status
from citycall.services.cases.queries import CaseRow
from citycall.web.addresses import case_address
from citycall.web.ui.templatetags.ui import badge, clock, when
from citycall.web.ui.words import Reader, named, reader

_SHAPES = {
    Status.WITHDRAWN: "off",
    Status.RELEASED: "off",
    Status.CLOSED: "done",
}
_NONE = '<span class="none">—</span>'


def drawn(rows: Sequence[CaseRow]) -> SafeString:
    """All lines of a page; what stands before a cell on a telephone is looked up once."""
    said = [escape(one) for one in (_("狀態"), _("項目"), _("地點"), _("權責機關"), _("成案時間"), _("期限"))]
    to = reader()
    return SafeString("".join(_line(row, to, *said) for row in rows))  # nosec B703: every value is escaped below


def _line(
    row: CaseRow, to: Reader, status: str, item: str, place: str, agency: str, time: str, limit: str
) -> str:
    case = row.case
    over = case.status not in OPEN_STATUSES
    shape = shape_of(case.status, case.overdue)
    left = _NONE if over else clock(case.due_at, case.clock_from, to=to)
    return (
        f'<tr>\n<th scope="row"><a class="row-link mono nowrap"'
        f' href="{escape(case_address("desk:case", case.number))}">{escape(case.number)}</a></th>\n'
        f'<td data-label="{status}">{badge(str(Status(case.status).label), shape)}</td>\n'
        f'<td data-label="{item}">{escape(named(row.item))}</td>\n'
        f'<td data-label="{place}" class="clip">{escape(case.address) or _NONE}</td>\n'
        f'<td data-label="{agency}">{escape(named(row.agency))}</td>\n'
        f'<td data-label="{time}" class="nowrap">{when(case.established_at, to=to)}</td>\n'
        f'<td data-label="{limit}">{left}</td>\n</tr>\n'
    )


def shape_of(status: str, overdue: bool) -> str:
    """The shape of a state at the desk, as `desk/_status.html` draws it."""
    if status in _SHAPES:
        return _SHAPES[Status(status)]
    if overdue:
        return "late"
    return "warn" if status == Status.ESTABLISHED else "active"
