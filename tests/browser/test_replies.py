"""A petition's reply in a real browser: written, approved in full view, sent, its letter downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .desk import everywhere
from .test_inbox import enter
from .test_petitions import act, city

pytestmark = pytest.mark.django_db(transaction=True)
Contexts = Callable[..., BrowserContext]
Check = Callable[[Page], None]


def petition(**more: Any) -> Any:
    given = {
        "kind": "petition",
        "agency": "works",
        "category": "rights",
        "description": "人行道停放機車",
        "reporter": {"name": "王小明", "email": "ming@sample.invalid", "address": "臺北市信義區市府路1號"},
        "reply_by": "email",
        **more,
    }
    made = act("call_centre.operator1", "cases.establish", **given)
    act("works.intake_window", "cases.acknowledge", case=made.case)
    act("works.handler1", "cases.take", case=made.case)
    return made


def written(page: Page, number: str, accessible: Check, *, letter: bool) -> None:
    """The handler writes the reply and puts it up, by keyboard."""
    enter(page, "works.handler1", f"/inbox/cases/{number}/")
    page.keyboard.press("h")
    page.wait_for_url("**/draft")
    everywhere(page, accessible)
    if letter:
        page.get_by_label("信函").check()
        page.get_by_label("改用其他方式之理由").fill("附圖以信函寄送")
    page.get_by_label("回覆內容").fill("已於三月一日會勘，將增設停車格六格。")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("回覆稿已存，尚未發出。")).to_be_visible()
    expect(page.locator("#reply-draft")).to_contain_text("將增設停車格六格")
    everywhere(page, accessible)
    page.keyboard.press("c")
    page.wait_for_url("**/submit")
    page.get_by_label("建議已採納或錄案參辦").check()
    page.get_by_label("辦理結果").fill("將增設停車格")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("已陳核，核定後才會回覆民眾。")).to_be_visible()


def approved(page: Page, number: str, accessible: Check) -> None:
    """Who approves reads the whole reply first."""
    enter(page, "works.section_chief", f"/inbox/cases/{number}/")
    reply = page.locator("#reply-draft")
    for said in ("將增設停車格六格", "工務局業務承辦人一", "待核定"):
        expect(reply).to_contain_text(said)
    everywhere(page, accessible)
    page.keyboard.press("y")
    expect(page.get_by_text("已核定")).to_be_visible()


def issued(page: Page, number: str, accessible: Check) -> None:
    """The standard form is filled in, and the reply goes out."""
    page.goto(f"/inbox/cases/{number}/")
    page.keyboard.press("i")
    page.wait_for_url("**/issue")
    everywhere(page, accessible)
    page.get_by_label("發文文號").fill("北市工字第1150001號")
    page.get_by_label("A（已辦理完成）").check()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("回覆已發出。")).to_be_visible()


def test_from_the_draft_to_the_letter(
    live: str, new_context: Contexts, accessible: Check, screenshot: Any, tmp_path: Path
) -> None:
    city("taipei")
    made = petition()
    handler, chief = new_context().new_page(), new_context().new_page()
    written(handler, made.number, accessible, letter=True)
    screenshot(handler, "reply-submitted")
    approved(chief, made.number, accessible)
    issued(handler, made.number, accessible)
    screenshot(handler, "reply-issued")
    with handler.expect_download() as loading:
        handler.locator("#files a").first.click()
    kept = tmp_path / "letter.pdf"
    loading.value.save_as(kept)
    assert kept.read_bytes().startswith(b"%PDF-")
    with handler.expect_download() as mailing:
        handler.get_by_role("button", name="開啟姓名地址，列印郵寄").click()
    mailing.value.save_as(tmp_path / "mail.pdf")
    assert (tmp_path / "mail.pdf").read_bytes().startswith(b"%PDF-")


def test_from_the_draft_to_the_message(live: str, new_context: Contexts, accessible: Check) -> None:
    from citycall.base.notices import Notice
    from citycall.services.cases.models import Case

    city("taipei")
    made = petition()
    handler, chief = new_context().new_page(), new_context().new_page()
    written(handler, made.number, accessible, letter=False)
    expect(handler.get_by_text("民眾會收到的訊息")).to_be_visible()
    approved(chief, made.number, accessible)
    issued(handler, made.number, accessible)
    notice = Notice.objects.get(template="petition.completed_citizen")
    assert (notice.channel, notice.context["document_number"]) == ("email", "北市工字第1150001號")
    send()
    assert Case.objects.get(pk=made.case).status == "closed"
    handler.goto(f"/inbox/cases/{made.number}/")
    expect(handler.get_by_text("已結案").first).to_be_visible()


def send() -> None:
    """What the worker does with the outbox."""
    from citycall.base.notices.sending import send_due

    send_due()


def test_told_at_the_desk_and_asked_again(
    live: str, page: Page, new_context: Contexts, accessible: Check, screenshot: Any
) -> None:
    from citycall.services.cases.models import Case

    city("taipei")
    made = petition(reply_by="none")
    act("works.handler1", "cases.complete", case=made.case, finding="adopted", result="將增設停車格")
    act("works.section_chief", "cases.approve", case=made.case)
    case = Case.objects.get(pk=made.case)
    enter(page, "call_centre.operator1", f"/desk/cases/{made.number}/")
    everywhere(page, accessible)
    screenshot(page, "desk-result")
    page.keyboard.press("j")
    expect(page.get_by_text("已記錄：話務人員電話告知結果。")).to_be_visible()
    visitor = new_context().new_page()
    visitor.goto("/track/")
    visitor.get_by_label("案號").fill(made.number)
    visitor.get_by_label("查詢碼").fill(case.lookup_code)
    visitor.keyboard.press("Enter")
    visitor.get_by_text("對處理結果不滿意？").click()
    everywhere(visitor, accessible)
    screenshot(visitor, "portal-again")
    visitor.get_by_label("不滿意之處").fill("仍停放機車")
    visitor.get_by_role("button", name="申請重新辦理").click()
    expect(visitor.get_by_text("已收到")).to_be_visible()
    lead = new_context().new_page()
    enter(lead, "call_centre.lead", f"/desk/cases/{made.number}/")
    expect(lead.get_by_text("仍停放機車").first).to_be_visible()


def test_the_months_of_petitions(live: str, page: Page, accessible: Check, screenshot: Any) -> None:
    city("taipei")
    made = petition()
    given = {"ground": "notes11", "reason": "同一事由已明確答復"}
    act("works.section_chief", "cases.leave_unprocessed", case=made.case, **given)
    enter(page, "research.evaluator", "/oversight/petitions/")
    expect(page.get_by_text(made.number)).to_be_visible()
    everywhere(page, accessible)
    screenshot(page, "oversight-petitions")
