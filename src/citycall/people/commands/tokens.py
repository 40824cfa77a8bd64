"""Tokens by which programs act for a post."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated

from pydantic import BaseModel, Field

from citycall.base.commands import Code, Context, Input, Line, RowId, command, not_found
from citycall.people import queries
from citycall.people.models import ApiToken, Post


class CreateToken(Input):
    name: Annotated[Line, Field(max_length=100)]
    post: Code


class CreatedToken(BaseModel):
    """The secret is shown this once."""

    id: int
    token: str = Field(repr=False)


@command("people.create_token", who=("admin", "system"))
def create_token(ctx: Context, data: CreateToken) -> CreatedToken:
    """Make a token for a program. Only its hash is kept, so it can be read this once."""
    post = Post.objects.filter(pk=data.post, active=True).first()
    if post is None:
        raise not_found()
    prefix = secrets.token_hex(4)
    raw = f"cc_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        name=data.name,
        prefix=prefix,
        hash=hashlib.sha256(raw.encode("ascii")).hexdigest(),
        post=post,
        created_at=ctx.now,
    )
    ctx.audit("token", token.pk, post=post.pk)
    return CreatedToken(id=token.pk, token=raw)


class RevokeToken(Input):
    token: RowId


@command("people.revoke_token", who=("admin", "system"))
def revoke_token(ctx: Context, data: RevokeToken) -> None:
    """End a token; every process has forgotten it within five seconds."""
    ended = ApiToken.objects.filter(pk=data.token, active=True).update(active=False, revoked_at=ctx.now)
    if not ended:
        raise not_found()
    queries.forget_tokens()
    ctx.audit("token", data.token)
