"""Which passwords are taken."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import invalid
from citycall.people.models import Staff
from citycall.people.sample_guard import SAMPLE_PASSWORD, is_sample_government

LEAST_LENGTH = 12
Password = Annotated[str, Field(min_length=1, max_length=200)]


def check_new_password(password: str, staff: Staff | None, field: str = "password") -> None:
    """Refused when too short, too common, too like the name, or the sample's in a real government."""
    if len(password) < LEAST_LENGTH:
        raise invalid({field: _("密碼至少 %(n)s 個字。") % {"n": LEAST_LENGTH}})
    if password == SAMPLE_PASSWORD and not is_sample_government():
        raise invalid({field: _("這是範例資料的密碼，正式環境不能使用。")})
    try:
        validate_password(password, staff)
    except ValidationError as error:
        raise invalid({field: " ".join(error.messages)}) from None
