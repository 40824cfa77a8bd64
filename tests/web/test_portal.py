"""What the look-up shows, what it hides, and that codes cannot be tried out (NT-5-4-2f)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from .sample import SECRET, establish, sample_city

pytestmark = pytest.mark.django_db
__all__ = ["sample_city"]


@pytest.fixture
def made(sample_city: None) -> Any:
    return establish()


def look_up(client: Client, number: str, code: str, **headers: str) -> Any:
    return client.post("/track/", {"number": number, "code": code}, **headers)


def test_the_front_page_is_open(client: Client, sample_city: None) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "撥 1999" in answer.content.decode()


def test_it_shows_what_it_may_and_nothing_else(client: Client, made: Any) -> None:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling

    handling.acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    handling.take(actor_for_post("works.handler1"), {"case": made.case})
    handling.add_finding(actor_for_post("works.handler1"), {"case": made.case, "text": "機關內部的記錄"})
    answer = look_up(client, made.number, made.lookup_code)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    for shown in (made.number, "路燈故障", "板橋區中山路一段", "工務局", "權責機關已簽收", "已派員處理"):
        assert shown in page
    for hidden in (*SECRET, "161號", "機關內部的記錄", "樣本", made.lookup_code):
        assert hidden not in page


def test_the_result_is_shown_when_it_is_done(client: Client, made: Any) -> None:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling

    handler = actor_for_post("works.handler1")
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    done = {"finding": "resolved", "result": "已更換燈泡。", "prevention": "汰換老舊燈具"}
    handling.complete(handler, {"case": made.case, **done})
    page = look_up(client, made.number.lower(), f" {made.lookup_code} ").content.decode()
    assert "已更換燈泡。" in page
    assert "已處理完成" in page
    assert "汰換老舊燈具" not in page


def test_a_wrong_number_and_a_wrong_code_look_alike(client: Client, made: Any) -> None:
    wrong = "000000" if made.lookup_code != "000000" else "000001"
    pages = []
    for number in (made.number, "F1150101-999999"):
        answer = look_up(client, number, wrong)
        assert answer.status_code == 404
        page = answer.content.decode().partition("<main")[2]
        assert "查無資料" in page
        pages.append(re.sub(r'value="[^"]*"', "", page))
    assert pages[0] == pages[1]


def test_codes_cannot_be_tried_out(client: Client, made: Any) -> None:
    for n in range(10):
        assert look_up(client, made.number, f"00000{n}"[-6:]).status_code in {200, 404}
    answer = look_up(client, made.number, made.lookup_code)
    assert answer.status_code == 429
    assert "一小時後再試" in answer.content.decode()


@pytest.mark.parametrize(
    ("number", "code"),
    [("", ""), ("F1", "x" * 9), ("x" * 41, "1"), ("F1\x00", "123456"), ("'; drop table", "<script>")],
)
def test_nonsense_is_refused_in_words(client: Client, made: Any, number: str, code: str) -> None:
    answer = look_up(client, number, code)
    assert answer.status_code in {404, 422}
    assert "<script>" not in answer.content.decode().replace("<script ", "")


@pytest.mark.parametrize("number", ["x" * 40, "\ufdfa" * 40, "F1150101-000001" + "9" * 25])
def test_a_number_too_long_for_any_case_counts_as_a_wrong_try(client: Client, made: Any, number: str) -> None:
    from citycall.services.cases.models import LookupFailure

    for _n in range(10):
        assert look_up(client, number, "000000").status_code == 404
    assert LookupFailure.objects.count() == 10
    assert look_up(client, number, "000000").status_code == 429


def test_it_speaks_english(client: Client, made: Any) -> None:
    client.get("/?lang=en")
    page = look_up(client, made.number, made.lookup_code).content.decode()
    assert "Street light out" in page
    assert "Public Works Department" in page
    assert 'lang="en"' in page


def test_the_code_never_stands_in_an_address(client: Client, made: Any) -> None:
    page = client.get(f"/track/?number={made.number}&code={made.lookup_code}").content.decode()
    assert made.number in page
    assert "路燈故障" not in page


def test_a_petition_without_a_place_has_no_line_for_it(client: Client, sample_city: None) -> None:
    made = establish(kind="petition", item=None, agency="works", category="petition", place=None)
    page = look_up(client, made.number, made.lookup_code).content.decode()
    assert made.number in page
    assert "<dt>地點</dt>" not in page
    placed = establish()
    assert "<dt>地點</dt>" in look_up(client, placed.number, placed.lookup_code).content.decode()
