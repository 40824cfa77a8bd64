"""What people see when something went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client, RequestFactory

from citycall.base.commands import Refused
from citycall.web import errors

from .toy_urls import ToyForm

HTMX = {"HX-Request": "true"}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def quiet_client(db: None) -> Client:
    return Client(raise_request_exception=False)


def test_a_refusal_becomes_a_page(client: Client, db: None, toys: None) -> None:
    answer = client.get("/toy/refuse")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "這件案子已經結案。" in page
    assert "&lt;b&gt;12" in page


def test_a_refusal_becomes_a_banner_beside_the_work(client: Client, db: None, toys: None) -> None:
    answer = client.get("/toy/refuse", headers=HTMX)
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#notices"
    assert "<html" not in answer.content.decode()


def test_a_refusal_becomes_json_for_programs(client: Client, db: None, toys: None) -> None:
    answer = client.get("/toy/refuse", headers={"Accept": "application/json"})
    assert answer.json() == {
        "code": "wrong_status",
        "message": "這件案子已經結案。",
        "fields": {"case": "<b>12</b>"},
    }


def test_words_stand_beside_the_fields_they_are_about() -> None:
    form = ToyForm({"address": "火星"})
    assert form.is_valid()
    refusal = Refused("invalid", "有誤", fields={"place.address": "不在本市", "kind": "不明"}, status=422)
    errors.into_form(form, refusal)
    assert form.errors["address"] == ["不在本市"]
    assert form.non_field_errors() == ["不明"]


def test_a_refusal_without_fields_stands_at_the_top() -> None:
    form = ToyForm({"address": "板橋"})
    assert form.is_valid()
    errors.into_form(form, Refused("conflict", "別人先簽收了。"))
    assert form.non_field_errors() == ["別人先簽收了。"]


@pytest.mark.parametrize(
    ("address", "status", "zh", "en"),
    [
        ("/nowhere", 404, "找不到這一頁", "Page not found"),
        ("/toy/broken", 500, "系統發生錯誤", "Something went wrong"),
    ],
)
def test_both_languages(
    quiet_client: Client, toys: None, address: str, status: int, zh: str, en: str
) -> None:
    answer = quiet_client.get(address)
    assert (answer.status_code, zh in answer.content.decode()) == (status, True)
    answer = quiet_client.get(address, headers=ENGLISH)
    assert (answer.status_code, en in answer.content.decode()) == (status, True)


def test_a_body_that_is_too_large_is_stopped_by_its_length(client: Client, db: None, toys: None) -> None:
    answer = client.post("/toy/body", b"", content_type="image/png", CONTENT_LENGTH=str(10**9))
    assert answer.status_code == 413
    assert "檔案太大" in answer.content.decode()
    assert answer["Content-Security-Policy"]


def test_a_form_that_is_too_large(quiet_client: Client, toys: None, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = quiet_client.post("/toy/body", {"text": "很長" * 50})
    assert answer.status_code == 413


def test_too_big_is_no_bad_request(rf: RequestFactory, db: None) -> None:
    assert errors.bad_request(rf.get("/"), RequestDataTooBig()).status_code == 413
    assert errors.bad_request(rf.get("/")).status_code == 400


def test_a_form_of_another_site_is_refused(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/account/preferences", {"theme": "dark"}, headers={"Origin": "https://elsewhere.tw"}
    )
    assert answer.status_code == 403
    assert "這份表單無法確認來源" in answer.content.decode()
    assert "theme" not in answer.content.decode()


def test_the_last_resort_needs_nothing(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no templates today")

    monkeypatch.setattr(errors, "_answer", fail)
    answer = errors.broken(rf.get("/"))
    assert answer.status_code == 500
    assert "1999" in answer.content.decode()
