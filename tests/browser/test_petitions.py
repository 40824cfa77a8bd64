"""Petitions and urgent reports in a real browser: the card by kind, by keyboard; the agency's side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from citycall.base import clock
from citycall.people.sample_guard import SAMPLE_PASSWORD

from .desk import everywhere
from .test_inbox import enter

pytestmark = pytest.mark.django_db(transaction=True)
Contexts = Callable[..., BrowserContext]
Check = Callable[[Page], None]


def city(pack: str) -> None:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample(pack, cases=False)


def act(who: str, command: str, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(who), given)


def report(**more: Any) -> Any:
    given = {
        "kind": "report",
        "agency": "works",
        "description": "擋土牆龜裂",
        "reporter": {"name": "王小明", "phone": "0912345678"},
        "notified_person": "值班張先生",
        "notified_at": clock.now() - timedelta(minutes=6),
        "reply_by": "sms",
        **more,
    }
    return act("call_centre.operator1", "cases.establish", **given)


def test_the_card_asks_what_the_kind_asks(live: str, page: Page, accessible: Check, screenshot: Any) -> None:
    city("newtaipei")
    enter(page, "call_centre.operator1", "/desk/")
    agency, person = page.locator("#id_agency"), page.locator("#id_notified_person")
    expect(agency).to_be_hidden()
    expect(person).to_be_hidden()
    page.get_by_label("通報案件").check()
    expect(agency).to_be_visible()
    expect(person).to_be_visible()
    expect(page.locator("#item-none")).to_be_checked()
    agency.select_option("works")
    expect(page.locator("#check")).to_contain_text("先以電話通報機關")
    expect(page.locator("#check")).to_contain_text("09")
    marks = page.locator(".needed:visible")
    assert marks.count() == 4, "agency, who was told, when, and what it is"
    page.get_by_role("button", name="電話通報時間填入現在").click()
    typed = datetime.fromisoformat(page.locator("#id_notified_at").input_value()).replace(tzinfo=clock.TAIPEI)
    assert timedelta(0) <= clock.now() - typed < timedelta(minutes=2)
    everywhere(page, accessible)
    screenshot(page, "desk-urgent-report")
    page.get_by_label("陳情案件").check()
    expect(marks).to_have_count(2)
    expect(agency).to_be_visible()
    expect(person).to_be_hidden()
    page.locator("#id_words").fill("臨櫃服務")
    page.locator("#item-counter_service").check()
    expect(agency).to_be_hidden()
    expect(page.locator("#check")).to_contain_text("民政局")
    page.get_by_label("依服務項目").check()
    expect(page.locator("#item-none")).to_have_count(0)
    expect(agency).to_be_hidden()


def test_an_urgent_report_by_keyboard_alone(live: str, page: Page) -> None:
    from citycall.base import clock
    from citycall.services.cases.models import Case

    city("newtaipei")
    enter(page, "call_centre.operator1", "/desk/")
    page.locator("[name=filed_as]:checked").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("通報案件")).to_be_checked()
    page.locator("#id_words").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#id_agency")).to_be_focused()
    while page.locator("#id_agency").input_value() != "works":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("值班張先生")
    at = clock.local(clock.now()).strftime("%Y-%m-%dT%H:%M")
    page.locator("#id_notified_at").fill(at)
    page.locator("#id_description").fill("擋土牆龜裂")
    page.locator("#id_phone").fill("0912345678")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/established")
    case = Case.objects.get()
    assert (case.kind, case.agency, case.notified_person) == ("report", "works", "值班張先生")
    expect(page.locator("#facts")).to_contain_text("值班張先生")


def test_without_scripts_the_card_still_files_a_report(live: str, new_context: Contexts) -> None:
    from citycall.base import clock
    from citycall.services.cases.models import Case

    city("newtaipei")
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/account/sign-in?next=/desk/")
    page.fill("[name=username]", "call_centre.operator1")
    page.fill("[name=password]", SAMPLE_PASSWORD)
    page.press("[name=password]", "Enter")
    page.get_by_label("通報案件").check()
    page.locator("#id_agency").select_option("works")
    page.locator("#id_notified_person").fill("值班張先生")
    page.locator("#id_notified_at").fill(clock.local(clock.now()).strftime("%Y-%m-%dT%H:%M"))
    page.locator("#id_description").fill("擋土牆龜裂")
    page.locator("#id_phone").fill("0912345678")
    page.get_by_role("button", name="成案", exact=True).click()
    page.wait_for_url("**/established")
    assert Case.objects.get().kind == "report"


def test_what_is_missing_shows_its_field(live: str, page: Page, accessible: Check) -> None:
    city("newtaipei")
    enter(page, "call_centre.operator1", "/desk/")
    page.get_by_label("通報案件").check()
    page.locator("#id_agency").select_option("works")
    page.locator("#id_description").fill("擋土牆龜裂")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    expect(page.locator("#id_notified_person")).to_be_visible()
    expect(page.get_by_label("通報案件")).to_be_checked()
    expect(page.locator("#id_description")).to_have_value("擋土牆龜裂")
    everywhere(page, accessible)


def test_the_agency_begins_submits_and_approves(
    live: str, new_context: Contexts, accessible: Check, screenshot: Any
) -> None:
    city("newtaipei")
    made = report()
    handler = new_context().new_page()
    enter(handler, "works.handler1", "/inbox/")
    expect(handler.locator(".urgent")).to_contain_text(made.number)
    expect(handler.locator(".urgent")).to_contain_text("6 分鐘")
    everywhere(handler, accessible)
    screenshot(handler, "inbox-not-begun")
    handler.locator(".urgent a").click()
    handler.wait_for_url(f"**/cases/{made.number}/")
    expect(handler.get_by_text("已先以電話通報").first).to_be_visible()
    everywhere(handler, accessible)
    handler.keyboard.press("t")
    expect(handler.get_by_text("已由您承辦。")).to_be_visible()
    handler.keyboard.press("c")
    handler.wait_for_url("**/submit")
    everywhere(handler, accessible)
    handler.get_by_label("已處理完成").check()
    handler.get_by_label("辦理結果").fill("已架設支撐")
    handler.keyboard.press("Control+Enter")
    expect(handler.get_by_text("已陳核，核定後才會回覆民眾。")).to_be_visible()
    everywhere(handler, accessible)

    chief = new_context().new_page()
    enter(chief, "works.section_chief", "/inbox/trays/approve/")
    chief.get_by_role("link", name=made.number).click()
    expect(chief.get_by_role("button", name="核定")).to_be_visible()
    everywhere(chief, accessible)
    screenshot(chief, "inbox-approve")
    chief.keyboard.press("w")
    chief.wait_for_url("**/return")
    everywhere(chief, accessible)
    chief.keyboard.type("請補述鄰房")
    chief.keyboard.press("Control+Enter")
    expect(chief.get_by_text("已退回承辦人續辦。")).to_be_visible()
    expect(handler.get_by_text("請補述鄰房").first).to_be_visible()
    handler.keyboard.press("c")
    handler.get_by_label("辦理結果").fill("已架設支撐，鄰房無虞")
    handler.keyboard.press("Control+Enter")
    expect(chief.get_by_role("button", name="核定")).to_be_visible()
    chief.keyboard.press("y")
    expect(chief.get_by_text("已核定，正在回覆民眾")).to_be_visible()


def test_the_clerk_and_grade_b(live: str, new_context: Contexts, accessible: Check, screenshot: Any) -> None:
    city("taipei")
    given = {
        "kind": "petition",
        "agency": "works",
        "category": "rights",
        "description": "人行道停放機車",
        "reply_by": "none",
    }
    made = act("call_centre.operator1", "cases.establish", **given)
    clerk = new_context().new_page()
    enter(clerk, "works.allotter", f"/inbox/cases/{made.number}/")
    clerk.get_by_role("link", name="分文掛號").click()
    clerk.wait_for_url("**/register")
    everywhere(clerk, accessible)
    screenshot(clerk, "inbox-register")
    clerk.get_by_label("業務承辦人一").check()
    clerk.keyboard.press("Control+Enter")
    expect(clerk.get_by_text("已分文掛號。")).to_be_visible()
    handler = new_context().new_page()
    enter(handler, "works.handler1", f"/inbox/cases/{made.number}/")
    handler.keyboard.press("b")
    handler.wait_for_url("**/grade_b")
    everywhere(handler, accessible)
    screenshot(handler, "inbox-grade-b")
    last = handler.locator("#id_planned_end").get_attribute("max")
    assert last
    handler.locator("#id_planned_end").fill(last)
    handler.get_by_label("初步查處結果").fill("排定會勘")
    handler.keyboard.press("Control+Enter")
    expect(handler.get_by_text("已列為 B 等級")).to_be_visible()
    everywhere(handler, accessible)
