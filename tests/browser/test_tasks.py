"""What is owed beside the clocks, in a real browser: by keyboard at the desk, on a telephone, and live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import PHONE, SCREENSHOTS
from .test_inbox import enter

Contexts = Callable[..., BrowserContext]
PHONE_OPTIONS = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture
def kinmen(live: str) -> None:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample("kinmen", cases=False)


def act(post: str, command: str, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(post), given)


def establish(**given: Any) -> Any:
    data = {
        "item": "streetlight",
        "description": "路燈不亮",
        "place": {"address": "金門縣金城鎮民生路60號"},
        "reporter": {"name": "王小明", "phone": "0912345678"},
        **given,
    }
    return act("call_centre.operator1", "cases.establish", **data)


def shot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=Path(SCREENSHOTS, f"tasks-{name}.png"), full_page=True)


def test_an_operator_notes_the_call_rings_and_closes_by_keyboard(
    page: Page, kinmen: None, accessible: Callable[[Page], None]
) -> None:
    made = establish(reply_by="phone")
    enter(page, "call_centre.operator1", f"/desk/cases/{made.number}/established")
    owed = page.locator("#owed").get_by_role("link", name="待辦").locator(".count")
    expect(owed).to_have_text("1")
    accessible(page)
    shot(page, "established")
    page.get_by_label("接洽人員").fill("窗口本人")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("已登錄完成。")).to_be_visible()
    expect(owed).to_have_text("0")

    act("works.handler1", "cases.complete", case=made.case, finding="resolved", result="已更換燈具")
    expect(owed).to_have_text("2", timeout=3000)
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/desk/tasks/")
    expect(page.get_by_role("link", name="電話告知申訴人並結案")).to_be_visible()
    accessible(page)
    shot(page, "desk-list")
    page.get_by_role("link", name="電話告知申訴人並結案").press("Enter")
    expect(page.get_by_role("link", name="電話告知民眾")).to_be_visible()
    accessible(page)
    shot(page, "desk-case")
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="開啟電話號碼")).to_be_visible()
    page.keyboard.press("o")
    expect(page.get_by_role("link", name="0912-345-678")).to_be_visible()
    page.get_by_label("受話人").fill("王小明")
    page.get_by_label("通話內容").fill("已告知修復")
    accessible(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("電話紀錄已存。")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("已結案。")).to_be_visible()
    expect(owed).to_have_text("0")


def test_every_screen_fits_a_telephone_and_can_be_read_by_everybody(
    new_context: Contexts, kinmen: None, accessible: Callable[[Page], None]
) -> None:
    made = establish(reply_by="phone")
    other = establish(item="drain", reporter={})
    act("works.window", "cases.remind", case=made.case, text="請儘速派工")
    act("civil.director", "cases.release", case=other.case, reason="屬國有林地")
    act("works.handler1", "cases.complete", case=made.case, finding="resolved", result="已更換燈具")
    screens = {
        "call_centre.lead": (
            "/desk/tasks/",
            "/desk/tasks/?tab=calls",
            f"/desk/cases/{made.number}/",
            f"/desk/cases/{made.number}/phone",
            f"/desk/?related={made.number}",
        ),
        "works.window": ("/inbox/tasks/", "/inbox/tasks/?of=all", f"/inbox/cases/{made.number}/"),
        "civil.director": (
            "/oversight/cases/?kind=dispatch",
            "/oversight/owed/",
            "/oversight/?kind=dispatch",
            f"/inbox/cases/{other.number}/",
        ),
    }
    for username, paths in screens.items():
        page = new_context(**PHONE_OPTIONS).new_page()
        enter(page, username, paths[0])
        for number, path in enumerate(paths):
            page.goto(path)
            expect(page.locator("main h1").first).to_be_attached()
            assert page.evaluate(FITS), f"{path} is wider than a telephone"
            accessible(page)
            shot(page, f"phone-{username}-{number}")
