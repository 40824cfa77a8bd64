"""Accounts of staff."""

from __future__ import annotations

from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, field_validator

from citycall.base import notices, private
from citycall.base.commands import Context, Input, Line, OptionalLine, Refused, RowId, command, not_found
from citycall.people import handover
from citycall.people.models import Deputy, Holding, Staff
from citycall.people.passwords import Password, check_new_password

Username = Annotated[str, Field(min_length=2, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$")]


class StaffRef(BaseModel):
    staff: int


class AddStaff(Input):
    username: Username
    display_name: Annotated[Line, Field(max_length=60)]
    email: OptionalLine = ""
    mobile: OptionalLine = ""
    language: Literal["zh-hant", "en"] = "zh-hant"
    password: Password | None = Field(default=None, repr=False)

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        if value:
            try:
                validate_email(value)
            except ValidationError:
                raise ValueError(_("不是有效的電子郵件地址。")) from None
        return value

    @field_validator("mobile")
    @classmethod
    def _mobile(cls, value: str) -> str:
        if not value:
            return value
        try:
            number = private.normalise_phone(value)
        except ValueError:
            number = ""
        if not private.is_mobile(number):
            raise ValueError(_("不是有效的手機號碼。"))
        return number


@command("people.add_staff", who=("admin", "system"))
def add_staff(ctx: Context, data: AddStaff) -> StaffRef:
    """Open an account. Without a password nobody can sign in to it until one is set."""
    if Staff.objects.filter(username__iexact=data.username).exists():
        raise Refused("already_there", _("這個帳號已經存在。"), fields={"username": _("這個帳號已經存在。")})
    staff = Staff(
        username=data.username,
        display_name=data.display_name,
        email=data.email,
        mobile=data.mobile or None,
        language=data.language,
        must_change_password=data.password is not None,
    )
    if data.password is None:
        staff.set_unusable_password()
    else:
        check_new_password(data.password, staff)
        staff.set_password(data.password)
    staff.save()
    ctx.audit("staff", staff.pk)
    return StaffRef(staff=staff.pk)


class SetPassword(Input):
    staff: RowId
    password: Password = Field(repr=False)


@command("people.set_password", who=("admin", "system"))
def set_password(ctx: Context, data: SetPassword) -> None:
    """Give an account a password that its owner must change at the next sign-in."""
    staff = _locked(data.staff)
    check_new_password(data.password, staff)
    staff.set_password(data.password)
    staff.must_change_password, staff.failed_count, staff.locked_until = True, 0, None
    staff.save(update_fields=["password", "must_change_password", "failed_count", "locked_until"])
    ctx.audit("staff", staff.pk)


class NameStaff(Input):
    staff: RowId


@command("people.unlock_staff", who=("admin", "system"))
def unlock_staff(ctx: Context, data: NameStaff) -> None:
    """Open an account that was locked after wrong passwords."""
    staff = _locked(data.staff)
    staff.failed_count, staff.locked_until = 0, None
    staff.save(update_fields=["failed_count", "locked_until"])
    ctx.audit("staff", staff.pk)


@command("people.deactivate_staff", who=("admin", "system"))
def deactivate_staff(ctx: Context, data: NameStaff) -> None:
    """Close an account and end what it holds; the call centre is told. What its owner did stays on record."""
    staff = _locked(data.staff)
    staff.is_active = False
    staff.save(update_fields=["is_active"])
    held = (
        Holding.objects.select_for_update(of=("self",))
        .filter(staff=staff, until=None)
        .select_related("post__agency")
        .order_by("pk")
    )
    for holding in held:
        handover.empty(ctx, holding)
    for code in Deputy.objects.filter(staff=staff).values_list("post_id", flat=True):
        notices.wake(code)
    ctx.audit("staff", staff.pk)


def _locked(pk: int) -> Staff:
    staff = Staff.objects.select_for_update().filter(pk=pk).first()
    if staff is None:
        raise not_found()
    return staff
