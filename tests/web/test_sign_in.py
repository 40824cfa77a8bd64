"""Signing in and out, one's password, posts, deputies and leave."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from citycall.base import clock
from citycall.people.models import Deputy, Government, Leave, Staff
from citycall.people.sample_guard import SAMPLE_PASSWORD

from .conftest import BACKEND, PASSWORD, MakeStaff

pytestmark = pytest.mark.django_db


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/account/sign-in", {"username": username, "password": password, **more})


def test_in_and_out(client: Client, operator: Staff) -> None:
    assert sign_in(client, operator.username)["Location"]
    assert client.get("/account/posts").status_code == 200
    assert client.post("/account/sign-out").status_code == 302
    assert client.get("/account/posts").status_code == 302


def test_signing_out_is_no_link(as_operator: Client) -> None:
    assert as_operator.get("/account/sign-out")["Location"] == "/home"
    assert as_operator.get("/account/posts").status_code == 200


def test_a_wrong_password_says_neither_which_nor_more(client: Client, operator: Staff) -> None:
    wrong = sign_in(client, operator.username, "wrong")
    unknown = sign_in(client, "nobody-here", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    assert "帳號或密碼不正確" in wrong.content.decode()
    assert "帳號或密碼不正確" in unknown.content.decode()
    assert "wrong" not in wrong.content.decode()


def test_five_wrong_ones_lock(client: Client, operator: Staff) -> None:
    for _ in range(5):
        sign_in(client, operator.username, "wrong")
    answer = sign_in(client, operator.username)
    assert answer.status_code == 422
    assert "15 分鐘後再試" in answer.content.decode()


def test_back_to_where_one_was_but_to_no_other_site(client: Client, operator: Staff) -> None:
    assert sign_in(client, operator.username, next="/account/posts?a=1")["Location"] == "/account/posts?a=1"
    client.logout()
    for elsewhere in ("https://elsewhere.tw/", "//elsewhere.tw", "javascript:alert(1)", "/\\elsewhere.tw"):
        assert "elsewhere" not in sign_in(client, operator.username, next=elsewhere)["Location"]
        client.logout()


def test_the_account_brings_its_language(client: Client, make_staff: MakeStaff) -> None:
    staff = make_staff("works.head", language="en")
    sign_in(client, staff.username)
    assert 'lang="en"' in client.get("/account/posts").content.decode()


def test_control_characters_are_no_server_error(client: Client, db: None) -> None:
    assert sign_in(client, "a\x00b", "x\x00").status_code == 422
    assert sign_in(client, "a" * 500, "x").status_code == 422
    assert sign_in(client, "", "").status_code == 422


def test_changing_the_password_ends_other_sessions(client: Client, operator: Staff) -> None:
    other = Client()
    sign_in(client, operator.username)
    sign_in(other, operator.username)
    new = "another horse entirely"
    answer = client.post("/account/password", {"old_password": PASSWORD, "new_password": new, "again": new})
    assert answer.status_code == 302
    assert client.get("/account/posts").status_code == 200
    assert other.get("/account/posts").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again", "where"),
    [
        ("wrong", "another horse entirely", "another horse entirely", "old_password"),
        (PASSWORD, "short", "short", "new_password"),
        (PASSWORD, "another horse entirely", "something else", "again"),
    ],
)
def test_a_password_that_will_not_do(as_operator: Client, old: str, new: str, again: str, where: str) -> None:
    answer = as_operator.post("/account/password", {"old_password": old, "new_password": new, "again": again})
    assert answer.status_code == 422
    assert where in answer.context["form"].errors


def test_posts_and_deputies(client: Client, make_staff: MakeStaff) -> None:
    head, one, two = (make_staff(code) for code in ("works.head", "works.handler1", "works.handler2"))
    client.force_login(head, backend=BACKEND)
    assert "沒有代理人" in client.get("/account/posts").content.decode()
    answer = client.post("/account/posts/works.head/deputies", {"first": two.pk, "second": one.pk})
    assert answer.status_code == 302, answer.context["form"].errors
    order = Deputy.objects.filter(post="works.head").order_by("rank").values_list("staff", flat=True)
    assert list(order) == [two.pk, one.pk]


def test_deputies_are_offered_to_those_who_may_name_them(client: Client, make_staff: MakeStaff) -> None:
    for code, offered in (("works.head", True), ("works.handler1", False), ("works.supervisor", False)):
        client.force_login(make_staff(code), backend=BACKEND)
        assert ("設定代理順位" in client.get("/account/posts").content.decode()) is offered
        assert client.get(f"/account/posts/{code}/deputies").status_code == (200 if offered else 403)


def test_deputies_of_a_post_that_is_not_mine(as_operator: Client, handler: Staff) -> None:
    assert as_operator.post("/account/posts/works.handler1/deputies", {}).status_code == 404


def test_leave(as_operator: Client, operator: Staff) -> None:
    answer = as_operator.post("/account/leave", {"starts": "2099-03-02T08:00", "ends": "2099-03-02T17:00"})
    assert answer.status_code == 302
    leave = Leave.objects.get(staff=operator)
    assert clock.local(leave.starts).hour == 8
    assert "請假" in as_operator.get("/account/posts").content.decode()
    assert as_operator.post(f"/account/leave/{leave.pk}/end").status_code == 302
    assert not Leave.objects.filter(staff=operator).exists()


def test_leave_the_wrong_way_round(as_operator: Client) -> None:
    answer = as_operator.post("/account/leave", {"starts": "2099-03-02T17:00", "ends": "2099-03-02T08:00"})
    assert answer.status_code == 422
    assert "結束要在開始之後" in answer.content.decode()


def test_sample_accounts_are_shown_in_a_sample_only(client: Client, operator: Staff) -> None:
    government = Government.objects.create(pack="newtaipei", sample=True, founded_at=clock.now())
    page = client.get("/account/sign-in").content.decode()
    assert SAMPLE_PASSWORD in page
    assert f'data-fill-username="{operator.username}"' in page
    government.sample = False
    government.save()
    page = client.get("/account/sign-in").content.decode()
    assert SAMPLE_PASSWORD not in page
    assert operator.username not in page


def test_preferences_stay_in_the_browser(client: Client) -> None:
    answer = client.post("/account/preferences", {"lang": "en", "theme": "dark", "next": "/account/sign-in"})
    assert answer["Location"] == "/account/sign-in"
    page = client.get("/account/sign-in").content.decode()
    assert 'lang="en"' in page
    assert 'data-theme="dark"' in page
    client.post("/account/preferences", {"theme": ""})
    assert "data-theme" not in client.get("/account/sign-in").content.decode()


def test_a_language_chosen_before_signing_in_stays_and_is_kept(client: Client, operator: Staff) -> None:
    client.get("/account/sign-in?lang=en")
    sign_in(client, operator.username)
    operator.refresh_from_db()
    assert operator.language == "en"
    assert client.get("/account/posts")["Content-Language"] == "en"


def test_the_next_person_at_this_browser_reads_their_own_language(
    client: Client, operator: Staff, make_staff: MakeStaff
) -> None:
    client.get("/account/sign-in?lang=en")
    sign_in(client, operator.username)
    client.post("/account/sign-out")
    other = make_staff("works.head")
    sign_in(client, other.username)
    other.refresh_from_db()
    assert other.language == "zh-hant"
    assert client.get("/account/posts")["Content-Language"] == "zh-Hant-TW"


def test_the_menus_language_is_written_to_the_account(as_operator: Client, operator: Staff) -> None:
    as_operator.post("/account/preferences", {"lang": "en", "next": "/account/posts"})
    operator.refresh_from_db()
    assert operator.language == "en"
