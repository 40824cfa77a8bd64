"""Every screen opens in the world of every pack that is shipped, whatever its kinds, items and offices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from .sample import sign_in
from .test_access import views

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Taipei
REPORTER = {"name": "王小明", "phone": "0912345678"}
# For each pack: cases to take, the agency's posts, and those of the office that steers.
GOVERNMENTS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "kinmen": (
        [
            {"item": "pothole", "place": {"address": "金門縣金城鎮民生路60號"}},
            {"kind": "petition", "agency": "works", "category": "reform"},
        ],
        [
            "works.section_chief",
            "works.handler1",
            "works.window",
            "works.head",
            "civil.director",
            "county.magistrate",
        ],
    ),
    "taipei": (
        [
            {"item": "pothole", "place": {"address": "臺北市信義區市府路1號"}},
            {"kind": "petition", "agency": "works", "category": "fault", "reply_by": "phone"},
        ],
        ["works.intake_window", "works.allotter", "works.supervisor", "parks.handler1", "research.director"],
    ),
    "enforcement_branch": (
        [{"kind": "complaint", "agency": "enforcement"}],
        ["enforcement.handler1", "enforcement.section_chief", "branch.head", "branch.evaluator"],
    ),
    "household_office": (
        [{"kind": "petition", "agency": "office"}],
        ["office.handler1", "office.allotter", "office.head", "office.evaluator"],
    ),
}


@pytest.fixture(params=GOVERNMENTS)
def government(request: pytest.FixtureRequest, db: None) -> Iterator[str]:
    from citycall.base import clock, policies
    from citycall.rehearsal import sample

    clock.set_virtual(BEGIN)
    policies.refresh()
    sample.load_sample(request.param, cases=False)
    yield request.param
    clock.clear_virtual()
    policies.refresh()


def test_every_screen_opens(government: str) -> None:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish

    cases, posts = GOVERNMENTS[government]
    operator = actor_for_post("call_centre.operator1")
    numbers = [
        establish(operator, {"description": "請儘速處理", "reporter": REPORTER} | given).number
        for given in cases
    ]
    plain = [
        address
        for address, view in views(get_resolver())
        if view.access.kind == "staff" and "<" not in address
    ]
    of_cases = [
        address
        for address, view in views(get_resolver())
        if view.access.kind == "staff" and address.count("<") == 1 and "number" in address
    ]
    assert of_cases
    opened = 0
    for post in ("call_centre.operator1", "call_centre.lead", *posts):
        client = sign_in(Client(), post)
        whole = [*plain, *(address[: address.index("<")] + number + address[address.index(">") + 1 :]
                           for address in of_cases for number in numbers)]  # fmt: skip
        for address in whole:
            answer = client.get("/" + address)
            assert answer.status_code in (200, 302, 403, 404, 405, 409), (post, address, answer.status_code)
            opened += answer.status_code == 200
    assert opened > 10 * len(posts)
