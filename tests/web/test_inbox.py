"""The agency's inbox: what is shown to whom, signing, the acts of a case."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from tests.web.inbox import Login, Make, act, city, later, login, make, picture, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login", "make"]


def test_a_new_case_waits_in_the_window_s_tray_with_its_countdown(login: Login, make: Make) -> None:
    case = make()
    page = says(login("works.intake_window").get("/inbox/"))
    assert case.number in page
    assert "10分鐘簽收" in page
    assert "還有 10 分鐘" in page
    assert 'data-key="s"' in page
    assert "王小明" not in page
    assert "0912" not in page


def test_other_agencies_see_nothing_of_it(login: Login, make: Make) -> None:
    case = make()
    env = login("env.intake_window")
    assert case.number not in says(env.get("/inbox/trays/all/"))
    for address in ("", "print", "note", "phone", "do/sign"):
        ask = env.post if address == "do/sign" else env.get
        assert ask(f"/inbox/cases/{case.number}/{address}").status_code == 404
    assert env.post("/inbox/sign", {"case": case.pk}).status_code == 404
    case.refresh_from_db()
    assert case.status == "established"


def test_those_who_look_over_the_agencies_read_it_and_do_nothing(login: Login, make: Make) -> None:
    case = make()
    director = login("research.director")
    page = says(director.get(f"/inbox/cases/{case.number}/"))
    assert "路燈不亮" in page
    assert "王○明" in page
    assert f"/inbox/cases/{case.number}/do/sign" not in page
    assert director.post(f"/inbox/cases/{case.number}/do/sign").status_code == 403


def test_an_operator_does_not_use_the_inbox(login: Login) -> None:
    assert login("call_centre.operator1").get("/inbox/").status_code == 403


def test_signing_from_the_list_in_one_press_and_several_at_once(login: Login, make: Make) -> None:
    cases = [make(f"板橋區中山路一段{n}號") for n in (1, 3, 5)]
    window = login("works.intake_window")
    first = window.post("/inbox/sign", {"one": cases[0].pk, "next": "/inbox/trays/unsigned/?district=x"})
    assert first["Location"] == "/inbox/trays/unsigned/?district=x"
    later(minutes=11)
    both = window.post(
        "/inbox/sign", {"case": [c.pk for c in cases[1:]], "next": "//evil.example/"}, follow=True
    )
    assert both.redirect_chain[0][0] == "/inbox/"
    assert "已簽收 2 件" in says(both)
    assert "其中 2 件逾時簽收" in says(both)
    for case in cases:
        case.refresh_from_db()
    assert [case.acknowledged_late for case in cases] == [False, True, True]
    again = window.post("/inbox/sign", {"case": [c.pk for c in cases]}, follow=True)
    assert "不能執行這個動作" in says(again)


def test_the_page_leads_from_signing_to_the_close(login: Login, make: Make) -> None:
    case = make(reply_by="phone")
    page = f"/inbox/cases/{case.number}/"
    window, handler, chief = login("works.intake_window"), login("works.handler1"), login("works.supervisor")
    assert "do/take" not in says(handler.get(page))  # the handler waits for the window
    assert "primary" not in says(chief.get(page))
    assert window.post(f"{page}do/sign").status_code == 302
    assert f'action="{page}do/take"' in says(handler.get(page))
    handler.post(f"{page}do/take")
    assert f'href="{page}complete"' in says(handler.get(page))
    form = says(handler.get(f"{page}complete"))
    assert "查無違規或不當情事" in form
    assert "逾期理由" not in form
    empty = handler.post(f"{page}complete", {"done_at": "2026-03-02T10:00"})
    assert empty.status_code == 422
    done = {
        "finding": "resolved",
        "result": "已更換燈泡",
        "done_at": "2026-03-02T10:00",
        "prevention": "列管",
    }
    answer = handler.post(f"{page}complete", done, follow=True)
    assert "電話回覆" in says(answer)
    case.refresh_from_db()
    assert case.status == "completed"
    assert f'href="{page}phone" class="button primary"' in says(handler.get(page))


def test_the_number_is_shown_once_then_recorded(login: Login, make: Make) -> None:
    from citycall.people.models import PartyView

    case = make(reply_by="phone")
    act("works.intake_window", "cases.acknowledge", case)
    act("works.handler1", "cases.take", case)
    act("works.handler1", "cases.complete", case, finding="resolved", result="已修復")
    page = f"/inbox/cases/{case.number}/phone"
    handler = login("works.handler1")
    assert "0912-345-678" not in says(handler.get(page))
    opened = says(handler.post(f"{page}/open"))
    assert "0912-345-678" in opened
    assert "王小明" in opened
    assert PartyView.objects.count() == 1
    assert "0912-345-678" not in says(handler.get(page))
    record = {"callee": "王小明", "at": "2026-03-02T10:00", "content": "已告知修復", "reached": "yes"}
    assert handler.post(f"{page}/record", record | {"content": ""}).status_code == 422
    assert handler.post(f"{page}/record", record).status_code == 302
    case.refresh_from_db()
    assert case.status == "closed"
    story = says(handler.get(f"/inbox/cases/{case.number}/"))
    assert "已告知修復" in story
    assert "王小明" not in story


def test_a_second_handler_is_warned_and_says_why(login: Login, make: Make) -> None:
    case = make(reply_by="phone")
    act("works.intake_window", "cases.acknowledge", case)
    act("works.handler1", "cases.take", case)
    act("works.handler1", "cases.open_phone", case)
    page = f"/inbox/cases/{case.number}/phone"
    second = login("works.handler2")
    warned = says(second.get(page))
    assert "另一位同仁聯絡過這位民眾" in warned
    assert "工務局業務承辦人一" in warned
    refused = second.post(f"{page}/open", {"reason": ""})
    assert refused.status_code == 409
    assert "0912-345-678" not in says(refused)
    assert "0912-345-678" in says(second.post(f"{page}/open", {"reason": "民眾請我再打"}))
    assert "已有 2 位人員調閱電話" in says(second.get(f"/inbox/cases/{case.number}/"))


def test_photos_are_kept_all_or_none_and_only_for_those_who_may(login: Login, make: Make) -> None:
    from citycall.services.cases.models import CaseFile

    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    page = f"/inbox/cases/{case.number}/"
    handler = login("works.handler1")
    bad = SimpleUploadedFile("x.jpg", b"MZ\x90\x00 not a picture", "image/jpeg")
    refused = handler.post(f"{page}photos", {"documents": [picture(), bad]})
    assert refused.status_code == 415
    assert "只接受" in says(refused)
    assert not CaseFile.objects.exists()
    assert handler.post(f"{page}photos", {}).status_code == 422
    handler.post(f"{page}photos", {"camera": picture(), "documents": [picture("b.jpg")], "caption": "施工前"})
    files = list(CaseFile.objects.order_by("id"))
    assert len(files) == 2
    assert "施工前" in says(handler.get(page))
    whole = handler.get(f"{page}files/{files[0].file_id}")
    assert whole["Content-Type"] == "image/jpeg"
    assert "sandbox" in whole["Content-Security-Policy"]
    assert b"".join(whole).startswith(b"\xff\xd8")
    small = handler.get(f"{page}files/{files[0].file_id}/small")
    assert Image.open(io.BytesIO(small.content)).width <= 480
    assert login("env.handler1").get(f"{page}files/{files[0].file_id}").status_code == 404
    other = make("板橋區中山路一段5號")
    assert handler.get(f"/inbox/cases/{other.number}/files/{files[0].file_id}").status_code == 404


def test_another_limit_is_asked_for_and_shown_as_waiting(login: Login, make: Make) -> None:
    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    page = f"/inbox/cases/{case.number}/"
    handler = login("works.handler1")
    too_long = handler.post(f"{page}stage", {"to": "second", "days": "15", "reason": "須開挖"})
    assert too_long.status_code == 422
    assert "最多 14 日" in says(too_long)
    assert handler.post(f"{page}stage", {"to": "second", "days": "7", "reason": "須開挖"}).status_code == 302
    assert "待話務中心審核" in says(handler.get(page))
    assert handler.get(f"{page}stage").status_code == 409  # one at a time
    act("call_centre.lead", "cases.decide_stage", case, approve=False, reason="請先派員")
    assert "請先派員" in says(handler.get(page))


def test_a_late_case_asks_for_the_reason(login: Login, make: Make) -> None:
    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    later(hours=5)
    page = f"/inbox/cases/{case.number}/"
    handler = login("works.handler1")
    done = {"finding": "resolved", "result": "已修復", "done_at": "2026-03-02T15:00"}
    answer = handler.post(f"{page}complete", done)
    assert answer.status_code == 422
    assert "逾期理由" in says(answer)
    assert handler.post(f"{page}complete", done | {"late_reason": "待料"}).status_code == 302


def test_measures_at_a_place_come_first_at_the_next_case(login: Login, make: Make) -> None:
    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    login("works.handler1").post(f"/inbox/cases/{case.number}/prevention", {"text": "改裝 LED 燈具"})
    again = make()
    page = says(login("works.handler1").get(f"/inbox/cases/{again.number}/"))
    assert page.index("改裝 LED 燈具") < page.index("反映內容")
    assert case.number in page
