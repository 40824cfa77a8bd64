"""The steering office changes a rule in a real browser, by keyboard, and another approves it on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.test_inbox import enter

from .conftest import PHONE

Contexts = Callable[..., BrowserContext]
PHONE_OPTIONS = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
POLICY = "/oversight/policy/"


@pytest.fixture
def city(live: str) -> None:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample("newtaipei")


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url  # type: ignore[index]


def test_a_rule_is_read_changed_rehearsed_and_approved(
    new_context: Contexts,
    city: None,
    accessible: Callable[[Page], None],
    screenshot: Callable[..., Any],
) -> None:
    page = new_context().new_page()
    enter(page, "research.evaluator", POLICY)
    for name, address in (
        ("policy-settings", ""),
        ("policy-clocks", "?topic=clocks"),
        ("policy-kinds", "?topic=kinds"),
        ("policy-items", "?topic=items"),
        ("policy-search", "?q=稽催"),
        ("policy-versions", "versions/"),
        ("policy-compare", "compare/"),
        ("policy-changes", "changes/"),
    ):
        page.goto(f"{POLICY}{address}")
        accessible(page)
        screenshot(page, name, full_page=False)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        fits(page)
        page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(POLICY)
    page.get_by_role("link", name="條文").or_(page.locator("summary", has_text="條文")).first.click()
    accessible(page)
    page.keyboard.press("n")
    page.wait_for_url("**/changes/new/")
    expect(page.get_by_label("修正事項")).to_be_focused()
    page.keyboard.type("每日稽催改為17時")
    accessible(page)
    screenshot(page, "policy-new", full_page=False)
    page.get_by_label("生效日").fill("")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/changes/*/")
    expect(page.get_by_text("還沒有修正內容。")).to_be_visible()
    accessible(page)
    change = page.url
    page.get_by_role("link", name="改設定").click()
    accessible(page)
    page.get_by_label("找設定").fill("稽催")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="逾期每日稽催").first.click()
    page.wait_for_url("**/settings/overdue-dunning/")
    page.get_by_label("時刻").fill("25:00")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    accessible(page)
    page.get_by_label("時刻").fill("17:00")
    page.get_by_label("說明（中文）").fill("每日下午5時")
    screenshot(page, "policy-value", full_page=True)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(change)
    expect(page.locator("ins", has_text="17:00").first).to_be_visible()

    page.get_by_role("link", name="匯入項目表").click()
    accessible(page)
    table = "code,name_zh,agency,stage1,stage2_max\nstreetlight,路燈故障,works,8 moons,14 days\n"
    upload(page, table)
    expect(page.get_by_text("第 2 列「第一階段時限 stage1」")).to_be_visible()
    accessible(page)
    screenshot(page, "policy-import", full_page=True)
    upload(page, table.replace("8 moons", "5 小時"))
    expect(page.get_by_text("1 項修改")).to_be_visible()
    accessible(page)
    screenshot(page, "policy-import-look", full_page=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_visible()  # what is missing must be said
    page.get_by_label("維持不變").check()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(change)
    expect(page.locator("#items")).to_contain_text("4 小時")
    expect(page.locator("#items")).to_contain_text("5 小時")
    accessible(page)
    screenshot(page, "policy-change")
    page.get_by_role("link", name="以案件試算").click()
    expect(page.get_by_role("heading", name="試算")).to_be_visible()
    page.get_by_label("月份").select_option(index=0)  # the latest that has cases
    page.get_by_role("button", name="試算").click()
    page.wait_for_url("**/trial/?month=*")
    expect(page.locator(".totals")).to_be_visible()
    month = page.get_by_label("月份").bounding_box()
    again = page.get_by_role("button", name="試算").bounding_box()
    assert month
    assert again
    assert month["x"] + month["width"] <= again["x"], "the choice lies beside its button, not under it"
    accessible(page)
    screenshot(page, "policy-trial", full_page=True)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(change)
    page.keyboard.press("s")
    page.wait_for_url("**/submit")
    expect(page.get_by_role("button", name="確認送核")).to_be_visible()
    accessible(page)
    screenshot(page, "policy-confirm", full_page=True)
    page.goto(change)
    expect(page.get_by_text("草案", exact=True)).to_be_visible()  # the key alone has submitted nothing
    page.get_by_role("link", name="送核").click()
    page.get_by_role("button", name="確認送核").click()
    expect(page.get_by_text("已送核。")).to_be_visible()

    phone = new_context(**PHONE_OPTIONS).new_page()
    enter(phone, "research.director", "/oversight/")
    phone.goto(change)
    fits(phone)
    accessible(phone)
    phone.get_by_role("link", name="看摘要並核定").tap()
    phone.wait_for_url("**/decide")
    fits(phone)
    phone.get_by_role("button", name="不予核定").tap()
    expect(phone.locator("[data-error-summary]")).to_be_visible()
    accessible(phone)
    phone.get_by_label("意見").fill("如擬")
    phone.get_by_role("button", name="核定", exact=True).tap()
    expect(phone.get_by_text("已核定。")).to_be_visible()
    fits(phone)
    phone.goto(f"{POLICY}versions/")
    accessible(phone)
    phone.screenshot(path="test-output/screenshots/policy-versions-after-390.png")
    page.goto(f"{POLICY}compare/")
    expect(page.locator("ins", has_text="17:00").first).to_be_visible()
    accessible(page)
    screenshot(page, "policy-compared", full_page=False)


def upload(page: Page, table: str) -> None:
    page.locator("[name=table]").set_input_files(
        {"name": "items.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    page.get_by_role("button", name="看看會改什麼").click()


IN_SIGHT = """tab => {
  const row = tab.closest(".tabs").getBoundingClientRect(), box = tab.getBoundingClientRect();
  return box.left >= row.left - 1 && box.right <= row.right + 1;
}"""


def test_the_present_tab_is_in_sight_on_a_telephone(new_context: Contexts, city: None) -> None:
    phone = new_context(**PHONE_OPTIONS).new_page()
    enter(phone, "research.director", "/oversight/")
    for address in ("closures/", "outbox/", "policy/?topic=readings", ""):
        phone.goto(f"/oversight/{address}")
        phone.wait_for_function("document.fonts.status === 'loaded'")
        for tab in phone.locator(".tabs [aria-current]").all():
            assert tab.evaluate(IN_SIGHT), (address, tab.inner_text())
        assert phone.evaluate("scrollY") == 0, "sideways only"
        fits(phone)


def test_why_a_case_is_due_then_is_asked_by_keyboard(
    page: Page, city: None, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    from citycall.services.cases.models import Case

    case = Case.objects.filter(agency="works", status="in_progress").order_by("-pk").first()
    assert case is not None
    enter(page, "works.handler1", f"/inbox/cases/{case.number}/")
    ask = page.locator("summary", has_text="為什麼是這個期限？").first
    ask.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("因此於").first).to_be_visible()
    accessible(page)
    screenshot(page, "why-due", full_page=False)
