"""Petitions whose citizens wish for a letter, or leave nothing else (TP-5-5-1a)."""

from __future__ import annotations

import pytest
from tests.web.petitions import BY_LETTER, cases
from tests.web.sample import login, run, taipei

pytestmark = pytest.mark.django_db
__all__ = ["taipei"]


def test_a_letter_is_among_the_wishes_at_the_desk(taipei: None) -> None:
    desk = login("call_centre.operator1")
    assert '<option value="letter">書信</option>' in desk.get("/desk/").content.decode()
    desk.post("/desk/cases/new", BY_LETTER)
    case = cases().get()
    assert case.reply_by == "letter"
    assert "<dt>回覆方式</dt><dd>書信</dd>" in desk.get(f"/desk/cases/{case.number}/").content.decode()


def test_who_leaves_but_an_address_is_answered_by_letter(taipei: None) -> None:
    desk = login("call_centre.operator1")
    desk.post("/desk/cases/new", BY_LETTER | {"reply_by": ""})
    assert cases().get().reply_by == "letter"


def test_a_letter_without_an_address_is_refused_at_its_field(taipei: None) -> None:
    desk = login("call_centre.operator1")
    answer = desk.post("/desk/cases/new", BY_LETTER | {"reporter_address": "", "phone": "0912345678"})
    assert answer.status_code == 422
    assert "以書信回覆需要地址" in answer.content.decode()
    assert not cases().exists()


def test_the_result_of_a_petition_by_letter_asks_for_the_letter(taipei: None) -> None:
    login("call_centre.operator1").post("/desk/cases/new", BY_LETTER)
    case = cases().get()
    run("cases.register", "works.allotter", case=case.pk, post="handler1")
    handler = login("works.handler1")
    at = f"/inbox/cases/{case.number}/submit"
    assert 'name="no_reply"' in handler.get(at).content.decode()
    result = {"finding": "resolved", "result": "已錄案研議", "done_at": "2026-03-02T10:00"}
    refused = handler.post(at, result)
    assert refused.status_code == 422
    assert "請先擬具回覆稿" in refused.content.decode()
    run("cases.draft_reply", "works.handler1", case=case.pk, content="本局已錄案研議。")
    assert 'name="no_reply"' not in handler.get(at).content.decode()
    assert handler.post(at, result).status_code == 302
