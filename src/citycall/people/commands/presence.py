"""Who is away, so that deputies stand in."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BaseModel, model_validator

from citycall.base import notices
from citycall.base.commands import Context, Input, RowId, command, not_found, not_permitted
from citycall.people.models import Deputy, Holding, Leave, Staff


class LeaveRef(BaseModel):
    leave: int


class DeclareLeave(Input):
    """Without `staff` it is one's own leave."""

    staff: RowId | None = None
    starts: AwareDatetime
    ends: AwareDatetime

    @model_validator(mode="after")
    def _order(self) -> DeclareLeave:
        if self.ends <= self.starts:
            raise ValueError(_("請假結束時間須在開始之後。"))
        return self


@command("people.declare_leave", who=("staff", "system"))
def declare_leave(ctx: Context, data: DeclareLeave) -> LeaveRef:
    """Say when somebody is away: oneself, or for the head, the window and the administrator, their people."""
    staff_id = data.staff or ctx.actor.staff_id
    if staff_id is None or not Staff.objects.filter(pk=staff_id, is_active=True).exists():
        raise not_found()
    _require_may_for(ctx, staff_id)
    leave = Leave.objects.create(staff_id=staff_id, starts=data.starts, ends=data.ends)
    ctx.audit("staff", staff_id, leave=leave.pk)
    _tell(ctx, staff_id)
    return LeaveRef(leave=leave.pk)


class EndLeave(Input):
    leave: RowId
    at: AwareDatetime | None = None


@command("people.end_leave", who=("staff", "system"))
def end_leave(ctx: Context, data: EndLeave) -> None:
    """Somebody is back, or a leave that has not begun is called off."""
    leave = Leave.objects.select_for_update().filter(pk=data.leave).first()
    if leave is None:
        raise not_found()
    _require_may_for(ctx, leave.staff_id)
    at: datetime = data.at or ctx.now
    if at <= leave.starts:
        leave.delete()
    else:
        leave.ends = min(leave.ends, at)
        leave.save(update_fields=["ends"])
    ctx.audit("staff", leave.staff_id, leave=data.leave)
    _tell(ctx, leave.staff_id)


def _require_may_for(ctx: Context, staff_id: int) -> None:
    if ctx.actor.kind == "system" or staff_id == ctx.actor.staff_id or ctx.actor.has("admin"):
        return
    held = Holding.objects.filter(staff=staff_id, until=None).values_list("post__agency_id", flat=True)
    for agency in held:
        if ctx.actor.has("head", agency) or ctx.actor.has("window", agency):
            ctx.require_role("head", "window", agency=agency)
            return
    raise not_permitted()


def _tell(ctx: Context, staff_id: int) -> None:
    agencies = Holding.objects.filter(staff=staff_id, until=None).values_list("post__agency_id", flat=True)
    posts = set(Holding.objects.filter(staff=staff_id, until=None).values_list("post_id", flat=True))
    posts |= set(Deputy.objects.filter(staff=staff_id).values_list("post_id", flat=True))
    for post in sorted(posts):
        notices.wake(post)  # somebody else stands there now, or somebody again
    ctx.signal(f"staff:{staff_id}", *(f"agency:{agency}" for agency in set(agencies)))
    ctx.wake_worker()
