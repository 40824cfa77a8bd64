"""Petitions and urgent reports in the inbox: given out, submitted, approved, graded, reported."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.web.petitions import REPORT, cases, petition, wait
from tests.web.sample import BEGIN, login, newtaipei, run, taipei

pytestmark = pytest.mark.django_db
__all__ = ["newtaipei", "taipei"]


def test_a_report_not_begun_stands_on_top_with_its_minutes(newtaipei: None) -> None:
    """NT-5-3c."""
    login("call_centre.operator1").post("/desk/cases/new", REPORT)
    case = cases().get()
    wait(20)
    inbox = login("works.handler1")
    page = inbox.get("/inbox/trays/mine/").content.decode()
    assert "尚未開始" in page
    assert page.index(case.number) < page.index("sign-form")
    assert "22 分鐘" in page
    assert "尚未開始" not in login("env.handler1").get("/inbox/trays/mine/").content.decode()
    run("cases.take", "works.handler1", case=case.pk)
    assert "尚未開始" not in inbox.get("/inbox/trays/mine/").content.decode()


def test_from_the_telephone_reply_to_the_approval(newtaipei: None) -> None:
    login("call_centre.operator1").post("/desk/cases/new", REPORT)
    case = cases().get()
    handler, chief = login("works.handler1"), login("works.section_chief")
    at = f"/inbox/cases/{case.number}"
    page = handler.get(f"{at}/").content.decode()
    assert "值班張先生" in page
    handler.post(f"{at}/do/take")
    page = handler.get(f"{at}/").content.decode()
    assert "陳核前先以電話回覆民眾" in page
    assert f"{at}/submit" in page
    assert f"{at}/complete" not in page
    form = {"finding": "resolved", "result": "已架設支撐", "done_at": "2026-03-02T10:00"}
    answer = handler.post(f"{at}/submit", form)
    assert answer.status_code == 422
    assert "請先以電話回覆民眾" in answer.content.decode()
    wait(30)
    handler.post(f"{at}/phone/open")
    record = {"reached": "yes", "callee": "本人", "at": "2026-03-02T10:20", "content": "已說明"}
    assert handler.post(f"{at}/phone/record", record).status_code == 302
    assert handler.post(f"{at}/submit", form).status_code == 302
    assert cases().get().status == "submitted"
    assert "陳核中" in handler.get(f"{at}/").content.decode()
    assert f"{at}/do/approve" not in handler.get(f"{at}/").content.decode()
    assert case.number in chief.get("/inbox/trays/approve/").content.decode()
    assert handler.post(f"{at}/do/approve").status_code == 403
    assert chief.post(f"{at}/return", {"reason": ""}).status_code == 422
    assert chief.post(f"{at}/return", {"reason": "請補述鄰房"}).status_code == 302
    page = handler.get(f"{at}/").content.decode()
    assert "請補述鄰房" in page
    assert "已架設支撐" in handler.get(f"{at}/submit").content.decode(), "what was written is there again"
    handler.post(f"{at}/submit", form | {"result": "已架設支撐，鄰房無虞"})
    assert chief.post(f"{at}/do/approve").status_code == 302
    found = cases().get()
    assert (found.status, found.result) == ("closed", "已架設支撐，鄰房無虞")
    assert chief.post(f"{at}/do/approve").status_code == 409


def test_nobody_approves_their_own_work(newtaipei: None) -> None:
    login("call_centre.operator1").post("/desk/cases/new", REPORT | {"reply_by": "sms"})
    case = cases().get()
    run("cases.take", "works.section_chief", case=case.pk)
    run("cases.complete", "works.section_chief", case=case.pk, finding="resolved", result="已架設支撐")
    chief = login("works.section_chief")
    assert "/do/approve" not in chief.get(f"/inbox/cases/{case.number}/").content.decode()
    assert chief.post(f"/inbox/cases/{case.number}/do/approve").status_code == 409
    assert login("works.head").post(f"/inbox/cases/{case.number}/do/approve").status_code == 302


@pytest.mark.parametrize("city", ["newtaipei", "taipei"])
def test_the_reply_to_a_petition_is_approved_first(city: str, request: pytest.FixtureRequest) -> None:
    """NT-5-2-3b, TP-5-5-2a: the same buttons as of an urgent report, by the pack's setting alone."""
    request.getfixturevalue(city)
    category = {"category": None} if city == "newtaipei" else {}
    case = petition(**category)
    run("cases.acknowledge", "works.intake_window", case=case.pk)
    run("cases.take", "works.handler1", case=case.pk)
    handler, chief = login("works.handler1"), login("works.section_chief")
    at = f"/inbox/cases/{case.number}"
    page = handler.get(f"{at}/").content.decode()
    assert f"{at}/submit" in page
    assert f"{at}/complete" not in page
    form = {"finding": "resolved", "result": "將增設停車格", "done_at": "2026-03-02T10:00"}
    assert handler.post(f"{at}/submit", form).status_code == 302
    assert cases().get().status == "submitted"
    assert case.number in chief.get("/inbox/trays/approve/").content.decode()
    page = chief.get(f"{at}/").content.decode()
    assert f"{at}/do/approve" in page
    assert f"{at}/return" in page
    desk = login("call_centre.operator1").get(f"/desk/cases/{case.number}/").content.decode()
    assert "將增設停車格" not in desk
    assert chief.post(f"{at}/return", {"reason": "請載明時程"}).status_code == 302
    assert "請載明時程" in handler.get(f"{at}/").content.decode()
    assert handler.post(f"{at}/submit", form | {"result": "六月前增設停車格"}).status_code == 302
    assert chief.post(f"{at}/do/approve").status_code == 302
    found = cases().get()
    assert (found.status, found.result) == ("closed", "六月前增設停車格")
    assert "核定" in handler.get(f"{at}/").content.decode()


def test_the_clerk_registers_and_passes_down(taipei: None) -> None:
    """TP-5-2b."""
    first, second = petition(), petition(description="公園路燈")
    clerk = login("works.allotter")
    page = clerk.get(f"/inbox/cases/{first.number}/").content.decode()
    assert f"/inbox/cases/{first.number}/register" in page
    form = clerk.get(f"/inbox/cases/{first.number}/register").content.decode()
    assert 'value="works.handler1"' in form
    assert 'value="works.head"' not in form
    assert clerk.post(f"/inbox/cases/{first.number}/register", {"post": "works.head"}).status_code == 422
    assert clerk.post(f"/inbox/cases/{first.number}/register", {}).status_code == 422
    answer = clerk.post(
        f"/inbox/cases/{first.number}/register", {"post": "works.handler1", "reference": "A1"}
    )
    assert answer.status_code == 302
    assert first.number in login("works.handler1").get("/inbox/trays/mine/").content.decode()
    down = f"/inbox/cases/{second.number}/pass_down"
    assert clerk.post(down, {"agency": "env"}).status_code == 422
    answer = clerk.post(down, {"agency": "parks", "note": "貴處權管"})
    assert (answer.status_code, answer["Location"]) == (302, "/inbox/"), "it is no longer theirs to see"
    assert clerk.get(f"/inbox/cases/{second.number}/").status_code == 404
    assert second.number in login("parks.allotter").get("/inbox/trays/unsigned/").content.decode()


def test_late_petitions_have_a_tray_of_their_own(taipei: None) -> None:
    case = petition()
    cases().filter(pk=case.pk).update(registered_late=True)
    clerk = login("works.allotter")
    page = clerk.get("/inbox/trays/intake_late/").content.decode()
    assert case.number in page
    assert "逾時分文" in page
    assert "intake_late" in clerk.get("/inbox/").content.decode()


def test_a_government_without_rounds_has_no_such_tray(newtaipei: None) -> None:
    page = login("works.handler1").get("/inbox/").content.decode()
    assert "intake_late" not in page
    assert "trays/approve" in page


def test_grade_b_on_its_form(taipei: None) -> None:
    case = petition()
    run("cases.register", "works.allotter", case=case.pk, post="handler1")
    handler = login("works.handler1")
    at = f"/inbox/cases/{case.number}"
    assert f"{at}/grade_b" in handler.get(f"{at}/").content.decode()
    assert "2026-04-01" in handler.get(f"{at}/grade_b").content.decode(), "thirty days at most"
    for wrong in (
        {"planned_end": "2026-04-02", "interim_result": "排定會勘"},
        {"planned_end": "2026-03-20", "interim_result": ""},
        {"planned_end": "", "interim_result": "排定會勘"},
        {"planned_end": "明天", "interim_result": "排定會勘"},
    ):
        assert handler.post(f"{at}/grade_b", wrong).status_code == 422
    assert cases().get().grade == ""
    right = {"planned_end": "2026-04-01", "interim_result": "排定會勘"}
    assert handler.post(f"{at}/grade_b", right).status_code == 302
    page = handler.get(f"{at}/").content.decode()
    assert "B 等級" in page
    assert "排定會勘" in page
    assert "預定辦結 2026年4月1日" in re.sub(r"<[^>]+>", "", page), "in its story as elsewhere"
    assert "預定辦結 2026-04-01" not in page
    assert f'href="{at}/grade_b"' not in page, "once"
    assert case.number in handler.get("/inbox/trays/grade_b/").content.decode()


def test_unit_and_call_centre_read_the_same_due_date(taipei: None) -> None:
    """KM-6-1c, TP-5-5-4: ten working days for this category."""
    case = petition(category="reform")
    assert case.due_at.date().isoformat() == "2026-03-16"
    for who, path in (("call_centre.operator1", "/desk/cases/"), ("works.handler1", "/inbox/cases/")):
        assert case.due_at.isoformat() in login(who).get(f"{path}{case.number}/").content.decode()


def test_told_by_telephone_the_result_alone_is_asked_for(taipei: None) -> None:
    """TP-5-5-5b."""
    case = petition(notified_person="值班陳小姐", notified_at=BEGIN - timedelta(minutes=5))
    run("cases.register", "works.allotter", case=case.pk, post="handler1")
    handler = login("works.handler1")
    at = f"/inbox/cases/{case.number}"
    page = handler.get(f"{at}/").content.decode()
    assert "已先以電話通報" in page
    assert "值班陳小姐" in page
    assert "不必再派員" in page
    assert handler.post(f"{at}/complete", {"result": ""}).status_code == 422
    assert handler.post(f"{at}/submit", {"result": "已扶正圍籬"}).status_code == 302
    assert cases().get().status == "submitted"
    assert login("works.section_chief").post(f"{at}/do/approve").status_code == 302
    assert cases().get().status == "closed"


def test_a_letter_is_a_reply_with_its_date(newtaipei: None) -> None:
    """KM-6-1d, NT-5-3d."""
    login("call_centre.operator1").post("/desk/cases/new", REPORT)
    case = cases().get()
    run("cases.take", "works.handler1", case=case.pk)
    handler = login("works.handler1")
    at = f"/inbox/cases/{case.number}"
    wait(60)
    for wrong in ({}, {"way": "letter", "content": "已處理"}, {"way": "pigeon", "at": "2026-03-02T10:30"}):
        assert handler.post(f"{at}/reply", wrong).status_code == 422
    letter = {"way": "letter", "at": "2026-03-02T10:30", "content": "已處理", "reference": "新北工字第1號"}
    assert handler.post(f"{at}/reply", letter).status_code == 302
    page = handler.get(f"{at}/").content.decode()
    assert "新北工字第1號" in page
    assert "已回覆民眾" in page


def test_a_kind_of_one_stage_does_not_name_it(newtaipei: None) -> None:
    login("call_centre.operator1").post("/desk/cases/new", REPORT)
    number = cases().get().number
    handler = login("works.handler1")
    for address in (f"/inbox/cases/{number}/", f"/inbox/cases/{number}/print", "/inbox/trays/all/"):
        page = handler.get(address).content.decode()
        shown = re.sub(r"<option.*?</option>", "", page)  # the filter lists every stage
        assert "通報案件" in shown
        assert "一般案件" not in shown


@pytest.mark.parametrize(
    ("left", "offered", "said"),
    [
        ({"phone": "0912345678", "email": ""}, {"letter"}, "請用「電話回覆」"),
        ({"phone": "", "email": "ming@sample.invalid"}, {"email", "letter"}, "系統也會寄送電子郵件"),
        ({"phone": "", "email": ""}, {"letter"}, ""),
    ],
)
def test_a_reply_is_entered_by_the_ways_that_reach_the_citizen(
    newtaipei: None, left: dict[str, str], offered: set[str], said: str
) -> None:
    """NT-5-3d: by the contact data that were left."""
    login("call_centre.operator1").post("/desk/cases/new", REPORT | {"reply_by": ""} | left)
    case = cases().get()
    run("cases.take", "works.handler1", case=case.pk)
    handler = login("works.handler1")
    at = f"/inbox/cases/{case.number}/reply"
    page = handler.get(at).content.decode()
    assert set(re.findall(r'name="way" value="(\w+)"', page)) == offered
    assert said in page
    assert ("電話回覆" in page) is bool(left["phone"])
    wait(60)
    given = {"at": "2026-03-02T10:30", "content": "已處理"}
    for way in ("phone", "visit", *({"email"} - offered)):
        assert handler.post(at, given | {"way": way}).status_code == 422
    if "email" in offered:
        assert handler.post(at, given | {"way": "email"}).status_code == 302


def test_a_citizen_sees_nothing_of_the_approval(newtaipei: None, client: Client) -> None:
    login("call_centre.operator1").post("/desk/cases/new", REPORT | {"reply_by": "sms"})
    case = cases().get()
    run("cases.take", "works.handler1", case=case.pk)
    run("cases.complete", "works.handler1", case=case.pk, finding="resolved", result="已架設支撐")
    page = client.post("/track/", {"number": case.number, "code": case.lookup_code}).content.decode()
    assert "處理中" in page
    assert "陳核" not in page
    assert "已架設支撐" not in page
    run("cases.return", "works.section_chief", case=case.pk, reason="請補述")
    page = client.post("/track/", {"number": case.number, "code": case.lookup_code}).content.decode()
    assert "退回" not in page
    assert "已架設支撐" not in page


def test_the_sheet_for_the_file_tells_the_notice(newtaipei: None) -> None:
    login("call_centre.operator1").post("/desk/cases/new", REPORT)
    page = login("works.handler1").get(f"/inbox/cases/{cases().get().number}/print").content.decode()
    assert "值班張先生" in page


def test_the_list_costs_the_same_whatever_waits(newtaipei: None, django_assert_max_num_queries: Any) -> None:
    desk = login("call_centre.operator1")
    for number in range(4):
        desk.post("/desk/cases/new", REPORT | {"key": f"report-{number}"})
    inbox = login("works.handler1")
    inbox.get("/inbox/trays/all/")
    with django_assert_max_num_queries(24):
        inbox.get("/inbox/trays/all/")


def test_grade_b_counts_as_open_in_the_report(taipei: None) -> None:
    """TP-5-5-6b."""
    case = petition()
    run("cases.register", "works.allotter", case=case.pk, post="handler1")
    graded = {"planned_end": "2026-03-20", "interim_result": "會勘"}
    run("cases.enter_grade_b", "works.handler1", case=case.pk, **graded)
    page = login("research.evaluator").get("/oversight/").content.decode()
    assert re.search(r'data-label="B 等級未結">1<', page)
    sheet = login("works.handler1").get("/inbox/trays/grade_b.csv").getvalue().decode("utf-8-sig")
    assert f"{case.number}," in sheet
    assert ",B" in sheet
