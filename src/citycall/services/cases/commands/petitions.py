"""A petition at the agency: given out by its clerk, passed down, and held with an interim result."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.closures import calendar_of
from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.people.queries import agencies_with, post_of, recipient_of_post, subordinates
from citycall.policy.kinds import GradeB
from citycall.services.cases.acts.checks import GRADE_B
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.inputs import Done, OfCase, OneLine
from citycall.services.cases.commands.naming import TAKES_CASES
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case

CLERKS = ("allotter", "intake_window", "window")


class Registered(Done):
    registered_at: datetime
    late: bool


class Register(OfCase):
    """Who in the agency has it from now on: the post (``handler1``); the number it is registered under."""

    post: Code
    reference: Annotated[str, OneLine, Field(max_length=80)] = ""


@command("cases.register", who=CLERKS, clauses=("TP-5-2a", "TP-5-2b", "HR-3-2-1b"), keyed=True)
def register(ctx: Context, data: Register) -> Registered:
    """The agency's clerk registers the petition and gives it to a handler (分文掛號, TP-5-2b)."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    if case.registered_at is not None:
        raise Refused("already_registered", _("案件已完成分文掛號。"), status=409)
    code = data.post if "." in data.post else f"{case.agency}.{data.post}"
    post = post_of(code)
    if post is None or post.agency_id != case.agency or post.role not in WORKERS:
        message = _("請從本機關的承辦職務中選擇。")
        raise Refused("invalid", message, fields={"post": message}, status=422)
    person = recipient_of_post(code, ctx.now)
    accepted = {"acknowledged_at": ctx.now, "acknowledged_by": ctx.actor.staff_id}
    advance(
        ctx,
        case,
        "case.registered",
        set={
            "registered_at": ctx.now,
            "registered_by": ctx.actor.staff_id,
            "taken_post": code,
            "taken_by": person.pk if person else None,
            **(accepted if case.acknowledged_at is None else {}),
        },
        info={"post": code, "reference": data.reference},
    )
    ctx.audit("case", case.pk, post=code)
    return Registered(
        case=case.pk,
        number=case.number,
        status=case.status,
        registered_at=ctx.now,
        late=case.registered_late,
    )


class PassDown(OfCase):
    """To which subordinate agency, and a word to its clerk."""

    agency: Code
    note: Annotated[str, Field(max_length=1000)] = ""


class PassedDown(Done):
    agency: str
    due_at: datetime | None


@command("cases.pass_down", who=CLERKS, clauses=("TP-5-2b",), keyed=True)
def pass_down(ctx: Context, data: PassDown) -> PassedDown:
    """Pass the petition to a subordinate agency: the same petition with the same due date (TP-5-2b)."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    before = case.agency
    below = {agency.code for agency in subordinates(before)}
    if data.agency not in below & {agency.code for agency in agencies_with(TAKES_CASES)}:
        message = _("只能轉分給本機關的下級機關。")
        raise Refused("invalid", message, fields={"agency": message}, status=422)
    advance(
        ctx,
        case,
        "case.passed_down",
        set={
            "agency": data.agency,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "registered_at": None,
            "registered_by": None,
            "taken_by": None,
            "taken_post": "",
        },
        info={"from": before, "note": data.note},
    )
    ctx.signal(f"agency:{data.agency}")
    ctx.audit("case", case.pk, to=data.agency)
    return PassedDown(
        case=case.pk, number=case.number, status=case.status, agency=case.agency, due_at=case.due_at
    )


class EnterGradeB(OfCase):
    """When it will be finished, and what was found so far (TP-5-5-6a)."""

    planned_end: date | None = None
    interim_result: Annotated[str, Field(max_length=2000)] = ""


class GradedB(BaseModel):
    case: int
    number: str
    grade: str
    due_at: datetime | None


@command(
    "cases.enter_grade_b",
    who=WORKERS,
    clauses=("TP-5-5-6a", "TP-5-5-6b", "TP-5-5-6c", "TP-5-5-6d"),
    keyed=True,
)
def enter_grade_b(ctx: Context, data: EnterGradeB) -> GradedB:
    """Enter planned end and first findings within the limit; the case is graded B until its final result.

    Refused: ``no_grade_b`` where the kind knows none, ``already_graded``, ``limit_passed``, ``invalid``
    without both fields or with an end later than the pack allows (TP-5-5-6d).
    """
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    rule = pack_for(case).kinds[case.kind].grade_b
    if rule is None:
        raise Refused("no_grade_b", _("這類案件沒有 B 等級。"), status=409)
    if case.grade == GRADE_B:
        raise Refused("already_graded", _("案件已列為 B 等級，預定辦結日期不再更改。"), status=409)
    if rule.within_limit and case.due_at is not None and ctx.now > case.due_at:
        message = _("已超過原規定時間，不能列為 B 等級。")
        raise Refused("limit_passed", message, status=409)
    planned = _checked(rule, case, data, ctx.now)
    advance(
        ctx,
        case,
        "case.graded_b",
        set={"grade": GRADE_B, "planned_end": planned, "interim_result": data.interim_result},
        info={"old_due": case.due_at},
        data={"until": planned},
    )
    ctx.audit("case", case.pk, planned_end=planned.isoformat())
    return GradedB(case=case.pk, number=case.number, grade=case.grade, due_at=case.due_at)


def _checked(rule: GradeB, case: Case, data: EnterGradeB, now: datetime) -> date:
    fields: dict[str, str] = {}
    if "findings" in rule.requires and not data.interim_result:
        fields["interim_result"] = _("請填寫初步查處結果。")
    last = latest_end(rule, case, now)
    if data.planned_end is None:
        fields["planned_end"] = _("請填寫預定辦結日期。")
    elif data.planned_end < clock.local(now).date():
        fields["planned_end"] = _("預定辦結日期不能早於今天。")
    elif data.planned_end > last:
        fields["planned_end"] = _("預定辦結日期最遲為 %(day)s。") % {"day": last.isoformat()}
    if fields or data.planned_end is None:
        raise Refused(
            "invalid", _("列為 B 等級須登錄預定辦理期程及初步查處結果。"), fields=fields, status=422
        )
    return data.planned_end


def latest_end(rule: GradeB, case: Case, now: datetime) -> date:
    """The last day that may be planned, counted from the entry or the limit as the pack says (TP-5-5-6d)."""
    start = case.due_at if rule.counted_from == "limit" and case.due_at is not None else now
    if rule.most.unit == "days":
        return clock.local(start).date() + timedelta(days=rule.most.amount)
    calendar = calendar_of(pack_for(case), case.district, case.agency)
    return clock.local(rule.most.after(start, calendar)).date()
