"""The sample government and a case of it, for tests of screens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

NAME, PHONE, EMAIL = "王小明", "0912345678", "ming@sample.invalid"
SECRET = (NAME, PHONE, "0912-345-678", EMAIL)


BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Taipei


def city_of(pack: str) -> Iterator[None]:
    """The sample government of this pack, on that Monday."""
    from citycall.base import clock, policies
    from citycall.rehearsal import sample

    policies.refresh()
    clock.set_virtual(BEGIN)
    sample.load_sample(pack, cases=False)
    yield
    clock.clear_virtual()
    policies.refresh()


@pytest.fixture
def newtaipei(db: None) -> Iterator[None]:
    yield from city_of("newtaipei")


@pytest.fixture
def taipei(db: None) -> Iterator[None]:
    yield from city_of("taipei")


@pytest.fixture
def kinmen(db: None) -> Iterator[None]:
    yield from city_of("kinmen")


def login(username: str) -> Client:
    return sign_in(Client(), username)


def run(command: str, by: str, /, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(by), given)


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
