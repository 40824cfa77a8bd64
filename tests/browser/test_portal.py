"""The citizen's look-up in a real browser, with and without scripts, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "板橋區中山路一段161號"


@pytest.fixture
def made(live: str) -> Any:
    """A case that is worked on."""
    from citycall.people.queries import actor_for_post
    from citycall.rehearsal import sample
    from citycall.services.cases.commands import handling
    from citycall.services.cases.commands.establish import establish

    sample.load_sample(cases=False)
    made = establish(
        actor_for_post("call_centre.operator1"),
        {
            "item": "streetlight",
            "description": "我家門口的路燈不亮",
            "place": {"address": ADDRESS},
            "reporter": {"name": "王小明", "phone": "0912345678"},
        },
    )
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    handling.take(actor_for_post("works.handler1"), {"case": made.case})
    return made


def everywhere(page: Page, accessible: Callable[[Page], None]) -> None:
    """Nothing that WCAG forbids and nothing beside the screen, on a wide one and on a phone."""
    before = page.viewport_size
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"too wide at {width}"
    if before:
        page.set_viewport_size(before)


def look_up(page: Page, number: str, code: str) -> None:
    page.goto("/")
    page.get_by_label("案號").fill(number)
    page.get_by_label("查詢碼").fill(code)
    page.get_by_role("button", name="查詢進度").click()


def test_a_citizen_looks_a_case_up(
    page: Page, made: Any, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    page.goto("/")
    everywhere(page, accessible)
    screenshot(page, "portal")
    look_up(page, made.number, made.lookup_code)
    expect(page.locator("h1")).to_have_text(made.number)
    expect(page.locator("#steps li")).to_have_count(3)
    everywhere(page, accessible)
    screenshot(page, "portal-case")
    shown = page.locator("main").inner_text()
    for hidden in ("王", "0912", "161", "我家門口", made.lookup_code):
        assert hidden not in shown
    page.emulate_media(media="print")
    expect(page.locator(".portal-foot")).to_be_hidden()
    expect(page.locator("#steps")).to_be_visible()
    screenshot(page, "portal-case-print")


def test_without_scripts_in_english(
    new_context: Callable[..., BrowserContext], made: Any, screenshot: Callable[..., Any]
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_role("link", name="English").click()
    page.get_by_label("Case number").fill(made.number.lower())
    page.get_by_label("Look-up code").fill(made.lookup_code)
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text(made.number)
    expect(page.locator("main")).to_contain_text("Street light out")
    screenshot(page, "portal-case-en")


def test_a_wrong_code_is_said_kindly(
    phone: Page, made: Any, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    wrong = "111111" if made.lookup_code != "111111" else "222222"
    look_up(phone, made.number, wrong)
    expect(phone.locator("[data-error-summary]")).to_contain_text("查無資料")
    expect(phone.get_by_label("案號")).to_have_value(made.number)
    everywhere(phone, accessible)
    screenshot(phone, "portal-wrong")
    for _ in range(9):
        phone.get_by_role("button", name="查詢進度").click()
    phone.get_by_role("button", name="查詢進度").click()
    expect(phone.locator("[data-error-summary]")).to_contain_text("查詢錯誤次數過多")
