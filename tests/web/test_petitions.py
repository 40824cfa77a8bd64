"""Petitions and urgent reports on the screens: filed at the desk, given out, submitted, approved, graded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Taipei
Login = Callable[[str], Client]
REPORT: dict[str, Any] = {
    "key": "one-report",
    "filed_as": "report",
    "item": "",
    "agency": "works",
    "notified_person": "值班張先生",
    "notified_at": "2026-03-02T09:58",
    "address": "",
    "description": "擋土牆龜裂",
    "name": "王小明",
    "phone": "0912345678",
    "reply_by": "phone",
}


def city_of(pack: str) -> Iterator[None]:
    from citycall.base import clock, policies
    from citycall.rehearsal import sample

    policies.refresh()
    clock.set_virtual(BEGIN)
    sample.load_sample(pack, cases=False)
    yield
    clock.clear_virtual()
    policies.refresh()


@pytest.fixture
def newtaipei(db: None) -> Iterator[None]:
    yield from city_of("newtaipei")


@pytest.fixture
def taipei(db: None) -> Iterator[None]:
    yield from city_of("taipei")


def login(username: str) -> Client:
    from citycall.people.models import Staff

    client = Client()
    staff = Staff.objects.get(username=username)
    client.force_login(staff, backend="citycall.people.backends.StaffBackend")
    return client


def cases() -> Any:
    from citycall.services.cases.models import Case

    return Case.objects


def run(command: str, who: str, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(who), given)


def wait(minutes: int) -> None:
    from citycall.base import clock

    clock.set_virtual(clock.now() + timedelta(minutes=minutes))


def petition(**more: Any) -> Any:
    given = {
        "kind": "petition",
        "agency": "works",
        "category": "rights",
        "description": "人行道停放機車",
        "reporter": {"name": "王小明", "phone": "0912345678"},
        "reply_by": "none",
        **more,
    }
    made = run("cases.establish", "call_centre.operator1", **given)
    return cases().get(pk=made.case)


# -- the desk ----------------------------------------------------------------------------------------------


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


# -- the inbox ---------------------------------------------------------------------------------------------


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


# -- by letter (TP-5-5-1a) ---------------------------------------------------------------------------------

BY_LETTER = {
    "filed_as": "petition",
    "agency": "works",
    "category": "rights",
    "description": "建議增設人行道",
    "name": "王小明",
    "phone": "",
    "email": "",
    "reporter_address": "臺北市信義區市府路1號",
    "reply_by": "letter",
    "channel": "letter",
}


def test_a_letter_is_among_the_wishes_at_the_desk(taipei: None) -> None:
    desk = login("call_centre.operator1")
    assert '<option value="letter">書信</option>' in desk.get("/desk/").content.decode()
    desk.post("/desk/cases/new", BY_LETTER)
    case = cases().get()
    assert case.reply_by == "letter"
    assert "<dt>回覆方式</dt><dd>書信</dd>" in desk.get(f"/desk/cases/{case.number}/").content.decode()


def test_who_leaves_but_an_address_is_answered_by_letter(taipei: None) -> None:
    desk = login("call_centre.operator1")
    desk.post("/desk/cases/new", BY_LETTER | {"reply_by": ""})
    assert cases().get().reply_by == "letter"


def test_a_letter_without_an_address_is_refused_at_its_field(taipei: None) -> None:
    desk = login("call_centre.operator1")
    answer = desk.post("/desk/cases/new", BY_LETTER | {"reporter_address": "", "phone": "0912345678"})
    assert answer.status_code == 422
    assert "以書信回覆需要地址" in answer.content.decode()
    assert not cases().exists()


def test_the_result_of_a_petition_by_letter_asks_for_the_letter(taipei: None) -> None:
    login("call_centre.operator1").post("/desk/cases/new", BY_LETTER)
    case = cases().get()
    run("cases.register", "works.allotter", case=case.pk, post="handler1")
    handler = login("works.handler1")
    at = f"/inbox/cases/{case.number}/submit"
    assert 'name="no_reply"' in handler.get(at).content.decode()
    result = {"finding": "resolved", "result": "已錄案研議", "done_at": "2026-03-02T10:00"}
    refused = handler.post(at, result)
    assert refused.status_code == 422
    assert "請先擬具回覆稿" in refused.content.decode()
    run("cases.draft_reply", "works.handler1", case=case.pk, content="本局已錄案研議。")
    assert 'name="no_reply"' not in handler.get(at).content.decode()
    assert handler.post(at, result).status_code == 302
