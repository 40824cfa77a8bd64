"""The inbox: the trays, the list, signing from the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from citycall.base import clock, policies
from citycall.base.commands import Actor, Refused, not_found
from citycall.oversight.tables import FORMATS
from citycall.people.queries import RoleDefect, role_defects
from citycall.policy import Pack
from citycall.services.cases import queries
from citycall.services.cases.commands.bulk import UNDO_WITHIN
from citycall.services.cases.commands.handling import acknowledge
from citycall.services.cases.models import Case, Stage, Status
from citycall.web import freshness
from citycall.web.access import staff_view
from citycall.web.addresses import case_address
from citycall.web.inbox import trays
from citycall.web.inbox.access import INBOX_ROLES, agencies_of, can
from citycall.web.inbox.rows import drawn as rows_drawn
from citycall.web.inbox.views.bulk import back_of, offered
from citycall.web.oversight.access import rule_work
from citycall.web.particulars import told_before
from citycall.web.request import StaffRequest
from citycall.web.story import role_name
from citycall.web.ui import words
from citycall.web.ui.listing import Listing, ListState
from citycall.web.ui.words import named


@require_safe
@staff_view(roles=INBOX_ROLES)
def home(request: StaffRequest, code: str = "") -> HttpResponse:
    """The list. Asked for by its own fragment, only that is drawn; and nothing when nothing has changed."""
    pack = policies.in_force()[1]
    agencies = agencies_of(request.actor)
    saved = queries.filters_for(request.actor.staff_id, agencies)
    if not code and not request.GET and not request.htmx:
        first = next((one for one in saved if one.first and one.staff_id == request.actor.staff_id), None)
        if first is not None:
            return redirect(trays.list_address(first.wanted))
    tray = trays.tray_of(code, request.actor)
    form = trays.FilterForm(request.GET, pack=pack, agencies=agencies)
    chosen = form.chosen()
    state = ListState.of(request, trays.COLUMNS, default=tray.sort)
    before = request.GET.get("before", "")
    wanted = trays.wanted(tray, chosen, agencies, request.actor)
    if before.isdecimal() and len(before) <= 18:  # gone on with where a search had stopped
        wanted = replace(wanted, before_id=int(before))
    page = queries.case_list(
        wanted,
        sort=trays.SORTS[state.sort_by],
        page=state.page,
        size=state.size,
    )
    counts = queries.counts(agencies, request.actor.staff_id)
    tasks = queries.task_counts(agencies, roles=request.actor.roles())
    pinned = queries.not_started(agencies) if state.page == 1 and tray.code != "closed" else []
    waiting = [(one.row.case.pk, one.minutes) for one in pinned]
    seen = freshness.mark(counts, tasks, page.has_next, waiting, [_facts(row) for row in page.rows])
    many = offered(request.actor, pack)
    signs = {agency for agency in agencies if can(request.actor, "cases.acknowledge", agency)}
    language = get_language() or "zh-hant"
    rows = [_row(row, signs, language) for row in page.rows]
    drawn = rows_drawn(rows, tray, _column_words(), picks=bool(many))
    context = {
        "tray": tray,
        "tabs": trays.tabs(tray, counts, chosen, tasks=tasks, pack=pack),
        "listing": Listing(
            state,
            trays.COLUMNS,
            rows,
            page.has_next,
            trays.said_count(counts.get(tray.count)) if tray.count and not chosen else None,
            {"drawn": drawn},
        ),
        "bounded": page.bounded,
        "further": trays.address(tray, {**chosen, "sort": state.sort_by, "before": str(page.upto)})
        if page.upto is not None and state.sort_by == "-number"
        else "",
        "sorted_most": queries.SORTED_MOST,
        "saved": trays.saved_tabs(saved, tray, chosen, request.actor.staff_id),
        "save": trays.address(tray, {**chosen, "sort": state.sort_by}, "inbox:save_filter"),
        "many": many,
        "undo": queries.undoable(request.actor.staff_id, clock.now() - UNDO_WITHIN),
        "pinned": [_pinned(one) for one in pinned],
        "seen": seen,
        "narrowed": bool(chosen),
        "signs": bool(signs),
        "exports": [
            (form_.upper(), trays.address(tray, {**chosen, "sort": state.sort_by}, "inbox:export", form_))
            for form_ in FORMATS
        ],
    }
    if request.htmx and request.htmx.target == "inbox-list":
        if freshness.unchanged(request, seen):
            return HttpResponse(status=204)
        return render(request, "inbox/_list.html", {**context, "fragment": True})
    return render(
        request,
        "inbox/home.html",
        {
            **context,
            "form": form,
            "defects": defects_for(request.actor, pack),
            "rules": rule_work(request.actor),
        },
    )


def _column_words() -> dict[str, str]:
    """What stands before each cell on a telephone: looked up once, not in every line."""
    return {
        "item": _("項目"),
        "place": _("地點"),
        "due": _("最先到期"),
        "time": _("時間"),
        "status": _("狀態"),
        "handler": _("承辦人"),
        "pick": _("選取"),
        "owed": _("待回電"),
        "signed_late": _("逾時簽收"),
        "intake_late": _("逾時分文"),
        "told": _("已電話通報"),
    }


def _pinned(waiting: queries.Waiting) -> dict[str, Any]:
    """An urgent report that nobody has begun (NT-5-3c)."""
    case = waiting.row.case
    since = words.span(timedelta(minutes=waiting.minutes))
    return {"case": case, "item": named(waiting.row.item), "since": since}


def defects_for(actor: Actor, pack: Pack) -> list[tuple[RoleDefect, str]]:
    """Roles that this person's agency must fill and does not (NT-5-4-6a), told to those who can fill them."""
    own = {agency for agency in agencies_of(actor) if can(actor, "people.assign_post", agency)}
    fast = {item.agency for item in pack.items.values() if item.agency in own}
    if not fast:
        return []
    return [(defect, "、".join(role_name(role) for role in defect.missing)) for defect in role_defects(fast)]


def _facts(row: queries.CaseRow) -> tuple[Any, ...]:
    case = row.case
    running = row.clock
    return (
        case.pk,
        case.status,
        case.stage,
        case.overdue,
        case.acknowledged_late,
        case.registered_late,
        case.grade,
        row.handler,
        row.phone_task,
        (running.code, running.due, running.state) if running else None,
    )


def _row(row: queries.CaseRow, signs: set[str], language: str) -> dict[str, Any]:
    case = row.case
    running = row.clock
    own = policies.pack_of(case.policy_version_id)
    return {
        "case": case,
        "href": case_address("inbox:case", case.number),
        "item": named(row.item, language),
        "district": named(row.district, language),
        "address": trays.short_address(case, own),
        "clock": running,
        "clock_name": named(own.clock(running.code).name, language) if running else "",
        "badge": (str(Status(case.status).label), trays.SHAPES[Status(case.status)]),
        "stage": trays.stage_of(case, own) if case.stage != Stage.FIRST else "",
        "handler": row.handler,
        "phone_task": row.phone_task,
        "told": told_before(case),
        "signable": case.status == Status.ESTABLISHED and case.agency in signs,
    }


@require_POST
@staff_view(roles=INBOX_ROLES)
def sign(request: StaffRequest) -> HttpResponse:
    """Sign for one case of the list, or for all that are ticked (NT-5-4-2d)."""
    asked = request.POST.getlist("one") or request.POST.getlist("case")
    ids = [int(each) for each in asked if each.isdecimal() and len(each) <= 18][:200]
    own = Case.objects.filter(pk__in=ids, agency__in=agencies_of(request.actor)).order_by("pk")
    cases = list(own)
    if asked and not cases:
        raise not_found(_("查無此案件，請確認案號。"))
    signed: list[str] = []
    late = 0
    for case in cases:
        try:
            done = acknowledge(request.actor, {"case": case.pk})
        except Refused as refused:
            messages.warning(request, f"{case.number}：{refused.message}")
            continue
        signed.append(case.number)
        late += done.late
    if signed:
        words = ngettext("已簽收 %(n)s 件：%(which)s", "已簽收 %(n)s 件：%(which)s", len(signed))
        said = words % {"n": len(signed), "which": "、".join(signed[:5]) + ("…" if len(signed) > 5 else "")}
        if late:
            said += "　" + _("其中 %(n)s 件逾時簽收") % {"n": late}
        messages.success(request, said)
    elif not asked:
        messages.warning(request, _("請先勾選要簽收的案件。"))
    return redirect(back_of(request))
