"""What is owed beside the clocks, on the screens of the desk, the agency and the steering office."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Taipei
PLACES = {
    "kinmen": "金門縣金城鎮民生路60號",
    "taipei": "臺北市信義區市府路1號",
    "newtaipei": "新北市板橋區中山路一段161號",
}
Enter = Callable[[str], Client]


@pytest.fixture
def govern(db: None) -> Iterator[Callable[[str], None]]:
    from citycall.base import clock, policies
    from citycall.rehearsal import sample

    clock.set_virtual(BEGIN)

    def laid(pack: str) -> None:
        policies.refresh()
        sample.load_sample(pack, cases=False)

    yield laid
    clock.clear_virtual()
    policies.refresh()


@pytest.fixture
def kinmen(govern: Callable[[str], None]) -> None:
    govern("kinmen")


@pytest.fixture
def taipei(govern: Callable[[str], None]) -> None:
    govern("taipei")


@pytest.fixture
def newtaipei(govern: Callable[[str], None]) -> None:
    govern("newtaipei")


def enter(username: str) -> Client:
    from citycall.people.models import Staff

    client = Client()
    staff = Staff.objects.get(username=username)
    client.force_login(staff, backend="citycall.people.backends.StaffBackend")
    return client


def act(post: str, command: str, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(post), given)


def take(pack: str, **given: Any) -> Any:
    from citycall.services.cases.models import Case

    data = {
        "item": "streetlight",
        "description": "路燈不亮",
        "place": {"address": PLACES[pack]},
        "reporter": {"name": "王小明", "phone": "0912345678"},
        **given,
    }
    if data.get("kind") == "petition":  # asked for at intake (KM-2-3a, NT-5-2-3a)
        asked = {
            "kinmen": {"category": "reform"},
            "newtaipei": {"reply_by": "sms"},
            "taipei": {"reply_by": "sms"},
        }
        data = asked.get(pack, {}) | data
    return Case.objects.get(pk=act("call_centre.operator1", "cases.establish", **data).case)


def later(**length: float) -> None:
    from citycall.base import clock

    clock.set_virtual(clock.now() + timedelta(**length))


def tasks(**wanted: Any) -> Any:
    from citycall.services.cases.models import CaseTask

    return CaseTask.objects.filter(**wanted).order_by("id")


def says(answer: Any) -> str:
    return str(answer.content.decode())


def key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


# --- the desk ---------------------------------------------------------------------------------------------


def test_the_telephone_notice_is_done_where_the_number_is_read_out(kinmen: None) -> None:
    case = take("kinmen", reply_by="phone")
    operator = enter("call_centre.operator1")
    page = says(operator.get(f"/desk/cases/{case.number}/established"))
    assert "電話通知話務聯繫窗口派工" in page
    assert re.search(r'href="tel:0900-\d{3}-\d{3}"', page), "the contact window's number"
    assert 'class="count warn">1<' in page
    address = f"/desk/cases/{case.number}/tasks/phone_window"
    lacking = operator.post(address, {"person": "", "at": "2026-03-02T10:00", "back": "established"})
    assert lacking.status_code == 422
    assert "必填" in says(lacking)
    assert "2026-03-02T10:00" in says(lacking)
    early = operator.post(address, {"person": "窗口本人", "at": "2026-03-02T09:00"})
    assert early.status_code == 422
    assert "時間必須在成案之後、現在之前。" in says(early)
    done = operator.post(address, {"person": "窗口本人", "at": "2026-03-02T10:00", "back": "established"})
    assert done["Location"] == f"/desk/cases/{case.number}/established"
    page = says(operator.get(done["Location"]))
    assert "已登錄完成。" in page
    assert "窗口本人" in page
    assert f'action="{address}"' not in page
    assert operator.post(address, {"person": "再一次", "at": "2026-03-02T10:00"}).status_code == 409
    assert operator.get(address)["Location"] == "/desk/tasks/"


def test_the_call_centres_list_shows_what_it_owes(kinmen: None) -> None:
    first, second = take("kinmen", reply_by="phone"), take("kinmen", item="drain", reporter={})
    operator = enter("call_centre.operator2")
    page = says(operator.get("/desk/tasks/"))
    assert first.number in page
    assert second.number in page
    assert "王小明" not in page
    for case in (first, second):
        act("works.handler1", "cases.complete", case=case.pk, finding="resolved", result="已修復")
    page = says(operator.get("/desk/tasks/"))
    assert page.count("電話告知申訴人並結案") == 2
    calls = says(operator.get("/desk/tasks/?tab=calls"))
    assert first.number in calls
    assert second.number not in calls
    assert enter("works.handler1").get("/desk/tasks/").status_code == 403


def test_the_call_centre_rings_and_closes(kinmen: None) -> None:
    case = take("kinmen", reply_by="phone")
    act("works.handler1", "cases.complete", case=case.pk, finding="resolved", result="已修復")
    operator = enter("call_centre.operator1")
    page = says(operator.get(f"/desk/cases/{case.number}/"))
    assert f'href="/desk/cases/{case.number}/phone"' in page
    early = operator.post(f"/desk/cases/{case.number}/close")
    assert early.status_code == 409
    assert "請先完成回電並做成電話紀錄。" in says(early)
    in_vain = operator.post(f"/desk/cases/{case.number}/close", {"no_contact": "打不通"})
    assert "還沒有未接通的電話紀錄" in says(in_vain)
    phone = operator.get(f"/desk/cases/{case.number}/phone")
    assert "0912-345-678" not in says(phone)
    opened = operator.post(f"/desk/cases/{case.number}/phone/open", {"reason": ""})
    assert "0912-345-678" in says(opened)
    assert "0912-345-678" not in says(operator.get(f"/desk/cases/{case.number}/phone"))
    record = f"/desk/cases/{case.number}/phone/record"
    lacking = operator.post(record, {"reached": "yes", "callee": "王小明", "at": "2026-03-02T10:00"})
    assert lacking.status_code == 422
    kept = operator.post(
        record, {"reached": "yes", "callee": "王小明", "at": "2026-03-02T10:00", "content": "已告知"}
    )
    assert kept["Location"] == f"/desk/cases/{case.number}/"
    page = says(operator.get(kept["Location"]))
    assert "已回覆民眾" in page
    closed = operator.post(f"/desk/cases/{case.number}/close", follow=True)
    assert "已結案。" in says(closed)
    case.refresh_from_db()
    assert case.status == "closed"


def test_nobody_else_rings_or_closes_in_the_call_centres_place(kinmen: None) -> None:
    case = take("kinmen", reply_by="phone")
    act("works.handler1", "cases.complete", case=case.pk, finding="resolved", result="已修復")
    handler = enter("works.handler1")
    page = says(handler.get(f"/inbox/cases/{case.number}/"))
    assert "由話務中心回電並做成電話紀錄。" in page
    assert f"/inbox/cases/{case.number}/phone" not in page
    assert f"/inbox/cases/{case.number}/do/close" not in page
    assert handler.post(f"/inbox/cases/{case.number}/do/close").status_code == 403
    assert handler.get(f"/desk/cases/{case.number}/phone").status_code == 403


def test_a_delivery_problem_is_flagged_at_the_desk_and_settled_by_the_window(newtaipei: None) -> None:
    case = take("newtaipei")
    operator = enter("call_centre.operator1")
    page = says(operator.get(f"/desk/cases/{case.number}/"))
    assert "排除通知或派送問題" in page
    address = f"/desk/cases/{case.number}/tasks/open"
    assert operator.post(address, {"task": "delivery_problem", "note": ""}).status_code == 422
    assert operator.post(address, {"task": "nonsense", "note": "未送達"}).status_code == 422
    operator.post(address, {"task": "delivery_problem", "note": "通知未送達", "key": key(page)})
    assert operator.post(address, {"task": "delivery_problem", "note": "仍未送達"}).status_code == 403
    assert tasks(code="delivery_problem").count() == 1
    assert "沒有待辦事項" in says(enter("works.handler1").get("/inbox/tasks/"))
    assert "通知未送達" in says(enter("works.handler1").get("/inbox/tasks/?of=all"))
    window = enter("works.window")
    assert "通知未送達" in says(window.get("/inbox/tasks/"))
    form = f"/inbox/cases/{case.number}/tasks/delivery_problem"
    assert "處理情形" in says(window.get(form))
    assert enter("works.handler1").get(form).status_code == 403
    assert enter("env.window").get(form).status_code == 404
    assert window.post(form, {"text": ""}).status_code == 422
    done = window.post(form, {"text": "信箱已清理"}, follow=True)
    assert "已登錄完成。" in says(done)
    assert "信箱已清理" in says(done)
    assert window.get(form).status_code == 404


def test_a_new_case_is_linked_to_the_one_that_is_taken_up_again(taipei: None) -> None:
    from citycall.services.cases.models import Case

    case = take("taipei", reply_by="none")
    act("works.intake_window", "cases.acknowledge", case=case.pk)
    act("works.handler1", "cases.report_back", case=case.pk)
    act("works.intake_window", "cases.complete", case=case.pk, finding="resolved", result="已修復")
    operator = enter("call_centre.operator1")
    page = says(operator.get(f"/desk/cases/{case.number}/"))
    assert f'href="/desk/?related={case.number}"' in page
    card = says(operator.get(f"/desk/?related={case.number}"))
    assert f"這一件會連結到 {case.number}" in card
    assert "市府路1號" in card
    typed = {
        "key": "a-key-of-this-form", "item": "streetlight", "words": "路燈", "address": PLACES["taipei"],
        "description": "要求現場會勘", "name": "王小明", "phone": "0912345678", "related": case.number,
    }  # fmt: skip
    operator.post("/desk/cases/new", typed)
    other = Case.objects.get(related_to=case)
    assert other.number in says(operator.get(f"/desk/cases/{case.number}/"))
    assert case.number in says(enter("works.handler1").get(f"/inbox/cases/{other.number}/"))
    case.refresh_from_db()
    assert case.status == "closed"


# --- the agency -------------------------------------------------------------------------------------------


def test_the_supervisor_passes_the_dunning_on_in_one_press(taipei: None) -> None:
    from citycall.rehearsal.timeline import Timeline

    case = take("taipei")
    Timeline(BEGIN).move(BEGIN + timedelta(hours=5))
    supervisor = enter("works.supervisor")
    page = says(supervisor.get("/inbox/"))
    assert '<span>待辦事項</span> <span class="count warn">1</span>' in page
    page = says(supervisor.get("/inbox/tasks/"))
    assert "轉知承辦人員儘速辦理" in page
    address = f"/inbox/cases/{case.number}/tasks/dunning_passed_on"
    assert f'action="{address}"' in page
    assert enter("works.handler1").post(address).status_code == 403
    done = supervisor.post(address, follow=True)
    assert "已登錄完成。" in says(done)
    [task] = tasks(case=case)
    assert task.state == "done"
    assert f'action="{address}"' not in says(supervisor.get(f"/inbox/cases/{case.number}/"))


def test_the_handler_reports_back_and_the_duty_staff_enter_the_result(taipei: None) -> None:
    case = take("taipei", reply_by="none")
    act("works.intake_window", "cases.acknowledge", case=case.pk)
    act("works.handler1", "cases.take", case=case.pk)
    handler, duty = enter("works.handler1"), enter("works.intake_window")
    assert f"/inbox/cases/{case.number}/complete" not in says(duty.get(f"/inbox/cases/{case.number}/"))
    assert "待登錄結果" in says(duty.get("/inbox/"))
    page = says(handler.get(f"/inbox/cases/{case.number}/report"))
    handler.post(f"/inbox/cases/{case.number}/report", {"text": "燈具已更換", "key": key(page)})
    assert case.number in says(duty.get("/inbox/trays/reported/"))
    page = says(duty.get(f"/inbox/cases/{case.number}/complete"))
    assert "選「私權爭議」時必填。" in page
    assert "發文字號" in page
    given = {"finding": "private_rights", "result": "私權爭議", "done_at": "2026-03-02T10:00"}
    lacking = duty.post(f"/inbox/cases/{case.number}/complete", given)
    assert lacking.status_code == 422
    assert "請填寫處理經過。" in says(lacking)
    duty.post(f"/inbox/cases/{case.number}/complete", {**given, "course": "會勘確認為私有地"})
    case.refresh_from_db()
    assert (case.status, case.course) == ("closed", "會勘確認為私有地")
    assert case.number not in says(duty.get("/inbox/trays/reported/"))


def test_where_nobody_reports_back_no_tray_waits_for_it(kinmen: None) -> None:
    take("kinmen")
    assert "待登錄結果" not in says(enter("works.window").get("/inbox/"))


def test_reminders_and_releases_are_given_to_whom_they_belong(kinmen: None) -> None:
    case = take("kinmen")
    window = enter("works.window")
    page = says(window.get(f"/inbox/cases/{case.number}/"))
    assert f"/inbox/cases/{case.number}/remind" in page
    assert f"/inbox/cases/{case.number}/release" not in page
    done = window.post(f"/inbox/cases/{case.number}/remind", {"text": "請儘速派工"}, follow=True)
    assert "催辦" in says(done)
    assert "請儘速派工" in says(done)
    assert f"/inbox/cases/{case.number}/remind" not in says(
        enter("works.handler1").get(f"/inbox/cases/{case.number}/")
    )
    steering = enter("civil.director")
    page = says(steering.get(f"/inbox/cases/{case.number}/"))
    assert f"/inbox/cases/{case.number}/release" in page
    form = f"/inbox/cases/{case.number}/release"
    assert window.get(form).status_code == 403
    assert steering.post(form, {"reason": ""}).status_code == 422
    page = says(steering.post(form, {"reason": "屬國有林地"}, follow=True))
    assert "已解除列管" in page
    assert "屬國有林地" in page
    case.refresh_from_db()
    assert case.status == "released"
    assert steering.get(form).status_code == 409


def test_the_citizen_reads_of_a_release_and_nothing_of_tasks(kinmen: None) -> None:
    case = take("kinmen")
    act("civil.director", "cases.release", case=case.pk, reason="屬國有林地")
    page = says(Client().post("/track/", {"number": case.number, "code": case.lookup_code}, follow=True))
    assert "已轉由權責機關另行處理" in page
    assert "不再以派工列管，由權責機關另行處理" in page
    for hidden in ("屬國有林地", "話務聯繫窗口", "待辦", "處理期限"):
        assert hidden not in page


# --- the steering office ----------------------------------------------------------------------------------


def test_the_register_keeps_the_kinds_apart(taipei: None) -> None:
    dispatch = take("taipei")
    wanted = {"kind": "petition", "agency": "works", "category": "reform", "reply_by": "phone"}
    petition = take("taipei", item=None, place=None, **wanted)
    director = enter("research.director")
    page = says(director.get("/oversight/cases/?kind=dispatch"))
    assert dispatch.number in page
    assert petition.number not in page
    assert "還有 4 小時" in page
    assert "已成案，待簽收" in page
    assert petition.number in says(director.get("/oversight/cases/?kind=petition"))
    assert dispatch.number not in says(director.get("/oversight/cases/?kind=dispatch&agency=env"))
    assert dispatch.number in says(director.get("/oversight/cases/?kind=nonsense&status=x&sort=y&page=z"))
    assert dispatch.number not in says(enter("env.evaluator").get("/oversight/cases/"))
    assert enter("works.handler1").get("/oversight/cases/").status_code == 403


def test_the_steering_office_sees_what_was_not_passed_on(taipei: None) -> None:
    from citycall.rehearsal.timeline import Timeline

    case = take("taipei")
    Timeline(BEGIN).move(BEGIN + timedelta(hours=5))
    director = enter("research.director")
    page = says(director.get("/oversight/owed/?code=dunning_passed_on"))
    assert case.number in page
    assert "轉知承辦人員儘速辦理" in page
    assert case.number not in says(director.get("/oversight/owed/?code=explanation"))
    assert case.number not in says(enter("env.evaluator").get("/oversight/owed/"))
    assert case.number in says(enter("works.evaluator").get("/oversight/owed/"))


def test_the_assessment_is_of_one_kind_when_asked(kinmen: None) -> None:
    case = take("kinmen")
    take("kinmen", item=None, place=None, kind="petition", agency="env")
    act("civil.director", "cases.release", case=case.pk, reason="屬國有林地")
    director = enter("civil.director")
    page = says(director.get("/oversight/?kind=dispatch"))
    assert "工務處" in page
    assert "環境保護局" not in page
    assert "解除列管" in page
    assert "環境保護局" in says(director.get("/oversight/"))
    rows = says(director.get("/oversight/figures.csv?kind=dispatch")).splitlines()
    assert rows[0].endswith("解除列管,逾期待辦")
    assert rows[1].startswith("工務處,1,0,0,")
    assert rows[1].endswith(",1,0")


@pytest.mark.parametrize(
    ("reporter", "said"),
    [
        ({"name": "王小明", "phone": "0912345678"}, "這類案件不寄送成案通知"),
        ({}, "沒有可以寄送的手機或電子郵件"),
    ],
)
def test_why_the_number_is_read_out(kinmen: None, reporter: dict[str, str], said: str) -> None:
    made = take("kinmen", reporter=reporter)
    page = enter("call_centre.operator1").get(f"/desk/cases/{made.number}/established").content.decode()
    assert said in page
    assert page.count("請現在唸出案號與查詢碼") == 1
