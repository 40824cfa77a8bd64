"""The written reply on the screens: written, approved, previewed, sent; told at the desk; asked for again."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.web.sample import city_of, login, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db: None, request: pytest.FixtureRequest) -> Iterator[str]:
    pack = getattr(request, "param", "taipei")
    for _ready in city_of(pack):
        yield pack


def petition(**more: Any) -> Any:
    from citycall.services.cases.models import Case

    given = {
        "kind": "petition",
        "agency": "works",
        "category": "rights",
        "description": "人行道停放機車",
        "reporter": {"name": "王小明", "email": "ming@sample.invalid", "address": "臺北市信義區市府路1號"},
        "reply_by": "email",
        **more,
    }
    case = Case.objects.get(pk=run("cases.establish", "call_centre.operator1", **given).case)
    run("cases.acknowledge", "works.intake_window", case=case.pk)
    run("cases.take", "works.handler1", case=case.pk)
    return case


DRAFT = {
    "way": "letter",
    "way_reason": "附圖以信函寄送",
    "title": "增設停車格一案",
    "content": "已於三月一日會勘。\n將增設停車格六格。",
    "handler_name": "林承辦",
    "handler_phone": "(02)2720-8889 轉 1234",
}
RESULT = {"finding": "adopted", "result": "將增設停車格", "done_at": "2026-03-02T10:00"}


def test_from_the_draft_to_the_letter(city: str) -> None:
    from citycall.base.audit import AuditEntry
    from citycall.people.models import PartyView
    from citycall.services.cases.models import CaseReply

    case = petition()
    at = f"/inbox/cases/{case.number}"
    handler, chief = login("works.handler1"), login("works.section_chief")
    page = handler.get(f"{at}/draft").content.decode()
    assert "民眾要求：電子郵件" in page
    assert "轉" in page, "the telephone of the post is there"
    wrong = handler.post(f"{at}/draft", DRAFT | {"way_reason": ""})
    assert wrong.status_code == 422
    assert "改用其他方式請敘明理由" in wrong.content.decode()
    assert "將增設停車格六格" in wrong.content.decode(), "what was typed stays"
    assert handler.post(f"{at}/draft", DRAFT).status_code == 302
    page = handler.get(f"{at}/").content.decode()
    assert "附圖以信函寄送" in page
    assert f"{at}/letter.pdf" in page
    preview = handler.get(f"{at}/letter.pdf")
    assert preview["Content-Type"] == "application/pdf"
    assert preview.content.startswith(b"%PDF-")
    assert handler.post(f"{at}/submit", RESULT).status_code == 302
    page = chief.get(f"{at}/").content.decode()
    for said in ("將增設停車格六格", "林承辦", "(02)2720-8889", "增設停車格一案", "待核定"):
        assert said in page, "who approves reads all of it"
    assert chief.post(f"{at}/do/approve").status_code == 302
    case.refresh_from_db()
    assert case.status == "completed", "the document's number is still to come"
    assert f"{at}/issue" in handler.get(f"{at}/").content.decode()
    form = {"document_number": "北市工字第1150001號", "reply_date": "2026-03-02", "grade": "A"}
    lacking = handler.post(f"{at}/issue", form | {"document_number": ""})
    assert lacking.status_code == 422
    assert handler.post(f"{at}/issue", form).status_code == 302
    case.refresh_from_db()
    assert case.status == "closed"
    assert CaseReply.objects.get(case=case).reference == "北市工字第1150001號"
    files = re.findall(rf"{at}/files/(\d+)\"", handler.get(f"{at}/").content.decode())
    kinds = {}
    for file in files:
        answer = handler.get(f"{at}/files/{file}")
        kinds[answer["Content-Type"]] = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert kinds["application/pdf"].startswith(b"%PDF-")
    odt = zipfile.ZipFile(io.BytesIO(kinds["application/vnd.oasis.opendocument.text"])).read("content.xml")
    for said in (
        "115年3月2日",
        "北市工字第1150001號",
        "林承辦",
        "(02)2720-8889",
        case.number,
        "將增設停車格六格",
    ):
        assert said in odt.decode()
    assert "王小明" not in odt.decode(), "the citizen is masked in what is kept"
    assert AuditEntry.objects.filter(command="cases.read_file").count() == len(files)
    assert login("env.handler1").get(f"{at}/files/{files[0]}").status_code == 404
    assert login("env.handler1").get(f"{at}/letter.pdf").status_code == 404
    before = PartyView.objects.count()
    mailed = handler.post(f"{at}/letter/mail")
    assert mailed.content.startswith(b"%PDF-")
    assert PartyView.objects.count() == before + 1, "name and address were opened, on record"
    assert login("env.handler1").post(f"{at}/letter/mail").status_code == 404
    assert handler.get(f"{at}/letter.doc").status_code == 404


@pytest.mark.parametrize("city", ["newtaipei"], indirect=True)
def test_the_message_is_read_before_it_goes_out(city: str) -> None:
    case = petition(category="petition")
    at = f"/inbox/cases/{case.number}"
    handler = login("works.handler1")
    form = DRAFT | {"way": "email", "way_reason": "", "title": ""}
    assert handler.post(f"{at}/draft", form | {"handler_phone": ""}).status_code == 422
    assert handler.post(f"{at}/draft", form).status_code == 302
    page = handler.get(f"{at}/").content.decode()
    assert "民眾會收到的訊息" in page
    assert "回覆您的陳情" in page, "the subject of the e-mail"
    assert f"{at}/letter.pdf" not in page


def test_a_petition_is_left_unprocessed_by_who_may(city: str) -> None:
    case = petition()
    at = f"/inbox/cases/{case.number}"
    handler, chief = login("works.handler1"), login("works.section_chief")
    assert f"{at}/unprocessed" not in handler.get(f"{at}/").content.decode()
    assert f"{at}/unprocessed" in chief.get(f"{at}/").content.decode()
    assert chief.post(f"{at}/unprocessed", {"reason": "同一事由"}).status_code == 422
    given = {"ground": "notes11", "reason": "同一事由已明確答復"}
    assert handler.post(f"{at}/unprocessed", given).status_code == 403
    assert chief.post(f"{at}/unprocessed", given).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.unprocessed_ground) == ("closed", "notes11")
    page = chief.get(f"{at}/").content.decode()
    assert "注意事項第十一點" in page
    report = login("research.evaluator").get("/oversight/petitions/").content.decode()
    assert "不予處理" in report
    assert case.number in report
    asked = {"number": case.number, "code": case.lookup_code}
    public = Client().post("/track/", asked, headers={"Accept-Language": "en"}, follow=True).content.decode()
    assert "Not processed (" in public
    assert "不予處理" not in public


def test_what_was_not_processed_is_said_in_the_reader_s_language(city: str) -> None:
    """At the agency, on its sheet for the file, and in whatever message tells the result."""
    from citycall.base.notices import render
    from citycall.base.policies import pack_of
    from citycall.services.cases.messages import context_of

    case = petition()
    given = {"ground": "notes11", "reason": "Answered clearly before"}
    run("cases.leave_unprocessed", "works.section_chief", case=case.pk, **given)
    case.refresh_from_db()
    chief = login("works.section_chief")
    for address in (f"/inbox/cases/{case.number}/", f"/inbox/cases/{case.number}/print"):
        page = chief.get(f"{address}?lang=en").content.decode()
        assert "Not processed (" in page, address
        assert "不予處理（" not in page, address
        page = chief.get(f"{address}?lang=zh-hant").content.decode()
        assert "不予處理（" in page, address
    pack = pack_of(case.policy_version_id)
    told = context_of(pack, case, document_number="", reply_date="", grade="", content="")
    assert str(told["result"]["en"]).startswith("Not processed (")
    assert str(told["result"]["zh"]).startswith("不予處理（")
    assert "不予處理" not in "".join(render(pack, "petition.completed_citizen", "sms", "en", [told]))


def closed(**more: Any) -> Any:
    case = petition(reply_by="none", **more)
    run("cases.complete", "works.handler1", case=case.pk, finding="adopted", result="將增設停車格")
    run("cases.approve", "works.section_chief", case=case.pk)
    case.refresh_from_db()
    assert case.status == "closed"
    return case


def test_the_operator_tells_the_result_and_passes_on_what_was_not_right(city: str) -> None:
    from citycall.base.events import Event
    from citycall.services.cases.models import CaseTask

    case = closed()
    desk = login("call_centre.operator1")
    at = f"/desk/cases/{case.number}"
    page = desk.get(f"{at}/").content.decode()
    for said in ("將增設停車格", "已告知來電者", "民眾不滿意", "工務局業務承辦人一"):
        assert said in page
    key = {"key": "told-once"}
    assert desk.post(f"{at}/result-told", key).status_code == 302
    assert desk.post(f"{at}/result-told", key).status_code == 302
    assert Event.objects.filter(subject_id=case.pk, kind="case.result_told").count() == 1
    assert "來電告知結果" in desk.get(f"{at}/").content.decode()
    assert desk.post(f"{at}/dissatisfied", {"reason": ""}).status_code == 422
    assert desk.post(f"{at}/dissatisfied", {"reason": "仍停放機車"}).status_code == 302
    assert CaseTask.objects.get(case=case, code="reopening").note == "仍停放機車"
    assert desk.post(f"{at}/dissatisfied", {"reason": "仍停放機車"}).status_code == 409
    lead = login("call_centre.lead")
    assert "仍停放機車" in lead.get(f"{at}/").content.decode()


def test_the_citizen_asks_for_it_to_be_opened_again(city: str) -> None:
    from citycall.services.cases.models import CaseTask

    case, visitor = closed(), Client()
    known = {"number": case.number, "code": case.lookup_code}
    page = visitor.post("/track/", known).content.decode()
    assert "對處理結果不滿意" in page
    assert visitor.post("/track/again", known | {"reason": ""}).status_code == 422
    wrong = known | {"code": "000000" if case.lookup_code != "000000" else "111111", "reason": "沒有改善"}
    assert visitor.post("/track/again", wrong).status_code == 404
    assert not CaseTask.objects.filter(case=case).exists()
    assert visitor.post("/track/again", known | {"reason": "沒有改善"}).status_code == 302
    assert CaseTask.objects.get(case=case, code="reopening").note == "沒有改善"
    page = visitor.post("/track/", known).content.decode()
    assert "已申請重新辦理" in page.partition('id="steps"')[2], "among the steps, with its time"
    assert "話務中心審核後會重新辦理或與您說明" in page
    assert "對處理結果不滿意" not in page
    assert visitor.post("/track/again", known | {"reason": "沒有改善"}).status_code == 409
    assert visitor.post("/track/again", {}).status_code == 422


def test_the_citizen_reads_the_whole_reply(city: str) -> None:
    case = petition()
    run("cases.draft_reply", "works.handler1", case=case.pk, content="將增設停車格六格。")
    known = {"number": case.number, "code": case.lookup_code}
    assert "將增設停車格六格" not in Client().post("/track/", known).content.decode()
    run("cases.complete", "works.handler1", case=case.pk, finding="adopted", result="將增設停車格")
    run("cases.approve", "works.section_chief", case=case.pk)
    given = {"document_number": "北市工字第1150001號", "reply_date": "2026-03-02", "grade": "A"}
    run("cases.issue_reply", "works.handler1", case=case.pk, **given)
    page = Client().post("/track/", known).content.decode()
    for said in ("將增設停車格六格。", "北市工字第1150001號", "工務局業務承辦人一"):
        assert said in page


@pytest.mark.parametrize("form", ["csv", "ods", "xlsx"])
def test_the_months_are_exported(city: str, form: str) -> None:
    closed()
    evaluator = login("research.evaluator")
    page = evaluator.get("/oversight/petitions/").content.decode()
    assert "平均處理時間" in page
    answer = evaluator.get(f"/oversight/petitions.{form}")
    assert answer.status_code == 200
    if form == "csv":
        assert "不予處理" in answer.content.decode("utf-8-sig")
    assert evaluator.get("/oversight/petitions.doc").status_code == 404
    assert login("works.handler1").get("/oversight/petitions/").status_code == 403
