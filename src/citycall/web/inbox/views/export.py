"""The list as a spreadsheet: what is shown, in its order. Nothing in it tells who reported."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from citycall.base import clock, policies
from citycall.base.commands import Refused, not_found
from citycall.oversight import tables
from citycall.services.cases import queries
from citycall.services.cases.commands.filters import note_export
from citycall.services.cases.models import Case, Stage, Status
from citycall.web.access import staff_view
from citycall.web.inbox import sheets, trays
from citycall.web.inbox.access import INBOX_ROLES, agencies_of
from citycall.web.request import StaffRequest
from citycall.web.ui.listing import ListState
from citycall.web.ui.words import named

MOST = 10_000  # as CSV, which is written while it is read; what is sorted by limit or place has at most 5,000
MOST_OF_A_BOOK = 5_000  # as ODS or XLSX, which are made whole
CHUNK = 500


class _Line:
    """What a csv writer writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


@require_safe
@staff_view(roles=INBOX_ROLES)
def export(request: StaffRequest, code: str, form: str) -> HttpResponseBase:
    """The filtered list in one of three forms; that it was taken out stays on record."""
    if form not in tables.FORMATS:
        raise not_found()
    pack = policies.in_force()[1]
    agencies = agencies_of(request.actor)
    tray = trays.tray_of(code, request.actor)
    chosen = trays.FilterForm(request.GET, pack=pack, agencies=agencies).chosen()
    state = ListState.of(request, trays.COLUMNS, default=tray.sort)
    most = MOST if form == "csv" else MOST_OF_A_BOOK
    wanted = trays.wanted(tray, chosen, agencies, request.actor)
    ids = queries.in_order(wanted, trays.SORTS[state.sort_by], most + 1)
    if len(ids) > most:
        message = _("超過 %(n)s 筆，請先用篩選縮小範圍再匯出。") % {"n": f"{most:,}"}
        raise Refused("too_many", message, status=422)
    if request.method == "GET":
        taken = {"tray": tray.code, "form": form, "rows": len(ids), "narrowed": sorted(chosen)}
        note_export(request.actor, taken)
    name = f"citycall-{tray.code}-{clock.local(clock.now()):%Y%m%d-%H%M}.{form}"
    answer: HttpResponseBase
    if form == "csv":
        answer = StreamingHttpResponse(_csv(ids), content_type=tables.MIME["csv"])
    else:
        rows = [[_text(value) for value in line] for line in _lines(ids)]
        content = tables.write(form, [_header()], rows, str(tray.label))
        answer = HttpResponse(content, content_type=tables.MIME[form])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _csv(ids: Sequence[int]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([sheets.cell(each) for each in _header()])
    for line in _lines(ids):
        yield writer.writerow([sheets.cell(each) for each in line])


def _text(value: Any) -> str:
    said = sheets.cell(value)
    return str(said[1:] if isinstance(value, str) and said != value else said)  # `tables` puts its own


def _lines(ids: Sequence[int]) -> Iterator[list[Any]]:
    for first in range(0, len(ids), CHUNK):
        some = ids[first : first + CHUNK]
        cases = Case.objects.in_bulk(some)
        for row in queries.rows_of([cases[pk] for pk in some if pk in cases]):
            yield _line(row)


def _header() -> list[str]:
    return [
        _("案號"), _("項目"), _("行政區"), _("地點"), _("狀態"), _("期限種類"), _("承辦人"), _("成案時間"),
        _("簽收時間"), _("逾時簽收"), _("辦理期限"), _("逾限"), _("辦畢登錄時間"), _("結案時間"),
        _("查處情形"), _("處理等級"),
    ]  # fmt: skip


def _line(row: queries.CaseRow) -> list[Any]:
    case = row.case
    kind = policies.pack_of(case.policy_version_id).kinds[case.kind]
    finding = next((named(one.name) for one in kind.findings if one.code == case.finding), case.finding)
    return [
        case.number,
        named(row.item),
        named(row.district),
        case.address,
        Status(case.status).label,
        Stage(case.stage).label,
        row.handler,
        case.established_at,
        case.acknowledged_at,
        _("是") if case.acknowledged_late else "",
        case.due_at,
        _("是") if case.overdue or case.completed_late else "",
        case.completed_at,
        case.closed_at,
        finding,
        case.grade,
    ]
