"""Whatever is wrong with a request is said clearly, in both languages, with a 4xx, and nothing is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from tests.api.conftest import LAMP, Answer, Program

if TYPE_CHECKING:
    from tests.api.conftest import ProgramOf

CASES = "/api/v1/cases"
HAN = range(0x4E00, 0xA000)
Bad = Callable[[Program], Answer]


def sent(body: Any = None, **more: Any) -> Bad:
    return lambda program: program.ask("POST", CASES, body, **more)


def lamp(**changes: Any) -> Bad:
    return lambda program: program.establish(**changes)


def without(name: str) -> Bad:
    return sent({key: value for key, value in LAMP.items() if key != name})


BAD: dict[str, tuple[Bad, int, str, str | None]] = {
    # what is sent as a whole
    "no token": (sent(LAMP, headers={"Authorization": ""}), 401, "unauthorized", None),
    "a wrong token": (sent(LAMP, headers={"Authorization": "Bearer nope"}), 401, "unauthorized", None),
    "another scheme": (sent(LAMP, headers={"Authorization": "Basic eDp5"}), 401, "unauthorized", None),
    "no key": (sent(LAMP, key=None), 400, "idempotency_key_required", None),
    "a key too long": (sent(LAMP, key="k" * 201), 422, "invalid", "key"),
    "an empty body": (sent(b""), 400, "malformed", None),
    "not JSON": (sent(b"item=streetlight"), 400, "malformed", None),
    "half a JSON": (sent(b'{"item": "street'), 400, "malformed", None),
    "not UTF-8": (sent('{"description": "路燈"}'.encode("big5")), 400, "malformed", None),
    "a list": (sent([LAMP]), 400, "malformed", None),
    "a number": (sent(3), 400, "malformed", None),
    "not a number of JSON": (sent(b'{"item": NaN}'), 400, "malformed", None),
    "deeply nested": (sent(b'{"item":' + b"[" * 50_000 + b"]" * 50_000 + b"}"), 400, "malformed", None),
    "a form": (sent(b"a=b", content_type="text/plain"), 415, "unsupported_media_type", None),
    "no type": (sent(b"{}", content_type=""), 415, "unsupported_media_type", None),
    "a body too large": (sent(b" " * 300_000), 413, "too_large", None),
    # empty
    "nothing at all": (sent({}), 422, "invalid", "description"),
    "no item": (without("item"), 422, "invalid", "item"),
    "no description": (without("description"), 422, "invalid", "description"),
    "no place": (without("place"), 422, "invalid", "place"),
    "an empty description": (lamp(description=""), 422, "invalid", "description"),
    "a blank description": (lamp(description="　 \n"), 422, "invalid", "description"),
    "an empty address": (lamp(place={"address": " "}), 422, "invalid", "place.address"),
    # too long
    "a long description": (lamp(description="長" * 2001), 422, "invalid", "description"),
    "a long name": (lamp(reporter={"name": "王" * 61}), 422, "invalid", "reporter.name"),
    "a long address": (lamp(place={"address": "路" * 201}), 422, "invalid", "place.address"),
    "a long item": (lamp(item="x" * 101), 422, "invalid", "item"),
    # control characters
    "NUL": (lamp(description="路燈\0不亮"), 422, "invalid", "description"),
    "escape": (lamp(reporter={"name": "王\x1b[31m明"}), 422, "invalid", "reporter.name"),
    "turned direction": (lamp(description="路燈\u202e不亮"), 422, "invalid", "description"),
    "half a character": (sent(b'{"description": "\\ud800"}'), 400, "malformed", None),
    # wrong types
    "a number as text": (lamp(description=12), 422, "invalid", "description"),
    "null as text": (lamp(description=None), 422, "invalid", "description"),
    "text as place": (lamp(place="板橋區"), 422, "invalid", "place"),
    "a list as reporter": (lamp(reporter=["王小明"]), 422, "invalid", "reporter"),
    "an unknown field": (lamp(descripton="路燈"), 422, "invalid", "descripton"),
    "an unknown field inside": (lamp(place={"address": "板橋區文化路", "x": 1}), 422, "invalid", "place.x"),
    "an unknown way to reply": (lamp(reply_by="pigeon"), 422, "invalid", "reply_by"),
    "what the desk says": (lamp(channel="phone"), 422, "invalid", "channel"),
    "an unknown kind": (lamp(kind="nonsense"), 422, "invalid", "kind"),
    "no phone number": (
        lamp(reply_by="none", reporter={"name": "王", "phone": "abc"}), 422, "invalid", "reporter.phone",
    ),
    "SMS to nobody": (lamp(reporter={"name": "王小明"}), 422, "invalid", "reply_by"),
    # what the city's rules say
    "an unknown item": (lamp(item="flying_saucer"), 422, "unknown_item", "item"),
    "a place outside the city": (
        lamp(place={"address": "臺北市中正區重慶南路一段122號"}), 422, "place_outside", "place.address",
    ),
    "no name": (lamp(reporter={}, reply_by=None, item="noise"), 422, "identity_required", "reporter.name"),
    # other addresses, other methods
    "no such address": (lambda p: p.ask("GET", "/api/v1/nothing"), 404, "not_found", None),
    "no such version": (lambda p: p.ask("GET", "/api/v9/cases"), 404, "not_found", None),
    "no such case": (lambda p: p.ask("GET", f"{CASES}/F0000000-000000"), 404, "not_found", None),
    "a number that is none": (lambda p: p.ask("GET", f"{CASES}/%00%FF"), 404, "not_found", None),
    "a wrong method": (lambda p: p.ask("DELETE", CASES), 405, "method_not_allowed", None),
    "a wrong method of a case": (lambda p: p.ask("PUT", f"{CASES}/F1", {}), 405, "method_not_allowed", None),
    "signing for no case": (lambda p: p.ask("POST", f"{CASES}/F1/acknowledge"), 404, "not_found", None),
    "a limit of words": (lambda p: p.ask("GET", f"{CASES}?limit=many"), 422, "invalid", "limit"),
    "a limit too large": (lambda p: p.ask("GET", f"{CASES}?limit=100000"), 422, "invalid", "limit"),
    "an own cursor": (lambda p: p.ask("GET", f"{CASES}?cursor=%F0%9F%92%A9"), 422, "invalid", "cursor"),
    "a time without a zone": (lambda p: p.ask("GET", f"{CASES}?since=2026-03-02"), 422, "invalid", "since"),
    "SQL as a filter": (lambda p: p.ask("GET", f"{CASES}?status=' OR 1=1--"), 422, "invalid", "status"),
    "NUL as a filter": (lambda p: p.ask("GET", f"{CASES}?item=%00"), 422, "invalid", "item"),
}  # fmt: skip


def rows() -> dict[str, int]:
    """How many rows there are of everything a request might write."""
    from citycall.base.commands.idempotency import IdempotencyKey
    from citycall.base.events import Event
    from citycall.base.files import StoredFile
    from citycall.base.notices import Notice
    from citycall.base.timers import Timer
    from citycall.people.models import Party
    from citycall.services.cases.models import Case, CaseClock, CaseFile

    models = (Case, CaseClock, CaseFile, Event, IdempotencyKey, Notice, Party, StoredFile, Timer)
    return {model.__name__: model._default_manager.count() for model in models}


def check(answer: Answer, status: int, code: str, field: str | None, english: bool) -> None:
    body = answer.body
    assert (answer.status, body["code"]) == (status, code), body
    assert set(body) == {"status", "code", "message", "fields", "hint", "info"}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    if field is not None:
        assert field in body["fields"], body
    for text in (body["message"], body["hint"], *body["fields"].values()):
        if english:
            own = text.replace("臺北市", "")  # what was asked for, said again
            assert not any(ord(character) in HAN for character in own), f"not in English: {text}"
        elif text:
            assert any(ord(character) in HAN for character in text), f"not in Chinese: {text}"
    assert body["message"]


@pytest.mark.parametrize("language", ["zh-Hant", "en"])
def test_bad_input_is_refused_clearly_and_nothing_is_written(program: ProgramOf, language: str) -> None:
    caller = program(language=language)
    before = rows()
    wrong = []
    for name, (bad, status, code, field) in BAD.items():
        try:
            check(bad(caller), status, code, field, language == "en")
            assert rows() == before, "something was written"
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["zh-Hant", "en"])
def test_a_closed_item_is_refused(program: ProgramOf, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from citycall.policy.model import Item

    caller = program(language=language)
    before = rows()
    monkeypatch.setattr(Item, "active_on", lambda self, day: False)
    check(caller.establish(), 422, "closed_item", "item", language == "en")
    assert rows() == before


@pytest.mark.parametrize("language", ["zh-Hant", "en"])
def test_a_key_with_other_content_is_a_conflict(program: ProgramOf, language: str) -> None:
    caller = program(language=language)
    assert caller.establish(key="k").status == 201
    before = rows()
    check(
        caller.establish(key="k", description="不同的內容"),
        409,
        "idempotency_conflict",
        None,
        language == "en",
    )
    assert rows() == before


def _picture(name: str = "a.jpg", pad: int = 0) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue() + b"\0" * pad, "image/jpeg")


FILES: dict[str, tuple[Callable[[], dict[str, Any]], int, str]] = {
    "30 MB": (lambda: {"files": _picture(pad=30 * 1024 * 1024)}, 413, "too_large"),
    "a program called .jpg": (
        lambda: {"files": SimpleUploadedFile("photo.jpg", b"MZ\x90\0" + b"\0" * 500, "image/jpeg")},
        415,
        "wrong_file_type",
    ),
    "a script called .jpg": (
        lambda: {"files": SimpleUploadedFile("photo.jpg", b"#!/bin/sh\nrm -rf /\n", "image/jpeg")},
        415,
        "wrong_file_type",
    ),
    "a page called .png": (
        lambda: {"files": SimpleUploadedFile("a.png", b"<svg onload=alert(1)>", "image/png")},
        415,
        "wrong_file_type",
    ),
    "an empty file": (
        lambda: {"files": SimpleUploadedFile("a.jpg", b"", "image/jpeg")},
        415,
        "wrong_file_type",
    ),
    "a good one and a bad one": (
        lambda: {"files": [_picture(), SimpleUploadedFile("b.jpg", b"MZ", "image/jpeg")]},
        415,
        "wrong_file_type",
    ),
    "no file": (lambda: {"caption": "x"}, 422, "invalid"),
    "another name": (lambda: {"file": _picture()}, 422, "invalid"),
    "an unknown field": (lambda: {"files": _picture(), "number": "1"}, 422, "invalid"),
}


@pytest.mark.parametrize("language", ["zh-Hant", "en"])
def test_bad_files_are_refused_and_nothing_is_kept(program: ProgramOf, language: str) -> None:
    number = program().establish().body["number"]
    handler = program("works.handler1", language)
    program("works.intake_window").ask("POST", f"{CASES}/{number}/acknowledge")
    handler.ask("POST", f"{CASES}/{number}/take")
    before = rows()
    for name, (made, status, code) in FILES.items():
        answer = handler.ask("POST", f"{CASES}/{number}/photos", key=None, data=made())
        try:
            check(answer, status, code, None, language == "en")
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
        assert rows() == before, name
    wrong = handler.ask("POST", f"{CASES}/{number}/photos", {"files": "x"}, key=None)
    check(wrong, 415, "unsupported_media_type", None, language == "en")
    broken = handler.ask(
        "POST", f"{CASES}/{number}/photos", b"--x\r\nnonsense", key=None, content_type="multipart/form-data"
    )
    assert broken.status == 400
    assert rows() == before


def test_a_body_with_a_length_that_is_no_number_or_no_length(operator: Program) -> None:
    odd = operator.ask("POST", CASES, LAMP, CONTENT_LENGTH="-5")
    assert (odd.status, odd.body["code"]) == (400, "malformed")
    chunked = operator.ask("POST", CASES, LAMP, headers={"Transfer-Encoding": "chunked"})
    assert (chunked.status, chunked.body["code"]) == (411, "length_required")


NASTY = "'; DROP TABLE cases_case;-- <script>alert(1)</script> {{7*7}} {number} %s \\ \" &lt;"


def test_sql_and_html_are_text_like_any_other(operator: Program, program: ProgramOf) -> None:
    """Accepted as what was said, kept letter by letter, and shown escaped."""
    from django.test import Client

    from citycall.people.models import Staff

    made = operator.establish(
        description=NASTY,
        place={"address": f"新北市板橋區中山路一段161號 {NASTY}"[:200]},
        reporter={"name": NASTY[:60], "phone": "0912345678", "address": NASTY},
    )
    assert made.status in {201, 422}, made.body
    if made.status == 422:  # the place may be too odd to be found; the words may not
        assert set(made.body["fields"]) == {"place.address"}
        made = operator.establish(
            description=NASTY, reporter={"name": NASTY[:60], "phone": "0912345678", "address": NASTY}
        )
    assert made.status == 201, made.body
    number = made.body["number"]
    assert operator.ask("GET", f"{CASES}/{number}").body["description"] == NASTY
    program("works.intake_window").ask("POST", f"{CASES}/{number}/acknowledge")
    handler = program("works.handler1")
    handler.ask("POST", f"{CASES}/{number}/take")
    done = handler.ask(
        "POST",
        f"{CASES}/{number}/complete",
        {"finding": "resolved", "result": NASTY, "prevention": NASTY, "late_reason": NASTY},
    )
    assert done.status == 200, done.body
    browser = Client()
    window = Staff.objects.get(username="works.intake_window")
    browser.force_login(window, backend="citycall.people.backends.StaffBackend")
    page = browser.get(f"/inbox/cases/{number}/")
    if page.status_code == 200:
        shown = page.content.decode()
        assert "<script>alert(1)" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_a_fault_of_ours_is_told_as_such_and_says_nothing_more(
    operator: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from citycall.api import v1

    def away(*_arguments: Any) -> Any:
        raise OperationalError("server closed the connection; password=secret")

    monkeypatch.setattr(v1, "execute", away)
    answer = operator.establish()
    assert (answer.status, answer.body["code"]) == (503, "busy")
    assert "secret" not in str(answer.body)

    def broken(*_arguments: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(v1, "execute", broken)
    answer = operator.establish()
    assert (answer.status, answer.body["code"]) == (500, "failed")
    assert "secret" not in str(answer.body)
