"""The desk's screens: what they take, refuse, keep, and no longer show."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from .sample import EMAIL, NAME, PHONE, SECRET, establish, sample_city, sign_in

pytestmark = pytest.mark.django_db
__all__ = ["sample_city"]

HTMX = {"HX-Request": "true"}
TYPED: dict[str, Any] = {
    "key": "a-key-of-this-form",
    "words": "路燈不亮",
    "item": "streetlight",
    "address": "板橋區中山路一段161號",
    "description": "整排路燈都不亮",
    "name": NAME,
    "phone": PHONE,
    "email": "",
    "reply_by": "",
}


@pytest.fixture
def desk(client: Client, sample_city: None) -> Client:
    return sign_in(client)


def cases() -> Any:
    from citycall.services.cases.models import Case

    return Case.objects


def offer(phone: str = PHONE) -> int:
    from citycall.base.commands import SYSTEM
    from citycall.services.calls import commands as calls

    return calls.offer(SYSTEM, {"phone": phone}).call


# -- the card ----------------------------------------------------------------------------------------------


def test_the_card_makes_a_case_once(desk: Client) -> None:
    answer = desk.post("/desk/cases/new", TYPED)
    case = cases().get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/desk/cases/{case.number}/established"
    assert desk.post("/desk/cases/new", TYPED)["Location"] == answer["Location"]
    assert cases().count() == 1


def test_the_same_form_with_other_words_is_a_second_case_only_when_pressed_again(desk: Client) -> None:
    desk.post("/desk/cases/new", TYPED)
    answer = desk.post("/desk/cases/new", TYPED | {"description": "別的內容"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "別的內容" in page
    assert "請再按一次" in page
    assert cases().count() == 1
    renewed = re.search(r'name="key" value="([^"]+)"', page)
    assert renewed is not None
    again = desk.post("/desk/cases/new", TYPED | {"description": "別的內容", "key": renewed[1]})
    assert again.status_code == 302
    assert cases().count() == 2


def test_unnamed_is_refused_and_petition_offered(desk: Client) -> None:
    """NT-5-4-11a: what was typed stays, and goes on as a petition when that is pressed."""
    answer = desk.post("/desk/cases/new", TYPED | {"name": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert cases().count() == 0
    assert re.search(r'name="kind" value="petition"|value="petition"[^>]*name="kind"', page)
    for kept in ("整排路燈都不亮", "板橋區中山路一段161號", PHONE, "路燈不亮", "a-key-of-this-form"):
        assert kept in page
    assert re.search(r'value="streetlight"[^>]*checked', page)
    desk.post("/desk/cases/new", TYPED | {"name": "", "kind": "petition", "reply_by": "sms"})
    assert cases().get().kind == "petition"


def test_unnamed_is_taken_for_public_safety(desk: Client) -> None:
    """NT-5-4-11b."""
    desk.post("/desk/cases/new", TYPED | {"name": "", "item": "pothole"})
    assert cases().get().kind == "fast"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"item": ""}, "請選擇服務項目"),
        ({"item": "no_such_item"}, "沒有這個服務項目"),
        ({"address": ""}, "必填。"),
        ({"address": "臺北市信義區市府路1號"}, "臺北市"),
        ({"address": "那邊"}, "太籠統"),
        ({"description": ""}, "必填。"),
        ({"description": "x" * 2001}, "2000"),
        ({"description": "a\x07b"}, ""),
        ({"phone": "不知道"}, "電話"),
        ({"email": "不是信箱"}, "電子郵件"),
        ({"reply_by": "email"}, "需要電子郵件地址"),
        ({"reply_by": "pigeon"}, "pigeon"),
        ({"district": "99999"}, "99999"),
        ({"kind": "no_such_kind"}, "不能登錄為這種案件類別"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(desk: Client, changes: dict[str, str], said: str) -> None:
    answer = desk.post("/desk/cases/new", TYPED | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert cases().count() == 0
    assert "data-error-summary" in page
    assert said in page


def test_markup_is_shown_as_it_was_typed(desk: Client) -> None:
    evil = "<script>alert(1)</script>'; drop table cases_case; --"
    desk.post("/desk/cases/new", TYPED | {"description": evil, "name": evil[:60]})
    case = cases().get()
    assert case.description == evil
    for address in (f"/desk/cases/{case.number}/", f"/desk/cases/{case.number}/established"):
        assert "<script>alert" not in desk.get(address).content.decode()


def test_a_lost_session_carries_the_card(client: Client, sample_city: None) -> None:
    answer = client.post("/desk/cases/new", TYPED)
    assert answer.status_code == 401
    assert "您剛才輸入的內容還在" in answer.content.decode()
    assert cases().count() == 0


@pytest.mark.parametrize("address", ["/desk/check", "/desk/calls/simulate", "/desk/calls/1/answer"])
def test_beside_the_card_a_lost_session_is_only_a_banner(
    client: Client, sample_city: None, address: str
) -> None:
    answer = client.post(address, TYPED, headers=HTMX)
    assert answer.status_code == 401
    assert answer["HX-Retarget"] == "#notices"


# -- looking while typing ----------------------------------------------------------------------------------


def test_words_find_items_and_the_first_is_chosen(desk: Client) -> None:
    page = desk.get("/desk/items?words=路燈不亮", headers=HTMX).content.decode()
    assert page.index("streetlight") < len(page)
    assert re.search(r'value="streetlight"[^>]*checked', page)
    page = desk.get("/desk/items?words=漏水&picked=drain", headers=HTMX).content.decode()
    chosen = re.findall(r'value="(\w+)"[^>]*checked', page)
    assert chosen == (["drain"] if 'value="drain"' in page else ["water_leak"])
    assert "沒有符合" in desk.get("/desk/items?words=QQQ", headers=HTMX).content.decode()


def test_what_is_reported_finds_items_with_the_check(desk: Client) -> None:
    """One answer: what is known of the card, and the items; what words found stays chosen."""
    page = check(desk, words="", item="", description="路面有坑洞")
    assert 'id="items" hx-swap-oob="innerHTML"' in page
    assert 'value="pothole"' in page
    assert re.findall(r'value="(\w+)"[^>]*checked', check(desk, description="路面有坑洞")) == ["streetlight"]


@pytest.mark.parametrize("words", ["", "路燈"])
def test_learned_items_follow_the_report_until_one_is_picked(
    desk: Client, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    from citycall.policy import Pack
    from citycall.services.cases.classify.store import Suggestion
    from citycall.web.desk import card

    asked = []

    def learned(pack: Pack, said: str, day: object, *, address: str, district: str) -> list[Suggestion]:
        asked.append((said, address, district))
        return [Suggestion(pack.items["pothole"], 0.9, ("坑洞",))] if "坑洞" in said else []

    monkeypatch.setattr(card, "suggest", learned)
    page = check(desk, words=words, item="streetlight" if words else "", description="有坑洞")
    assert asked[-1] == (f"{words} 有坑洞".strip(), "板橋區中山路一段161號", "板橋區")
    assert "依 坑洞" in re.sub(r"<[^>]+>", "", page)
    chosen = re.findall(r'value="(\w+)"[^>]*checked', page)
    assert chosen == (["streetlight"] if words else ["pothole"])
    assert "4 小時" in page if words else "路面" in page
    picked = check(desk, words="", item="noise", picked="noise", description="有坑洞")
    assert re.findall(r'value="(\w+)"[^>]*checked', picked) == ["noise"]


def check(desk: Client, **changes: str) -> str:
    answer = desk.post("/desk/check", TYPED | changes, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_check_says_what_will_happen(desk: Client) -> None:
    page = check(desk)
    for said in ("路燈故障", "工務局", "板橋區", "4 小時", "已具名", "寄簡訊"):
        assert said in page
    assert "未具名不適用" in check(desk, name="")
    assert "改以陳情案件受理" in check(desk, name="")
    assert "未具名也受理" in check(desk, name="", item="pothole")
    assert "請唸出案號" in check(desk, phone="02-29603456")
    assert "寄電子郵件" in check(desk, phone="", email=EMAIL)
    assert "尚未選擇" in check(desk, item="nothing", address="")
    assert cases().count() == 0


def test_an_address_in_several_districts_offers_them(desk: Client) -> None:
    page = check(desk, address="中山路161號")
    assert page.count("data-district") > 1
    assert "板橋區" in check(desk, address="中山路161號", district="65000010")


def test_open_cases_and_preventions_of_the_place_are_shown(desk: Client) -> None:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling

    made = establish()
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    handling.add_prevention(actor_for_post("works.handler1"), {"case": made.case, "text": "汰換老舊燈具"})
    page = check(desk)
    assert made.number in page
    assert "汰換老舊燈具" in page
    assert made.number not in check(desk, item="pothole")


# -- after it was filed ------------------------------------------------------------------------------------


def test_once_filed_only_masks_are_shown(desk: Client) -> None:
    made = establish()
    for address in (
        f"/desk/cases/{made.number}/established",
        f"/desk/cases/{made.number}/",
        "/desk/search?q=路燈",
    ):
        page = desk.get(address).content.decode()
        assert made.number in page
        for hidden in SECRET:
            assert hidden not in page, address


def test_the_number_is_told_where_nothing_can_be_sent(desk: Client) -> None:
    """NT-5-4-2f."""
    made = establish(reporter={"name": NAME, "phone": "0229603456"})
    page = desk.get(f"/desk/cases/{made.number}/established").content.decode()
    assert "已告知案號" in page
    assert f"/desk/cases/{made.case}/told" in page
    answer = desk.post(f"/desk/cases/{made.case}/told")
    assert answer["Location"] == f"/desk/cases/{made.number}/established"
    assert cases().get().number_told_at is not None
    page = desk.get(answer["Location"]).content.decode()
    assert f"/desk/cases/{made.case}/told" not in page
    assert f"/desk/cases/{establish().case}/told" not in page


def test_the_number_is_read_in_groups() -> None:
    from citycall.web.desk.spoken import groups

    assert groups("F1150302-000123") == ["F", "115", "0302", "000", "123"]
    assert groups("123456") == ["123", "456"]


# -- calls -------------------------------------------------------------------------------------------------


def test_a_call_rings_is_answered_and_ends(desk: Client) -> None:
    establish()
    call = offer()
    ringing = desk.get("/desk/ringing", headers=HTMX)
    page = ringing.content.decode()
    assert "0912-345-678" in page
    assert f"/desk/calls/{call}/answer" in page
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    assert desk.get(f"/desk/ringing?seen={seen[1]}", headers=HTMX).status_code == 204
    answer = desk.post(f"/desk/calls/{call}/answer", headers=HTMX)
    assert answer["HX-Trigger-After-Swap"] == "answered"
    assert "噪音" not in answer.content.decode()
    assert "路燈故障" in answer.content.decode()  # the caller's earlier matter
    assert desk.post(f"/desk/calls/{call}/answer", headers=HTMX).status_code == 409
    ended = desk.post(f"/desk/calls/{call}/end", headers=HTMX).content.decode()
    assert "目前沒有來電" in ended


def test_calls_work_without_htmx(desk: Client) -> None:
    assert desk.post("/desk/calls/simulate", {"phone": PHONE})["Location"] == "/desk/"
    call = re.search(r"/desk/calls/(\d+)/answer", desk.get("/desk/").content.decode())
    assert call
    assert desk.post(f"/desk/calls/{call[1]}/answer")["Location"] == "/desk/"
    page = desk.get("/desk/").content.decode()
    assert 'value="0912-345-678"' in page
    assert desk.post(f"/desk/calls/{call[1]}/end")["Location"] == "/desk/"
    assert desk.post("/desk/calls/simulate", {"phone": "x"}).status_code == 422
    refused = desk.post("/desk/calls/simulate", {"phone": "x"}, headers=HTMX)
    assert refused.status_code == 422
    assert "不是可以辨識的電話號碼" in refused.content.decode()


# -- search ------------------------------------------------------------------------------------------------


def test_a_telephone_number_never_comes_into_an_address(desk: Client) -> None:
    made = establish()
    answer = desk.post("/desk/search", {"q": "0912-345-678"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert made.number in page
    assert "0912-345-678" not in page
    assert desk.post("/desk/search", {"q": "路燈"})["Location"].startswith("/desk/search?q=")
    assert desk.post("/desk/search", {"q": made.number.lower()})["Location"] == f"/desk/cases/{made.number}/"
    assert "沒有找到案件" in desk.get("/desk/search?q=找不到的").content.decode()
    assert desk.get("/desk/search").status_code == 200
    assert desk.get("/desk/search?q=路燈&page=abc&sort=x").status_code == 200


def test_a_search_by_telephone_number_is_on_record_without_the_number(desk: Client) -> None:
    from citycall.base.audit import AuditEntry

    made = establish()
    asked = AuditEntry.objects.filter(command="people.find_by_phone")
    desk.post("/desk/search", {"q": "路燈"})
    assert made.number not in desk.get("/desk/search?q=0912345678").content.decode()
    assert not asked.exists()
    assert made.number in desk.post("/desk/search", {"q": "0912-345-678"}).content.decode()
    entry = asked.get()
    assert (entry.staff_id, entry.subject_kind) == (int(desk.session["_auth_user_id"]), "party")
    assert entry.detail["count"] == 1
    assert "912" not in str(entry.detail)


def test_a_case_number_is_found_however_it_is_written(desk: Client) -> None:
    made = establish()
    plain = made.number.replace("-", "")
    wide = "".join(chr(ord(one) + 0xFEE0) for one in made.number)
    for typed in (plain, plain.lower(), f"{plain[:4]} {plain[4:9]} {plain[9:]}", made.number, wide):
        answer = desk.post("/desk/search", {"q": typed})
        assert answer["Location"] == f"/desk/cases/{made.number}/", typed


# -- the case ----------------------------------------------------------------------------------------------


def test_the_holder_of_the_number_takes_a_case_back(desk: Client) -> None:
    """NT-8-1b."""
    made = establish()
    desk.post(f"/desk/calls/{offer()}/answer")
    address = f"/desk/cases/{made.number}/"
    page = desk.get(address).content.decode()
    assert "來電號碼與這一件所留的電話相符" in page
    wrong = desk.post(address + "withdraw", {"reason": "not_reported_by_holder", "phone": "0922333444"})
    assert wrong.status_code == 422
    assert "不符" in wrong.content.decode()
    given = {"reason": "not_reported_by_holder", "phone": PHONE, "note": "本人未反映"}
    assert desk.post(address + "withdraw", given)["Location"] == address
    assert cases().get().status == "withdrawn"
    page = desk.get(address).content.decode()
    assert "已撤案" in page
    assert 'id="withdraw"' not in page


def test_a_call_from_another_number_is_said(desk: Client) -> None:
    made = establish()
    desk.post(f"/desk/calls/{offer('0922333444')}/answer")
    assert "來電號碼與這一件所留的電話不同" in desk.get(f"/desk/cases/{made.number}/").content.decode()


def test_an_unknown_number_is_not_found(desk: Client) -> None:
    for address in ("/desk/cases/F1/", "/desk/cases/F1/established"):
        assert desk.get(address).status_code == 404


def test_only_the_lead_opens_a_case_again(client: Client, sample_city: None) -> None:
    """NT-5-4-9c."""
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling

    made = establish(reporter={"name": NAME}, reply_by="none")
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    done = {"finding": "resolved", "result": "已處理"}
    handling.complete(actor_for_post("works.handler1"), {"case": made.case, **done})
    address = f"/desk/cases/{made.number}/reopen"
    assert sign_in(client).post(address, {"reason": "未處理"}).status_code == 403
    lead = sign_in(client, "call_centre.lead")
    assert lead.post(address, {"reason": ""}).status_code == 422
    assert lead.post(address, {"reason": "現場未處理", "closed_too_early": "on"}).status_code == 302
    assert cases().get().status == "in_progress"


def test_the_lead_decides(client: Client, sample_city: None) -> None:
    """NT-5-4-7."""
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands import handling, stages

    made = establish()
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": made.case})
    ask = {"case": made.case, "to": "second", "days": 7, "reason": "須開挖"}
    stages.request_stage(actor_for_post("works.handler1"), ask)
    assert sign_in(client).get("/desk/stage-requests/").status_code == 403
    lead = sign_in(client, "call_centre.lead")
    assert "須開挖" in lead.get("/desk/stage-requests/").content.decode()
    assert ">1</span>" in lead.get("/desk/waiting", headers=HTMX).content.decode()
    address = f"/desk/stage-requests/{made.case}/decide"
    for wrong in ({"approve": "yes"}, {"approve": "yes", "reason": "同意", "days": "99"}):
        answer = lead.post(address, wrong)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
    assert lead.post(address, {"approve": "yes", "reason": "同意"})["Location"] == "/desk/stage-requests/"
    assert cases().get().stage == "second"
    assert lead.post(address, {"approve": "yes", "reason": "同意"}).status_code == 409
    assert "沒有待審核的申請" in lead.get("/desk/stage-requests/").content.decode()


# -- outages -----------------------------------------------------------------------------------------------


def test_a_case_of_an_outage_begins_at_its_telephone_notice(desk: Client) -> None:
    """NT-5-4-3a/b."""
    from datetime import timedelta

    from citycall.base import clock

    def local(minutes: int) -> str:
        return clock.local(clock.now() - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M")

    page = desk.get("/desk/outage/").content.decode()
    assert "離線受理表" in page
    assert "工務局" in page
    assert "話務聯繫窗口" in page, "both windows, as the rules say"
    assert re.search(r"0900-\d{3}-\d{3}", page), "the windows' telephone numbers"
    notice = {"notified_at": local(20), "notified_person": "值班窗口"}
    assert desk.post("/desk/outage/enter", TYPED | notice).status_code == 422
    assert desk.post("/desk/outage/", {"at": local(-60)}).status_code == 422
    assert desk.post("/desk/outage/", {"at": local(30), "note": "派送中斷"}).status_code == 302
    assert "系統異常中" in desk.get("/desk/").content.decode()
    assert "派送中斷" in desk.get("/desk/outage/").content.decode()
    answer = desk.post("/desk/outage/enter", TYPED | notice)
    assert answer.status_code == 302
    case = cases().get()
    assert case.entered_late
    assert clock.local(case.clock_from).strftime("%Y-%m-%dT%H:%M") == notice["notified_at"]
    assert desk.post("/desk/outage/", {"at": ""}).status_code == 302
    assert "系統異常中" not in desk.get("/desk/").content.decode()
    assert desk.get("/desk/outage/enter").status_code == 200
