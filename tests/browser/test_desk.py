"""The operator's main job in a real browser, by keyboard, and what must not be lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.desk import LAMP, LANDLINE, MOBILE, answer, case, city, desk, everywhere, fill, rings

from citycall.people.sample_guard import SAMPLE_PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["city", "desk"]


def test_a_matter_by_keyboard_alone(
    desk: Page, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    case()
    everywhere(desk, accessible)
    screenshot(desk, "desk-idle")
    rings(MOBILE)
    expect(desk.locator("#answer")).to_be_visible()
    everywhere(desk, accessible)
    screenshot(desk, "desk-ringing")
    desk.keyboard.press("a")
    expect(desk.locator("#call")).to_contain_text(MOBILE)
    expect(desk.locator("#call .desk-earlier li").first).to_be_visible()
    expect(desk.locator("#id_words")).to_be_focused()
    expect(desk.locator("#id_phone")).to_have_value(MOBILE)

    fill(desk, "路燈不亮", LAMP, "路口的路燈整排不亮", "王小明")
    check = desk.locator("#check")
    expect(check).to_contain_text("路燈故障")
    expect(check).to_contain_text("工務局")
    expect(check).to_contain_text("板橋區")
    expect(check).to_contain_text("4 小時")
    expect(check).to_contain_text("已具名")
    expect(check).to_contain_text("寄簡訊")
    everywhere(desk, accessible)
    screenshot(desk, "desk-card")
    desk.keyboard.press("Control+Enter")

    desk.wait_for_url("**/established")
    number = desk.locator("#read .small-print").inner_text()
    assert re.fullmatch(r"F\d{7}-\d{6}", number)
    assert desk.locator(".desk-spoken").first.get_attribute("aria-label") == number
    expect(desk.locator("#sent")).to_contain_text("簡訊")
    assert MOBILE not in desk.locator("main").inner_text()
    assert "王小明" not in desk.locator("main").inner_text()
    expect(desk.locator("main")).to_contain_text("王○明")
    everywhere(desk, accessible)
    screenshot(desk, "desk-established")
    desk.keyboard.press("n")
    desk.wait_for_url("**/desk/")
    expect(desk.locator(".desk-quiet")).to_be_visible()
    expect(desk.locator("#id_address")).to_have_value("")


def test_the_number_is_told_on_a_landline(desk: Page, screenshot: Callable[..., Any]) -> None:
    answer(desk, LANDLINE)
    fill(desk, "坑洞", "板橋區文化路一段10號", "路面有坑洞", "林大同")
    expect(desk.locator("#check")).to_contain_text("請唸出案號")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/established")
    expect(desk.locator("#read")).to_contain_text("請現在唸出案號")
    screenshot(desk, "desk-landline")
    desk.keyboard.press("t")
    expect(desk.locator("#read .desk-fine")).to_contain_text("已告知案號")
    expect(desk.locator("#read button")).to_have_count(0)


def test_unnamed_becomes_a_petition(desk: Page, screenshot: Callable[..., Any]) -> None:
    """NT-5-4-11a: refused as a fast case; what was typed goes on as a petition."""
    answer(desk, MOBILE)
    fill(desk, "路燈不亮", LAMP, "整排路燈都不亮")
    expect(desk.locator("#check")).to_contain_text("未具名不適用")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("[data-error-summary]")).to_be_focused()
    expect(desk.locator("#id_description")).to_have_value("整排路燈都不亮")
    expect(desk.locator("#items :checked")).to_have_value("streetlight")
    screenshot(desk, "desk-refused")
    desk.locator("#case-form .notice").get_by_role("button", name="改以陳情案件受理").click()
    expect(desk.locator("[data-error-summary]")).to_contain_text("希望的回覆方式")
    expect(desk.locator("#id_description")).to_have_value("整排路燈都不亮")
    desk.locator("#id_reply_by").select_option("phone")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/established")
    assert re.fullmatch(r"P\d{7}-\d{6}", desk.locator("#read .small-print").inner_text())


def test_unnamed_is_taken_for_public_safety(desk: Page) -> None:
    """NT-5-4-11b."""
    answer(desk, MOBILE)
    fill(desk, "坑洞", "板橋區文化路一段10號", "路面有大坑洞")
    expect(desk.locator("#check")).to_contain_text("未具名也受理")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/established")
    assert desk.locator("#read .small-print").inner_text().startswith("F")


def test_typing_is_not_disturbed_by_a_call(desk: Page) -> None:
    """What is typed stays through ringing, answering (F2) and hanging up; nothing in the form moves."""
    desk.locator("#id_words").focus()
    fill(desk, "路燈不亮", LAMP, "先打好的內容", "陳")
    before = [desk.locator(one).bounding_box() for one in ("#id_words", "#id_address", "#id_name")]
    rings(MOBILE)
    expect(desk.locator("#answer")).to_be_visible()
    expect(desk.locator("#id_name")).to_be_focused()
    desk.keyboard.type("美麗")
    desk.keyboard.press("F2")
    expect(desk.locator("#call")).to_contain_text(MOBILE)
    expect(desk.locator("#id_name")).to_have_value("陳美麗")
    expect(desk.locator("#id_description")).to_have_value("先打好的內容")
    expect(desk.locator("#id_phone")).to_have_value(MOBILE)
    assert before == [desk.locator(one).bounding_box() for one in ("#id_words", "#id_address", "#id_name")]
    desk.locator("#hang-up").click()
    expect(desk.locator(".desk-quiet")).to_be_visible()
    expect(desk.locator("#id_description")).to_have_value("先打好的內容")


def test_the_picked_item_survives_further_words(desk: Page) -> None:
    desk.locator("#id_words").focus()
    desk.keyboard.type("漏水")
    expect(desk.locator("#items :checked")).to_have_value("water_leak")
    desk.keyboard.type("水溝")
    expect(desk.locator("#items input[value=drain]")).to_be_visible()
    while desk.locator("#items :checked").get_attribute("value") != "drain":
        desk.keyboard.press("ArrowDown")
    desk.keyboard.type("堵")
    expect(desk.locator("#id_words")).to_have_value("漏水水溝堵")
    desk.wait_for_timeout(500)
    expect(desk.locator("#items :checked")).to_have_value("drain")


def test_the_picked_item_survives_a_late_answer(desk: Page) -> None:
    """An answer that was asked for before the item was picked comes after it."""
    desk.locator("#id_words").fill("漏水水溝")
    expect(desk.locator("#item-manhole")).to_be_visible()
    expect(desk.locator("#item-manhole")).not_to_be_checked()
    held: list[Route] = []
    desk.route("**/desk/items", lambda route: held.append(route))
    with desk.expect_request("**/desk/items"):
        desk.locator("#id_words").fill("漏水水溝堵")
    desk.locator("#item-manhole").check()
    desk.locator("#items > *").first.evaluate("one => { one.dataset.before = 1 }")
    held[0].continue_()
    expect(desk.locator("#items [data-before]")).to_have_count(0)
    expect(desk.locator("#item-manhole")).to_be_checked()


def test_what_is_reported_finds_the_item_and_nothing_moves(desk: Page) -> None:
    """Description and address are looked at as they are typed; the choice is at hand without the mouse."""
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/desk/" in request.url else None)
    report = desk.locator("#id_description")
    report.focus()
    before = report.bounding_box()
    with desk.expect_response("**/desk/check"):
        desk.keyboard.type("路燈不亮，路面有坑洞")
    expect(desk.locator("#items .item").first).to_contain_text("路燈")
    expect(desk.locator("#item-pothole")).to_be_visible()
    assert report.bounding_box() == before
    expect(report).to_be_focused()
    assert not [url for url in asked if "/desk/items" in url]
    desk.keyboard.press("Alt+ArrowDown")
    desk.keyboard.press("Alt+ArrowDown")
    chosen = desk.locator("#items :checked").get_attribute("value")
    expect(report).to_be_focused()
    with desk.expect_response("**/desk/check"):
        desk.keyboard.type("，請處理")
    desk.wait_for_timeout(300)
    expect(desk.locator("#items :checked")).to_have_value(chosen or "")
    assert report.bounding_box() == before


def test_half_composed_characters_are_not_looked_up(desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/desk/items" in request.url else None)
    words = desk.locator("#id_words")
    words.focus()
    words.evaluate(
        """one => {
            one.value = "ㄌㄨˋ";
            one.dispatchEvent(new InputEvent("input", {bubbles: true, isComposing: true}));
        }"""
    )
    desk.wait_for_timeout(500)
    assert asked == []
    words.evaluate(
        """one => {
            one.value = "路燈";
            one.dispatchEvent(new InputEvent("input", {bubbles: true, isComposing: true}));
            one.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true, data: "路燈"}));
        }"""
    )
    expect(desk.locator("#items :checked")).to_have_value("streetlight")
    assert len(asked) == 1


def test_a_simulated_call_from_the_dialog(desk: Page, screenshot: Callable[..., Any]) -> None:
    desk.keyboard.press("c")
    expect(desk.locator("#simulate")).to_be_visible()
    desk.keyboard.type("abc")
    desk.keyboard.press("Enter")
    expect(desk.locator("#simulate .error")).to_contain_text("不是可以辨識的電話號碼")
    screenshot(desk, "desk-simulate", full_page=False)
    desk.locator("#simulate_phone").fill(MOBILE)
    desk.keyboard.press("Enter")
    expect(desk.locator("#simulate")).to_be_hidden()
    expect(desk.locator("#answer")).to_be_visible()


def test_cancelled_by_the_holder_of_the_number(
    desk: Page, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    """NT-8-1b: the holder calls, the case is found by number, and withdrawn on their word."""
    from citycall.services.cases.models import Case, Incident

    made = case()
    answer(desk, MOBILE)
    desk.keyboard.press("Escape")
    desk.locator("#id_words").blur()
    desk.keyboard.press("/")
    desk.keyboard.type(made.number)
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/desk/cases/{made.number}/")
    expect(desk.locator("main")).to_contain_text("來電號碼與這一件所留的電話相符")
    everywhere(desk, accessible)
    screenshot(desk, "desk-case")
    desk.keyboard.press("x")
    expect(desk.locator("#withdraw")).to_be_visible()
    everywhere(desk, accessible)
    screenshot(desk, "desk-withdraw", full_page=False)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("h1 ~ *, .page-head")).to_contain_text(["已撤案"])
    assert Case.objects.get(pk=made.case).status == "withdrawn"
    assert Incident.objects.filter(case=made.case, kind="not_reported_by_holder").exists()


def test_a_lost_session_keeps_what_was_typed(desk: Page) -> None:
    answer(desk, MOBILE)
    fill(desk, "路燈不亮", LAMP, "登出前打好的內容", "王小明")
    expect(desk.locator("#check")).to_contain_text("板橋區")
    desk.context.clear_cookies(name="sessionid")
    desk.locator("#id_name").press_sequentially("明")
    expect(desk.locator("#notices")).to_contain_text("您已登出")
    expect(desk.locator("#id_description")).to_have_value("登出前打好的內容")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("main")).to_contain_text("您剛才輸入的內容還在")
    desk.locator("#id_username").fill("call_centre.operator1")
    desk.locator("#id_password").fill(SAMPLE_PASSWORD)
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_contain_text("登出前打好的內容")
    desk.locator("main form button[type=submit]").first.click()
    desk.wait_for_url("**/established")
    assert desk.locator("#read .small-print").inner_text().startswith("F")
