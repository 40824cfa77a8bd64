"""What is true of every page: headers, languages, no inline script or style."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


class Inline(HTMLParser):
    """Gathers what the content policy would stop."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name == "style" or re.match(r"on|hx-on", name)]
        if given.get("id"):
            self.ids.append(str(given["id"]))


@pytest.mark.parametrize(
    "address", ["/account/sign-in", "/account/posts", "/account/password", "/ui/", "/nowhere"]
)
def test_no_page_needs_inline_script_or_style(as_operator: Client, address: str) -> None:
    if address == "/account/sign-in":
        as_operator.logout()
    answer = as_operator.get(address)
    page = Inline(answer.content.decode())
    assert page.found == []
    assert len(page.ids) == len(set(page.ids)), "an id twice"
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_language_is_asked_for_then_remembered(client: Client) -> None:
    def language() -> str:
        found = re.search(r'<html lang="([^"]+)"', client.get("/account/sign-in").content.decode())
        assert found
        return found[1]

    assert language() == "zh-Hant-TW"
    assert client.get("/account/sign-in?lang=en")["Content-Language"] == "en"
    assert language() == "en"
    client.get("/account/sign-in?lang=zh-hant")
    assert language() == "zh-Hant-TW"
    client.get("/account/sign-in?lang=../../etc")
    assert language() == "zh-Hant-TW"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant-TW"),
        ("en-GB", "en"),
        ("fr", "zh-Hant-TW"),
        ("zh-HK", "zh-Hant-TW"),
    ],
)
def test_the_language_of_the_browser(client: Client, accepted: str, language: str) -> None:
    answer = client.get("/account/sign-in", headers={"Accept-Language": accepted})
    assert answer["Content-Language"] == language


def test_the_city_sheet_needs_no_session_and_no_government(client: Client) -> None:
    answer = client.get("/ui/city.css")
    assert answer["Content-Type"] == "text/css"
    assert b"--accent-on-light:#" in answer.content
    assert "public" in answer["Cache-Control"]


def test_a_page_of_staff_costs_few_queries(
    as_operator: Client, django_assert_max_num_queries: object
) -> None:
    as_operator.get("/account/posts")
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        as_operator.get("/account/posts")
