"""Days on which offices are closed: declared, looked at beforehand, withdrawn (TP-5-5-1b, TP-5-5-1c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from citycall.base import clock, policies
from citycall.base.closures import Closure
from citycall.base.commands import Actor, Refused, not_found, not_permitted
from citycall.base.portions import Progress, progress
from citycall.oversight.closures import (
    DeclareClosure,
    check,
    closure_page,
    declare_closure,
    every_closure,
    withdraw_closure,
)
from citycall.people.queries import agency_names, staff_names
from citycall.policy import Pack
from citycall.services.cases.recompute import SUBJECT, preview
from citycall.web.access import staff_view
from citycall.web.errors import into_form
from citycall.web.inbox import sheets
from citycall.web.oversight.access import CLOSURE_READERS, may_steer, sections, sees_closures
from citycall.web.oversight.closure_forms import ClosureForm, WithdrawForm, area_name
from citycall.web.request import StaffRequest
from citycall.web.sending import sent
from citycall.web.ui.listing import Column, Listing, ListState
from citycall.web.ui.words import day_said, named, shifted

COLUMNS = (
    Column("day", lazy("停班日"), sort=True),
    Column("area", lazy("停班範圍")),
    Column("reason", lazy("停班事由")),
    Column("state", lazy("狀態")),
    Column("recomputed", lazy("時限重算")),
    Column("declared_at", lazy("宣告"), sort=True),
)
WEEKDAYS = "一二三四五六日"


def may_declare(actor: Actor) -> bool:
    """The steering office's evaluators and director, and whoever is on duty."""
    command = "oversight.declare_closure"
    return may_steer(actor, command) or "duty_officer" in actor.roles()


def day_words(closure: Closure) -> str:
    """The day with its weekday, and which part of it."""
    day = closure.day
    chinese = (get_language() or "zh").startswith("zh")
    said = day_said(day) + (f"（{WEEKDAYS[day.weekday()]}）" if chinese else f" ({day:%a})")
    return said if closure.part == Closure.Part.ALL else f"{said} {closure.get_part_display()}"


@dataclass(frozen=True)
class Line:
    """One closure as lists show it."""

    closure: Closure
    day: str
    area: str
    by: str
    withdrawn_by: str
    progress: Progress | None

    @property
    def broken(self) -> int:
        return self.progress.broken if self.progress else 0

    @property
    def halted(self) -> bool:
        """Whether the recomputation as a whole was set aside and waits for somebody."""
        return self.progress is not None and self.progress.job.broken_at is not None

    @property
    def done(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.progress is None or self.progress.job.finished_at is not None or self.halted


def lines_of(pack: Pack, found: list[Closure]) -> list[Line]:
    """Closures with who declared them and how far the recomputation is: three queries for all."""
    people = staff_names([one.declared_by for one in found] + [one.withdrawn_by for one in found])
    far = progress(SUBJECT, [one.pk for one in found])
    return [
        Line(
            one,
            day_words(one),
            area_name(pack, one.area),
            people.get(one.declared_by or 0, ""),
            people.get(one.withdrawn_by or 0, ""),
            far.get(one.pk),
        )
        for one in found
    ]


def _only_readers(request: StaffRequest) -> None:
    if not sees_closures(request.actor):
        raise not_permitted()


@require_safe
@staff_view(roles=CLOSURE_READERS)
def closures(request: StaffRequest) -> HttpResponse:
    """Every closure, the latest day first, and how far its recomputation is."""
    _only_readers(request)
    pack = policies.in_force()[1]
    state = ListState.of(request, COLUMNS, default="-day", size=25)
    found, more = closure_page(state.sort_by, state.page, state.size)
    lines = lines_of(pack, found)
    context = {
        "sections": sections(request.actor, "closures"),
        "listing": Listing(state, COLUMNS, lines, more),
        "declares": may_declare(request.actor),
        "working": any(not line.done for line in lines),
        "rule": _rule(pack),
    }
    return render(request, "oversight/closures.html", context)


def _rule(pack: Pack) -> tuple[str, str]:
    """What the pack says stops clocks, in its own words, and its clauses."""
    setting = pack.settings.get("clock-suspension")
    said = setting.says.get(get_language()) if setting is not None and setting.says else ""
    clauses = pack.clock_calendar.suspension.clauses or (setting.clauses if setting is not None else ())
    return said, "、".join(clauses)


@require_safe
@staff_view(roles=CLOSURE_READERS)
def export(request: StaffRequest) -> HttpResponse:
    """All of them for a spreadsheet."""
    _only_readers(request)
    pack = policies.in_force()[1]
    header = [
        _("停班日"),
        _("停班時段"),
        _("停班範圍"),
        _("停班原因"),
        _("停班事由"),
        _("宣告人"),
        _("宣告時間"),
        _("撤回人"),
        _("撤回時間"),
        _("撤回理由"),
        _("已重算案件"),
        _("異動時限"),
    ]
    rows = [
        [
            line.closure.day.isoformat(),
            line.closure.get_part_display(),
            line.area,
            line.closure.get_cause_display(),
            line.closure.reason,
            line.by,
            line.closure.declared_at,
            line.withdrawn_by,
            line.closure.withdrawn_at,
            line.closure.withdraw_reason,
            line.progress.done if line.progress else 0,
            line.progress.changed if line.progress else 0,
        ]
        for line in lines_of(pack, every_closure())
    ]
    return sheets.download("closures.csv", header, rows)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=CLOSURE_READERS)
def new(request: StaffRequest) -> HttpResponse:
    """Declare a closure: first what it would do, then, confirmed, it is done."""
    if not may_declare(request.actor):
        raise not_permitted()
    pack = policies.in_force()[1]
    form = ClosureForm(request.POST or None, pack=pack)
    look: dict[str, Any] | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.values()
            try:
                if request.POST.get("confirm") == "yes":
                    done = declare_closure(request.actor, values, key=form.sent_key())
                    messages.success(request, _("已宣告停班，時限重新計算中。"))
                    return redirect("oversight:closure", done.closure)
                asked = DeclareClosure.model_validate(values)
                check(pack, asked)
                if request.POST.get("edit") != "yes":
                    look = _look(pack, asked)
                status = 200
            except Refused as refused:
                if refused.status in (403, 404):
                    raise
                into_form(form, refused)
                status = refused.status
    context = {
        "sections": sections(request.actor, "closures"),
        "form": form,
        "look": look,
        "rule": _rule(pack),
    }
    return render(request, "oversight/closure_new.html", context, status=status)


def _look(pack: Pack, asked: DeclareClosure) -> dict[str, Any]:
    """What a closure would do, counted before anything is written."""
    closure = Closure(**asked.model_dump())
    return {
        "closure": closure,
        "day": day_words(closure),
        "area": area_name(pack, closure.area),
        **_moving(preview.would_declare(closure)),
        "off": not pack.calendar().is_working_day(closure.day),
        "past": closure.day < clock.today(),
        "half": closure.part != Closure.Part.ALL,
    }


@dataclass(frozen=True)
class Clock:
    """A clock that would move, as the look shows it."""

    moved: preview.Moved
    agency: str
    name: str
    by: str


def _moving(moving: preview.Moving) -> dict[str, Any]:
    """Which clocks would move: how many of how many, of which agency, and the first of them by name."""
    names = agency_names()

    def agency(code: str) -> str:
        return named(names.get(code, (code, code)))

    def clock_name(one: preview.Moved) -> str:
        rules = policies.pack_of(one.version).clocks
        return next((named(rule.name) for rule in rules if rule.code == one.code), one.code)

    def lines(found: tuple[preview.Moved, ...]) -> list[Clock]:
        return [
            Clock(one, agency(one.agency), clock_name(one), shifted(one.would_be_due - one.due))
            for one in found
        ]

    return {
        "moving": moving,
        "agencies": [(agency(code), n) for code, n in moving.agencies],
        "clocks": [
            (heading % {"n": n}, n, lines(found))
            for heading, n, found in (
                (_("%(n)s 個時限會延後"), moving.later, moving.postponed),
                (_("%(n)s 個時限會提前"), moving.earlier, moving.sooner),
            )
            if n
        ],
        "shown": preview.SHOWN,
    }


def _closure(pk: int) -> Closure:
    found = Closure.objects.filter(pk=pk).first()
    if found is None:
        raise not_found(_("沒有這筆停班宣告。"))
    return found


@require_safe
@staff_view(roles=CLOSURE_READERS)
def closure(request: StaffRequest, closure: int) -> HttpResponse:
    """One closure: who declared it and why, and how far the recomputation is."""
    _only_readers(request)
    found = _closure(closure)
    (line,) = lines_of(policies.in_force()[1], [found])
    return render(
        request,
        "oversight/closure.html",
        {
            "sections": sections(request.actor, "closures"),
            "line": line,
            "closure": found,
            "withdraws": found.withdrawn_at is None and may_declare(request.actor),
            # Portions are done many a second, by workers that signal nobody: asked for while it lasts.
            "polled": None if line.done else request.path,
            "polls": None if line.done else "every 2s, live:refresh from:body",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(roles=CLOSURE_READERS)
def withdraw(request: StaffRequest, closure: int) -> HttpResponse:
    """Take a closure back, having seen what that would do."""
    if not may_declare(request.actor):
        raise not_permitted()
    found = _closure(closure)
    form = WithdrawForm(request.POST or None)
    status = sent(
        form,
        lambda: withdraw_closure(
            request.actor,
            {"closure": found.pk, "reason": form.cleaned_data["reason"]},
            key=form.sent_key(),
        ),
    )
    if status is None:
        messages.success(request, _("已撤回停班，時限重新計算中。"))
        return redirect("oversight:closure", found.pk)
    (line,) = lines_of(policies.in_force()[1], [found])
    return render(
        request,
        "oversight/closure_withdraw.html",
        {
            "sections": sections(request.actor, "closures"),
            "line": line,
            "closure": found,
            "form": form,
            "look": _moving(preview.would_withdraw(found)) if found.withdrawn_at is None else None,
        },
        status=status,
    )
