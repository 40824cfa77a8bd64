"""The list of special callers: proposed, approved for a time, looked at, ended (NT-7-3a)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Input, Refused, command, not_permitted
from citycall.base.commands.inputs import RowId
from citycall.base.events import Event, record
from citycall.base.notices import Notice, call_off, queue
from citycall.base.private import format_phone, normalise_phone, phone_hash
from citycall.people.queries import posts_of_role, staff_names
from citycall.policy import notices_for
from citycall.policy.intake import SpecialList
from citycall.services.calls.models import SpecialCaller, SpecialView

DECIDERS = ("mayor", "secretary_general", "head", "director")
LOOKERS = ("lead", "evaluator", *DECIDERS)
STEERING = frozenset({"evaluator", "director"})  # roles that other agencies have too
LEAST_PURPOSE = 4
PROPOSED = "special_caller.proposed"  # what the pack's notices may be about


class SpecialDone(BaseModel):
    entry: int
    state: str


def _rule(ctx: Context) -> SpecialList:
    rule = ctx.pack.intake.special_list
    if rule is None:
        raise Refused("no_special_list", _("本府沒有特殊名單。"), status=409)
    return rule


def _require(ctx: Context, roles: Sequence[str]) -> None:
    """One of these roles; evaluators and directors only those of the managing unit."""
    for post in ctx.actor.posts:
        if post.role in roles and (post.role not in STEERING or post.agency == ctx.pack.managing_unit):
            ctx.require_role(post.role, agency=post.agency)
            return
    raise not_permitted()


class Propose(Input):
    phone: Annotated[str, Field(min_length=1, max_length=30, repr=False)]
    reason: Annotated[str, Field(min_length=4, max_length=1000)]


@command("calls.propose_special", who=("lead", "director", "evaluator"), clauses=("NT-7-3a",), keyed=True)
def propose_special(ctx: Context, data: Propose) -> SpecialDone:
    """Propose a number for the list. It has no effect until it is approved (NT-7-3a)."""
    _require(ctx, _rule(ctx).proposed_by)
    try:
        number = normalise_phone(data.phone)
    except ValueError as error:
        message = _("不是可以辨識的電話號碼。")
        raise Refused("invalid", message, fields={"phone": message}, status=422) from error
    entry = SpecialCaller(phone=number, phone_hash=phone_hash(number))
    fields = {
        "reason": data.reason,
        "state": SpecialCaller.State.PROPOSED,
        "proposed_at": ctx.now,
        "proposed_by": ctx.actor.staff_id,
    }
    try:
        with transaction.atomic():
            event = record(ctx, entry, PROPOSED, set=fields)
    except IntegrityError as error:
        message = _("這個號碼已在特殊名單，或已提報待核定。")
        raise Refused("already_listed", message, fields={"phone": message}, status=409) from error
    _tell_deciders(ctx, entry, event)
    ctx.audit("special_caller", entry.pk)
    return SpecialDone(entry=entry.pk, state=entry.state)


def _tell_deciders(ctx: Context, entry: SpecialCaller, event: Event) -> None:
    """A proposal waits: whom the pack's notices name hears of it, but neither the number nor the reason.

    Only the list shows those, on record (NT-7-3a). A bare word of a rule is a role, wherever it sits.
    """
    context = {
        "person": staff_names([ctx.actor.staff_id]).get(ctx.actor.staff_id or 0, ""),
        "link": f"{settings.CITYCALL_URL}/oversight/special/",
    }
    queue(
        [
            Notice(
                about_kind=SpecialCaller.SUBJECT_KIND,
                about_id=entry.pk,
                to_post=post,
                role=word,
                template=rule.template,
                channel=channel,
                policy_version_id=ctx.policy.pk,
                context=context,
                key=f"{rule.code}:{event.pk}:{post}:{channel}",
                caused_by=event.pk,
            )
            for rule in notices_for(ctx.pack, None, PROPOSED, {})
            for word in rule.to
            for post in ([word.removeprefix("post:")] if ":" in word else posts_of_role(word))
            for channel in rule.channels
        ]
    )


class OfEntry(Input):
    entry: RowId


class Decide(OfEntry):
    """Approved, until when or to be looked at again on which day; or declined, with the reason."""

    approve: bool
    decision: Annotated[str, Field(max_length=1000)] = ""
    until: date | None = None
    review_on: date | None = None


@command("calls.decide_special", who=DECIDERS, clauses=("NT-7-3a",), keyed=True)
def decide_special(ctx: Context, data: Decide) -> SpecialDone:
    """The mayor, or who decides by delegated authority, puts a number on the list or does not (NT-7-3a)."""
    rule = _rule(ctx)
    ctx.require_role(*rule.deciders)
    entry = _locked(data.entry)
    if entry.state != SpecialCaller.State.PROPOSED:
        raise Refused("wrong_status", _("這一筆已經決定。"), status=409)
    if data.approve:
        _check_days(rule, data, clock.local(ctx.now).date())
    elif len(data.decision) < 2:
        message = _("請填寫不同意的理由。")
        raise Refused("invalid", message, fields={"decision": message}, status=422)
    call_off(SpecialCaller.SUBJECT_KIND, entry.pk)  # what was not sent yet need not be: it waits no longer
    state = SpecialCaller.State.APPROVED if data.approve else SpecialCaller.State.DECLINED
    record(
        ctx,
        entry,
        "special_caller.approved" if data.approve else "special_caller.declined",
        set={
            "state": state,
            "decided_at": ctx.now,
            "decided_by": ctx.actor.staff_id,
            "decided_post": ctx.post_code,
            "decision": data.decision,
            "until": data.until if data.approve else None,
            "review_on": data.review_on if data.approve else None,
        },
    )
    ctx.audit("special_caller", entry.pk, approve=data.approve)
    return SpecialDone(entry=entry.pk, state=entry.state)


def _check_days(rule: SpecialList, data: Decide, today: date) -> None:
    """An end or a day on which it is looked at again, not in the past and not beyond what the pack allows."""
    if data.until is None and data.review_on is None:
        message = _("請填寫期限或檢討日期。")
        raise Refused("invalid", message, fields={"until": message, "review_on": message}, status=422)
    last = today + timedelta(days=rule.most_days)
    wrong = {
        name: _("日期須在今天之後，最遲 %(day)s。") % {"day": last.isoformat()}
        for name, day in (("until", data.until), ("review_on", data.review_on))
        if day is not None and not today < day <= last
    }
    if wrong:
        raise Refused("invalid", _("日期不正確。"), fields=wrong, status=422)


class Remove(OfEntry):
    reason: Annotated[str, Field(min_length=2, max_length=1000)]


@command("calls.end_special", who=DECIDERS, clauses=("NT-7-3a",))
def end_special(ctx: Context, data: Remove) -> SpecialDone:
    """Take a number off the list, or a proposal back."""
    ctx.require_role(*_rule(ctx).deciders)
    entry = _locked(data.entry)
    if entry.state not in (SpecialCaller.State.PROPOSED, SpecialCaller.State.APPROVED):
        raise Refused("wrong_status", _("這一筆不在名單上。"), status=409)
    record(
        ctx,
        entry,
        "special_caller.ended",
        set={
            "state": SpecialCaller.State.ENDED,
            "ended_at": ctx.now,
            "ended_by": ctx.actor.staff_id,
        },
        info={"reason": data.reason},
    )
    ctx.audit("special_caller", entry.pk)
    return SpecialDone(entry=entry.pk, state=entry.state)


class View(Input):
    purpose: Annotated[str, Field(min_length=LEAST_PURPOSE, max_length=200)]


class SpecialEntry(BaseModel):
    entry: int
    phone: str
    reason: str
    state: str
    proposed_at: str
    decided_by: int | None
    decided_post: str
    decided_at: str
    decision: str
    until: date | None
    review_on: date | None


class SpecialSeen(BaseModel):
    entries: list[SpecialEntry]


@command("calls.view_special", who=LOOKERS, clauses=("NT-7-3a",))
def view_special(ctx: Context, data: View) -> SpecialSeen:
    """See the list for a stated purpose. Every look at it stays on record (NT-7-3a)."""
    rule = _rule(ctx)
    _require(ctx, (*rule.seen_by, *rule.deciders))
    found = list(SpecialCaller.objects.order_by("-id")[:200])
    _seen(ctx, None, purpose=data.purpose, entries=len(found))
    ctx.audit("special_list", "", purpose=data.purpose, entries=len(found))
    return SpecialSeen(
        entries=[
            SpecialEntry(
                entry=one.pk,
                phone=format_phone(one.phone),
                reason=one.reason,
                state=one.state,
                proposed_at=one.proposed_at.isoformat(),
                decided_by=one.decided_by,
                decided_post=one.decided_post,
                decided_at=one.decided_at.isoformat() if one.decided_at else "",
                decision=one.decision,
                until=one.until,
                review_on=one.review_on,
            )
            for one in found
        ]
    )


def seen_at_call(ctx: Context, entry: SpecialCaller, call: int) -> None:
    """Who answers a number on the list is told of it; that is a look at the list too."""
    _seen(ctx, entry, purpose=_("接聽特殊名單來電"), entries=1, call=call)


def _seen(
    ctx: Context, entry: SpecialCaller | None, *, purpose: str, entries: int, call: int | None = None
) -> None:
    SpecialView.objects.create(
        entry=entry,
        call_id=call,
        staff_id=ctx.actor.staff_id,
        post=ctx.post_code,
        purpose=purpose,
        entries=entries,
        at=ctx.now,
    )


def _locked(pk: int) -> SpecialCaller:
    entry = SpecialCaller.objects.select_for_update().filter(pk=pk).first()
    if entry is None:
        raise Refused("not_found", _("查無此筆。"), status=404)
    return entry
