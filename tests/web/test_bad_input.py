"""Whatever is wrong with what is typed: said beside the field, in both languages, kept, and not written."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.guards.worlds import as_post, fingerprint
from tests.web.bad_input import (
    BESIDES,
    CARD,
    HAN,
    HANDLER,
    LANGUAGES,
    LEAD,
    OPERATOR,
    SCREENS,
    WHEN,
    bound_form,
    browser,
    city,
    picture,
    refused_well,
    said,
    send,
    world,
)

pytestmark = pytest.mark.xdist_group("bad-input")
__all__ = ["city", "world"]


NASTY = "'; DROP TABLE cases_case; -- <script>alert(1)</script> {{ 7 }} <img src=x onerror=alert(2)>"
RAW = ("<script>alert(1)", "<img src=x")


def left_out(answer: Any, name: str) -> object:
    """A field that this kind of case does not ask for is hidden: whatever is in it, it stands in no way."""
    if answer.status_code != 302:
        assert 400 <= answer.status_code < 500, answer.status_code
        form = bound_form(answer)
        assert form.errors, "refused without a word"
        assert name not in form.errors, "said where nobody sees it"
    return fingerprint(BESIDES)


ONE_OF_EACH = {"empty", "not on the list", "no number", "no date", "escape"}


def wrong_values(form: forms.BaseForm) -> Iterator[tuple[str, str, str]]:
    """For each field of a form: what is wrong, and the value."""
    for name, field in form.fields.items():
        if isinstance(field, forms.FileField | forms.BooleanField) or name in ("key", "kind"):
            continue
        kept = name != "words"  # what finds the item is not part of the case
        if field.required and not isinstance(field.widget, forms.HiddenInput):
            yield name, "empty", ""
            if isinstance(field, forms.CharField):
                yield name, "blank", " 　\t "
        if isinstance(field, forms.ChoiceField):
            yield name, "not on the list", "nonsense"
        elif isinstance(field, forms.IntegerField):
            yield name, "no number", "三"
            yield name, "too large a number", "9" * 30
            yield name, "below one", "-1"
        elif isinstance(field, forms.DateTimeField | forms.DateField):
            yield name, "no date", "昨天"
            yield name, "no such date", "2026-02-31T10:00"
        elif isinstance(field, forms.CharField):
            yield name, "too long", "長" * 5000
            yield name, "NUL", "好\0的"
            if not kept:
                continue
            yield name, "escape", "好\x1b[31m的"
            yield name, "turned direction", "好\u202e的"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_every_field_of_every_form(city: dict[str, Any], screen: str, language: str) -> None:
    from citycall.base.commands import execute
    from citycall.web.desk.forms.case import CaseForm

    username, path, right = SCREENS[screen]
    path = path.format(**city)
    client = browser(username, language)
    if screen == "desk outage":  # what is asked when one begins, not when it ends
        execute("cases.end_outage", as_post(LEAD), {})
    before = fingerprint(BESIDES)
    # The first mistake shows us the form, from which the others are made.
    longest = max(
        (name for name, value in right.items() if HAN.search(str(value)) or name == "phone"), default="code"
    )
    first = send(client, path, {**right, longest: "長" * 5000})
    fields = bound_form(first)
    tried = 0
    for name, what, value in wrong_values(fields):
        if language == "en" and what not in ONE_OF_EACH:
            continue
        given = {**right, name: value}
        if name == "call" and value.lstrip("-").isdecimal():
            continue  # a call that is not one's own is left out
        if isinstance(fields, CaseForm) and name in fields.unasked():
            tried += 1
            before = left_out(send(client, path, {**given, "key": f"{name}, {what}"}), name)
            continue
        if name == "related" and what in ("escape", "turned direction"):
            continue  # an earlier case that is not there is left out
        if name == "reporter_address" and what in ("escape", "turned direction"):
            continue  # asked for by petitions alone, and left out of these
        if name in ("name", "phone", "email", "notified_person") and what == "turned direction":
            continue  # taken out of one line, which is then judged
        answer = send(client, path, given)
        elsewhere = name in ("item", "call") or (screen == "inbox post" and name == "staff")
        refused_well(answer, {} if elsewhere else given, None if elsewhere else name, language, before)
        tried += 1
    assert tried, "the walk found nothing to do wrong"


# --- what the rules refuse, at the desk -------------------------------------------------------------------


def card(**changes: Any) -> dict[str, Any]:
    return {**CARD, **changes}


BAD_CARDS: dict[str, tuple[dict[str, Any], int, str]] = {
    "nothing at all": (dict.fromkeys(CARD, "") | {"key": "k"}, 422, "description"),
    "an unknown item": (card(item="nonsense"), 422, "words"),
    "an item with quotes": (card(item="x' OR '1'='1"), 422, "words"),
    "a closed item": (card(item="phone_booth", words="電話亭"), 422, "words"),
    "a place outside the city": (card(address="高雄市苓雅區四維三路2號"), 422, "address"),
    "a place nobody can find": (card(address="那邊"), 422, "address"),
    "no name": (card(name=""), 422, "name"),
    "no telephone number": (card(phone="打給我", reply_by=""), 422, "phone"),
    "no e-mail address": (card(email="我的信箱", reply_by="email"), 422, "email"),
    "SMS to a landline": (card(phone="0229603456"), 422, "reply_by"),
    "e-mail without an address": (card(reply_by="email"), 422, "reply_by"),
    "a key too long": (card(key="k" * 300), 422, ""),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mistake", BAD_CARDS)
def test_what_the_desk_refuses(city: dict[str, Any], mistake: str, language: str) -> None:
    given, status, field = BAD_CARDS[mistake]
    client = browser(OPERATOR, language)
    before = fingerprint(BESIDES)
    answer = send(client, "/desk/cases/new", given)
    assert answer.status_code == status
    refused_well(answer, given, field or None, language, before)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_key_with_other_content(city: dict[str, Any], language: str) -> None:
    client = browser(OPERATOR, language)
    first = send(client, "/desk/cases/new", CARD)
    assert first.status_code == 302
    assert send(client, "/desk/cases/new", CARD)["Location"] == first["Location"], (
        "the same again: the same case"
    )
    before = fingerprint(BESIDES)
    given = card(description="路燈閃爍")
    answer = send(client, "/desk/cases/new", given)
    assert answer.status_code == 409
    kept = {name: value for name, value in given.items() if name != "key"}  # pressed again it is another case
    form = refused_well(answer, kept, None, language, before)
    assert form["key"].value() not in ("", given["key"])
    again = send(client, "/desk/cases/new", {**kept, "key": str(form["key"].value())})
    assert again.status_code == 302
    assert again["Location"] != first["Location"]


BAD_FILES: dict[str, tuple[Callable[[], SimpleUploadedFile], int]] = {
    "30 MB": (lambda: SimpleUploadedFile("大.jpg", picture() + b"\0" * 30_000_000, "image/jpeg"), 413),
    "a program called .jpg": (
        lambda: SimpleUploadedFile("路燈.jpg", b"MZ\x90\0" + b"\0" * 500, "image/jpeg"),
        415,
    ),
    "an ELF called .png": (
        lambda: SimpleUploadedFile("a.png", b"\x7fELF\x02\x01\x01" + b"\0" * 500, "image/png"),
        415,
    ),
    "a page called .jpg": (
        lambda: SimpleUploadedFile("a.jpg", b"<html><script>1</script>", "image/jpeg"),
        415,
    ),
    "a drawing with a script": (
        lambda: SimpleUploadedFile(
            "a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "image/svg+xml"
        ),
        415,
    ),
    "half a picture": (lambda: SimpleUploadedFile("a.jpg", picture()[:200], "image/jpeg"), 415),
    "nothing in it": (lambda: SimpleUploadedFile("a.jpg", b"", "image/jpeg"), 422),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", BAD_FILES)
def test_files_that_are_refused(city: dict[str, Any], file: str, language: str) -> None:
    make, status = BAD_FILES[file]
    client = browser(HANDLER, language)
    before = fingerprint(BESIDES)
    path = f"/inbox/cases/{city['number']}/photos"
    good = SimpleUploadedFile("好.jpg", picture(), "image/jpeg")
    answer = client.post(path, {"documents": [good, make()], "caption": "施工前"})
    assert answer.status_code == status
    refused_well(answer, {"caption": "施工前"}, "documents", language, before)


@pytest.mark.parametrize("language", LANGUAGES)
def test_too_many_files(city: dict[str, Any], language: str) -> None:
    client = browser(HANDLER, language)
    before = fingerprint(BESIDES)
    files = [SimpleUploadedFile(f"{n}.jpg", picture(), "image/jpeg") for n in range(11)]
    answer = client.post(f"/inbox/cases/{city['number']}/photos", {"documents": files})
    assert answer.status_code == 422
    refused_well(answer, {}, "documents", language, before)


# --- what looks like SQL or HTML --------------------------------------------------------------------------


def shown(client: Client, *paths: str) -> str:
    pages = ""
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        pages += answer.content.decode()
    return pages


def test_sql_and_html_are_only_text(city: dict[str, Any]) -> None:
    """In every text there is: kept to the letter, and escaped wherever it is shown."""
    from citycall.services.cases.models import Case

    operator, handler, lead = browser(OPERATOR), browser(HANDLER), browser(LEAD)
    given = card(key="nasty", description=NASTY, name="<script>alert(1)</script>王", words=NASTY[:80])
    made = send(operator, "/desk/cases/new", given)
    assert made.status_code == 302, said(bound_form(made))
    case = Case.objects.order_by("-pk").first()
    assert case is not None
    assert case.description == NASTY
    number = case.number

    def did(client: Client, path: str, given: dict[str, Any]) -> None:
        answer = send(client, path, given)
        assert answer.status_code == 302, said(bound_form(answer))

    did(browser("works.intake_window"), f"/inbox/cases/{number}/do/sign", {})
    did(handler, f"/inbox/cases/{number}/do/take", {})
    did(handler, f"/inbox/cases/{number}/note", {"text": NASTY})
    did(handler, f"/inbox/cases/{number}/prevention", {"text": NASTY})
    did(handler, f"/inbox/cases/{number}/stage", {"to": "ordinary", "reason": NASTY})
    shown_there = shown(lead, "/desk/stage-requests/")
    did(lead, f"/desk/stage-requests/{case.pk}/decide", {"reason": NASTY, "approve": "no"})
    upload = SimpleUploadedFile("<img src=x>.jpg", picture(), "image/jpeg")
    did(handler, f"/inbox/cases/{number}/photos", {"documents": upload, "caption": NASTY[:100]})
    opened = send(handler, f"/inbox/cases/{number}/phone/open", {"reason": NASTY})
    assert opened.status_code in (200, 302)
    did(
        handler,
        f"/inbox/cases/{number}/phone/record",
        {"reached": "yes", "callee": NASTY[:60], "at": WHEN, "content": NASTY},
    )
    did(handler, f"/inbox/cases/{number}/complete", {"finding": "resolved", "result": NASTY, "done_at": WHEN})
    case.refresh_from_db()
    assert case.result == NASTY
    pages = shown_there + shown(operator, f"/desk/cases/{number}/", f"/desk/cases/{number}/established")
    pages += shown(
        handler,
        f"/inbox/cases/{number}/",
        f"/inbox/cases/{number}/print",
        f"/inbox/cases/{number}/phone",
        "/inbox/",
        "/inbox/trays/reply/" if case.status == "completed" else "/inbox/",
    )
    found = send(operator, "/desk/search", {"q": NASTY[:60]})
    pages += shown(operator, found["Location"]) if found.status_code == 302 else found.content.decode()
    looked = send(browser(""), "/track/", {"number": number, "code": case.lookup_code})
    pages += looked.content.decode()
    wrong = send(browser(""), "/track/", {"number": "<script>alert(1)</script>"[:24], "code": "<b>"})
    pages += wrong.content.decode()
    for raw in RAW:
        assert raw not in pages
    assert html.escape(NASTY) in pages
    assert Case.objects.filter(pk=case.pk).exists(), "the table is still there"


# --- the session ends while one types ---------------------------------------------------------------------


def hidden(page: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.S):
        fields.setdefault(html.unescape(name), []).append(html.unescape(value))
    return fields


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_session_ends_in_the_middle_of_the_card(city: dict[str, Any], language: str) -> None:
    """What was typed is shown and kept, nothing written; after signing in it is sent, once."""
    from citycall.people.sample_guard import SAMPLE_PASSWORD
    from citycall.services.cases.models import Case

    client = browser(OPERATOR, language)
    assert client.get("/desk/").status_code == 200
    client.session.flush()
    before = fingerprint(BESIDES)
    answer = send(client, "/desk/cases/new", card(key="later"))
    assert answer.status_code == 401
    page = answer.content.decode()
    notice = {"zh": "您剛才輸入的內容還在", "en": "What you typed is still here"}
    assert notice[language] in page
    assert fingerprint(BESIDES) == before
    sealed = re.search(r'name="resume" value="([^"]+)"', page)
    assert sealed
    signing = {"username": OPERATOR, "password": SAMPLE_PASSWORD, "resume": html.unescape(sealed[1])}
    asking = client.post("/account/sign-in", signing)
    assert asking.status_code == 200
    assert Case.objects.count() == 3, "not sent by itself"
    assert CARD["description"] in asking.content.decode()
    again = hidden(asking.content.decode())
    assert again["description"] == [CARD["description"]]
    made = client.post("/desk/cases/new", again)
    assert made.status_code == 302
    assert client.post("/desk/cases/new", again)["Location"] == made["Location"]
    assert Case.objects.count() == 4
