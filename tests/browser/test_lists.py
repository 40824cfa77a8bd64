"""The list in a real browser: many cases at once and back again, a filter kept under a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import PHONE, SCREENSHOTS
from .test_inbox import enter, establish

TRAY = "/inbox/trays/signed/"


@pytest.fixture
def city(live: str) -> None:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample(cases=False)


def signed(n: int) -> Any:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.handling import acknowledge

    made = establish(f"板橋區中山路一段{n}號")
    acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    return made


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def test_allotted_together_and_undone(page: Page, city: None, accessible: Callable[[Page], None]) -> None:
    made = [signed(n) for n in (1, 3, 5)]
    enter(page, "works.section_chief", TRAY)
    allot = page.locator("[data-many]", has_text="分案")
    expect(allot).to_be_disabled()
    page.keyboard.press("a")
    expect(page.locator("[data-picked-words]")).to_contain_text("3")
    page.locator(f"#pick-{made[2].case}").uncheck()
    expect(page.locator("[data-picked-words]")).to_contain_text("2")
    accessible(page)
    picture(page, "list-picked")
    page.keyboard.press("l")
    expect(page.get_by_text("所選 2 件中，2 件可辦")).to_be_visible()
    accessible(page)
    picture(page, "bulk-preview")
    page.get_by_label("業務承辦人一").check()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**{TRAY}")
    expect(page.get_by_text("分案：已辦 2 件。")).to_be_visible()
    expect(page.locator(f"#row-{made[0].case}")).to_contain_text("業務承辦人一")
    accessible(page)
    picture(page, "bulk-undo")
    page.get_by_role("button", name="復原").click()
    expect(page.get_by_text("已復原 2 件。")).to_be_visible()
    expect(page.locator(f"#row-{made[0].case}")).not_to_contain_text("業務承辦人一")
    expect(page.get_by_role("button", name="復原")).to_have_count(0)


def test_a_filter_is_kept_and_found_again(
    page: Page, city: None, accessible: Callable[[Page], None], phone: Page
) -> None:
    signed(1)
    enter(page, "works.intake_window", "/inbox/trays/all/?item=streetlight")
    page.get_by_role("link", name="儲存這個篩選").click()
    page.get_by_label("篩選名稱").fill("全部路燈")
    page.get_by_label("同機關的人也看得到").check()
    accessible(page)
    page.get_by_role("button", name="儲存").click()
    expect(page.get_by_text("已儲存篩選「全部路燈」")).to_be_visible()
    expect(page.locator(".saved-filters [aria-current]")).to_contain_text("全部路燈")
    accessible(page)
    picture(page, "saved-filter")
    page.goto("/inbox/filters/")
    accessible(page)
    picture(page, "filters")
    page.get_by_role("button", name="開啟時先看").click()
    page.goto("/inbox/")
    page.wait_for_url("**/inbox/trays/all/?item=streetlight*")

    enter(phone, "works.handler1", "/inbox/trays/all/")
    phone.get_by_role("link", name="全部路燈（共用）").click()
    phone.wait_for_url("**item=streetlight*")
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    picture(phone, "saved-filter-phone")
    phone.goto("/inbox/filters/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
