"""Petitions and urgent reports at the desk: what is asked for, what is filed, what is lacking."""

from __future__ import annotations

import re

import pytest
from tests.web.petitions import REPORT, cases, wait
from tests.web.sample import login, newtaipei, run, taipei

pytestmark = pytest.mark.django_db
__all__ = ["newtaipei", "taipei"]


def test_the_card_shows_what_each_kind_asks_for(newtaipei: None) -> None:
    page = login("call_centre.operator1").get("/desk/").content.decode()
    for name in ("filed_as", "agency", "category", "notified_person", "notified_at", "marks"):
        assert f'name="{name}"' in page
    assert re.search(r'data-asks="[^"]*report[^"]*notified_at', page)
    assert "通報案件" in page


def needed_on(page: str) -> set[str]:
    """The fields that the card marks as compulsory."""
    marks = re.findall(r'<span class="needed" data-needed="(\w+)"( hidden)?>', page)
    return {name for name, hidden in marks if not hidden}


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, {"agency", "notified_person", "notified_at", "description"}),
        ({"filed_as": "petition"}, {"agency", "description"}),
        ({"filed_as": "", "item": "noise"}, {"words", "address", "description", "name"}),
        ({"filed_as": "", "item": "pothole"}, {"words", "address", "description"}),
        ({"filed_as": ""}, {"words", "description"}),
    ],
)
def test_what_a_kind_cannot_do_without_is_marked(
    newtaipei: None, changes: dict[str, str], needed: set[str]
) -> None:
    lacking = REPORT | {"description": "", "agency": "", "notified_person": "", "notified_at": ""}
    answer = login("call_centre.operator1").post("/desk/cases/new", lacking | changes)
    assert answer.status_code == 422
    assert needed_on(answer.content.decode()) == needed


def test_all_that_a_report_lacks_is_said_at_once(newtaipei: None) -> None:
    lacking = REPORT | {"agency": "", "notified_person": "", "notified_at": ""}
    page = login("call_centre.operator1").post("/desk/cases/new", lacking).content.decode()
    for said in ("請選擇權責機關", "請填寫受理通報人員", "請填寫電話通報時間", "擋土牆龜裂"):
        assert said in page


def test_a_report_is_filed_without_item_and_place(newtaipei: None) -> None:
    desk = login("call_centre.operator1")
    answer = desk.post("/desk/cases/new", REPORT)
    case = cases().get()
    assert answer.status_code == 302
    assert (case.kind, case.agency, case.item, case.address) == ("report", "works", "", "")
    assert case.notified_person == "值班張先生"
    page = desk.get(answer["Location"]).content.decode()
    assert "值班張先生" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"notified_person": "", "notified_at": ""}, "請填寫受理通報人員"),
        ({"notified_at": "2026-03-02T10:30"}, "電話通報時間必須"),
        ({"notified_at": "2026-02-02T10:30"}, "電話通報時間必須"),
        ({"notified_at": "昨天"}, "data-error-summary"),
        ({"agency": ""}, "請選擇權責機關"),
        ({"agency": "call_centre"}, "data-error-summary"),
        ({"filed_as": "saucer"}, "saucer"),
        ({"filed_as": ""}, "請選擇服務項目"),
        ({"item": "streetlight"}, "不能登錄為這種案件類別"),
        ({"reply_by": "none"}, "不能用這種方式回覆"),
    ],
)
def test_what_a_report_lacks_is_said(newtaipei: None, changes: dict[str, str], said: str) -> None:
    answer = login("call_centre.operator1").post("/desk/cases/new", REPORT | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert cases().count() == 0
    assert said in page
    assert "擋土牆龜裂" in page, "what was typed stays"


def test_a_kind_that_asks_nothing_more_is_not_troubled_by_it(newtaipei: None) -> None:
    """What was typed for a report and then filed as a street light is no telephone notice."""
    changes = {"filed_as": "", "item": "streetlight", "address": "板橋區中山路一段161號", "reply_by": ""}
    assert login("call_centre.operator1").post("/desk/cases/new", REPORT | changes).status_code == 302
    assert cases().get().notified_at is None


def test_items_of_a_kind_can_be_left_out(newtaipei: None) -> None:
    desk = login("call_centre.operator1")
    assert "不選服務項目" not in desk.get("/desk/items?words=").content.decode()
    page = desk.get("/desk/items?words=&filed_as=petition").content.decode()
    assert "不選服務項目" in page
    assert "counter_service" in page
    assert desk.get("/desk/items?words=&filed_as=saucer").status_code == 200


def test_the_check_says_whom_to_telephone(newtaipei: None) -> None:
    page = login("call_centre.operator1").post("/desk/check", REPORT).content.decode()
    assert "先以電話通報機關" in page
    assert re.search(r"09\d\d-\d{3}-\d{3}", page), "the number of the window"
    assert "工務局" in page


def test_categories_stand_where_the_government_has_them(taipei: None) -> None:
    desk = login("call_centre.operator1")
    given = REPORT | {"filed_as": "petition", "notified_person": "", "notified_at": "", "reply_by": "phone"}
    answer = desk.post("/desk/cases/new", given)
    assert answer.status_code == 422
    assert "請從清單中選擇陳情類別" in answer.content.decode()
    assert desk.post("/desk/cases/new", given | {"category": "reform"}).status_code == 302
    assert cases().get().category == "reform"
    page = desk.get(f"/desk/cases/{cases().get().number}/").content.decode()
    assert "行政興革之建議" in page


def test_the_desk_reads_a_result_once_it_is_approved(newtaipei: None) -> None:
    """NT-5-3g: by number, by telephone; not before."""
    desk = login("call_centre.operator1")
    desk.post("/desk/cases/new", REPORT | {"reply_by": "sms"})
    case = cases().get()
    run("cases.take", "works.handler1", case=case.pk)
    run("cases.complete", "works.handler1", case=case.pk, finding="resolved", result="已架設支撐")
    page = desk.get(f"/desk/cases/{case.number}/").content.decode()
    assert "陳核中" in page
    assert "已架設支撐" not in page
    run("cases.approve", "works.section_chief", case=case.pk)
    page = desk.get(f"/desk/cases/{case.number}/").content.decode()
    assert "已架設支撐" in page
    found = desk.post("/desk/search", {"q": "0912-345-678"}).content.decode()
    assert case.number in found


def test_the_lead_sees_how_long_notices_took(newtaipei: None) -> None:
    """NT-5-3a."""
    from citycall.base.commands import SYSTEM, execute

    call = execute("calls.offer", SYSTEM, {"phone": "0912345678"}).call
    desk = login("call_centre.operator1")
    desk.post(f"/desk/calls/{call}/answer")
    wait(6)
    desk.post("/desk/cases/new", REPORT | {"call": str(call), "notified_at": "2026-03-02T10:04"})
    case = cases().get()
    assert case.call_id == call
    lead = login("call_centre.lead")
    page = lead.get("/desk/notices/").content.decode()
    assert case.number in page
    assert "4 分鐘" in page
    assert case.number not in lead.get("/desk/notices/?since=2026-02-01&until=2026-02-28").content.decode()
    assert lead.get("/desk/notices/?since=nonsense&page=x").status_code == 200
    assert desk.get("/desk/notices/").status_code == 403
