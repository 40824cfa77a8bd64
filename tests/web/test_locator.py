"""A point beside the address, at the desk and on the page of the case, with the drawing of what is linked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.web.sample import sign_in

from citycall.base import policies
from citycall.base.commands import Refused, execute
from citycall.people.queries import actor_for_post
from citycall.rehearsal.sample import load_sample
from citycall.services.cases.models import Case

pytestmark = pytest.mark.django_db

HALL = {"lat": 25.0375, "lon": 121.5637}  # 信義區


@pytest.fixture(autouse=True)
def taipei(db: None) -> Iterator[None]:
    policies.refresh()
    load_sample(pack="taipei", cases=False)
    yield
    policies.refresh()


def say(post: str) -> Client:
    return sign_in(Client(), post)


def lamp(place: dict[str, Any], **more: Any) -> Any:
    given = {
        "item": "streetlight",
        "description": "路燈不亮，晚上很暗",
        "place": place,
        "reporter": {"name": "王小明", "phone": "0912345678"},
        "reply_by": "sms",
    } | more
    return execute("cases.establish", actor_for_post("call_centre.operator1"), given)


def test_the_point_alone_makes_a_case() -> None:
    made = lamp(HALL)
    assert made.district == "63000020"
    assert made.warnings == []
    kept = Case.objects.get(pk=made.case)
    assert kept.address == "臺北市信義區（定位 25.03750, 121.56370）"
    assert kept.addr_key == kept.point_district == ""


def test_a_contradiction_is_kept_and_shown() -> None:
    made = lamp({"address": "大安區忠孝東路四段1號", **HALL})
    assert made.district == "63000030"
    assert made.warnings
    assert "地址在大安區，定位點卻在信義區" in made.warnings[0]
    assert Case.objects.get(pk=made.case).point_district == "63000020"
    page = say("works.handler1").get(f"/inbox/cases/{made.number}/").content.decode()
    assert "定位點在信義區，與地址不符" in page
    desk = say("call_centre.operator1")
    assert "定位點在信義區，與地址不符" in desk.get(f"/desk/cases/{made.number}/").content.decode()
    told = desk.get(f"/desk/cases/{made.number}/established")
    if told.status_code == 200:
        assert "定位點在信義區" in told.content.decode()


@pytest.mark.parametrize("address", ["", "信義區市府路1號"])
def test_a_point_outside_is_refused_with_whom_to_call(address: str) -> None:
    with pytest.raises(Refused) as refused:
        lamp({"address": address, "lat": 25.0119, "lon": 121.4628})
    assert refused.value.code == "place_outside"
    assert "請改撥新北市政府 (02)2960-3456" in refused.value.message
    assert Case.objects.count() == 0


@pytest.mark.parametrize("place", [{}, {"lat": 25.0}, {"address": "信義區市府路1號", "lon": 121.5}])
def test_half_a_point_and_nothing_are_no_place(place: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        lamp(place)
    assert refused.value.status == 422


def test_the_desk_says_it_while_typing() -> None:
    desk = say("call_centre.operator1")
    typed = {"item": "streetlight", "words": "路燈", "address": "大安區忠孝東路四段1號"}
    there = desk.post("/desk/check", typed | {"point": "25.0375, 121.5637"}).content.decode()
    assert "定位點卻在信義區" in there
    assert "定位點卻在" not in desk.post("/desk/check", typed).content.decode()
    out = desk.post("/desk/check", typed | {"point": "25.0119，121.4628"}).content.decode()
    assert "請改撥新北市政府" in out
    alone = desk.post("/desk/check", {"item": "streetlight", "point": "(25.0375 121.5637)"}).content.decode()
    assert "信義區" in alone


def test_the_desk_takes_a_point_and_refuses_what_is_none() -> None:
    desk = say("call_centre.operator1")
    form = {
        "key": "k1",
        "words": "路燈",
        "item": "streetlight",
        "description": "路燈不亮",
        "name": "王小明",
        "phone": "0912345678",
        "reply_by": "sms",
    }
    wrong = desk.post("/desk/cases/new", form | {"point": "市府前"})
    assert wrong.status_code == 422
    assert "請填緯度與經度" in wrong.content.decode()
    assert desk.post("/desk/cases/new", form | {"point": "25.0375, 121.5637"}).status_code == 302
    assert Case.objects.get().district == "63000020"


def test_linked_cases_are_drawn_and_listed() -> None:
    first = lamp({"address": "信義區市府路1號", **HALL})
    lamp({"address": "信義區松壽路9號", "lat": 25.03755, "lon": 121.5637})
    here = lamp({"address": "信義區松壽路20號", "lat": 25.0377, "lon": 121.5637, "accuracy_m": 30})
    plain = lamp({"address": "信義區市府路1號"})
    handler = say("works.handler1")
    handler.get(f"/inbox/cases/{here.number}/")
    page = handler.get(f"/inbox/cases/{here.number}/").content.decode()
    assert 'class="locator-map"' in page
    assert page.count('class="locator-mark"') == 2
    assert "南方 22 公尺" in page
    assert "南方 17 公尺" in page
    assert first.number in page[page.index('id="locator"') :]
    assert "locator-map" not in handler.get(f"/inbox/cases/{plain.number}/").content.decode()
    english = handler.get(f"/inbox/cases/{here.number}/", headers={"accept-language": "en"})
    assert english.status_code == 200


def test_more_linked_cases_cost_no_more_statements() -> None:
    lamp({"address": "信義區市府路1號", **HALL})
    two = lamp({"address": "信義區市府路1號", **HALL})
    for _ in range(4):
        many = lamp({"address": "信義區市府路1號", **HALL})
    handler = say("works.handler1")

    def statements(number: str) -> int:
        handler.get(f"/inbox/cases/{number}/")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            handler.get(f"/inbox/cases/{number}/")
        return len(caught)

    assert statements(many.number) <= statements(two.number) + 1
