"""How somebody likes to read."""

from __future__ import annotations

from typing import Literal

from citycall.base.commands import Context, Input, command, not_permitted
from citycall.people.models import Staff


class SetLanguage(Input):
    language: Literal["zh-hant", "en"]


@command("people.set_language", who=("staff",))
def set_language(ctx: Context, data: SetLanguage) -> None:
    """Choose the language of one's own screens and messages."""
    if ctx.actor.staff_id is None:
        raise not_permitted()
    Staff.objects.filter(pk=ctx.actor.staff_id).update(language=data.language)
    ctx.audit("staff", ctx.actor.staff_id)
