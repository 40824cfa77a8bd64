"""Whatever is wrong with what is typed: said beside the field, in both languages, kept, and not written."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from PIL import Image
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import AUDIT, LAMP, MONDAY, as_post, fingerprint, kept_world
from tests.web.conftest import BACKEND

pytestmark = pytest.mark.xdist_group("bad-input")

HAN = re.compile("[\u4e00-\u9fff]")
LANGUAGES = {"zh": "zh-Hant-TW", "en": "en"}
# A session is no fact, and a wrong number and code are counted so that codes cannot be guessed.
BESIDES = AUDIT | {"django_session", "cases_lookupfailure"}
NASTY = "'; DROP TABLE cases_case; -- <script>alert(1)</script> {{ 7 }} <img src=x onerror=alert(2)>"
RAW = ("<script>alert(1)", "<img src=x")
OPERATOR, LEAD, HANDLER = "call_centre.operator1", "call_centre.lead", "works.handler1"


# --- the screens with forms -------------------------------------------------------------------------------

CARD = {
    "key": "one-form",
    "item": "streetlight",
    "words": "路燈",
    "address": "新北市板橋區中山路一段161號",
    "description": "路燈不亮",
    "name": "王小明",
    "phone": "0912345678",
    "email": "",
    "reply_by": "sms",
}
WHEN = "2026-03-02T10:00"
# Name: who is signed in, where it is sent, what is right.
SCREENS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "desk card": (OPERATOR, "/desk/cases/new", CARD),
    "desk simulated call": (OPERATOR, "/desk/calls/simulate", {"phone": "0912345678"}),
    "desk withdraw": (
        OPERATOR,
        "/desk/cases/{number}/withdraw",
        {"reason": "entered_by_mistake", "note": "誤登"},
    ),
    "desk reopen": (LEAD, "/desk/cases/{closed}/reopen", {"reason": "現場未修復"}),
    "desk open task": (
        OPERATOR,
        "/desk/cases/{number}/tasks/open",
        {"task": "delivery_problem", "note": "通知未送達"},
    ),
    "inbox task": (
        "works.window",
        "/inbox/cases/{owed}/tasks/delivery_problem",
        {"text": "信箱已清理"},
    ),
    "desk decide": (
        LEAD,
        "/desk/stage-requests/{case}/decide",
        {"reason": "同意", "days": "2", "approve": "yes"},
    ),
    "desk outage": (OPERATOR, "/desk/outage/", {"at": WHEN, "note": "主機當機"}),
    "desk urgent report": (
        OPERATOR,
        "/desk/cases/new",
        {
            **CARD,
            "filed_as": "report",
            "item": "",
            "agency": "works",
            "notified_at": WHEN,
            "notified_person": "李四",
        },
    ),
    "desk after outage": (
        OPERATOR,
        "/desk/outage/enter",
        {**CARD, "notified_at": WHEN, "notified_person": "李四"},
    ),
    "inbox note": (HANDLER, "/inbox/cases/{number}/note", {"text": "現場勘查"}),
    "inbox complete": (
        HANDLER,
        "/inbox/cases/{number}/complete",
        {"finding": "resolved", "result": "已更換", "done_at": WHEN, "prevention": "加強巡查"},
    ),
    "inbox stage": (
        HANDLER,
        "/inbox/cases/{number}/stage",
        {"to": "second", "days": "3", "reason": "須開挖路面"},
    ),
    "inbox explain": (HANDLER, "/inbox/cases/{number}/explain", {"reason": "待料"}),
    "inbox prevention": (HANDLER, "/inbox/cases/{number}/prevention", {"text": "加強巡查"}),
    "inbox phone reason": (HANDLER, "/inbox/cases/{number}/phone/open", {"reason": "再次確認"}),
    "inbox phone record": (
        HANDLER,
        "/inbox/cases/{number}/phone/record",
        {"reached": "yes", "callee": "本人", "at": WHEN, "content": "已說明"},
    ),
    "inbox photo caption": (HANDLER, "/inbox/cases/{number}/photos", {"caption": "施工前"}),
    "inbox analysis": (
        "works.evaluator",
        "/inbox/delays/{number}/",
        {"cause": "workforce", "text": "調度不及，將增派人力"},
    ),
    "inbox post": ("works.head", "/inbox/posts/works.window/", {"username": "nobody.here"}),
    "oversight delays": (
        "research.evaluator",
        "/oversight/delays/works/2026-02/",
        {"finding": "備料不足", "measure": "增加庫存", "state": "open"},
    ),
    "oversight item": (
        "research.evaluator",
        "/oversight/items/streetlight/",
        {"since": "2026-02-01", "until": "2026-02-28", "conclusion": "維持現行時限"},
    ),
    "oversight new item": (
        "research.director",
        "/oversight/items/new/",
        {
            "name_zh": "交通錐",
            "name_en": "Traffic cone",
            "code": "traffic_cone",
            "agency": "works",
            "stage1_amount": "4",
            "stage1_unit": "hours",
            "stage2_days": "7",
            "active_from": "2026-04-01",
            "keywords": "三角錐",
        },
    ),
    "oversight new change": (
        "research.evaluator",
        "/oversight/policy/changes/new/",
        {
            "title": "路燈時限",
            "note": "備料不易",
            "effective_from": "2026-04-01",
            "document": "新北府研字第1號",
        },
    ),
    "oversight setting": (
        "research.evaluator",
        "/oversight/policy/changes/{draft}/settings/overdue-dunning/",
        {
            "part_at": "17:00",
            "part_to": "supervisor",
            "part_channels": "email",
            "part_digest": "yes",
            "zh": "每日17時",
            "en": "17:00",
        },
    ),
    "oversight file": (
        "research.evaluator",
        "/oversight/policy/changes/{draft}/files/kinds.yaml/",
        {"text": "# 空的\n"},
    ),
    "oversight decision": (
        "research.director",
        "/oversight/policy/changes/{sent}/decide",
        {"reason": "如擬", "approve": "no"},
    ),
    "portal": ("", "/track/", {"number": "F1150302-000001", "code": "123456"}),
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Any]]:
    """A case being worked on, one that is closed, a request that waits."""
    from citycall.base.commands import execute
    from citycall.services.cases.models import Case

    def made(to: str) -> Case:
        case = execute("cases.establish", as_post(OPERATOR), LAMP).case
        execute("cases.acknowledge", as_post("works.intake_window"), {"case": case})
        execute("cases.take", as_post(HANDLER), {"case": case})
        if to == "closed":
            execute(
                "cases.complete", as_post(HANDLER), {"case": case, "finding": "resolved", "result": "已更換"}
            )
        return Case.objects.get(pk=case)

    with kept_world(django_db_blocker) as timeline:
        case, closed, owed = made("taken"), made("closed"), made("taken")
        flag = {"case": owed.pk, "task": "delivery_problem", "note": "通知未送達"}
        execute("cases.open_task", as_post(OPERATOR), flag)
        asked = {"case": case.pk, "to": "second", "days": 2, "reason": "須開挖路面"}
        execute("cases.request_stage", as_post(HANDLER), asked)
        execute("cases.open_phone", as_post("works.handler2"), {"case": case.pk})
        execute("cases.declare_outage", as_post(LEAD), {"since": MONDAY - timedelta(hours=1)})
        change = {"title": "路燈時限", "items": [{"code": "streetlight", "stage1": "8 hours"}]}
        draft, sent = (
            execute("oversight.propose_change", as_post("research.evaluator"), change).change
            for _ in range(2)
        )
        execute("oversight.submit_change", as_post("research.evaluator"), {"change": sent})
        timeline.work()
        numbers = {
            "case": case.pk,
            "number": case.number,
            "closed": closed.number,
            "owed": owed.number,
        }
        yield {**numbers, "draft": draft, "sent": sent}


@pytest.fixture
def city(world: dict[str, Any], db: None) -> dict[str, Any]:
    return world


def browser(username: str, language: str = "zh") -> Client:
    from citycall.people.models import Staff

    client = Client(headers={"Accept-Language": LANGUAGES[language]})
    if username:
        client.force_login(Staff.objects.get(username=username), backend=BACKEND)
    return client


def send(client: Client, path: str, given: dict[str, Any]) -> Any:
    """As a browser does: never a wholly empty form, files from their beginning, a dialog by htmx."""
    sent = {"csrfmiddlewaretoken": "x", **given}
    if path.endswith("/photos") and "documents" not in sent:
        sent["documents"] = SimpleUploadedFile("a.jpg", picture(), "image/jpeg")
    htmx = {"HX-Request": "true"} if path.endswith("/simulate") else None
    return client.post(path, sent, headers=htmx)


def bound_form(answer: Any) -> forms.BaseForm:
    """The form that the answer shows again."""
    found: dict[int, forms.BaseForm] = {}
    for layer in answer.context or ():
        for values in layer.dicts:
            for value in values.values():
                if isinstance(value, forms.BaseForm) and value.is_bound:
                    found[id(value)] = value
    assert len(found) == 1, f"{answer.status_code}: {len(found)} forms are shown again"
    return next(iter(found.values()))


def said(form: forms.BaseForm, language: str = "zh") -> list[str]:
    with translation.override({"zh": "zh-hant", "en": "en"}[language]):
        return [str(error) for errors in form.errors.values() for error in errors]


def in_language(words: list[str], language: str) -> None:
    assert words
    for word in words:
        plain = re.sub("「.*?」|『.*?』|高雄市|好|大|路燈", "", word)
        assert bool(HAN.search(plain)) == (language == "zh"), f"not {language}: {word}"


def refused_well(
    answer: Any, given: dict[str, Any], field: str | None, language: str, before: object
) -> forms.BaseForm:
    """A 4xx with the form shown again: words at the field, everything typed still there, nothing written."""
    assert 400 <= answer.status_code < 500, answer.status_code
    form = bound_form(answer)
    in_language(said(form, language), language)
    if field is not None:
        assert field in form.errors, f"said elsewhere: {form.errors.as_data()}"
    page = answer.content.decode()
    for error in said(form, language):
        assert html.escape(error) in page or error in page, f"not shown: {error}"
    for name, value in given.items():
        if name in form.fields and value and not isinstance(value, SimpleUploadedFile):
            kept = form[name].value() or ""
            assert value in kept if isinstance(kept, list) else str(kept) == str(value), f"{name} was lost"
            text = str(value)
            if isinstance(form.fields[name], forms.CharField) and text.isprintable():
                assert html.escape(text) in page, f"{name} is not on the page"
    assert fingerprint(BESIDES) == before, "something was written"
    return form


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
        if screen == "desk card" and name == "notified_person":
            continue  # asked for urgent reports alone
        if name == "related" and what in ("escape", "turned direction"):
            continue  # an earlier case that is not there is left out
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
    refused_well(answer, given, None, language, before)


# --- files ------------------------------------------------------------------------------------------------


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "grey").save(content, "JPEG")
    return content.getvalue()


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
