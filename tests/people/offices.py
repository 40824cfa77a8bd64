"""A small government for tests: agencies, posts, and people at them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.contrib.auth.hashers import make_password

from citycall.base import policies
from citycall.base.commands import Actor
from citycall.people import queries
from citycall.people.models import Agency, Deputy, Government, Holding, Post, Staff

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday 10:00 in Taipei
PACK = Path(__file__).parents[2] / "policies" / "newtaipei"
PASSWORD = "correct horse battery 1999"
_HASH = make_password(PASSWORD)


def found(*, sample: bool = True) -> None:
    """The government of New Taipei with its rules in force."""
    policies.install(PACK)
    Government.objects.create(pack="newtaipei", sample=sample, founded_at=NOW)


def person(username: str, **fields: object) -> Staff:
    """An account with the password of these tests."""
    given: dict[str, object] = {
        "display_name": f"{username}先生",
        "email": f"{username}@ntpc.example",
        "password": _HASH,
    }
    return Staff.objects.create(username=username, **{**given, **fields})


def post(code: str, *, role: str | None = None, holder: Staff | None = None) -> Post:
    """A post, its agency made when needed."""
    agency, _made = Agency.objects.get_or_create(
        code=code.partition(".")[0], defaults={"name_zh": "工務局", "name_en": "Public Works"}
    )
    made = Post.objects.create(
        code=code, agency=agency, role=role or code.partition(".")[2].rstrip("0123456789")
    )
    if holder is not None:
        Holding.objects.create(post=made, staff=holder, since=NOW)
    return made


def held(code: str, **fields: object) -> Staff:
    """A post with a person of its own."""
    staff = person(code.replace(".", "_"), **fields)
    post(code, holder=staff)
    return staff


def deputies(of: Post, *people: Staff) -> None:
    """Who stands in for a post, in order."""
    for rank, staff in enumerate(people, 1):
        Deputy.objects.create(post=of, rank=rank, staff=staff)


def at(code: str) -> Actor:
    """Whoever stands at this post, acting."""
    return queries.actor_for_post(code)
