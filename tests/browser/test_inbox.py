"""The agency's inbox in a real browser: by keyboard at a desk, by thumb in the field, and live."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import PHONE

Contexts = Callable[..., BrowserContext]
PHONE_OPTIONS = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture
def city(live: str) -> None:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample(cases=False)


def establish(address: str = "板橋區中山路一段161號", **given: Any) -> Any:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish as take

    data = {"item": "streetlight", "description": "路燈不亮", "place": {"address": address},
            "reporter": {"name": "王小明", "phone": "0912345678"}, **given}  # fmt: skip
    return take(actor_for_post("call_centre.operator1"), data)


def enter(page: Page, username: str, path: str) -> None:
    from citycall.people.sample_guard import SAMPLE_PASSWORD

    page.goto(f"/account/sign-in?next={path}")
    page.fill("[name=username]", username)
    page.fill("[name=password]", SAMPLE_PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{path}")
    expect(page.locator("[data-live]")).to_have_attribute("data-live", "on")


def test_a_new_case_appears_within_a_second_and_is_signed_with_one_key(
    page: Page, city: None, accessible: Callable[[Page], None]
) -> None:
    enter(page, "works.intake_window", "/inbox/")
    expect(page.get_by_text("沒有待簽收的案件")).to_be_visible()
    accessible(page)
    begin = time.monotonic()
    made = establish()
    page.get_by_role("link", name=made.number).wait_for(timeout=3000)
    assert time.monotonic() - begin < 1.5
    expect(page.get_by_text("還有 9 分鐘")).to_be_visible()
    accessible(page)
    page.keyboard.press("s")
    expect(page.get_by_text(f"已簽收 1 件：{made.number}")).to_be_visible()
    expect(page.get_by_text("沒有待簽收的案件")).to_be_visible()


def test_the_chosen_row_and_the_ticks_stay_when_the_list_is_drawn_anew(page: Page, city: None) -> None:
    made = [establish(f"板橋區中山路一段{n}號") for n in (1, 3, 5)]
    enter(page, "works.intake_window", "/inbox/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator(f"#open-{made[1].case}")
    expect(second).to_be_focused()
    page.locator(f"#pick-{made[0].case}").check()
    page.locator(f"#pick-{made[2].case}").check()
    page.keyboard.press("k")
    page.keyboard.press("j")
    fourth = establish("板橋區中山路一段7號")
    expect(page.get_by_role("link", name=fourth.number)).to_be_visible()
    expect(page.locator(f"#pick-{made[0].case}")).to_be_checked()
    expect(page.locator(f"#pick-{made[2].case}")).to_be_checked()
    expect(page.locator(f"#row-{made[1].case}.selected, #row-{made[2].case}.selected")).to_have_count(1)
    page.get_by_role("button", name="簽收所選").click()
    expect(page.locator("#sign-several [data-picked-count]")).to_have_text("2")
    page.get_by_role("button", name="全部簽收").click()
    expect(page.get_by_text("已簽收 2 件")).to_be_visible()


def test_a_crew_works_a_case_on_a_phone(
    new_context: Contexts, city: None, accessible: Callable[[Page], None]
) -> None:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.models import Case, CaseFile

    made = establish(reply_by="phone")
    execute("cases.acknowledge", actor_for_post("works.intake_window"), {"case": made.case})
    page = new_context(**PHONE_OPTIONS).new_page()
    enter(page, "works.handler1", f"/inbox/cases/{made.number}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    accessible(page)
    page.get_by_role("button", name="接案").tap()
    expect(page.get_by_text("已由您承辦")).to_be_visible()

    page.get_by_role("link", name="加照片").tap()
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "#446688").save(out, "JPEG")
    photo = {"name": "現場.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
    page.locator("[name=camera]").set_input_files(photo)
    expect(page.locator(".preview img")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="加照片").tap()
    expect(page.locator(".gallery img")).to_be_visible()
    assert CaseFile.objects.count() == 1

    page.get_by_role("link", name="辦畢").tap()
    page.wait_for_url("**/complete")
    accessible(page)
    page.get_by_role("button", name="辦畢").tap()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    page.get_by_label("已處理完成").check()
    page.get_by_label("辦理結果").fill("已更換燈泡")
    page.get_by_role("button", name="辦畢").tap()
    expect(page.get_by_text("請接著回電")).to_be_visible()

    page.get_by_role("link", name="電話回覆").tap()
    page.get_by_role("button", name="開啟電話號碼").tap()
    expect(page.get_by_text("0912-345-678")).to_be_visible()
    accessible(page)
    page.get_by_label("受話人").fill("陳情人本人")
    page.get_by_label("通話內容").fill("已告知修復完成")
    page.get_by_role("button", name="存電話紀錄").tap()
    expect(page.get_by_text("案件已結案")).to_be_visible()
    assert Case.objects.get(pk=made.case).status == "closed"


def test_the_page_of_a_case_follows_what_others_do(page: Page, city: None) -> None:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    made = establish()
    enter(page, "works.handler1", f"/inbox/cases/{made.number}/")
    expect(page.get_by_role("button", name="接案")).to_have_count(0)
    execute("cases.acknowledge", actor_for_post("works.intake_window"), {"case": made.case})
    expect(page.get_by_role("button", name="接案")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_text("已由您承辦")).to_be_visible()
    page.keyboard.press("n")
    page.wait_for_url("**/note")
    page.get_by_label("現場記錄").fill("燈桿接線鬆脫")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("燈桿接線鬆脫")).to_be_visible()


@pytest.mark.parametrize("options", [{}, PHONE_OPTIONS], ids=["wide", "phone"])
def test_every_screen_is_accessible_and_fits(
    new_context: Contexts, city: None, accessible: Callable[[Page], None], options: dict[str, Any]
) -> None:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.models import Case

    made = establish()
    execute("cases.acknowledge", actor_for_post("works.intake_window"), {"case": made.case})
    Case.objects.filter(pk=made.case).update(overdue=True)
    case = f"/inbox/cases/{made.number}/"
    month = Case.objects.get(pk=made.case).established_at.strftime("%Y-%m")
    screens = {
        "works.evaluator": ["/inbox/trays/late/", "/inbox/delays/", f"/inbox/delays/{made.number}/"],
        "works.head": ["/inbox/posts/", "/inbox/posts/works.evaluator/", "/inbox/letters/"],
        "works.handler1": [case, f"{case}complete", f"{case}stage", f"{case}phone", f"{case}print"],
        "research.director": [
            "/oversight/", "/oversight/?by=item", "/oversight/delays/", f"/oversight/delays/works/{month}/",
            "/oversight/items/", "/oversight/items/streetlight/", "/oversight/items/new/",
            "/oversight/letters/", "/oversight/posts/", "/oversight/incidents/", "/oversight/outbox/",
        ],
    }  # fmt: skip
    for username, addresses in screens.items():
        context = new_context(**options)
        page = context.new_page()
        enter(page, username, addresses[0])
        for address in addresses:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            accessible(page)
        context.close()
