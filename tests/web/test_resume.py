"""A form sent after the session ended: what was typed comes through, once, and only from our own pages."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from citycall.people.models import Staff
from citycall.web import resume

from . import toy_urls
from .conftest import BACKEND, PASSWORD
from .sample import sample_city

__all__ = ["sample_city"]
OURS = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
TYPED = {"text": "路面坑洞\n第二行 <b>很深</b>", "phone": "0912345678", "choice": ["a", "b"]}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]


@pytest.fixture(autouse=True)
def _nothing_taken() -> None:
    toy_urls.taken.clear()


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def token(answer: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())
    assert found
    return found[1]


def hidden(answer: Any) -> dict[str, list[str]]:
    """The fields of the asking page, as a browser would send them."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(
        r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', answer.content.decode(), re.S
    ):
        fields.setdefault(html.unescape(name), []).append(html.unescape(value))
    return fields


def sign_in(browser: Client, page: Any, staff: Staff, password: str = PASSWORD) -> Any:
    sealed = re.search(r'name="resume" value="([^"]+)"', page.content.decode())
    assert sealed
    fields = {
        "username": staff.username,
        "password": password,
        "resume": html.unescape(sealed[1]),
        "csrfmiddlewaretoken": token(page),
    }
    return browser.post("/account/sign-in", fields, headers=OURS)


def send_without_session(browser: Client, **more: Any) -> Any:
    page = browser.get("/account/sign-in")
    return browser.post(
        "/toy/take?from=inbox", {**TYPED, **more, "csrfmiddlewaretoken": token(page)}, headers=OURS
    )


def test_what_was_typed_comes_through(browser: Client, handler: Staff) -> None:
    page = send_without_session(browser)
    assert page.status_code == 401
    assert "您剛才輸入的內容還在" in page.content.decode()
    wrong = sign_in(browser, page, handler, "wrong")
    assert wrong.status_code == 422
    asking = sign_in(browser, wrong, handler)
    assert asking.status_code == 200
    assert 'action="/toy/take?from=inbox"' in asking.content.decode()
    assert "no-store" in asking["Cache-Control"]
    assert toy_urls.taken == []
    again = {**hidden(asking), "csrfmiddlewaretoken": token(asking)}
    answer = browser.post("/toy/take?from=inbox", again, headers=OURS)
    assert answer.status_code == 201
    got = toy_urls.taken[0]
    assert got["text"] == [TYPED["text"]]
    assert got["choice"] == ["a", "b"]


def test_passwords_are_not_carried_and_files_are_asked_for_again(browser: Client) -> None:
    page = send_without_session(
        browser, new_password="secret", photo=SimpleUploadedFile("a.png", b"x", "image/png")
    )
    carried = page.context["carried"]
    assert carried.files == ("photo",)
    assert "secret" not in str(carried)
    assert "附件須在登入後重新選取" in page.content.decode()


def test_htmx_shows_the_whole_sign_in_page(browser: Client) -> None:
    page = browser.get("/account/sign-in")
    headers = OURS | {"HX-Request": "true", "X-CSRFToken": token(page)}
    answer = browser.post("/toy/take", TYPED, headers=headers)
    assert answer.status_code == 401
    assert answer["HX-Retarget"] == "body"


def test_nothing_is_kept_on_the_server(browser: Client) -> None:
    from django.contrib.sessions.models import Session

    send_without_session(browser)
    assert not Session.objects.exists()


def test_an_old_token_of_our_own_page_is_asked_about(browser: Client, handler: Staff) -> None:
    """Signed in again in another tab: the session is good, the token of this tab is not."""
    stale = token(browser.get("/account/sign-in"))
    browser.cookies.clear()
    browser.force_login(handler, backend=BACKEND)
    browser.get("/account/posts")
    asking = browser.post("/toy/take", {**TYPED, "csrfmiddlewaretoken": stale}, headers=OURS)
    assert asking.status_code == 403
    assert toy_urls.taken == []
    again = {**hidden(asking), "csrfmiddlewaretoken": token(asking)}
    assert browser.post("/toy/take", again, headers=OURS).status_code == 201
    assert toy_urls.taken[0]["phone"] == ["0912345678"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.tw"},
        {"Origin": "null"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_form_is_never_carried(
    browser: Client, handler: Staff, headers: dict[str, str]
) -> None:
    for signed_in in (False, True):
        if signed_in:
            browser.force_login(handler, backend=BACKEND)
        answer = browser.post("/toy/take", TYPED, headers=headers)
        assert answer.status_code == 403
        assert "坑洞" not in answer.content.decode()


def test_a_forged_or_old_seal_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = resume.Carried("/toy/take", (("a", "b"),), ()).sealed()
    assert resume.opened(sealed) is not None
    assert resume.opened(sealed[:-1] + ("A" if sealed[-1] != "A" else "B")) is None
    assert resume.opened("") is None
    later = time.time() + resume.LASTS + 5
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert resume.opened(sealed) is None


def test_a_stale_sign_in_page_begins_again(browser: Client) -> None:
    answer = browser.post(
        "/account/sign-in", {"username": "a", "password": "b", "next": "/inbox/"}, headers=OURS
    )
    assert answer.status_code == 302
    assert "stale=1" in answer["Location"]
    assert "%2Finbox%2F" in answer["Location"]


def test_it_is_shown_by_its_labels_without_what_is_technical(sample_city: None) -> None:
    typed = (
        ("key", "3fUq8hjhjKJHkjh"),
        ("call", "512"),
        ("picked", "streetlight"),
        ("item", "streetlight"),
        ("district", "65000010"),
        ("description", "路燈不亮"),
        ("reply_by", "phone"),
        ("kind", "fast"),
    )
    shown = resume.Carried("/desk/cases/new", typed, ()).shown
    assert shown == [
        ("服務項目", "路燈故障"),
        ("行政區", "板橋區"),
        ("反映內容", "路燈不亮"),
        ("希望的回覆方式", "電話回覆"),
    ]
    done = (("finding", "resolved"), ("result", "已更換"))
    path = "/inbox/cases/F1150302-000001/complete"
    labels = [label for label, _value in resume.Carried(path, done, ()).shown]
    assert labels == ["查處情形", "辦理結果"]
