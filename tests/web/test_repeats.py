"""Near duplicates, merging and repeated petitions, as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.web.sample import sign_in

from citycall.base import policies
from citycall.base.commands import Refused, execute
from citycall.base.policies import in_force
from citycall.people.queries import actor_for_post
from citycall.rehearsal.sample import load_sample
from citycall.services.cases.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def taipei(db: None) -> Iterator[None]:
    policies.refresh()
    load_sample(pack="taipei", cases=False)
    yield
    policies.refresh()


def say(post: str) -> Client:
    return sign_in(Client(), post)


def lamp(address: str, **more: Any) -> Case:
    given = {
        "item": "streetlight",
        "description": "路燈不亮，晚上很暗",
        "place": {"address": address},
        "reporter": {"name": "王小明", "phone": "0912345678"},
        "reply_by": "sms",
    } | more
    made = execute("cases.establish", actor_for_post("call_centre.operator1"), given)
    return Case.objects.get(pk=made.case)


def test_the_page_offers_merges_and_parts(taipei: None) -> None:
    assert in_force()[1].code == "taipei"
    main, second = lamp("臺北市信義區市府路1號"), lamp("臺北市信義區市府路3號")
    handler = say("works.handler1")
    page = handler.get(f"/inbox/cases/{second.number}/").content.decode()
    assert "可能是同一件" in page
    assert "門號相差 2 號" in page
    answer = handler.post(f"/inbox/cases/{second.number}/merge", {"other": main.number})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert second.merged_into_id == main.pk
    shown = handler.get(f"/inbox/cases/{main.number}/").content.decode()
    assert "通報共 2 件" in shown
    assert "已併案" in handler.get(f"/inbox/cases/{second.number}/").content.decode()
    lead = say("call_centre.lead")
    assert "解除併案" in lead.get(f"/desk/cases/{second.number}/").content.decode()
    again = lead.post(f"/desk/cases/{second.number}/unmerge", {"reason": ""})
    assert again.status_code == 422
    lead.post(f"/desk/cases/{second.number}/unmerge", {"reason": "不是同一盞燈"})
    second.refresh_from_db()
    assert second.merged_into_id is None


def test_a_merge_that_may_not_be_is_said_and_changes_nothing(taipei: None) -> None:
    main, far = lamp("臺北市信義區市府路1號"), lamp("臺北市信義區松仁路100號")
    handler = say("works.handler1")
    answer = handler.post(f"/inbox/cases/{far.number}/merge", {"other": main.number}, follow=True)
    assert "兩件的地點不同" in answer.content.decode()
    assert handler.post(f"/inbox/cases/{far.number}/merge", {"other": "X"}).status_code == 404
    far.refresh_from_db()
    assert far.merged_into_id is None


def test_the_desk_is_told_while_it_types(taipei: None) -> None:
    main = lamp("臺北市信義區市府路1號")
    typed = {
        "item": "streetlight",
        "words": "路燈",
        "address": "台北市信義區市府路１號",
        "description": "路燈不亮",
    }
    page = say("call_centre.operator1").post("/desk/check", typed).content.decode()
    assert main.number in page
    assert "同一地點" in page


def test_what_lies_within_the_radius_by_its_point_is_near(taipei: None) -> None:
    from citycall.services.cases.queries import near_case

    there = lamp(
        "臺北市信義區市府路1號", place={"address": "臺北市信義區市府路1號", "lat": 25.0400, "lon": 121.5640}
    )
    here = lamp(
        "臺北市信義區松壽路9號", place={"address": "臺北市信義區松壽路9號", "lat": 25.0402, "lon": 121.5641}
    )
    far = lamp(
        "臺北市信義區松壽路99號", place={"address": "臺北市信義區松壽路99號", "lat": 25.0404, "lon": 121.5645}
    )
    assert [(one.case.pk, one.match.metres) for one in near_case(here)] == [(there.pk, 24)]
    assert near_case(far) == []


def test_a_place_outside_the_city_is_refused_with_whom_to_call(taipei: None) -> None:
    with pytest.raises(Refused) as refused:
        lamp("新北市板橋區中山路一段161號")
    assert refused.value.code == "place_outside"
    assert "請改撥新北市政府 (02)2960-3456" in refused.value.message
    with pytest.raises(Refused) as refused:
        lamp("高雄市苓雅區四維三路2號")
    assert "當地縣市政府" in refused.value.message
    assert Case.objects.count() == 0
