"""The desk in a real browser: signing in, a call, the card filled in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from citycall.people.sample_guard import SAMPLE_PASSWORD

MOBILE, LANDLINE = "0912-345-678", "02-2960-3456"
LAMP = "板橋區中山路一段161號"


@pytest.fixture
def city(live: str) -> None:
    """The sample government without cases, which is quicker."""
    from citycall.rehearsal import sample

    sample.load_sample(cases=False)


@pytest.fixture
def desk(page: Page, city: None) -> Page:
    """An operator has signed in and sits at an idle desk."""
    sign_in(page, "call_centre.operator1")
    page.wait_for_url("**/desk/")
    live(page)
    return page


def sign_in(page: Page, username: str) -> None:
    page.goto("/account/sign-in")
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(SAMPLE_PASSWORD)
    page.keyboard.press("Enter")


def live(page: Page) -> None:
    expect(page.locator("[data-live=on]")).to_be_visible()


def rings(phone: str) -> None:
    """As `citycall simulate call PHONE` does."""
    from citycall.base.commands import SYSTEM
    from citycall.services.calls import commands as calls

    calls.offer(SYSTEM, {"phone": phone, "simulated": True})


def answer(page: Page, phone: str) -> None:
    rings(phone)
    expect(page.locator("#answer")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#call")).to_contain_text(phone)
    expect(page.locator("#id_words")).to_be_focused()


def fill(page: Page, words: str, address: str, said: str, name: str = "") -> None:
    """Words, Enter, place, Enter (district), Enter, what is said, name: never the mouse."""
    page.keyboard.type(words)
    expect(page.locator("#items :checked")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type(address)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type(said)
    page.keyboard.press("Tab")
    page.keyboard.type(name)


def everywhere(page: Page, accessible: Callable[[Page], None]) -> None:
    """Nothing that WCAG forbids and nothing beside the screen, on a wide one and on a phone."""
    before = page.viewport_size
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"too wide at {width}"
    if before:
        page.set_viewport_size(before)


def case(item: str = "noise", said: str = "半夜很吵", **reporter: str) -> Any:
    """A case that a colleague took before."""
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish

    given = {"item": item, "description": said, "place": {"address": LAMP}}
    given |= {"reporter": reporter or {"name": "王小明", "phone": MOBILE}}
    return establish(actor_for_post("call_centre.operator2"), given)
