"""The agency's inbox: what is shown to whom, signing, the acts of a case, the list as a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Taipei
Login = Callable[[str], Client]
Make = Callable[..., Any]


@pytest.fixture
def city(db: None) -> Iterator[None]:
    from citycall.base import clock, policies
    from citycall.rehearsal import sample

    policies.refresh()
    clock.set_virtual(BEGIN)
    sample.load_sample(cases=False)
    yield
    clock.clear_virtual()
    policies.refresh()


@pytest.fixture
def login(city: None) -> Login:
    from citycall.people.models import Staff

    def enter(username: str) -> Client:
        client = Client()
        staff = Staff.objects.get(username=username)
        client.force_login(staff, backend="citycall.people.backends.StaffBackend")
        return client

    return enter


@pytest.fixture
def make(city: None) -> Make:
    """A case of the works department, as the operator takes it."""
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish
    from citycall.services.cases.models import Case

    def take(address: str = "板橋區中山路一段161號", **given: Any) -> Case:
        reporter = {"name": "王小明", "phone": "0912345678"}
        data = {"item": "streetlight", "description": "路燈不亮", "place": {"address": address},
                "reporter": reporter, **given}  # fmt: skip
        return Case.objects.get(pk=establish(actor_for_post("call_centre.operator1"), data).case)

    return take


def act(post: str, command: str, case: Any, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(post), {"case": case.pk, **given})


def later(**length: float) -> None:
    from citycall.base import clock

    clock.set_virtual(clock.now() + timedelta(**length))


def picture(name: str = "現場.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), "#884422").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def says(answer: Any) -> str:
    return str(answer.content.decode())


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


def test_the_fragment_is_sent_again_only_when_something_changed(login: Login, make: Make) -> None:
    case = make()
    window = login("works.intake_window")
    for address, target in (("/inbox/", "inbox-list"), (f"/inbox/cases/{case.number}/", "case")):
        asked = {"HX-Request": "true", "HX-Target": target}
        first = window.get(address, headers=asked)
        assert "<html" not in says(first)
        seen = says(first).split('"X-Seen":"', 1)[1].split('"', 1)[0]
        assert window.get(address, headers=asked | {"X-Seen": seen}).status_code == 204
        act("works.intake_window" if target == "inbox-list" else "works.handler1",
            "cases.acknowledge" if target == "inbox-list" else "cases.take", case)  # fmt: skip
        assert window.get(address, headers=asked | {"X-Seen": seen}).status_code == 200


def test_filters_and_trays(login: Login, make: Make) -> None:
    banqiao, other = make(), make("三重區重新路三段120號", item="pothole")
    window = login("works.intake_window")
    page = says(window.get("/inbox/trays/unsigned/?item=pothole"))
    assert other.number in page
    assert banqiao.number not in page
    assert banqiao.number in says(window.get(f"/inbox/trays/all/?q={banqiao.number.lower()}"))
    assert banqiao.number not in says(window.get("/inbox/trays/all/?q=中正路"))
    for nonsense in ("?item=nothing&stage=x&page=abc&sort=evil", "?q=%09", "?district=' OR 1=1"):
        assert window.get(f"/inbox/trays/all/{nonsense}").status_code == 200
    assert "沒有符合篩選的案件" in says(window.get("/inbox/trays/all/?q=沒有這個地方"))


def test_a_long_search_is_cut_and_never_lists_everything(login: Login, make: Make) -> None:
    case = make()
    window = login("works.intake_window")
    long = {"q": "沒有這個地方" * 30}
    assert case.number not in says(window.get("/inbox/trays/all/", long))
    assert case.number not in window.get("/inbox/trays/all.csv", long).getvalue().decode()


def test_the_list_is_narrowed_to_a_kind_and_saved_with_it(login: Login, make: Make) -> None:
    from citycall.services.cases.models import SavedFilter

    case = make()
    window = login("works.intake_window")
    assert case.number in says(window.get(f"/inbox/trays/all/?kind={case.kind}"))
    page = says(window.get("/inbox/trays/all/?kind=petition"))
    assert case.number not in page
    assert 'value="streetlight"' not in page, "only items of that kind"
    assert 'value="streetlight"' in says(window.get(f"/inbox/trays/all/?kind={case.kind}"))
    saved = window.post(
        "/inbox/trays/all/save?kind=petition", {"title": "陳情", "agency": "works", "key": "k" * 20}
    )
    assert saved.status_code == 302, saved.content.decode()
    assert SavedFilter.objects.get().wanted == {"tray": "all", "kind": "petition"}
    assert saved["Location"].endswith("/inbox/trays/all/?kind=petition")


def test_what_is_due_first_is_signed_first(login: Login, make: Make) -> None:
    from citycall.services.cases.models import Case

    first, second = make(), make("三重區重新路三段120號", item="pothole")
    Case.objects.filter(pk=second.pk).update(due_at=first.due_at - timedelta(hours=1))
    page = says(login("works.intake_window").get("/inbox/trays/unsigned/"))
    assert page.index(second.number) < page.index(first.number)


@pytest.mark.parametrize("who", ["works.handler1", "works.section_chief", "works.window"])
def test_a_key_on_the_page_of_a_case_does_one_thing(login: Login, make: Make, who: str) -> None:
    case = make()
    for status in ("established", "in_progress"):
        if status == "in_progress":
            act("works.intake_window", "cases.acknowledge", case)
            act("works.handler1", "cases.take", case)
        keys = re.findall(r'data-key="([^"]+)"', says(login(who).get(f"/inbox/cases/{case.number}/")))
        assert "a" in keys
        assert len(keys) == len(set(keys)), sorted(keys)


def test_no_key_stands_for_two_acts(login: Login) -> None:
    from citycall.web.inbox.acts import ACTS

    keys = [one.key for one in ACTS if one.code != "submit"]  # it stands where 辦畢 would
    assert len(keys) == len(set(keys))
    assert not {"a", "l"} & {one.key for one in ACTS if one.code != "allot"}


def test_a_refused_page_leads_back_to_the_work(login: Login, make: Make) -> None:
    case = make()
    handler = login("works.handler1")
    gone = handler.get("/inbox/cases/F9990101-000001/")
    assert gone.status_code == 404
    assert 'href="/inbox/"' in says(gone)
    refused = handler.get(f"/inbox/cases/{case.number}/complete")
    assert refused.status_code in (403, 409)
    assert f'href="/inbox/cases/{case.number}/"' in refused.content.decode()


def test_a_refused_page_stands_in_the_frame_of_the_work(login: Login, make: Make) -> None:
    """Whoever is at work goes on from there; nobody is shown an area that is not theirs."""
    make()
    handler = login("works.handler1")
    for address, status in (
        ("/inbox/cases/F9990101-000001/", 404),
        ("/inbox/nowhere/at/all/", 404),
        ("/desk/", 403),
        ("/oversight/special/", 403),
    ):
        answer = handler.get(address)
        assert answer.status_code == status, address
        page = says(answer)
        assert 'class="areas"' in page, address
        assert '<a href="/inbox/"' in page
        assert '<a href="/desk/"' not in page
        assert ("待決定的申請" in page) is address.startswith("/inbox/")
        assert 'role="search"' not in page
        assert "no-store" in answer["Cache-Control"]
    operator = login("call_centre.operator1")
    page = says(operator.get("/desk/cases/F9990101-000001/"))
    assert '<a href="/desk/"' in page
    assert 'role="search"' in page, "the bar of the desk: the next number is looked up from here"
    assert 'class="areas"' not in Client().get("/nowhere").content.decode()


def test_the_preview_of_many_says_what_comes_first(login: Login, make: Make) -> None:
    from citycall.services.cases.models import Case

    fresh, done = make(), make("三重區重新路三段120號")
    Case.objects.filter(pk=done.pk).update(status="released")
    page = says(login("works.section_chief").post("/inbox/many/allot", {"case": [fresh.pk, done.pk]}))
    assert "須先簽收" in page
    assert "案件已結束" in page
    assert "請重新整理" not in page


def test_the_inbox_finds_nobody_by_telephone_number(login: Login, make: Make) -> None:
    case = make()
    for who in ("works.intake_window", "works.handler1", "works.evaluator"):
        client = login(who)
        page = says(client.get("/inbox/trays/all/"))
        assert case.number in page
        assert "電話" not in page.partition('type="search"')[2].partition(">")[0]
        for number in ("0912345678", "0912-345-678"):
            assert case.number not in says(client.get("/inbox/trays/all/", {"q": number}))
            sheet = client.get("/inbox/trays/all.csv", {"q": number}).getvalue().decode()
            assert case.number not in sheet


def test_the_spreadsheet_has_no_personal_data_and_no_formulas(login: Login, make: Make) -> None:
    from citycall.services.cases.models import Case

    case = make(description="我是王小明，電話 0912345678")
    Case.objects.filter(pk=case.pk).update(address="=HYPERLINK(1)")
    answer = login("works.intake_window").get("/inbox/trays/all.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.getvalue().decode("utf-8-sig")
    assert "王小明" not in text
    assert "0912" not in text
    row = list(csv.reader(io.StringIO(text)))[1]
    assert row[0] == case.number
    assert row[3] == "'=HYPERLINK(1)"


def test_the_evaluator_analyses_late_cases(login: Login, make: Make) -> None:
    from citycall.services.cases.models import Case

    case = make()
    Case.objects.filter(pk=case.pk).update(overdue=True)
    evaluator = login("works.evaluator")
    assert f"/inbox/delays/{case.number}/" in says(evaluator.get("/inbox/delays/"))
    assert login("works.handler1").get(f"/inbox/delays/{case.number}/").status_code == 403
    assert evaluator.post(f"/inbox/delays/{case.number}/", {"cause": "moon", "text": "x"}).status_code == 422
    sent = evaluator.post(f"/inbox/delays/{case.number}/", {"cause": "weather", "text": "連日豪雨"})
    assert sent.status_code == 302
    assert case.number not in says(evaluator.get("/inbox/delays/"))
    assert "連日豪雨" in says(evaluator.get("/inbox/delays/?tab=done"))


def test_three_groundless_findings_offer_the_letter(login: Login, make: Make) -> None:
    from citycall.services.cases.models import UnfoundedLetter

    for _ in range(3):
        case = make(reply_by="none")
        act("works.intake_window", "cases.acknowledge", case)
        act("works.handler1", "cases.complete", case, finding="no_violation", result="查無違規")
    letter = UnfoundedLetter.objects.get()
    window = login("works.window")
    assert "連續 3 次查無違規" in says(window.get(f"/inbox/cases/{case.number}/"))
    assert f"/inbox/letters/{letter.pk}/" in says(window.get("/inbox/letters/"))
    assert login("env.window").get(f"/inbox/letters/{letter.pk}/").status_code == 404
    assert window.post(f"/inbox/letters/{letter.pk}/", {"reasons": ""}).status_code == 422
    assert window.post(f"/inbox/letters/{letter.pk}/", {"reasons": "三次到場均無違規"}).status_code == 302
    letter.refresh_from_db()
    assert letter.state == "sent"


def test_posts_change_hands_and_an_empty_one_is_told(login: Login) -> None:
    from citycall.base.notices import Notice
    from citycall.people.models import Holding, Staff

    head = login("works.head")
    other = Staff.objects.get(username="works.handler2")
    assert "還沒有指定" not in says(head.get("/inbox/"))
    assert head.get("/inbox/posts/env.evaluator/").status_code == 404
    assert login("works.handler1").get("/inbox/posts/works.evaluator/").status_code == 403
    assert head.post("/inbox/posts/works.evaluator/", {"username": "nobody"}).status_code == 422
    assert head.post("/inbox/posts/works.evaluator/", {"staff": str(other.pk)}).status_code == 302
    assert Holding.objects.get(post="works.evaluator", until=None).staff == other
    assert Notice.objects.filter(template="people.post_changed", to_post="call_centre.lead").exists()
    head.post("/inbox/posts/works.evaluator/", {"staff": "none"})
    assert "還沒有指定：研考人員" in says(head.get("/inbox/"))


def test_the_window_is_offered_no_post_above_its_own(login: Login) -> None:
    window = login("works.window")
    page = says(window.get("/inbox/posts/"))
    assert "/inbox/posts/works.handler1/" in page
    assert "/inbox/posts/works.head/" not in page
    assert window.get("/inbox/posts/works.head/").status_code == 403


@pytest.mark.parametrize("form", ["note", "prevention", "photos"])
def test_a_form_sent_twice_is_done_once(login: Login, make: Make, form: str) -> None:
    from citycall.base.events import Event

    case, handler = make(), login("works.handler1")
    act("works.intake_window", "cases.acknowledge", case)
    where = f"/inbox/cases/{case.number}/{form}"
    key = handler.get(where).context["form"]["key"].value()
    assert key != handler.get(where).context["form"]["key"].value()

    def send(words: str) -> Any:
        typed = {"documents": picture(), "caption": words} if form == "photos" else {"text": words}
        return handler.post(where, {**typed, "key": key})

    before = Event.objects.count()
    assert send("燈座鏽蝕").status_code == 302
    once = Event.objects.count()
    assert once > before
    assert send("燈座鏽蝕").status_code == 302
    assert Event.objects.count() == once
    changed = send("燈座已更換")
    assert changed.status_code == 409
    key = changed.context["form"]["key"].value()
    assert send("燈座已更換").status_code == 302
    assert Event.objects.count() > once


def test_signing_twice_in_one_press_is_signing_once(login: Login, make: Make) -> None:
    case, window = make(), login("works.intake_window")
    key = window.get(f"/inbox/cases/{case.number}/").context["press_key"]
    for _again in range(2):
        assert window.post(f"/inbox/cases/{case.number}/do/sign", {"key": key}).status_code == 302


@pytest.mark.parametrize("typed", ["9" * 5000, "9" * 19, "٣" * 19, "-1", "x"])
def test_what_is_no_case_cannot_be_signed(login: Login, typed: str) -> None:
    assert login("works.intake_window").post("/inbox/sign", {"case": typed}).status_code == 404


def test_the_printed_sheet_has_the_years_of_the_republic(login: Login, make: Make) -> None:
    case = make()
    page = says(login("works.handler1").get(f"/inbox/cases/{case.number}/print"))
    assert "115年3月2日 10:00" in page
    assert "王○明" in page


def test_a_form_that_cannot_be_sent_is_not_shown(login: Login, make: Make) -> None:
    case = make()
    handler = login("works.handler1")
    assert handler.get(f"/inbox/cases/{case.number}/complete").status_code == 409
    assert handler.get(f"/inbox/cases/{case.number}/nonsense").status_code == 404
    assert handler.get(f"/inbox/cases/{case.number}/reopen").status_code in (403, 409)
    assert handler.post(f"/inbox/cases/{case.number}/do/nonsense").status_code == 404


def test_a_case_closed_too_early_is_opened_again_and_counted(login: Login, make: Make) -> None:
    from citycall.services.cases.models import Incident

    case = make(reply_by="none")
    act("works.intake_window", "cases.acknowledge", case)
    act("works.handler1", "cases.complete", case, finding="resolved", result="已處理")
    page = f"/inbox/cases/{case.number}/"
    director = login("research.director")
    assert f"{page}reopen" in says(director.get(page))
    director.post(f"{page}reopen", {"reason": "現場未處理", "closed_too_early": "on"})
    case.refresh_from_db()
    assert case.status == "in_progress"
    assert Incident.objects.get().kind == "closed_too_early"
    assert "未辦畢先結案" in says(login("works.handler1").get(page))


@pytest.mark.parametrize("address", ["/inbox/", "/inbox/delays/", "/inbox/letters/", "/inbox/posts/"])
def test_in_english_nothing_is_left_in_chinese_but_names(login: Login, address: str) -> None:
    page = says(login("works.head").get(f"{address}?lang=en"))
    assert "收件匣" not in page
    assert "案號" not in page


def test_the_story_names_posts_and_says_the_decision_first(login: Login, make: Make) -> None:
    from citycall.services.cases.queries import case_detail
    from citycall.web.story import timeline

    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    act("works.handler1", "cases.request_stage", case, to="second", days=3, reason="須開挖")
    act("call_centre.lead", "cases.decide_stage", case, approve=True, reason="同意")
    case.refresh_from_db()
    entries = timeline(case_detail(case))
    titles = [entry.title for entry in entries]
    assert titles.index("話務中心審核") < titles.index("改列期限")
    said = " ".join(f"{entry.title} {entry.text} {entry.who}" for entry in entries)
    assert "post:" not in said
    assert "call_centre." not in said


def test_a_withdrawn_case_kept_no_limit(login: Login, make: Make) -> None:
    case = make()
    given = {"reason": "entered_by_mistake", "note": "誤登"}
    act("call_centre.lead", "cases.withdraw", case, **given)
    for client, page in (("works.handler1", "inbox"), ("call_centre.lead", "desk")):
        words = says(login(client).get(f"/{page}/cases/{case.number}/"))
        assert "不再計時" in words
        assert "如期" not in words


def test_before_signing_nothing_is_pressed_on_the_handler(login: Login, make: Make) -> None:
    case = make()
    page = login("works.handler1").get(f"/inbox/cases/{case.number}/")
    assert "等待受理窗口簽收" in says(page)
    assert "case-acts" not in says(page)
    window = says(login("works.intake_window").get(f"/inbox/cases/{case.number}/"))
    assert "等待受理窗口簽收" not in window


def test_no_delay_no_reason_for_one(login: Login, make: Make) -> None:
    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    answer = login("works.handler1").get(f"/inbox/cases/{case.number}/explain")
    assert answer.status_code == 409
    assert "案件沒有逾限" in says(answer)


def test_what_must_be_given_is_not_called_optional(login: Login, make: Make) -> None:
    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    act("works.handler1", "cases.take", case)
    photos = says(login("works.handler1").get(f"/inbox/cases/{case.number}/photos"))
    assert photos.count("（選填）") == 1  # the caption


def test_the_english_sheet_has_years_of_its_own(login: Login, make: Make) -> None:
    case = make()
    sheet = says(login("works.handler1").get(f"/inbox/cases/{case.number}/print?lang=en"))
    assert "2026-" in sheet
    assert "115" not in sheet.replace(case.number, "").split("<article", 1)[1]
