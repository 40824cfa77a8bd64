"""A typhoon day in a real browser: declared by keyboard and taken back; on a telephone without any script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.test_inbox import enter

from .conftest import PHONE

LIST = "/oversight/closures/"


@pytest.fixture
def city(live: str) -> None:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample("newtaipei")


def working_day() -> date:
    from citycall.base import clock, policies

    return policies.in_force()[1].calendar().next_working_day(clock.today())


def count_anew() -> None:
    from citycall.base.portions import Job, settled, work_off

    Job.objects.update(seen_at="2020-01-01T00:00Z", horizon="1")
    while not settled():
        work_off()


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url  # type: ignore[index]


def test_declared_by_keyboard_and_withdrawn(
    page: Page, city: None, accessible: Callable[[Page], None], screenshot: Callable[..., Any]
) -> None:
    day = working_day()
    enter(page, "research.director", LIST)
    expect(page.get_by_text("還沒有宣告過停班")).to_be_visible()
    accessible(page)
    page.keyboard.press("n")
    page.wait_for_url("**/closures/new/")
    expect(page.get_by_label("停班日")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    accessible(page)
    page.get_by_label("停班日").fill(f"{day.year - 1911}/{day.month}/{day.day}")
    page.get_by_label("停班事由").fill("康芮颱風")
    screenshot(page, "closure-new", full_page=False)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("個進行中的時限會延後")).to_be_visible()
    accessible(page)
    screenshot(page, "closure-look")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("已宣告停班，時限重新計算中。")).to_be_visible()
    expect(page.get_by_text("等待重算")).to_be_visible()
    accessible(page)
    closure = page.url
    count_anew()
    expect(page.get_by_text("重算完成")).to_be_visible()  # by itself
    screenshot(page, "closure", full_page=False)
    page.goto(LIST)
    accessible(page)
    screenshot(page, "closures", full_page=False)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits(page)
    page.goto(closure)
    fits(page)
    page.keyboard.press("w")
    page.wait_for_url("**/withdraw/")
    fits(page)
    accessible(page)
    page.get_by_label("撤回理由").fill("颱風轉向")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("已撤回停班，時限重新計算中。")).to_be_visible()
    accessible(page)


def test_on_duty_with_a_telephone_and_no_script(
    new_context: Callable[..., BrowserContext], city: None, live: str
) -> None:
    day = working_day()
    signed = new_context()
    enter(signed.new_page(), "secretariat.duty_officer", LIST)
    phone = new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=False,
        storage_state=signed.storage_state(),
    ).new_page()  # fmt: skip
    phone.goto(LIST)
    phone.get_by_role("link", name="宣告停班").tap()
    phone.get_by_label("停班日").fill(f"民國{day.year - 1911}年{day.month}月{day.day}日")
    phone.get_by_label("停班事由").fill("康芮颱風")
    phone.get_by_role("button", name="看看影響").tap()
    phone.get_by_role("button", name="回去修改").tap()
    expect(phone.get_by_label("停班事由")).to_have_value("康芮颱風")
    phone.get_by_role("button", name="看看影響").tap()
    phone.get_by_role("button", name="確認宣告").tap()
    expect(phone.get_by_text("已宣告停班，時限重新計算中。")).to_be_visible()
