"""The sample government and a case of it, for tests of screens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

NAME, PHONE, EMAIL = "王小明", "0912345678", "ming@sample.invalid"
SECRET = (NAME, PHONE, "0912-345-678", EMAIL)


@pytest.fixture
def sample_city(db: None) -> Iterator[None]:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample(cases=False)
    yield
    policies.refresh()


def establish(post: str = "call_centre.operator1", **changes: Any) -> Any:
    """A street light that is out, reported by a named citizen, changed as asked."""
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish as run

    given: dict[str, Any] = {
        "item": "streetlight",
        "description": "路燈不亮",
        "place": {"address": "板橋區中山路一段161號"},
        "reporter": {"name": NAME, "phone": PHONE, "email": EMAIL},
    }
    if changes.get("kind") == "petition":
        given["reply_by"] = "sms"  # who leaves a number is asked (NT-5-2-3a)
    return run(actor_for_post(post), given | changes)


def sign_in(client: Client, username: str = "call_centre.operator1") -> Client:
    from citycall.people.models import Staff

    staff = Staff.objects.get(username=username)
    client.force_login(staff, backend="citycall.people.backends.StaffBackend")
    return client
