"""The foundations in a real browser: readable by everyone, steady, live, and no typed word lost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from citycall.base import live as signals
from citycall.people.sample_guard import SAMPLE_PASSWORD

Contexts = Callable[..., BrowserContext]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

# Largest sum of layout shifts while nobody touches the page (web.dev calls 0.1 good; we want none).
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 2500);
})"""


def until(page: Page, fact: str) -> None:
    """Wait until this is so. (Playwright's own waiting evaluates in the page, which our policy stops.)"""
    patience = time.monotonic() + 10
    while not page.evaluate(fact):
        assert time.monotonic() < patience, fact
        page.wait_for_timeout(50)


def sign_in(page: Page, username: str = "call_centre.lead", to: str = "/ui/") -> None:
    page.goto(f"/account/sign-in?next={to}")
    page.get_by_label("帳號").fill(username)
    page.get_by_label("密碼").fill(SAMPLE_PASSWORD)
    page.get_by_role("button", name="登入").click()
    page.wait_for_url(f"**{to}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_everyone_can_read_it(
    sample_city: Any,
    new_context: Contexts,
    accessible: Callable[[Page], None],
    screenshot: Callable[..., Any],
    scheme: str,
    size: dict[str, int],
) -> None:
    page = new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce").new_page()
    page.goto("/account/sign-in")
    accessible(page)
    page.get_by_role("button", name="登入").click()
    sign_in(page)
    for address in ("/ui/", "/account/posts", "/account/password", "/nowhere"):
        page.goto(address)
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (
            f"{address} is too wide"
        )
    page.goto("/ui/")
    page.get_by_role("button", name="註銷案件").first.click()
    accessible(page)
    page.keyboard.press("Escape")
    screenshot(page, f"ui-{scheme}")


def test_targets_are_large_enough_for_a_thumb(sample_city: Any, phone: Page) -> None:
    sign_in(phone)
    small = phone.evaluate(
        """() => [...document.querySelectorAll("a.button, button, summary, select, nav a")]
          .filter((one) => one.getClientRects().length && one.getBoundingClientRect().height < 43.5)
          .map((one) => `${one.outerHTML.slice(0, 90)} ${one.getBoundingClientRect().height}`)"""
    )
    assert small == []


def test_nothing_moves_while_the_clocks_tick(sample_city: Any, page: Page) -> None:
    sign_in(page)
    page.goto("/ui/")
    before = page.locator(".clock[data-ticks] .clock-words").all_inner_texts()
    assert page.evaluate(SHIFT) < 0.005
    assert page.locator(".clock[data-ticks] .clock-words").all_inner_texts() != before, "the seconds ran"


def test_the_script_says_what_the_server_says(sample_city: Any, page: Page) -> None:
    sign_in(page)
    plain = page.request.get("/ui/").text()
    said = page.locator("#clocks .clock[data-ticks] .clock-words").all_inner_texts()
    for words in said[:3]:
        assert words in plain


def test_shortcuts_are_listed_and_leave_typing_alone(sample_city: Any, page: Page) -> None:
    sign_in(page)
    page.get_by_label("案情").first.fill("")
    page.get_by_label("案情").first.press_sequentially("為什麼?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys kbd").first).to_be_visible()
    page.get_by_label("使用單鍵快速鍵").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_two_tabs_share_one_stream(sample_city: Any, new_context: Contexts) -> None:
    context = new_context()
    context.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.told = [];"
        " for (const name of ['live:agency', 'live:refresh']) document.body.addEventListener(name,"
        " (event) => window.told.push([name, event.detail.topics])); });"
    )
    streams: list[str] = []
    context.on(
        "request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None
    )
    first = context.new_page()
    sign_in(first)
    until(first, "window.told.length > 0")
    second = context.new_page()
    second.goto("/ui/")
    expect(second.locator("[data-live]")).to_have_attribute("data-live", "on")
    opened = len(streams)
    signals.send(["agency:works"], wake=False)
    for tab in (first, second):
        until(tab, "window.told.some(([name, topics]) => topics.includes('agency:works'))")
    assert len(streams) == opened, "the second tab opened no stream of its own"
    first.close()
    until(second, "window.told.some(([name]) => name === 'live:refresh')")
    signals.send(["agency:parks"], wake=False)
    until(second, "window.told.some(([name, topics]) => topics.includes('agency:parks'))")


def test_a_session_that_ends_loses_no_word(sample_city: Any, page: Page) -> None:
    """The form is sent without a session, comes through signing in, and is sent after asking."""
    sign_in(page, to="/account/posts")
    page.get_by_label("開始").fill("2099-03-02T08:00")
    page.get_by_label("結束").fill("2099-03-02T17:00")
    kept = [cookie for cookie in page.context.cookies() if cookie["name"] != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    page.get_by_role("button", name="登記請假").click()
    expect(page.get_by_text("您剛才輸入的內容還在")).to_be_visible()
    page.get_by_label("帳號").fill("call_centre.lead")
    page.get_by_label("密碼").fill(SAMPLE_PASSWORD)
    page.get_by_role("button", name="登入").click()
    expect(page.locator(".carried").get_by_text("2099-03-02T08:00")).to_be_visible()
    page.get_by_role("button", name="送出").click()
    page.wait_for_url("**/account/posts")
    expect(page.get_by_text("請假已登記")).to_be_visible()


def test_leaving_a_changed_form_is_asked_about(sample_city: Any, page: Page) -> None:
    sign_in(page, to="/account/posts")
    page.get_by_label("開始").fill("2099-03-02T08:00")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.goto("/ui/")
    assert asked == ["beforeunload"]


def test_a_file_is_shown_and_one_too_large_refused_before_it_is_sent(
    sample_city: Any, page: Page, tmp_path: Path
) -> None:
    sign_in(page)
    control = page.get_by_label("照片").first
    control.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG"})
    expect(page.get_by_text("a.png · 0.0 MB")).to_be_visible()
    large = tmp_path / "b.png"
    large.touch()
    os.truncate(large, 21 << 20)
    control.set_input_files(large)
    expect(page.get_by_text("超過 20 MB")).to_be_visible()
    assert control.evaluate("(input) => input.validity.customError")


def test_it_can_be_used_without_a_mouse_and_printed(sample_city: Any, page: Page) -> None:
    sign_in(page, to="/account/posts")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到主要內容")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.goto("/ui/")
    page.emulate_media(media="print")
    expect(page.locator(".topbar")).to_be_hidden()
    expect(page.locator(".clock .exact").first).to_be_visible()
    expect(page.locator(".clock .clock-words").first).to_be_hidden()
