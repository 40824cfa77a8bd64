"""Matters that end without a case, by keyboard and on a telephone's screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.desk import answer, live, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def laid_in(pack: str) -> None:
    from citycall.rehearsal import sample

    sample.load_sample(pack, cases=False)


def at_the_desk(page: Page) -> None:
    sign_in(page, "call_centre.operator1")
    page.wait_for_url("**/desk/")
    live(page)


def test_a_power_cut_is_another_s_business(page: Page, live: str, accessible: Callable[[Page], None]) -> None:
    """KM-2-4c, KM-7-6a, KM-7-6b: authority and its number are told, and only the call record keeps it."""
    from citycall.services.calls.models import Call, Disposition
    from citycall.services.cases.models import Case

    laid_in("kinmen")
    at_the_desk(page)
    answer(page, "0912-345-678")
    page.get_by_label("反映內容").fill("金湖鎮市港路一帶停電")
    page.keyboard.press("Alt+n")
    expect(page.get_by_role("heading", name="不成案", level=1)).to_be_visible()
    expect(page.get_by_label("民眾說的事")).to_have_value("金湖鎮市港路一帶停電")
    accessible(page)
    page.get_by_label("非本府權責，協助民眾").check()
    expect(page.get_by_text("1911")).to_be_visible()  # found by the word that was said
    page.get_by_label("通知相關單位處理").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_contain_text("請選擇或填寫權責機關")
    expect(page.get_by_label("民眾說的事")).to_have_value("金湖鎮市港路一帶停電")
    page.get_by_label("告知權責機關及聯絡方式").check()
    expect(page.get_by_label("受話人員")).to_be_hidden()
    page.get_by_label("找權責機關").fill("台電")
    expect(page.locator(".desk-authority")).to_have_count(1)
    page.locator(".desk-authority input").check()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/desk/")
    expect(page.locator("#call")).to_contain_text("台灣電力公司")
    kept = Disposition.objects.get()
    assert (kept.outcome, kept.authority, kept.way) == ("outside", "taipower", "tell_contact")
    assert "1911" in kept.contact
    assert not Case.objects.exists()
    assert Call.objects.get().outcome == "outside"


def test_a_reporter_who_refuses_is_not_accepted(
    phone: Page, live: str, accessible: Callable[[Page], None]
) -> None:
    """TP-6-2b at 390 px: back to the card nothing is lost; refused, the ground stands on the call record."""
    from citycall.services.calls.models import Disposition
    from citycall.services.cases.models import Case

    laid_in("taipei")
    page = phone
    at_the_desk(page)
    from tests.browser.desk import rings

    rings("0955-777-888")
    page.locator("#answer").click()
    expect(page.locator("#call")).to_contain_text("0955-777-888")
    page.locator("#id_words").fill("路燈")
    expect(page.locator("#items :checked")).to_have_count(1)
    page.get_by_label("反映內容").fill("整排路燈都不亮")
    page.get_by_label("地點").fill("臺北市信義區市府路1號")
    page.get_by_role("button", name="不成案…").click()
    expect(page.get_by_role("heading", name="不成案", level=1)).to_be_visible()
    page.get_by_role("button", name="回新案件，繼續填寫").click()
    expect(page.get_by_label("反映內容")).to_have_value("整排路燈都不亮")
    expect(page.get_by_label("地點")).to_have_value("臺北市信義區市府路1號")
    page.get_by_role("button", name="不成案…").click()
    page.get_by_label("不予受理", exact=True).check()
    expect(page.get_by_label("如何協助")).to_be_hidden()
    page.get_by_label("報案人不願提供姓名及聯絡方式").check()
    accessible(page)
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide
    page.get_by_role("button", name="登錄，不成案").click()
    page.wait_for_url("**/desk/")
    kept = Disposition.objects.get()
    assert (kept.outcome, kept.kind, kept.ground) == ("not_accepted", "dispatch", "identity_refused")
    assert "行政程序法第173條" in kept.ground_words
    assert not Case.objects.exists()
