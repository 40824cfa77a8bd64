"""The desk's other screens in a real browser: applications, outages, small screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.desk import (
    LAMP,
    LANDLINE,
    MOBILE,
    answer,
    case,
    city,
    desk,
    everywhere,
    fill,
    live,
    rings,
    sign_in,
)

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["city", "desk"]


def test_the_lead_decides_on_applications(
    page: Page, city: None, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling, stages

    for n in range(2):
        of = {"case": case("streetlight", f"第 {n} 盞路燈不亮").case}
        handling.acknowledge(actor_for_post("works.intake_window"), of)
        ask = {"to": "second", "days": 7, "reason": "現場勘查須開挖，無法即時處理"}
        stages.request_stage(actor_for_post("works.handler1"), of | ask)
    sign_in(page, "call_centre.lead")
    live(page)
    expect(page.locator("#waiting .count")).to_have_text("2")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/stage-requests/")
    everywhere(page, accessible)
    screenshot(page, "desk-applications")
    page.locator("textarea").first.fill("勘查照片已附，同意")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#waiting .count")).to_have_text("1")


def test_other_screens(
    desk: Page, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    for n in range(3):
        case("streetlight", f"路燈第 {n} 盞不亮")
    desk.locator("#id_words").focus()
    desk.keyboard.type("路燈不亮")
    desk.keyboard.press("Enter")
    desk.keyboard.type("中山路161號")
    desk.locator("#check").get_by_role("button", name="板橋區").press("Enter")
    expect(desk.locator("#id_district")).to_have_value("65000010")
    expect(desk.locator("#check .desk-known li")).to_have_count(0)
    desk.locator("#id_address").fill(LAMP)
    expect(desk.locator("#check .desk-known li")).to_have_count(3)
    everywhere(desk, accessible)
    screenshot(desk, "desk-known")
    desk.on("dialog", lambda dialog: dialog.accept())
    for name, address in (
        ("desk-search", "/desk/search?q=路"),
        ("desk-search-nothing", "/desk/search?q=%E6%B2%92%E6%9C%89%E9%80%99%E6%A8%A3%E7%9A%84"),
        ("desk-outage", "/desk/outage/"),
        ("desk-after-outage", "/desk/outage/enter"),
        ("desk-en", "/desk/?lang=en"),
    ):
        desk.goto(address)
        everywhere(desk, accessible)
        screenshot(desk, name)


def test_an_outage_is_told_and_made_up_for(desk: Page, screenshot: Callable[..., Any]) -> None:
    """NT-5-4-3a/b: marked as down, the windows' numbers shown, the case begins at the telephone notice."""
    from citycall.services.cases.models import Case

    local = "new Date(Date.now() + 8 * 3600e3 - {} * 60e3).toISOString().slice(0, 16)"
    desk.goto("/desk/outage/")
    desk.locator("#id_at").fill(desk.evaluate(local.format(30)))
    desk.locator("#id_note").fill("派送中斷")
    desk.get_by_role("button", name="登錄系統異常").click()
    expect(desk.locator(".notice.late")).to_contain_text("派送中斷")
    screenshot(desk, "desk-outage-on")
    desk.goto("/desk/")
    expect(desk.locator("#calls")).to_contain_text("系統異常中")
    desk.goto("/desk/outage/enter")
    desk.locator("#id_notified_at").fill(desk.evaluate(local.format(20)))
    desk.locator("#id_notified_person").fill("值班窗口")
    desk.locator("#id_words").focus()
    fill(desk, "路燈不亮", LAMP, "異常期間通報", "王小明")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/established")
    entered = Case.objects.order_by("-id").first()
    assert entered is not None
    assert entered.entered_late
    assert entered.clock_from < entered.established_at


def test_the_key_sends_the_form_that_is_being_filled_in(page: Page, city: None) -> None:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling, stages
    from citycall.services.cases.models import StageRequest

    for n in range(3):
        of = {"case": case("streetlight", f"第 {n} 盞路燈不亮").case}
        handling.acknowledge(actor_for_post("works.intake_window"), of)
        ask = {"to": "second", "days": 7, "reason": "現場勘查須開挖，無法即時處理"}
        stages.request_stage(actor_for_post("works.handler1"), of | ask)
    sign_in(page, "call_centre.lead")
    page.wait_for_url("**/desk/")
    page.goto("/desk/stage-requests/")
    page.locator("h1").click()
    page.keyboard.press("Control+Enter")  # of three forms none is meant
    page.wait_for_timeout(300)
    assert StageRequest.objects.filter(state="pending").count() == 3
    form = page.locator(".desk-request form").nth(1)
    wanted = str(form.get_attribute("action"))
    form.locator("textarea").fill("勘查照片已附，同意")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notices")).to_contain_text("已同意")
    decided = StageRequest.objects.get(state="approved")
    assert f"/{decided.case_id}/" in wanted


def test_back_after_filing_brings_an_empty_card(desk: Page) -> None:
    answer(desk, MOBILE)
    fill(desk, "路燈不亮", LAMP, "上一位說的話", "王小明")
    expect(desk.locator("#check")).to_contain_text("板橋區")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/established")
    desk.go_back()
    desk.wait_for_url("**/desk/")
    for field in ("#id_description", "#id_address", "#id_name", "#id_words"):
        expect(desk.locator(field)).to_have_value("")
    expect(desk.locator("#items :checked")).to_have_count(0)


def test_a_second_call_waits_for_the_end_of_this_one(desk: Page, accessible: Callable[[Page], None]) -> None:
    answer(desk, MOBILE)
    rings(LANDLINE)
    expect(desk.locator(".desk-ringing")).to_contain_text("結束目前通話後即可接聽")
    everywhere(desk, accessible)


def test_small_screens_and_quiet_consoles(new_context: Callable[..., BrowserContext], city: None) -> None:
    made = case("streetlight")
    screens = {
        "call_centre.lead": (
            "/desk/",
            f"/desk/cases/{made.number}/",
            "/desk/stage-requests/",
            "/desk/outage/",
            "/desk/search?q=路燈",
            "/oversight/",
            "/oversight/items/",
        ),
        "works.intake_window": (
            "/inbox/",
            f"/inbox/cases/{made.number}/",
            f"/inbox/cases/{made.number}/print",
            "/account/posts",
            "/",
        ),
    }
    said: list[str] = []
    for username, addresses in screens.items():
        page = new_context(viewport={"width": 320, "height": 700}).new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        sign_in(page, username)
        page.wait_for_url(lambda address: "sign-in" not in address)
        for address in addresses:
            for language in ("lang=zh-hant", "lang=en"):
                page.goto(f"{address}{'&' if '?' in address else '?'}{language}")
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{address} with {language}: {wide} too wide"
    assert said == []
