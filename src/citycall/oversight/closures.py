"""Staff declare that offices are closed, and take it back; the clocks concerned are counted anew.

Only what the pack lets stop clocks is taken: in Taipei a city-wide closure for a disaster, and never an
agency's own reasons (TP-5-5-1b, TP-5-5-1c).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from django.db import connection
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.closures import AGENCY, CITY, Closure, Stand, changed, closed_already, stops_clocks
from citycall.base.commands import Context, Input, Refused, command, not_found
from citycall.base.commands.inputs import RowId
from citycall.base.events import record
from citycall.people.queries import agency_names
from citycall.policy import Pack
from citycall.services.cases import recompute
from citycall.services.cases.commands.inputs import OneLine

DECLARERS = ("director", "evaluator", "duty_officer")
CLAUSES = ("TP-5-5-1b", "TP-5-5-1c")
FIRST_DAY = date(1999, 1, 1)
AHEAD = timedelta(days=400)  # the official calendar is published for the next year, and no further
_LOCK = 0x1999_0002  # of those who declare: one after the other

Reason = Annotated[str, OneLine, Field(min_length=1, max_length=200)]


class DeclareClosure(Input):
    """Which day, or half of it, is closed, where, and why; `area`: all, a district's code, or agency:CODE."""

    day: date
    part: Literal["all", "morning", "afternoon"] = "all"
    area: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^(agency:)?[a-z0-9_.\-]+$")] = CITY
    cause: Literal["disaster", "other"] = "disaster"
    reason: Reason

    @property
    def stand(self) -> Stand:
        return Stand(self.day, self.part, self.area, self.cause)


class ClosureDone(BaseModel):
    closure: int
    day: date
    part: str
    area: str


def _may(ctx: Context) -> None:
    """Officers on duty anywhere; evaluators and the director of the steering office only."""
    if ctx.actor.has("duty_officer"):
        ctx.require_role("duty_officer")
    else:
        ctx.require_role("director", "evaluator", agency=ctx.pack.managing_unit)


def check(pack: Pack, asked: DeclareClosure) -> None:
    """Refuse what cannot be declared, as the command does: for a look beforehand."""
    _check_day(asked.day)
    _check_area(pack, asked)
    _check_allowed(pack, asked.stand)
    known = closed_already(
        asked.stand, Closure.objects.filter(day=asked.day, withdrawn_at=None).order_by("id")
    )
    if known is not None:
        message = _("這一天已經宣告停班（%(part)s），不必重複宣告。") % {
            "part": Closure.Part(known.part).label
        }
        raise Refused(
            "closure_exists", message, fields={"day": message}, status=409, info={"closure": known.pk}
        )


@command("oversight.declare_closure", who=DECLARERS, clauses=CLAUSES, keyed=True)
def declare_closure(ctx: Context, data: DeclareClosure) -> ClosureDone:
    """Declare that offices are closed; running clocks whose time includes that day are counted anew.

    The day may be past. Refused: ``closure_not_allowed`` where the pack's rules stop no clock for such an
    area or cause (TP-5-5-1c), ``closure_exists``, ``beyond_the_calendar``, ``invalid``.
    """
    _may(ctx)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    check(ctx.pack, data)
    closure = Closure()
    fields = {
        "day": data.day,
        "part": data.part,
        "area": data.area,
        "cause": data.cause,
        "reason": data.reason,
        "declared_by": ctx.actor.staff_id,
        "declared_at": ctx.now,
        "withdrawn_by": None,
        "withdrawn_at": None,
        "withdraw_reason": "",
    }
    record(ctx, closure, "closure.declared", set=fields)
    changed()
    recompute.begin(ctx, closure)
    ctx.audit(recompute.SUBJECT, closure.pk, day=data.day.isoformat(), part=data.part, area=data.area)
    return _done(closure)


class WithdrawClosure(Input):
    """Which closure is taken back, and why."""

    closure: RowId
    reason: Reason


@command("oversight.withdraw_closure", who=DECLARERS, clauses=("TP-5-5-1b",), keyed=True)
def withdraw_closure(ctx: Context, data: WithdrawClosure) -> ClosureDone:
    """Take a closure back; the clocks are counted anew. A limit that has passed by then strikes at once.

    Refused: ``not_found``, ``closure_withdrawn``.
    """
    _may(ctx)
    closure = Closure.objects.select_for_update().filter(pk=data.closure).first()
    if closure is None:
        raise not_found(_("沒有這筆停班宣告。"))
    if closure.withdrawn_at is not None:
        raise Refused("closure_withdrawn", _("這筆停班宣告已經撤回了。"), status=409)
    record(
        ctx,
        closure,
        "closure.withdrawn",
        set={
            "withdrawn_by": ctx.actor.staff_id,
            "withdrawn_at": ctx.now,
            "withdraw_reason": data.reason,
        },
    )
    changed()
    recompute.begin(ctx, closure)
    ctx.audit(recompute.SUBJECT, closure.pk, day=closure.day.isoformat())
    return _done(closure)


def _done(closure: Closure) -> ClosureDone:
    return ClosureDone(closure=closure.pk, day=closure.day, part=closure.part, area=closure.area)


def _check_day(day: date) -> None:
    if not FIRST_DAY <= day <= clock.today() + AHEAD:
        message = _("只能宣告民國 88 年起至一年內的日期，官方行事曆還沒有之後的日期。")
        raise Refused("beyond_the_calendar", message, fields={"day": message}, status=422)


def _check_area(pack: Pack, asked: DeclareClosure) -> None:
    area = asked.area
    if area.startswith(AGENCY):
        known = area.removeprefix(AGENCY) in agency_names()
    else:
        known = area == CITY or pack.district(area) is not None
    if not known:
        message = _("沒有這個行政區或機關。")
        raise Refused("invalid", message, fields={"area": message}, status=422)


def _check_allowed(pack: Pack, stand: Stand) -> None:
    """What the pack's `suspension` names; the field at fault is told (TP-5-5-1c)."""
    if stops_clocks(pack, stand):
        return
    allowed = pack.clock_calendar.suspension
    if stand.reach not in allowed.areas:
        field = "area"
        message = {
            "agency": _("個別機關因故無法作業，時限不予調整。"),
            "district": _("依本府規定，僅全市停止上班才扣除時限，個別行政區不予調整。"),
            "city": _("依本府規定，停止上班不扣除時限。"),
        }[stand.reach]
    else:
        field = "cause"
        message = _("依本府規定，這種原因的停班不扣除時限，不予調整。")
    raise Refused(
        "closure_not_allowed",
        message,
        fields={field: message},
        info={"areas": list(allowed.areas), "causes": list(allowed.causes)},
    )


# --- what can be asked --------------------------------------------------------------------------------------

SORTS = ("day", "declared_at")


def closure_page(sort: str, page: int, size: int) -> tuple[list[Closure], bool]:
    """A page of closures, withdrawn ones too, and whether there is another."""
    if sort.removeprefix("-") not in SORTS:
        sort = "-day"
    rows = Closure.objects.order_by(sort, "-id")[(page - 1) * size : page * size + 1]
    found = list(rows)
    return found[:size], len(found) > size


def every_closure() -> list[Closure]:
    """All of them, the latest day first."""
    return list(Closure.objects.order_by("-day", "-id"))
