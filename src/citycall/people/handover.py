"""A post changes hands or is left empty: what is written, and who is told (NT-5-4-6b)."""

from __future__ import annotations

from citycall.base import events, notices
from citycall.base.commands import Context
from citycall.base.events import Event
from citycall.base.notices import Notice
from citycall.people.models import Holding, Post, Staff
from citycall.policy import notices_for


def leave(ctx: Context, held: Holding, post: Post) -> Event:
    """End a holding. Its event, for whoever is told of it."""
    info = {"post": post.code, "role": post.role, "agency": post.agency_id, "before": held.staff_id}
    return events.record(ctx, held, "people.post_left", {"until": ctx.now}, info, [post.agency_id])


def empty(ctx: Context, held: Holding) -> None:
    """The holder goes and nobody follows: told like every change, and deputies get what waits."""
    event = leave(ctx, held, held.post)
    tell_of_change(ctx, held.post, None, event.pk)
    notices.wake(held.post_id)


def tell_of_change(ctx: Context, post: Post, staff: Staff | None, event_id: int) -> None:
    """The notices that the policy asks for on `people.post_changed`."""
    facts = {"role": post.role, "post": post.code, "agency": post.agency_id}
    context = {
        "agency": {"zh": post.agency.name_zh, "en": post.agency.name("en")},
        "post": {"zh": post.name_zh or post.code, "en": post.name_en or post.code},
        "person": staff.display_name if staff is not None else {"zh": "（出缺）", "en": "(vacant)"},
    }
    outgoing = []
    for rule in notices_for(ctx.pack, None, "people.post_changed", facts):
        for word in rule.to:
            for to_post in _posts_of(word, post.agency_id):
                for channel in rule.channels:
                    outgoing.append(
                        Notice(
                            about_kind="holding",
                            about_id=event_id,
                            to_post=to_post,
                            role=word,
                            template=rule.template,
                            channel=channel,
                            policy_version_id=ctx.policy.pk,
                            context=context,
                            key=f"{rule.code}:{event_id}:{to_post}:{channel}",
                            caused_by=event_id,
                        )
                    )
    notices.queue(outgoing)


def _posts_of(word: str, agency: str) -> list[str]:
    """`post:call_centre.lead` is that post; a bare word is a role of the agency."""
    if word.startswith("post:"):
        return [word.removeprefix("post:")]
    codes = Post.objects.filter(agency=agency, role=word, active=True).order_by("code")
    return list(codes.values_list("code", flat=True))
