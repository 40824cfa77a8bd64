"""A complaint at the counter is passed to the supervisor with one press (HR-3-1-2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from .sample import sign_in

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Taipei
PRESS = "陳請主管處理"


@pytest.fixture
def complaint(db: None) -> Iterator[Any]:
    from citycall.base import clock, policies
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post
    from citycall.rehearsal import sample
    from citycall.services.cases.models import Case

    clock.set_virtual(BEGIN)
    policies.refresh()
    sample.load_sample("household_office", cases=False)
    given = {
        "kind": "complaint",
        "description": "等候過久，且文件遭退件未說明理由",
        "application": "115戶登字第000123號",
        "reply_by": "none",
    }
    made = execute("cases.establish", actor_for_post("call_centre.operator1"), given)
    yield Case.objects.get(pk=made.case)
    clock.clear_virtual()
    policies.refresh()


def test_who_received_it_passes_it_to_the_supervisor(complaint: Any) -> None:
    address = f"/inbox/cases/{complaint.number}/"
    handler = sign_in(Client(), "office.handler1")
    page = handler.get(address).content.decode()
    assert PRESS in page
    assert "/do/up" in page
    assert handler.post(f"{address}do/up", {}, follow=True).status_code == 200
    complaint.refresh_from_db()
    assert complaint.taken_post == "office.section_chief"
    assert "/do/up" not in handler.get(address).content.decode()
    again = handler.post(f"{address}do/up", {}, follow=True)
    assert "案件已陳請主管處理。" in again.content.decode()


def test_the_supervisor_is_not_asked_to_pass_it_to_themselves(complaint: Any) -> None:
    page = sign_in(Client(), "office.section_chief").get(f"/inbox/cases/{complaint.number}/")
    assert page.status_code == 200
    assert PRESS not in page.content.decode()


def test_the_button_is_in_english_too(complaint: Any) -> None:
    handler = sign_in(Client(), "office.handler1")
    handler.cookies["citycall_language"] = "en"
    page = handler.get(f"/inbox/cases/{complaint.number}/?lang=en").content.decode()
    assert "Pass to the supervisor" in page
