"""Who may open a view: every one says it, and what happens to those who may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from citycall.people.models import Staff
from citycall.web.access import Access

from .conftest import BACKEND, MakeStaff

# Addresses that ask for a token instead, or are no screens.
OTHER_DOORS = ("api/",)


def views(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        address = before + str(entry.pattern)
        if address.startswith(OTHER_DOORS):
            continue
        if isinstance(entry, URLResolver):
            yield from views(entry, address)
        else:
            assert isinstance(entry, URLPattern)
            yield address, entry.callback


def test_every_view_says_who_may_open_it() -> None:
    unmarked = [
        address
        for address, view in views(get_resolver())
        if not isinstance(getattr(view, "access", None), Access)
    ]
    assert unmarked == [], "put @staff_view or @public_view on these"


def test_the_walk_finds_the_screens() -> None:
    assert {"account/sign-in", "ui/", "account/posts"} <= {address for address, _ in views(get_resolver())}


@pytest.mark.django_db
def test_every_staff_screen_asks_to_sign_in() -> None:
    """By the real way through the middleware, with whatever arguments the address takes."""
    client = Client()
    for address, view in views(get_resolver()):
        if view.access.kind != "staff" or "<" in address:
            continue
        answer = client.get("/" + address)
        if "/account/sign-in" not in answer["Location"]:  # it only takes what is sent
            answer = client.post("/" + address)
            assert answer.status_code == 401, address


def test_signing_in_comes_back(client: Client, db: None) -> None:
    answer = client.get("/account/posts?a=1&b=二")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/sign-in?next=%2Faccount%2Fposts%3Fa%3D1%26b%3D")


def test_a_fragment_without_session_leaves_the_page_as_it_is(client: Client, db: None) -> None:
    answer = client.get("/account/posts", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Retarget"] == "#notices"
    assert "您已登出" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_another_role_is_refused(client: Client, operator: Staff, toys: None) -> None:
    client.force_login(operator, backend=BACKEND)
    answer = client.get("/toy/handlers")
    assert answer.status_code == 403
    assert "您的職務不使用這個畫面" in answer.content.decode()


def test_the_right_role_gets_in_and_nothing_is_cached(client: Client, handler: Staff, toys: None) -> None:
    client.force_login(handler, backend=BACKEND)
    answer = client.get("/toy/handlers")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_a_password_given_by_others_is_changed_first(client: Client, make_staff: MakeStaff) -> None:
    client.force_login(make_staff("works.handler1", must_change_password=True), backend=BACKEND)
    assert client.get("/account/posts")["Location"] == "/account/password"
    answer = client.get("/account/posts", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/account/password"
    assert client.get("/account/password").status_code == 200
    assert client.post("/account/sign-out").status_code == 302


def test_a_deactivated_account_is_out_at_once(client: Client, handler: Staff) -> None:
    client.force_login(handler, backend=BACKEND)
    assert client.get("/account/posts").status_code == 200
    Staff.objects.filter(pk=handler.pk).update(is_active=False)
    assert client.get("/account/posts").status_code == 302
