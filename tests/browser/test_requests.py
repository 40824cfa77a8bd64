"""A petition is reassigned in a real browser: the handler asks, the call centre decides, the other signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .desk import everywhere
from .test_inbox import enter
from .test_petitions import act, city

pytestmark = pytest.mark.django_db(transaction=True)
Contexts = Callable[..., BrowserContext]
Check = Callable[[Page], None]
MEMO = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PHONE = {"width": 390, "height": 844}
PETITION: dict[str, Any] = {
    "kind": "petition",
    "agency": "works",
    "category": "rights",
    "description": "垃圾車噪音擾民",
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}


def test_a_petition_goes_from_one_agency_to_the_other(
    live: str, page: Page, new_context: Contexts, accessible: Check, screenshot: Any
) -> None:
    city("taipei")
    made = act("call_centre.operator1", "cases.establish", **PETITION)

    enter(page, "works.handler1", f"/inbox/cases/{made.number}/")
    page.get_by_role("link", name="改分", exact=True).click()
    page.get_by_label("應屬權責的機關").select_option("env")
    page.get_by_label("理由").fill("屬環保業務")
    page.get_by_label("主任秘書").check()
    page.get_by_label("同意人員").fill("陳主任秘書")
    page.get_by_role("button", name="改分").click()
    expect(page.locator(".error-summary")).to_contain_text("簽陳")  # what was typed is still there
    expect(page.get_by_label("理由")).to_have_value("屬環保業務")
    everywhere(page, accessible)
    screenshot(page, "request-form")
    page.get_by_label("簽陳").set_input_files(
        {"name": "簽陳.pdf", "mimeType": "application/pdf", "buffer": MEMO}
    )
    page.get_by_role("button", name="改分").click()
    expect(page.locator("#requests")).to_contain_text("待決定")
    everywhere(page, accessible)
    screenshot(page, "request-on-the-case")

    desk = new_context().new_page()
    enter(desk, "call_centre.operator1", "/desk/requests/")
    expect(desk.locator("#owed")).to_contain_text("申請 1")
    everywhere(desk, accessible)
    screenshot(desk, "requests-waiting")
    desk.get_by_role("link", name="改分").click()
    expect(desk.locator("#changes")).to_contain_text("工務局 → 環境保護局")
    everywhere(desk, accessible)
    screenshot(desk, "request-decided")
    desk.get_by_label("決定理由").fill("依簽陳辦理")
    desk.get_by_role("button", name="同意", exact=True).click()
    expect(desk.get_by_text("沒有待決定的申請")).to_be_visible()

    # The former agency sees it no more; the new one gives it to its handler, on a telephone.
    page.goto(f"{live}/inbox/cases/{made.number}/")
    expect(page.locator("body")).not_to_contain_text("垃圾車噪音擾民")
    env = new_context(viewport=PHONE).new_page()
    enter(env, "env.allotter", f"/inbox/cases/{made.number}/")
    expect(env.locator("#course")).to_contain_text("工務局 → 環境保護局")
    everywhere(env, accessible)
    screenshot(env, "request-new-agency")
    env.get_by_role("link", name="分文掛號").click()
    env.get_by_label("業務承辦人一").check()
    env.get_by_role("button", name="分文掛號").click()
    expect(env.locator("#case")).to_contain_text("已簽收")
