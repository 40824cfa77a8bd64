"""The page of one case, and its sheet for the file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from citycall.base import clock
from citycall.base.commands import Actor
from citycall.people.queries import staff_names
from citycall.policy import Pack
from citycall.services.cases.models import (
    OPEN_STATUSES,
    Case,
    Incident,
    ReplyBy,
    Stage,
    StageRequest,
    Status,
    UnfoundedLetter,
)
from citycall.services.cases.queries import CaseDetail, CaseRow, case_detail, unfounded_streak
from citycall.services.cases.results import result_said
from citycall.web import freshness
from citycall.web.access import staff_view
from citycall.web.inbox import request_lines, trays
from citycall.web.inbox.access import READERS, can, case_for
from citycall.web.inbox.acts import Act, open_acts
from citycall.web.inbox.locator import locate_linked
from citycall.web.inbox.repeats import repeats_of
from citycall.web.inbox.views.replies import reply_lines
from citycall.web.particulars import particulars, reply_first, told_before
from citycall.web.request import StaffRequest
from citycall.web.story import choice_name, clock_lines, clock_reason, timeline
from citycall.web.tasks import lines_of, openable
from citycall.web.ui.forms import new_key
from citycall.web.ui.words import as_document, due_written, named, written


@require_safe
@staff_view(roles=READERS)
def case(request: StaffRequest, number: str) -> HttpResponse:
    """Everything about one case; live, and still where nothing has changed."""
    found = case_for(request.actor, number)
    detail = case_detail(found)
    seen = _mark(detail)
    fragment = bool(request.htmx) and request.htmx.target == "case"
    if fragment and freshness.unchanged(request, seen):
        return HttpResponse(status=204)
    context = {**page_of(request.actor, detail), "seen": seen}
    return render(request, "inbox/_case.html" if fragment else "inbox/case.html", context)


def _mark(detail: CaseDetail) -> str:
    return freshness.mark(
        [event.pk for event in detail.events],
        [(notice.pk, notice.state) for notice in detail.notices],
        [(one.pk, one.state) for one in detail.stage_requests],
        [(one.pk, one.state) for one in detail.requests],
        [(one.pk, one.state) for one in detail.joins],
        [(one.pk, one.state) for one in detail.letters],
        [one.pk for one in detail.preventions],
        [(row.task.pk, row.task.state, row.overdue) for row in detail.tasks],
        [(one.pk, one.status) for one in detail.related],
        [(row.case.pk, row.case.status) for row in detail.earlier_here],
    )


def page_of(actor: Actor, detail: CaseDetail) -> dict[str, Any]:
    """What the page and the pages of its acts show."""
    case = detail.case
    kind = detail.pack.kinds[case.kind]
    acts = open_acts(actor, detail)
    repeats = repeats_of(actor, detail)
    handler = staff_names([case.taken_by]).get(case.taken_by or 0, "")
    return {
        "detail": detail,
        "press_key": new_key(),
        "case": case,
        "number": case.number,
        "item": named(detail.row.item),
        "kind": named(kind.name),
        "agency": named(detail.row.agency),
        "district": named(detail.row.district),
        "address": trays.short_address(case, detail.pack),
        "badges": badges_of(case, detail.pack),
        "stage": trays.stage_of(case, detail.pack),
        "reply_by": ReplyBy(case.reply_by).label,
        "result": result_said(case),
        "finding": choice_name(kind.findings, case.finding) if case.finding else "",
        "handler": handler,
        "particulars": particulars(detail),
        "told_before": told_before(case),
        "result_alone": told_before(case) and kind.completion.told_by_phone_requires is not None,
        "reply_first": reply_first(detail),
        "reply_lines": reply_lines(detail, actor),
        "sent_back": _sent_back(detail),
        "running": detail.row.clock,
        "running_name": clock_reason(detail, detail.row.clock.code)[0] if detail.row.clock else "",
        "clocks": clock_lines(detail),
        "entries": timeline(detail),
        "acts": acts,
        "awaits_signing": case.status == Status.ESTABLISHED and acts.primary is None,
        "primary": _link(acts.primary, case),
        "beside": [_link(act, case) for act in acts.beside],
        "others": [_link(act, case) for act in acts.others],
        "later": [(act.label, why) for act, why in acts.later],
        "rules": f"{named(detail.pack.name)} {detail.pack.version}",
        "files": detail.files,
        "request_open": detail.pending_request,
        "request_to": Stage(detail.pending_request.to).label if detail.pending_request else "",
        "refused_request": _refused(detail),
        "earlier": [_earlier(row) for row in detail.earlier_here],
        "letter": _letter(detail),
        "streak": _streak(detail),
        "letter_acts": any(
            can(actor, "cases.send_unfounded_letter", letter.agency)
            for letter in detail.letters
            if letter.state == UnfoundedLetter.State.OFFERED
        ),
        "tasks": lines_of(detail, actor),
        **request_lines.on_page(detail, actor),
        "may_open_task": bool(openable(detail, actor)),
        "related": [_other(one) for one in detail.related],
        **repeats,
        "locator": locate_linked(actor, detail, repeats),
        "incidents": [(one, Incident.Kind(one.kind).label) for one in detail.incidents],
        "callers": len({one.staff_id for one in detail.phone_records}),
        "delay": detail.delay,
        "delay_cause": choice_name(kind.delay_causes, detail.delay.cause) if detail.delay else "",
        "can_analyse": (case.overdue or case.completed_late)
        and can(actor, "cases.analyse_delay", case.agency),
    }


def badges_of(case: Case, pack: Pack) -> list[tuple[Any, str]]:
    """The states of a case in words: where it stands, its limit, what went wrong."""
    badges: list[tuple[Any, str]] = [(Status(case.status).label, trays.SHAPES[Status(case.status)])]
    if case.stage != Stage.FIRST and (stage := trays.stage_of(case, pack)):
        badges.append((stage, "info"))
    if case.overdue and case.status in OPEN_STATUSES:
        badges.append((Case._meta.get_field("overdue").verbose_name, "late"))
    if case.completed_late:
        badges.append((Case._meta.get_field("completed_late").verbose_name, "late"))
    if case.acknowledged_late:
        badges.append((Case._meta.get_field("acknowledged_late").verbose_name, "warn"))
    if case.registered_late:
        badges.append((Case._meta.get_field("registered_late").verbose_name, "warn"))
    if case.joint_late:  # the lead agency has not completed the joint consultation in time (NT-5-2-2b)
        badges.append((Case._meta.get_field("joint_late").verbose_name, "late"))
    if case.grade:
        badges.append((_("%(grade)s 等級") % {"grade": case.grade}, "info"))
    if case.entered_late:
        badges.append((Case._meta.get_field("entered_late").verbose_name, "info"))
    return badges


def _link(act: Act | None, case: Case) -> dict[str, Any] | None:
    if act is None:
        return None
    if act.press:
        return {"act": act, "press": reverse("inbox:press", args=[case.number, act.code])}
    if act.code == "phone":
        return {"act": act, "href": reverse("inbox:phone", args=[case.number])}
    return {"act": act, "href": reverse("inbox:act", args=[case.number, act.code])}


def _refused(detail: CaseDetail) -> StageRequest | None:
    """The last application, when the call centre did not consent: the agency reads why."""
    last = detail.stage_requests[-1] if detail.stage_requests else None
    return last if last is not None and last.state == StageRequest.State.REFUSED else None


def _sent_back(detail: CaseDetail) -> str:
    """Why the result was sent back, as long as it has not been submitted again (NT-5-2-3b, TP-5-5-2a)."""
    last = next((one for one in reversed(detail.events) if one.kind in _OF_APPROVAL), None)
    return str(last.info.get("reason", "")) if last is not None and last.kind == "case.returned" else ""


_OF_APPROVAL = frozenset({"case.submitted", "case.returned", "case.approved"})


def _earlier(row: CaseRow) -> dict[str, Any]:
    kind_shape = trays.SHAPES[Status(row.case.status)]
    return {
        "case": row.case,
        "item": named(row.item),
        "label": Status(row.case.status).label,
        "shape": kind_shape,
    }


def _other(case: Case) -> dict[str, Any]:
    """Another case that this one is linked to (TP-6-4c)."""
    status = Status(case.status)
    return {"case": case, "label": status.label, "shape": trays.SHAPES[status]}


def _letter(detail: CaseDetail) -> tuple[UnfoundedLetter, Any] | None:
    standing = [one for one in detail.letters if one.state != UnfoundedLetter.State.REVOKED]
    return (standing[0], UnfoundedLetter.State(standing[0].state).label) if standing else None


def _streak(detail: CaseDetail) -> tuple[int, int] | None:
    """How many times in a row this place and cause were found groundless, of how many (NT-5-4-10a)."""
    case = detail.case
    rule = detail.pack.kinds[case.kind].unfounded
    if rule is None or not case.addr_key or (not detail.earlier_here and case.finding not in rule.findings):
        return None
    streak = unfounded_streak(case.cause_group, case.addr_key, case.kind)
    return (len(streak), rule.in_a_row) if streak else None


@require_safe
@staff_view(roles=READERS)
def printed(request: StaffRequest, number: str) -> HttpResponse:
    """The case as a sheet for the file, in Chinese with the years of the Republic."""
    detail = case_detail(case_for(request.actor, number))
    with as_document():
        page = page_of(request.actor, detail)
    found = detail.case
    moments = {
        name: due_written(at) if name == "due_at" else written(at)
        for name in ("established_at", "acknowledged_at", "due_at", "done_at", "completed_at", "closed_at")
        if (at := getattr(found, name)) is not None
    }
    course = [(written(entry.at), entry) for entry in page["entries"]]
    sheet = {"moments": moments, "course": course, "now": written(clock.now())}
    return render(request, "inbox/print.html", {**page, **sheet})
