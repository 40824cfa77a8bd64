"""Who is told of a change of the rules: who may approve it, that it waits; the proposer, what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from citycall.base.commands import Context
from citycall.base.events import Event
from citycall.base.notices import Notice, call_off, queue
from citycall.oversight import changes
from citycall.oversight.models import PolicyChange
from citycall.oversight.words import CHANNEL, DECIDED, SUBMITTED
from citycall.people.queries import posts_in_roles, posts_of_others, posts_of_staff, staff_names


def tell_approvers(ctx: Context, change: PolicyChange, event: Event) -> None:
    """A change waits: whoever may approve it hears of it, but for those who had a hand in it."""
    roles, agency = changes.approvers(ctx.pack)
    to = posts_of_others(posts_in_roles(agency, roles), changes.had_a_hand(change))
    _queue(ctx, change, event, SUBMITTED, to, {})


def tell_proposer(ctx: Context, change: PolicyChange, event: Event) -> None:
    """It is decided: who proposed and who submitted it hear of it, with the reason."""
    staff = {change.proposed_by, change.submitted_by} - {None, ctx.actor.staff_id}
    agency = ctx.pack.managing_unit
    to = {post for one in staff if one is not None for post in posts_of_staff(one, agency)}
    approved = change.state == PolicyChange.State.APPROVED
    status = {"zh": "已核定", "en": "approved"} if approved else {"zh": "未獲核定", "en": "not approved"}
    _queue(ctx, change, event, DECIDED, sorted(to), {"status": status, "result": change.decision_reason})


def forget(change: PolicyChange) -> None:
    """It no longer waits: what was not sent yet is not sent."""
    call_off(PolicyChange.SUBJECT_KIND, change.pk, template=SUBMITTED)


def _queue(
    ctx: Context,
    change: PolicyChange,
    event: Event,
    template: str,
    to: Iterable[str],
    more: dict[str, object],
) -> None:
    person = staff_names([ctx.actor.staff_id]).get(ctx.actor.staff_id or 0, "")
    context = {
        "description": change.title,
        "person": person,
        "link": f"{settings.CITYCALL_URL}/oversight/policy/changes/{change.pk}/",
        **more,
    }
    queue(
        [
            Notice(
                about_kind=PolicyChange.SUBJECT_KIND,
                about_id=change.pk,
                to_post=post,
                template=template,
                channel=CHANNEL,
                policy_version_id=ctx.policy.pk,
                context=context,
                key=f"{template}:{event.pk}:{post}:{CHANNEL}",
                caused_by=event.pk,
            )
            for post in to
        ]
    )
