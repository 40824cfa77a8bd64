"""Where somebody else than the steering office approves: in Kinmen the magistrate (KM-10-3b)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.web.conftest import BACKEND
from tests.web.inbox import says

pytestmark = pytest.mark.django_db
POLICY = "/oversight/policy/"


@pytest.fixture
def login(db: None) -> Iterator[Callable[[str], Client]]:
    from citycall.base import clock, policies
    from citycall.people.models import Staff
    from citycall.rehearsal import sample

    policies.refresh()
    clock.set_virtual(datetime(2026, 3, 2, 2, tzinfo=UTC))
    sample.load_sample("kinmen", cases=False)

    def enter(username: str) -> Client:
        client = Client()
        client.force_login(Staff.objects.get(username=username), backend=BACKEND)
        return client

    yield enter
    clock.clear_virtual()
    policies.refresh()


def test_the_magistrate_finds_what_waits_and_approves_it(login: Callable[[str], Client]) -> None:
    from citycall.base import policies

    director, magistrate = login("civil.director"), login("county.magistrate")
    item = {
        "code": "cone", "name_zh": "三角錐倒塌", "name_en": "Fallen cone", "agency": "works",
        "stage1_amount": "4", "stage1_unit": "hours", "stage2_days": "7", "active_from": "2026-04-01",
    }  # fmt: skip
    answer = director.post("/oversight/items/new/", item)
    page = answer["Location"]
    assert page.startswith(f"{POLICY}changes/")
    assert "待核定" in says(director.get(page))
    assert "cone" not in policies.in_force()[1].items
    assert f'href="{page}decide"' not in says(director.get(page))
    assert director.get(f"{page}decide").status_code == 302
    assert magistrate.get("/home")["Location"] == "/inbox/"
    area = says(magistrate.get("/inbox/"))
    assert f'href="{POLICY}"' in area
    assert f'href="{page}decide"' in area, "who may approve is led there from where they land"
    assert magistrate.get("/oversight/")["Location"] == POLICY
    assert "decide" not in says(login("works.head").get("/inbox/"))
    assert f'href="{page}decide"' not in says(director.get("/oversight/"))
    assert "待核定的規則修正" in says(director.get("/oversight/"))
    assert 'class="count warn">1<' in says(magistrate.get(POLICY))
    assert "新增項目：三角錐倒塌" in says(magistrate.get(f"{POLICY}changes/"))
    assert f'href="{page}decide"' in says(magistrate.get(page))
    asked = says(magistrate.get(f"{page}decide"))
    assert 'name="approve"' in asked
    assert "新增 1 項" in asked
    assert magistrate.post(f"{page}decide", {"approve": "yes", "reason": ""}).status_code == 302
    assert "cone" in policies.in_force()[1].items
    versions = says(login("works.head").get(f"{POLICY}versions/"))
    assert "縣長" in versions
    assert login("works.head").get(f"{POLICY}changes/").status_code == 403


def test_what_the_document_is_stands_at_the_top(login: Callable[[str], Client]) -> None:
    page = says(login("works.head").get(POLICY))
    assert "府民自字第1020094237號" in page
    assert "縣長室" in page
    assert "每日上午8時以電子郵件對業務主管及處局主管送出" in says(
        login("works.head").get(f"{POLICY}?topic=all")
    )
