"""Agencies, their posts, and who fills them."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import events, notices
from citycall.base.commands import (
    Code,
    Context,
    Input,
    Line,
    OptionalLine,
    Refused,
    RowId,
    command,
    invalid,
    not_found,
    not_permitted,
)
from citycall.people import handover, queries
from citycall.people.models import Agency, Deputy, Holding, Post, Staff
from citycall.people.models.government import DEPUTY_RANKS
from citycall.people.queries import forget_agency_names

AgencyCode = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_-]+$")]
PostCode = Annotated[str, Field(min_length=3, max_length=80, pattern=r"^[a-z0-9_-]+\.[a-z0-9_-]+$")]


class AgencyRef(BaseModel):
    agency: str


class AddAgency(Input):
    code: AgencyCode
    name_zh: Annotated[Line, Field(max_length=100)]
    name_en: Annotated[OptionalLine, Field(max_length=100)] = ""
    kind: Annotated[Code, Field(max_length=20)] = "agency"
    parent: AgencyCode | None = None


@command("people.add_agency", who=("admin", "system"), clauses=("NT-5-4-4a",))
def add_agency(ctx: Context, data: AddAgency) -> AgencyRef:
    """Enter an agency or unit."""
    if Agency.objects.filter(pk=data.code).exists():
        raise _already("code")
    if data.parent is not None and not Agency.objects.filter(pk=data.parent).exists():
        raise invalid({"parent": _("查無此機關。")})
    Agency.objects.create(
        code=data.code, name_zh=data.name_zh, name_en=data.name_en, kind=data.kind, parent_id=data.parent
    )
    forget_agency_names()
    ctx.audit("agency", data.code)
    return AgencyRef(agency=data.code)


class PostRef(BaseModel):
    post: str


class AddPost(Input):
    code: PostCode
    role: Annotated[Code, Field(max_length=40)]
    name_zh: Annotated[OptionalLine, Field(max_length=100)] = ""
    name_en: Annotated[OptionalLine, Field(max_length=100)] = ""
    phone: Annotated[OptionalLine, Field(max_length=40)] = ""


@command("people.add_post", who=("admin", "system"), clauses=("NT-5-4-4a",))
def add_post(ctx: Context, data: AddPost) -> PostRef:
    """Enter a post; its code begins with its agency's: works.handler1."""
    agency = data.code.partition(".")[0]
    if not Agency.objects.filter(pk=agency).exists():
        raise invalid({"code": _("查無此機關。")})
    if Post.objects.filter(pk=data.code).exists():
        raise _already("code")
    Post.objects.create(
        code=data.code,
        agency_id=agency,
        role=data.role,
        name_zh=data.name_zh,
        name_en=data.name_en,
        phone=data.phone,
    )
    forget_agency_names()
    ctx.audit("post", data.code, role=data.role)
    return PostRef(post=data.code)


class AssignPost(Input):
    """`staff: null` leaves the post empty."""

    post: PostCode
    staff: RowId | None


class AssignedPost(BaseModel):
    post: str
    holder: int | None
    before: int | None


@command(
    "people.assign_post",
    who=("head", "window", "admin", "system"),
    clauses=("NT-5-4-4a", "NT-5-4-6a", "NT-5-4-6b"),
)
def assign_post(ctx: Context, data: AssignPost) -> AssignedPost:
    """Give a post to somebody else. The call centre is told as the policy says (NT-5-4-6b)."""
    post = _post_in_reach(ctx, data.post)
    if not queries.may_fill(ctx.actor, post.agency_id, post.role):
        raise not_permitted(_("這個職務由系統管理者指派。"))
    staff = None
    if data.staff is not None:
        staff = Staff.objects.filter(pk=data.staff, is_active=True).first()
        if staff is None:
            raise invalid({"staff": _("查無此人員，或帳號已停用。")})
    held = Holding.objects.select_for_update().filter(post=post, until=None).first()
    before = held.staff_id if held is not None else None
    if before == data.staff:
        return AssignedPost(post=post.code, holder=before, before=before)
    info = {"post": post.code, "role": post.role, "agency": post.agency_id, "before": before}
    event = None
    if held is not None:
        event = handover.leave(ctx, held, post)
    if staff is not None:
        Deputy.objects.filter(post=post, staff=staff).delete()  # nobody stands in for themselves
        holding = Holding(post=post, staff=staff, since=ctx.now)
        event = events.record(
            ctx,
            holding,
            "people.post_changed",
            {"post": post, "staff": staff, "since": ctx.now, "until": None},
            info,
            [post.agency_id],
        )
    assert event is not None
    ctx.audit("post", post.code, holder=data.staff, before=before)
    first_filling = before is None and ctx.actor.via == "cli"  # a file at the set-up is no change of post
    if not first_filling:
        handover.tell_of_change(ctx, post, staff, event.pk)
    notices.wake(post.code)
    ctx.signal(*(f"staff:{person}" for person in (before, data.staff) if person is not None))
    return AssignedPost(post=post.code, holder=data.staff, before=before)


class SetDeputies(Input):
    """In order: the first present stands in."""

    post: PostCode
    deputies: Annotated[tuple[RowId, ...], Field(max_length=DEPUTY_RANKS)]


@command("people.set_deputies", who=("head", "window", "admin", "system"))
def set_deputies(ctx: Context, data: SetDeputies) -> PostRef:
    """Say who stands in for a post while its holder is away, in order (代理順位)."""
    post = _post_in_reach(ctx, data.post)
    if not queries.may_deputise(ctx.actor, post.agency_id, post.role, post.code):
        raise not_permitted(_("這個職務的代理人由系統管理者指派。"))
    if len(set(data.deputies)) != len(data.deputies):
        raise invalid({"deputies": _("同一人不能列入兩次。")})
    if Staff.objects.filter(pk__in=data.deputies, is_active=True).count() != len(data.deputies):
        raise invalid({"deputies": _("查無此人員，或帳號已停用。")})
    if Holding.objects.filter(post=post, staff__in=data.deputies, until=None).exists():
        raise invalid({"deputies": _("現任人員不能代理自己。")})
    Deputy.objects.filter(post=post).delete()
    Deputy.objects.bulk_create(
        [Deputy(post=post, rank=rank, staff_id=staff) for rank, staff in enumerate(data.deputies, 1)]
    )
    ctx.audit("post", post.code, deputies=list(data.deputies))
    notices.wake(post.code)
    ctx.signal(f"agency:{post.agency_id}", *(f"staff:{staff}" for staff in data.deputies))
    return PostRef(post=post.code)


def _post_in_reach(ctx: Context, code: str) -> Post:
    """The post, locked; only of one's own agency unless one administers all."""
    post = Post.objects.select_for_update(of=("self",)).select_related("agency").filter(pk=code).first()
    if post is None:
        raise not_found()
    if not ctx.actor.has("admin"):
        ctx.require_agency(post.agency_id)
    return post


def _already(field: str) -> Refused:
    message = _("這個代碼已經存在。")
    return Refused("already_there", message, fields={field: message})
