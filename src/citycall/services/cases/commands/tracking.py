"""Tracking a case: the handler reports back, somebody reminds the agency, the steering office releases it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.policy.kinds import Choice, Release
from citycall.policy.text import Text
from citycall.services.cases.acts.checks import RELEASERS, REMINDERS
from citycall.services.cases.commands.completion import Particulars, asked_of, missing_of
from citycall.services.cases.commands.handling import owe_nothing
from citycall.services.cases.commands.inputs import Done, OfCase, Reason
from citycall.services.cases.lifecycle import advance, lapse_request, load_for_change, pack_for
from citycall.services.cases.models import Case


class ReportBack(OfCase):
    """What the handler has to say of it, if anything."""

    text: Annotated[str, Field(max_length=1000)] = ""


@command("cases.report_back", who=("handler", "section_chief"), clauses=("KM-7-2c", "TP-6-3-2c"), keyed=True)
def report_back(ctx: Context, data: ReportBack) -> Done:
    """The handler says at once that the work is finished; it then waits for whoever enters the result."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    if case.reported_back_at is not None:
        raise Refused("already_reported", _("承辦人員已經回報，請等候登錄結果。"), status=409)
    advance(
        ctx,
        case,
        "case.reported_back",
        set={"reported_back_at": ctx.now, "reported_back_by": ctx.actor.staff_id},
        info={"text": data.text},
        data={"reason": data.text},
    )
    ctx.audit("case", case.pk)
    return _done(case)


class Remind(OfCase):
    """What is said to the agency, if anything."""

    text: Annotated[str, Field(max_length=500)] = ""


@command("cases.remind", who=("window", *REMINDERS), clauses=("KM-3-2f", "KM-7-7b"), keyed=True)
def remind(ctx: Context, data: Remind) -> Done:
    """Urge the agency on: its own contact window does (KM-3-2f), or the steering office (KM-7-7b).

    Whom it reaches is the pack's; that it was done, by whom and when, stays on the case.
    """
    case = load_for_change(data.case)
    own = any(post.role == "window" and post.agency == case.agency for post in ctx.actor.posts)
    if own:
        ctx.require_role("window", agency=case.agency)
    else:
        ctx.require_role(*REMINDERS, agency=ctx.pack.managing_unit)
    by = "window" if own else "managing_unit"
    advance(ctx, case, "case.reminded", info={"by": by, "text": data.text}, data={"reason": data.text})
    ctx.audit("case", case.pk, by=by)
    return _done(case)


class ReleaseCase(Particulars):
    """On which ground, and why; a ground may ask for more."""

    ground: Code | None = None
    reason: Reason


@command("cases.release", who=RELEASERS, clauses=("KM-7-7b", "TP-6-6-0"), keyed=True)
def release(ctx: Context, data: ReleaseCase) -> Done:
    """Release a case from tracking, with ground and reason: its clocks stop and nothing more is owed on it.

    Only those whom the kind names may; where it names nobody, no case of it is released. ``request_required``
    where the pack has the agency ask for it: what is asked must be in time, on a ground and as that ground
    demands (TP-6-6-0 to TP-6-6-5).
    """
    case = load_for_change(data.case)
    rule = pack_for(case).kinds[case.kind].release
    if rule is None:
        ctx.require_role(*RELEASERS, agency=ctx.pack.managing_unit)
        raise Refused("no_release", _("這類案件不適用解除列管。"), status=409)
    ctx.require_role(*rule.by, agency=rule.by_agency)
    ground = _ground(rule, data, case, ctx)
    release_now(
        ctx,
        case,
        ground=data.ground or "",
        name=ground.name if ground is not None else None,
        reason=data.reason,
        more=asked_of(ground, data),
    )
    ctx.audit("case", case.pk, ground=data.ground or "")
    return _done(case)


def release_now(
    ctx: Context,
    case: Case,
    *,
    ground: str,
    name: Text | None,
    reason: str,
    more: Mapping[str, Any] = MappingProxyType({}),
    info: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """The case leaves tracking: its clocks stop, nothing more is owed on it and nobody need decide."""
    advance(
        ctx,
        case,
        "case.released",
        set={
            "released_at": ctx.now,
            "released_by": ctx.actor.staff_id,
            "release_ground": ground,
            **more,
        },
        info={"reason": reason, "ground": ground, **info},
        data={"reason": {"zh": name.zh, "en": name.en} if name else reason},
    )
    owe_nothing(ctx, case)
    lapse_request(ctx, case)


def _ground(rule: Release, data: ReleaseCase, case: Case, ctx: Context) -> Choice | None:
    if not rule.grounds:
        return None
    ground = next((choice for choice in rule.grounds if choice.code == data.ground), None)
    if ground is None:
        message = _("請從清單中選擇解除列管事由。")
        raise Refused("invalid", message, fields={"ground": message}, status=422)
    missing = missing_of(ground, case, data, ctx.now)
    if missing:
        raise Refused("invalid", _("解除列管尚缺應記載事項。"), fields=missing, status=422)
    return ground


def _done(case: Case) -> Done:
    return Done(case=case.pk, number=case.number, status=case.status)
