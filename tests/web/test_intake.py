"""Before a case and instead of one: call backs, matters that end at the call, repeat calls, referrals."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from .sample import NAME, PHONE, establish, sample_city, sign_in
from .test_desk import TYPED, cases, offer

pytestmark = pytest.mark.django_db
__all__ = ["sample_city"]

LIVING: dict[str, Any] = TYPED | {
    "item": "",
    "filed_as": "petition",
    "agency": "works",
    "category": "accusation",
    "marks": ["livelihood"],
    "description": "檢舉某攤商違規營業",
    "reply_by": "phone",
}


@pytest.fixture
def on_the_line(client: Client, sample_city: None) -> tuple[Client, int]:
    desk = sign_in(client)
    call = offer()
    desk.post(f"/desk/calls/{call}/answer")
    return desk, call


def test_a_call_back_comes_before_the_case(on_the_line: tuple[Client, int]) -> None:
    """NT-8-2a: refused, rung back without losing a word, taken."""
    from citycall.people.models import IdentityCheck

    desk, call = on_the_line
    typed = LIVING | {"call": str(call)}
    refused = desk.post("/desk/cases/new", typed)
    assert refused.status_code == 422
    assert "先回撥確認身分" in refused.content.decode()
    wrong = desk.post("/desk/cases/new/identity", typed | {"confirmed": "no"}).content.decode()
    assert "請填寫無法確認身分的情形" in wrong
    page = desk.post("/desk/cases/new/identity", typed | {"confirmed": "yes"}).content.decode()
    assert "已回撥確認陳情人身分" in page
    for kept in ("檢舉某攤商違規營業", NAME, PHONE):
        assert kept in page
    check = IdentityCheck.objects.get()
    assert (check.confirmed, check.call_id) == (True, call)
    made = desk.post("/desk/cases/new", typed | {"identity_check": str(check.pk)})
    assert made.status_code == 302
    assert cases().get().marks == ["livelihood"]


def test_who_is_not_confirmed_is_on_the_call_record_only(on_the_line: tuple[Client, int]) -> None:
    """NT-8-2b."""
    from citycall.people.models import IdentityCheck
    from citycall.services.calls.models import Disposition

    desk, call = on_the_line
    typed = LIVING | {"call": str(call)}
    given = {"confirmed": "no", "identity_reason": "接聽者表示未曾來電"}
    page = desk.post("/desk/cases/new/identity", typed | given).content.decode()
    assert "接聽者表示未曾來電" in page
    assert "不予錄案" in page
    check = IdentityCheck.objects.get()
    begin = typed | {"identity_check": str(check.pk), "ground": "identity_not_confirmed"}
    page = desk.post("/desk/cases/new/end", begin).content.decode()
    assert "回撥無法確認陳情人身分" in page
    ends = begin | {"ends": "1", "outcome": "not_accepted", "kind": "petition", "matter": "檢舉某攤商"}
    assert desk.post("/desk/cases/new/end", ends).status_code == 302
    kept = Disposition.objects.get()
    assert (kept.ground, kept.note, kept.call_id) == ("identity_not_confirmed", "接聽者表示未曾來電", call)
    assert not cases().exists()
    assert "檢舉某攤商" in desk.get("/desk/ended/").content.decode()


@pytest.mark.parametrize("outcome", ["", "outside", "nonsense"])
def test_what_a_government_does_not_know_is_refused(on_the_line: tuple[Client, int], outcome: str) -> None:
    """An end that the rules do not know, or half of one that they do."""
    desk, call = on_the_line
    ends = TYPED | {"call": str(call), "ends": "1", "outcome": outcome, "kind": "fast"}
    answer = desk.post("/desk/cases/new/end", ends)
    assert answer.status_code in (409, 422)
    assert "整排路燈都不亮" in answer.content.decode()


def test_who_left_a_number_is_asked_how_to_be_answered(on_the_line: tuple[Client, int]) -> None:
    """NT-5-2-3a."""
    desk, _call = on_the_line
    answer = desk.post("/desk/cases/new", LIVING | {"marks": [], "reply_by": ""})
    assert answer.status_code == 422
    assert "請詢問希望的回覆方式" in answer.content.decode()


def test_a_repeat_call_is_offered_at_once(client: Client, sample_city: None) -> None:
    """NT-7-2a."""
    made = establish(reply_by="sms")
    desk = sign_in(client)
    desk.post(f"/desk/calls/{offer()}/answer")
    here = f"/desk/cases/{made.number}/repeat"
    assert here in desk.get("/desk/").content.decode()
    assert "專責人員" in desk.get(here).content.decode()
    empty = desk.post(here, {"key": "one-repeat-call-form", "person": ""})
    assert empty.status_code == 422
    given = {"key": "one-repeat-call-form", "person": "工務局李小姐", "note": "何時修復"}
    assert desk.post(here, given).status_code == 302
    assert "民眾重覆進線" in desk.get(f"/desk/cases/{made.number}/").content.decode()
    assert cases().count() == 1


def test_the_list_shows_nobody_before_a_purpose_is_said(client: Client, sample_city: None) -> None:
    """NT-7-3a."""
    from citycall.services.calls.models import SpecialCaller, SpecialView

    lead = sign_in(client, "call_centre.lead")
    given = {"phone": "0955777888", "reason": "一週內來電四十次"}
    assert lead.post("/oversight/special/propose", given).status_code == 302
    assert "0955" not in lead.get("/oversight/special/").content.decode()
    assert not SpecialView.objects.exists()
    page = lead.post("/oversight/special/", {"purpose": "每月檢視"}).content.decode()
    assert "0955-777-888" in page
    assert "核定列入" not in page
    assert SpecialView.objects.get().purpose == "每月檢視"
    entry = SpecialCaller.objects.get()
    decide = f"/oversight/special/{entry.pk}/decide"
    assert lead.post(decide, {"act": "approve", "until": "2099-01-01"}).status_code == 403
    mayor = sign_in(Client(), "secretariat.mayor")
    assert "核定列入" in mayor.post("/oversight/special/", {"purpose": "核定名單"}).content.decode()
    assert mayor.post(decide, {"act": "approve"}).status_code == 422
    from citycall.base import clock

    until = clock.today().replace(year=clock.today().year + 1).isoformat()
    assert mayor.post(decide, {"act": "approve", "until": until, "decision": "同意"}).status_code == 302
    operator = sign_in(Client())
    assert operator.get("/oversight/special/").status_code == 403
    operator.post(f"/desk/calls/{offer('0955777888')}/answer")
    assert "一週內來電四十次" in operator.get("/desk/").content.decode()
    assert SpecialView.objects.filter(call__isnull=False).count() == 1


def test_a_false_report_goes_to_the_police_with_its_evidence(client: Client, sample_city: None) -> None:
    """NT-8-3a: the commission only; the archive names each of its files with its digest."""
    made = establish(reply_by="sms")
    desk = sign_in(client)
    taken_back = {"reason": "not_reported_by_holder", "phone": PHONE, "note": "門號遭冒用"}
    desk.post(f"/desk/cases/{made.number}/withdraw", taken_back)
    assert f"/desk/cases/{made.number}/prosecute" in desk.get(f"/desk/cases/{made.number}/").content.decode()
    asked = {"key": "a-key-of-a-request", "note": "要求追究"}
    assert desk.post(f"/desk/cases/{made.number}/prosecute", asked).status_code == 302
    here = f"/oversight/police/{made.number}/"
    lead = sign_in(Client(), "works.evaluator")
    assert lead.get(here).status_code == 403
    director = sign_in(Client(), "research.director")
    assert made.number in director.get("/oversight/police/").content.decode()
    assert director.post(f"{here}evidence", {"purpose": ""}).status_code == 422
    answer = director.post(f"{here}evidence", {"purpose": "移送警察機關偵辦"})
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert {one["name"] for one in manifest["files"]} == set(archive.namelist()) - {"manifest.json"}
        assert json.loads(archive.read("reporter.json"))["name"] == NAME
    assert director.post(f"{here}refer", {"police_unit": "板橋分局"}).status_code == 422
    from citycall.base import clock

    letter = {"police_unit": "板橋分局", "reference": "新北研字第1號"}
    letter["referred_on"] = clock.today().isoformat()
    assert director.post(f"{here}refer", letter).status_code == 302
    state = {"state": "accepted", "on": clock.today().isoformat()}
    assert director.post(f"{here}follow", state).status_code == 302
    assert "警察機關已受理" in director.get(here).content.decode()


def test_what_is_another_authoritys_is_told_from_an_empty_card(on_the_line: tuple[Client, int]) -> None:
    """NT-3-1: told whom to turn to, from the directory; a call back nobody made is no ground (NT-8-2b)."""
    from citycall.services.calls.models import Disposition

    desk, call = on_the_line
    page = desk.post("/desk/cases/new/end", {"call": str(call), "description": "家裡停電"}).content.decode()
    assert "台灣電力公司" in page
    assert "回撥無法確認陳情人身分" not in page
    ends = {"key": "an-end-of-a-matter", "call": str(call), "ends": "1", "outcome": "outside"}
    told = ends | {"matter": "家裡停電", "way": "tell_contact", "authority": "taipower"}
    assert desk.post("/desk/cases/new/end", told).status_code == 302
    kept = Disposition.objects.get()
    assert (kept.outcome, kept.way, kept.authority) == ("outside", "tell_contact", "taipower")
    assert not cases().exists()


def test_without_a_call_nothing_can_be_kept_on_one(client: Client, sample_city: None) -> None:
    desk = sign_in(client)
    page = desk.post("/desk/cases/new/end", {"description": "家裡停電"}).content.decode()
    assert "沒有可以登錄的通話" in page
    assert "登錄，不成案" not in page
    ends = {"key": "an-end-of-a-matter", "ends": "1", "outcome": "outside", "way": "redial"}
    answer = desk.post("/desk/cases/new/end", ends)
    assert answer.status_code == 422
    assert "請先接聽來電再登錄" in answer.content.decode()
    hidden = desk.post("/desk/cases/new", LIVING | {"call": "x", "identity_check": "y"}).content.decode()
    for english in ("Identity check", "Call", "應為整數"):
        assert english not in hidden.partition("error-summary")[2].partition("</div>")[0]
    assert "請重新回撥並登錄結果" in hidden


def test_ringing_back_needs_a_number(on_the_line: tuple[Client, int]) -> None:
    """NT-8-2a: it is asked for, and marked as needed while such a mark is set."""
    from citycall.people.models import IdentityCheck

    desk, call = on_the_line
    typed = LIVING | {"call": str(call), "phone": " ", "confirmed": "yes"}
    page = desk.post("/desk/cases/new/identity", typed).content.decode()
    assert "請先填寫民眾的電話號碼" in page
    assert not IdentityCheck.objects.exists()
    assert '<span class="needed" data-needed="phone">' in page
    assert "須先回撥確認" in page
    assert "不需具名" not in page
    free = desk.post("/desk/cases/new/back", LIVING | {"marks": []}).content.decode()
    assert '<span class="needed" data-needed="phone" hidden>' in free


def test_only_ways_of_answering_that_a_kind_knows_are_offered(client: Client, sample_city: None) -> None:
    """NT-5-2-3a: from the rules, not from a list of ours."""
    import html
    import re

    from citycall.base import policies

    page = html.unescape(sign_in(client).get("/desk/").content.decode())
    kinds = policies.in_force()[1].kinds
    found = re.search(r'data-ways="(\{.*?\})"', page)
    assert found is not None
    assert json.loads(found[1]) == {code: list(kind.reply.ways) for code, kind in kinds.items()}
    wishes = page.partition('name="reply_by"')[2].partition("</select>")[0]
    known = {way for kind in kinds.values() for way in kind.reply.ways}
    assert set(re.findall(r'<option value="(\w+)"', wishes)) == known | {"none"}
