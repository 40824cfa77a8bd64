"""One matter through REST: established, read, listed, signed, taken, photographed, completed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

if TYPE_CHECKING:
    from tests.api.conftest import Program, ProgramOf


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return SimpleUploadedFile("現場.jpg", out.getvalue(), "image/jpeg")


def test_one_matter_from_establishing_to_completion(program: ProgramOf) -> None:
    made = program().establish()
    assert made.status == 201, made.body
    number = made.body["number"]
    assert made.body["agency"] == "works"
    window, handler = program("works.intake_window"), program("works.handler1")
    signed = window.ask("POST", f"/api/v1/cases/{number}/acknowledge")
    assert (signed.status, signed.body["status"], signed.body["late"]) == (200, "acknowledged", False)
    taken = handler.ask("POST", f"/api/v1/cases/{number}/take", {})
    assert (taken.status, taken.body["status"]) == (200, "in_progress")
    shot = handler.ask(
        "POST", f"/api/v1/cases/{number}/photos", data={"files": picture(), "caption": "修復後"}
    )
    assert shot.status == 200, shot.body
    done = handler.ask(
        "POST", f"/api/v1/cases/{number}/complete", {"finding": "resolved", "result": "已更換燈泡。"}
    )
    assert (done.status, done.body["status"]) == (200, "completed"), done.body
    case = window.ask("GET", f"/api/v1/cases/{number}").body
    assert case["result"] == "已更換燈泡。"
    assert case["established_at"].endswith(("Z", "+00:00"))
    assert "王小明" not in str(case)
    assert "0912345678" not in str(case)


def test_the_same_key_gives_the_same_answer_and_one_case(operator: Program) -> None:
    from citycall.services.cases.models import Case

    first, again = operator.establish(key="k-1"), operator.establish(key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert Case.objects.count() == 1


def test_keys_of_two_programs_do_not_meet(program: ProgramOf) -> None:
    one, other = program("call_centre.operator1"), program("call_centre.lead")
    assert one.establish(key="k-1").body["number"] != other.establish(key="k-1").body["number"]


def test_the_list_is_newest_first_and_pages_on(operator: Program, program: ProgramOf) -> None:
    numbers = [
        operator.establish(item=item).body["number"] for item in ("noise", "streetlight", "streetlight")
    ]
    page = operator.ask("GET", "/api/v1/cases?limit=2").body
    assert [case["number"] for case in page["cases"]] == numbers[:0:-1]
    rest = operator.ask("GET", f"/api/v1/cases?limit=2&cursor={page['next']}").body
    assert [case["number"] for case in rest["cases"]] == numbers[:1]
    assert rest["next"] is None
    lamps = operator.ask("GET", "/api/v1/cases?status=established&item=streetlight").body["cases"]
    assert {case["number"] for case in lamps} == set(numbers[1:])
    district = lamps[0]["district"]
    assert len(operator.ask("GET", f"/api/v1/cases?district={district}").body["cases"]) == 3
    assert operator.ask("GET", "/api/v1/cases?since=2999-01-01T00:00:00Z").body["cases"] == []
    assert len(program("works.handler1").ask("GET", "/api/v1/cases").body["cases"]) == 2
    assert operator.ask("GET", "/api/v1/cases?agency=env").body["cases"][0]["number"] == numbers[0]


def test_a_petition_and_an_urgent_report_need_no_item(operator: Program, program: ProgramOf) -> None:
    """NT-3-4, NT-5-3b: what the kind asks for instead is asked for by name."""
    from citycall.base import clock

    told = {"notified_person": "工務局值班", "notified_at": clock.now().isoformat()}
    bare: dict[str, Any] = {"item": None, "place": None, "reply_by": None, "description": "擋土牆龜裂"}
    nobody = operator.establish(**bare, kind="report", agency="works")
    assert (nobody.status, nobody.body["code"]) == (422, "telephone_notice_required")
    assert set(nobody.body["fields"]) == {"notified_person", "notified_at"}
    nowhere = operator.establish(**bare, kind="petition")
    assert (nowhere.status, set(nowhere.body["fields"])) == (422, {"agency"})
    made = operator.establish(**bare, kind="report", agency="works", **told)
    assert made.status == 201, made.body
    number = made.body["number"]
    case = program("works.handler1").ask("GET", f"/api/v1/cases/{number}").body
    assert (case["item"], case["address"], case["notified_person"]) == ("", "", "工務局值班")


def test_a_result_that_waits_for_approval_is_read_by_the_agency_alone(
    operator: Program, program: ProgramOf
) -> None:
    """NT-5-3e, NT-5-3g."""
    from citycall.base import clock

    told = {"notified_person": "工務局值班", "notified_at": clock.now().isoformat()}
    number = operator.establish(
        item=None, kind="report", agency="works", place=None, reply_by="sms", **told
    ).body["number"]
    handler = program("works.handler1")
    handler.ask("POST", f"/api/v1/cases/{number}/take", {})
    done = handler.ask(
        "POST", f"/api/v1/cases/{number}/complete", {"finding": "resolved", "result": "已封閉"}
    )
    assert done.body["status"] == "submitted", done.body
    assert handler.ask("GET", f"/api/v1/cases/{number}").body["result"] == "已封閉"
    assert operator.ask("GET", f"/api/v1/cases/{number}").body["result"] == ""
    assert operator.ask("GET", "/api/v1/cases").body["cases"][0]["finding"] == ""


def test_an_agency_does_not_see_the_cases_of_another(operator: Program, program: ProgramOf) -> None:
    number = operator.establish().body["number"]
    stranger = program("env.intake_window")
    assert stranger.ask("GET", f"/api/v1/cases/{number}").status == 404
    assert stranger.ask("POST", f"/api/v1/cases/{number}/acknowledge").status == 404


def test_what_a_post_may_not_do_is_refused_and_on_record(operator: Program, program: ProgramOf) -> None:
    from citycall.base.audit import AuditEntry

    number = operator.establish().body["number"]
    refused = program("works.handler1").ask("POST", f"/api/v1/cases/{number}/acknowledge")
    assert (refused.status, refused.body["code"]) == (403, "not_permitted")
    assert AuditEntry.objects.filter(command="cases.acknowledge", outcome="not_permitted").count() == 1
    assert program("works.handler1").establish().status == 403


@pytest.mark.parametrize("queries", [4])
def test_a_list_costs_the_same_whatever_its_length(
    operator: Program, queries: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        operator.establish()
    with django_assert_max_num_queries(queries):
        assert len(operator.ask("GET", "/api/v1/cases").body["cases"]) == 5


def test_items_in_the_language_asked_for(program: ProgramOf) -> None:
    chinese = program().ask("GET", "/api/v1/items").body["items"]
    english = program(language="en").ask("GET", "/api/v1/items").body["items"]
    assert chinese[0]["code"] == english[0]["code"]
    assert chinese[0]["name"] != english[0]["name"]


def test_openapi_and_its_page_need_no_token_and_no_other_site(operator: Program, client: Client) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    body = schema["paths"]["/api/v1/cases"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "channel" not in body["properties"]
    assert set(body["required"]) == {"description"}
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert b"//cdn" not in page.content
    assert b"https://" not in page.content


def test_a_case_tells_its_acts_and_a_stale_change_is_refused(program: ProgramOf) -> None:
    number = program().establish().body["number"]
    window, handler = program("works.intake_window"), program("works.handler1")
    first = window.ask("GET", f"/api/v1/cases/{number}").body
    acts = {one["code"]: one for one in first["acts"]}
    assert acts["acknowledge"] == {
        "code": "acknowledge",
        "command": "cases.acknowledge",
        "possible": True,
        "reason": None,
        "message": None,
    }
    assert (acts["complete"]["possible"], acts["complete"]["reason"]) == (False, "wrong_status")
    assert "withdraw" not in acts, "it is the call centre's"
    window.ask("POST", f"/api/v1/cases/{number}/acknowledge")
    body = {"finding": "resolved", "result": "已更換燈泡。", "seen": first["seen"]}
    stale = handler.ask("POST", f"/api/v1/cases/{number}/complete", body)
    assert (stale.status, stale.body["code"]) == (409, "stale")
    assert stale.body["info"]["changes"][0]["event"] == "case.acknowledged"
    body["seen"] = stale.body["info"]["seen"]
    assert handler.ask("POST", f"/api/v1/cases/{number}/complete", body).status == 200
