"""Whatever is typed into the address bar: a page in words, never a blank one and never a fault of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import get_resolver
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import LAMP, as_post, kept_world
from tests.web.conftest import BACKEND
from tests.web.test_access import views

pytestmark = pytest.mark.xdist_group("addresses")

PEOPLE = ("call_centre.lead", "works.head", "research.director")
CONTROLS = ("%00", "a%00b", "%1b", "%0a", "%7f")
ODD = ("'", "%", "..", "長" * 300, "９", "\u202e", "9" * 30, "-1", "<b>")
PARAMETER = re.compile(r"<(\w+):\w+>")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    from citycall.base.commands import execute
    from citycall.services.cases.models import Case

    with kept_world(django_db_blocker):
        yield Case.objects.get(pk=execute("cases.establish", as_post("call_centre.operator1"), LAMP).case)


@pytest.fixture
def people(world: Any, db: None) -> list[Client]:
    return [signed_in(username) for username in PEOPLE]


def signed_in(username: str) -> Client:
    from citycall.people.models import Staff

    client = Client(headers={"Accept-Language": "zh-Hant-TW"})
    client.force_login(Staff.objects.get(username=username), backend=BACKEND)
    return client


def addresses() -> list[str]:
    return [f"/{address}" for address, _view in views(get_resolver()) if not address.startswith("static")]


def filled(address: str, text: str, number: str = "7") -> str:
    """`text` for each part that takes any text, a number for the others."""
    return PARAMETER.sub(lambda part: number if part[1] == "int" else text, address)


def body(answer: HttpResponseBase) -> str:
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()  # type: ignore[attr-defined]


def test_control_characters_are_refused_everywhere(people: list[Client]) -> None:
    client = people[0]
    for address in addresses():
        for control in CONTROLS:
            paths = [filled(address, control)] if "str:" in address else []
            for path in (*paths, *([] if control == "%0a" else [f"{filled(address, 'a')}?q={control}"])):
                answer = client.get(path)
                assert answer.status_code == 400, path
                assert "網址裡有不能使用的字元" in body(answer), path


def test_it_is_said_in_english(db: None) -> None:
    answer = Client(headers={"Accept-Language": "en"}).get("/desk/search?q=%00")
    assert answer.status_code == 400
    assert "This address is not right" in body(answer)


def test_odd_addresses_are_no_fault_of_ours(people: list[Client]) -> None:
    for client in people:
        for address in addresses():
            if "<" not in address:
                continue
            for odd in ODD:
                if "slug" in address and not re.fullmatch("[-a-zA-Z0-9_]+", odd):
                    continue
                path = filled(address, quote(odd, safe=""), "9" * 30)
                answer = client.get(path)
                assert answer.status_code < 500, path
                assert answer.status_code in (301, 302) or body(answer), path


def test_nobody_meets_a_blank_page(world: Any, people: list[Client]) -> None:
    """An address that only takes what is sent, opened: the page above it, which there is."""
    sent_only = 0
    for address, view in views(get_resolver()):
        if view.__module__ == "citycall.web.live" or address.startswith("static"):
            continue
        path = "/" + filled(address, world.number, str(world.pk)).replace(f"do/{world.number}", "do/sign")
        for client in people:
            answer = client.get(path)
            assert answer.status_code != 405, path
            if answer.status_code == 302:
                landed = client.get(path, follow=True)
                sent_only += 1
                assert landed.status_code in (200, 403, 404), path
                assert "<h1" in body(landed), path
            else:
                assert body(answer) or answer.status_code == 204, path
    assert sent_only > 10


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/desk/cases/new", "/desk/"),
        ("/desk/calls/simulate", "/desk/"),
        ("/desk/cases/5/told", "/desk/"),
        ("/desk/stage-requests/5/decide", "/desk/stage-requests/"),
        ("/desk/cases/F1150302-000001/withdraw", "/desk/cases/F1150302-000001/"),
        ("/inbox/cases/F1150302-000001/do/sign", "/inbox/cases/F1150302-000001/"),
        ("/inbox/cases/F1150302-000001/phone/open", "/inbox/cases/F1150302-000001/"),
        ("/inbox/sign", "/inbox/"),
        ("/account/leave/5/end", "/account/posts"),
        ("/account/preferences", "/home"),
    ],
)
def test_to_the_page_above(people: list[Client], path: str, above: str) -> None:
    assert people[0].get(path)["Location"] == above


def test_other_methods_are_told_in_words(people: list[Client]) -> None:
    answer = people[0].delete("/desk/")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert "請回到原來的畫面" in body(answer)


def test_unknown_trays(people: list[Client]) -> None:
    for path in ("/inbox/trays/nope/", "/inbox/trays/nope.csv"):
        assert people[1].get(path).status_code == 404


def test_signing_for_a_number_that_cannot_be(people: list[Client]) -> None:
    answer = people[1].post("/inbox/sign", {"case": "9" * 23})
    assert answer.status_code == 404
    assert "查無此案件" in body(answer)


@pytest.mark.parametrize("year", ["0001", "1998", "2200", "9999", "275760"])
def test_years_that_nobody_means(people: list[Client], year: str) -> None:
    answer = people[0].post("/desk/outage/", {"at": f"{year}-01-01T00:00", "note": "x"})
    assert answer.status_code == 422
    assert "年份須在 1999 至 2199 之間" in body(answer)
    leave = {"starts": f"{year}-01-01T00:00", "ends": "2026-03-03T00:00"}
    assert "年份須在 1999 至 2199 之間" in body(people[0].post("/account/leave", leave))
    review = {"since": f"{year}-01-01", "until": "2026-03-01", "conclusion": "維持"}
    answer = people[2].post("/oversight/items/streetlight/", review)
    assert answer.status_code == 422
    assert "年份須在 1999 至 2199 之間" in body(answer)


def test_a_reason_for_a_delay_that_is_none(world: Any, people: list[Client]) -> None:
    from citycall.people.models import Staff

    handler = Client()
    handler.force_login(Staff.objects.get(username="works.handler1"), backend=BACKEND)
    answer = handler.get(f"/inbox/cases/{world.number}/explain")
    assert answer.status_code == 409
    assert "不需要敘明逾期理由" in body(answer) or "待簽收" in body(answer)
