"""Every screen with a form, what is right for it, and what a good refusal is."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
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

HAN = re.compile("[\u4e00-\u9fff]")
LANGUAGES = {"zh": "zh-Hant-TW", "en": "en"}
# A session is no fact, and a wrong number and code are counted so that codes cannot be guessed.
BESIDES = AUDIT | {"django_session", "cases_lookupfailure"}
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


# --- files ------------------------------------------------------------------------------------------------


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "grey").save(content, "JPEG")
    return content.getvalue()
