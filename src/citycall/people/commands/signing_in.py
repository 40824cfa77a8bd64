"""Signing in with a password, and the lock after wrong ones.

A wrong password is no refusal: it is a fact that has to be written down, so `sign_in` answers with what
happened instead of raising, and the count survives.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import private
from citycall.base.commands import Context, Input, command, invalid, not_permitted
from citycall.people.models import SignInFailure, Staff
from citycall.people.passwords import Password, check_new_password
from citycall.people.sample_guard import SAMPLE_PASSWORD, is_sample_government

# After this many wrong passwords in a row an account is locked for so long.
WRONG_IN_A_ROW = 5
LOCKED_FOR = timedelta(minutes=15)
# A whole office may share one address, so the limit by address only slows guessing down.
WRONG_FROM_ONE_ADDRESS = 50


class SignIn(Input):
    username: Annotated[str, Field(min_length=1, max_length=60)]
    password: Password = Field(repr=False)


class SignedIn(BaseModel):
    """What became of it. `message` is for the person and never says which of the two was wrong."""

    ok: bool
    staff: int | None = None
    must_change_password: bool = False
    message: str = ""
    locked_until: datetime | None = None


@command("people.sign_in", who=("anyone",))
def sign_in(ctx: Context, data: SignIn) -> SignedIn:
    """Check name and password; five wrong ones in a row lock the name for 15 minutes."""
    name = data.username.casefold()
    ctx.detail["name"] = _name_hash(name)
    staff = Staff.objects.select_for_update().filter(username__iexact=name).first()
    if staff is not None:
        ctx.audit("staff", staff.pk)
    if _too_many_from(ctx):
        return _refuse(ctx, "too_many", _("這個網路位址登入失敗次數過多，請 15 分鐘後再試。"))
    locked_until = _locked_until(ctx, staff, name)
    if locked_until is not None:
        return _refuse(ctx, "locked", _locked_message(), locked_until)
    if _is_right(staff, data.password):
        assert staff is not None
        staff.failed_count, staff.locked_until, staff.last_login = 0, None, ctx.now
        staff.save(update_fields=["failed_count", "locked_until", "last_login", "password"])
        ctx.detail["result"] = "signed_in"
        return SignedIn(ok=True, staff=staff.pk, must_change_password=staff.must_change_password)
    return _count(ctx, staff, name)


def _is_right(staff: Staff | None, password: str) -> bool:
    if staff is None or not staff.is_active or not staff.has_usable_password():
        Staff().set_password(password)  # as slow as a real one, so that time does not tell
        return False
    if password == SAMPLE_PASSWORD and not is_sample_government():
        return False
    return staff.check_password(password)


def _count(ctx: Context, staff: Staff | None, name: str) -> SignedIn:
    SignInFailure.objects.filter(at__lt=ctx.now - timedelta(days=1)).delete()
    SignInFailure.objects.create(ip=ctx.actor.ip, name_hash=_name_hash(name), at=ctx.now)
    if staff is None:
        recent = SignInFailure.objects.filter(name_hash=_name_hash(name), at__gt=ctx.now - LOCKED_FOR)
        locked = ctx.now + LOCKED_FOR if recent.count() >= WRONG_IN_A_ROW else None
    else:
        staff.failed_count += 1
        locked = ctx.now + LOCKED_FOR if staff.failed_count >= WRONG_IN_A_ROW else None
        if locked is not None:
            staff.failed_count, staff.locked_until = 0, locked
        staff.save(update_fields=["failed_count", "locked_until"])
    if locked is not None:
        return _refuse(ctx, "locked", _locked_message(), locked)
    return _refuse(ctx, "wrong", _("帳號或密碼不正確。"))


def _locked_until(ctx: Context, staff: Staff | None, name: str) -> datetime | None:
    if staff is not None:
        until = staff.locked_until
        return until if until is not None and until > ctx.now else None
    # A name that nobody has is treated like one that somebody has.
    recent = SignInFailure.objects.filter(name_hash=_name_hash(name), at__gt=ctx.now - LOCKED_FOR)
    times = list(recent.order_by("-at").values_list("at", flat=True)[:WRONG_IN_A_ROW])
    return times[0] + LOCKED_FOR if len(times) == WRONG_IN_A_ROW else None


def _too_many_from(ctx: Context) -> bool:
    if ctx.actor.ip is None:
        return False
    recent = SignInFailure.objects.filter(ip=ctx.actor.ip, at__gt=ctx.now - LOCKED_FOR)
    return recent.count() >= WRONG_FROM_ONE_ADDRESS


def _locked_message() -> str:
    return _("登入失敗次數過多，請 15 分鐘後再試，或請管理者解除鎖定。")


def _refuse(ctx: Context, result: str, message: str, until: datetime | None = None) -> SignedIn:
    ctx.detail["result"] = result
    return SignedIn(ok=False, message=message, locked_until=until)


def _name_hash(name: str) -> str:
    return hashlib.sha256(private.keys().hash_key + name.encode("utf-8")).hexdigest()[:32]


class SignOut(Input):
    pass


@command("people.sign_out", who=("staff",))
def sign_out(ctx: Context, data: SignOut) -> None:
    """Put on record that somebody signed out."""
    if ctx.actor.staff_id is not None:
        ctx.audit("staff", ctx.actor.staff_id)


class ChangePassword(Input):
    old: Password = Field(repr=False)
    new: Password = Field(repr=False)


@command("people.change_password", who=("staff",))
def change_password(ctx: Context, data: ChangePassword) -> None:
    """Change one's own password. Other sessions of the account end with it."""
    if ctx.actor.staff_id is None:
        raise not_permitted()
    staff = Staff.objects.select_for_update().get(pk=ctx.actor.staff_id)
    if not staff.check_password(data.old):
        raise invalid({"old": _("目前的密碼不正確。")})
    if data.old == data.new:
        raise invalid({"new": _("新密碼不能與目前的密碼相同。")})
    check_new_password(data.new, staff, "new")
    staff.set_password(data.new)
    staff.must_change_password = False
    staff.save(update_fields=["password", "must_change_password"])
    ctx.audit("staff", staff.pk)
