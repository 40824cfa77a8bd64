"""The steering office's screens: figures, reviews, letters, what must be looked into."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.inbox import Login, Make, act, city, later, login, make, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login", "make"]

PAGES = ("", "delays/", "items/", "letters/", "posts/", "incidents/", "outbox/")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["research.evaluator", "research.director", "call_centre.lead"])
def test_those_who_look_over_the_agencies_open_every_page(login: Login, page: str, who: str) -> None:
    assert login(who).get(f"/oversight/{page}").status_code == 200


def test_looks_at_personal_data_are_the_auditor_s_to_see(login: Login, make: Make) -> None:
    case = make(reply_by="phone")
    act("works.intake_window", "cases.acknowledge", case)
    act("works.handler1", "cases.open_phone", case)
    page = says(login("research.auditor").get("/oversight/looks/"))
    assert "工務局業務承辦人一" in page
    assert case.number in page
    assert "0912" not in page
    assert login("research.director").get("/oversight/looks/").status_code == 403


def test_an_agency_s_evaluator_sees_the_figures_of_their_own_alone(login: Login, make: Make) -> None:
    make()
    works, env = login("works.evaluator"), login("env.evaluator")
    assert "工務局" in says(works.get("/oversight/"))
    assert "路燈故障" in says(works.get("/oversight/?by=item"))
    assert "這段期間沒有案件" in says(env.get("/oversight/"))
    assert works.get("/oversight/delays/").status_code == 403
    assert "路燈故障" not in env.get("/oversight/figures.csv?by=item").content.decode()


def test_figures_count_done_but_unanswered_as_not_done(login: Login, make: Make) -> None:
    answered, owed = make(reply_by="none"), make("板橋區中山路一段5號", reply_by="phone")
    for case in (answered, owed):
        act("works.intake_window", "cases.acknowledge", case)
        act("works.handler1", "cases.complete", case, finding="resolved", result="已修復")
    rows = login("research.director").get("/oversight/figures.csv").content.decode("utf-8-sig").splitlines()
    assert rows[1] == "工務局,2,1,1,1.0,0,0,0,0,0"


@pytest.mark.parametrize(
    "query", ["?since=2026-03-05&until=2026-03-01", "?since=x", "?until=9999-12-31", "?by=z"]
)
def test_a_period_without_sense_is_the_last_days(login: Login, query: str) -> None:
    assert login("research.director").get(f"/oversight/{query}").status_code == 200


def test_delays_are_reviewed_agency_by_month(login: Login, make: Make) -> None:
    from citycall.services.cases.models import Case

    case = make()
    Case.objects.filter(pk=case.pk).update(overdue=True)
    act("works.evaluator", "cases.analyse_delay", case, cause="weather", text="連日豪雨")
    evaluator, lead = login("research.evaluator"), login("call_centre.lead")
    assert "2026年3月 工務局" in says(evaluator.get("/oversight/delays/"))
    page = "/oversight/delays/works/2026-03/"
    assert "連日豪雨" in says(lead.get(page))
    assert lead.post(page, {"finding": "x"}).status_code == 403
    assert evaluator.post(page, {"finding": ""}).status_code == 422
    given = {"finding": "雨季人力不足", "measure": "增派夜班", "state": "open"}
    assert evaluator.post(page, given).status_code == 302
    assert "增派夜班" in says(evaluator.get("/oversight/delays/?tab=open"))
    evaluator.post(page, given | {"state": "done"})
    assert "增派夜班" not in says(evaluator.get("/oversight/delays/?tab=open"))
    for nonsense in ("nobody/2026-03/", "works/2026-13/", "works/today/"):
        assert evaluator.get(f"/oversight/delays/{nonsense}").status_code == 404


def test_an_item_is_reviewed_and_a_new_one_added_from_a_date(login: Login, make: Make) -> None:
    make()
    director = login("research.director")
    review = {"since": "2026-03-01", "until": "2026-03-31", "conclusion": "維持現行時限"}
    assert director.post("/oversight/items/streetlight/", review).status_code == 302
    assert "維持現行時限" in says(director.get("/oversight/items/streetlight/"))
    assert login("research.evaluator").get("/oversight/items/new/").status_code == 403
    item: dict[str, Any] = {
        "code": "traffic_cone", "name_zh": "三角錐倒塌", "name_en": "Fallen cone", "agency": "works",
        "stage1_amount": "3", "stage1_unit": "hours", "stage2_days": "14", "active_from": "2026-04-01",
        "keywords": "三角錐",
    }  # fmt: skip
    refused = director.post("/oversight/items/new/", item)
    assert refused.status_code == 422
    assert director.post("/oversight/items/new/", item | {"stage1_amount": "4"}).status_code == 302
    page = says(director.get("/oversight/items/"))
    assert "三角錐倒塌" in page
    assert "尚未生效" in page


def test_a_letter_is_received_sent_back_or_taken_off(login: Login, make: Make) -> None:
    from citycall.services.cases.models import UnfoundedLetter

    for _ in range(3):
        case = make(reply_by="none")
        act("works.intake_window", "cases.acknowledge", case)
        act("works.handler1", "cases.complete", case, finding="no_violation", result="查無違規")
        later(minutes=1)
    letter = UnfoundedLetter.objects.get()
    window, evaluator = login("works.window"), login("research.evaluator")
    reasons = {"reasons": "三次到場均無違規"}
    window.post(f"/inbox/letters/{letter.pk}/", reasons)
    page = f"/oversight/letters/{letter.pk}/"
    assert "三次到場均無違規" in says(evaluator.get(page))
    assert login("call_centre.lead").post(f"{page}receive", {"accept": "yes"}).status_code == 403
    evaluator.post(f"{page}receive", {"accept": "no"})
    letter.refresh_from_db()
    assert letter.state == "offered"
    window.post(f"/inbox/letters/{letter.pk}/", reasons)
    evaluator.post(f"{page}receive", {"accept": "yes"})
    assert make(reply_by="sms").kind == "petition"
    assert evaluator.post(page, {"reason": "已改善"}).status_code == 302
    assert make().kind == "fast"


def test_false_reports_and_early_closings_are_listed(login: Login, make: Make) -> None:
    case = make()
    act("call_centre.operator1", "cases.withdraw", case, reason="not_reported_by_holder", phone="0912345678")
    director = login("research.director")
    assert case.number in says(director.get("/oversight/incidents/"))
    assert case.number not in says(director.get("/oversight/incidents/?tab=early"))


def test_a_notice_that_cannot_go_out_is_shown_with_its_reason(login: Login, make: Make) -> None:
    from citycall.base.notices import Notice

    case = make()
    Notice.objects.filter(about_id=case.pk, party_id__isnull=False).update(
        state="undeliverable", reason="空號"
    )
    page = says(login("call_centre.lead").get("/oversight/outbox/"))
    assert "空號" in page
    assert "無法送達" in page
    assert case.number in page
    assert "0912" not in page


def test_an_agency_without_an_evaluator_is_listed(login: Login) -> None:
    from citycall.people.commands import assign_post
    from citycall.people.queries import actor_for_post

    assert "沒有缺漏" in says(login("research.director").get("/oversight/posts/"))
    assign_post(actor_for_post("works.head"), {"post": "works.evaluator", "staff": None})
    page = says(login("research.director").get("/oversight/posts/"))
    assert "工務局" in page
    assert "研考人員" in page
