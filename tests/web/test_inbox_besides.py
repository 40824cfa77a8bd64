"""Beside the cases in the inbox: delays, letters, posts; what is sent twice; what is printed and said."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.inbox import Login, Make, act, city, login, make, picture, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login", "make"]


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
