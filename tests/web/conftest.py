"""A small government of three agencies, and its people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

if TYPE_CHECKING:
    from citycall.people.models import Staff

BACKEND = "citycall.people.backends.StaffBackend"
PASSWORD = "correct-horse-battery"
MakeStaff = Callable[..., "Staff"]


@pytest.fixture
def make_staff(db: None) -> MakeStaff:
    """`make_staff("works.handler1", ...)`: a person who holds these posts, made where they are missing."""
    from citycall.base import clock
    from citycall.people.models import Agency, Holding, Post, Staff

    def make(*posts: str, password: str = PASSWORD, **fields: Any) -> Staff:
        name = posts[0] if posts else "nobody"
        fields = {"username": name, "display_name": f"同仁 {name}"} | fields
        staff = Staff.objects.create_staff(password=password, **fields)
        for code in posts:
            agency, _, post = code.partition(".")
            Agency.objects.get_or_create(code=agency, defaults={"name_zh": f"{agency}局"})
            role = post.rstrip("0123456789")
            Post.objects.get_or_create(
                code=code, defaults={"agency_id": agency, "role": role, "name_zh": post, "name_en": post}
            )
            Holding.objects.create(post_id=code, staff=staff, since=clock.now() - timedelta(days=1))
        return staff

    return make


@pytest.fixture
def operator(make_staff: MakeStaff) -> Staff:
    return make_staff("call_centre.operator1")


@pytest.fixture
def handler(make_staff: MakeStaff) -> Staff:
    return make_staff("works.handler1")


@pytest.fixture
def as_operator(client: Client, operator: Staff) -> Client:
    client.force_login(operator, backend=BACKEND)
    return client


@pytest.fixture
def toys(settings: Any) -> None:
    """The addresses of `toy_urls` beside the real ones."""
    settings.ROOT_URLCONF = "tests.web.toy_urls"
