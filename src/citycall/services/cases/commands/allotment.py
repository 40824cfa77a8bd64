"""A case that the agency has signed for is given to one of its handlers (分案)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import Code
from citycall.people.models import Post
from citycall.people.queries import post_of, recipient_of_post
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.inputs import Done, OfCase
from citycall.services.cases.lifecycle import advance, load_for_change
from citycall.services.cases.models import Case

ALLOTTERS = ("allotter", "intake_window", "window", "section_chief")


class Allot(OfCase):
    """Who in the agency works on it from now on: the post (``handler1``)."""

    post: Code


@command("cases.allot", who=ALLOTTERS, keyed=True)
def allot(ctx: Context, data: Allot) -> Done:
    """Give the case to a handler of the agency, or to another one; status and limits stay as they are."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    post = working_post(case, data.post)
    person = recipient_of_post(post.code, ctx.now)
    advance(
        ctx,
        case,
        "case.allotted",
        set={"taken_post": post.code, "taken_by": person.pk if person else None},
        info={"post": post.code},
    )
    ctx.audit("case", case.pk, post=post.code)
    return Done(case=case.pk, number=case.number, status=case.status)


def working_post(case: Case, named: str) -> Post:
    """The post of the case's agency that is meant; refused where nobody works on cases under it."""
    code = named if "." in named else f"{case.agency}.{named}"
    post = post_of(code)
    if post is None or post.agency_id != case.agency or post.role not in WORKERS:
        message = _("請從本機關的承辦職務中選擇。")
        raise Refused("invalid", message, fields={"post": message}, status=422)
    return post
