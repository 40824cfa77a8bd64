"""Requests on the screens: asked for; decided at the desk, by the Secretariat, by the Secretary-General."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.sample import kinmen, login, newtaipei, run, taipei

pytestmark = pytest.mark.django_db
__all__ = ["kinmen", "newtaipei", "taipei"]

PETITION: dict[str, Any] = {
    "kind": "petition",
    "agency": "works",
    "description": "垃圾車噪音擾民",
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}
CONSENT = {"consent_level": "delegated", "consent_person": "王科長", "consent_date": "2026-03-02"}


def memo() -> SimpleUploadedFile:
    paper = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return SimpleUploadedFile("簽陳.pdf", paper, content_type="application/pdf")


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:400]
    return answer.content.decode()


def test_taipei_reassigns_from_the_handlers_form_to_the_new_agencys_page(taipei: None) -> None:
    from citycall.services.cases.models import Case, CaseRequest

    made = run("cases.establish", "call_centre.operator1", **PETITION, category="rights")
    number = made.number
    works = login("works.handler1")
    assert "改分" in page(works, f"/inbox/cases/{number}/")
    form = page(works, f"/inbox/cases/{number}/requests/reassign")
    assert "簽陳" in form
    assert "主任秘書" in form
    empty = works.post(f"/inbox/cases/{number}/requests/reassign", {"reason": "屬環保業務"})
    assert empty.status_code == 422
    assert not CaseRequest.objects.exists()
    given = {"reason": "屬環保業務", "agency": "env", **CONSENT, "memo": memo()}
    sent = works.post(f"/inbox/cases/{number}/requests/reassign", given)
    assert sent.status_code == 302, sent.content.decode()
    asked = CaseRequest.objects.get()
    assert (asked.agency, asked.owner, asked.proposed, asked.late) == ("works", "call_centre", ["env"], False)

    # The requesting agency neither sees the list nor decides.
    assert number not in page(works, "/inbox/requests/")
    assert works.get(f"/inbox/requests/{asked.pk}/").status_code == 403
    assert login("env.handler1").get(f"/inbox/cases/{number}/").status_code == 404

    desk = login("call_centre.operator1")
    assert number in page(desk, "/desk/requests/")
    said = page(desk, f"/desk/requests/{asked.pk}/")
    assert "工務局 → 環境保護局" in said
    assert "屬環保業務" in said
    paper = desk.get(f"/desk/requests/{asked.pk}/files/{asked.files[0]}")
    assert paper.status_code == 200
    assert paper.content.startswith(b"%PDF")
    done = desk.post(
        f"/desk/requests/{asked.pk}/", {"approve": "yes", "agency": "env", "reason": "依簽陳辦理"}
    )
    assert done.status_code == 302, done.content.decode()
    assert Case.objects.get(number=number).agency == "env"

    # It is the new agency's now, and its story tells why.
    assert works.get(f"/inbox/cases/{number}/").status_code == 404
    told = page(login("env.allotter"), f"/inbox/cases/{number}/")
    assert "工務局 → 環境保護局" in told
    assert "依簽陳辦理" in told
    shown = told.replace("/requests/reassign", "")
    assert "reassign" not in shown, shown[shown.index("reassign") - 200 :][:400]  # words, not codes
    stale = desk.post(f"/desk/requests/{asked.pk}/", {"approve": "no", "reason": "屬工務局權責"})
    assert stale.status_code == 409
    shown = stale.content.decode()
    assert "已經決定或撤回" in shown
    assert "屬工務局權責" in shown, "what was typed is kept"
    assert 'href="/desk/requests/"' in shown
    looked = page(desk, f"/desk/requests/{asked.pk}/")  # who decides may look at what was decided
    assert "依簽陳辦理" in looked
    assert works.get(f"/desk/requests/{asked.pk}/").status_code in (403, 404)
    assert works.get(f"/inbox/requests/{asked.pk}/").status_code in (403, 404)


def test_a_refused_request_leaves_the_case_where_it_is(taipei: None) -> None:
    from citycall.services.cases.models import Case, CaseRequest

    made = run("cases.establish", "call_centre.operator1", **PETITION, category="rights")
    run(
        "cases.make_request",
        "works.handler1",
        case=made.case,
        rule="reassign",
        reason="屬環保業務",
        agency="env",
        memo=[memo()],
        **CONSENT,
    )
    asked = CaseRequest.objects.get()
    desk = login("call_centre.lead")
    nothing = desk.post(f"/desk/requests/{asked.pk}/", {"approve": "no", "agency": "env"})
    assert nothing.status_code == 422
    done = desk.post(f"/desk/requests/{asked.pk}/", {"approve": "no", "agency": "env", "reason": "屬工務局"})
    assert done.status_code == 302
    assert Case.objects.get(pk=made.case).agency == "works"
    assert "不同意" in page(login("works.handler1"), f"/inbox/cases/{made.number}/")


def test_a_joined_agency_has_the_case_in_a_tray_of_its_own_and_answers(taipei: None) -> None:
    from citycall.services.cases.models import CaseRequest

    made = run("cases.establish", "call_centre.operator1", **PETITION, category="rights")
    env = login("env.handler1")
    assert made.number not in page(env, "/inbox/trays/joined/")
    assert env.get(f"/inbox/cases/{made.number}/").status_code == 404
    works = login("works.handler1")
    given = {"reason": "兼涉環保", "agencies": ["env"], **CONSENT, "memo": memo()}
    assert works.post(f"/inbox/cases/{made.number}/requests/join", given).status_code == 302
    asked = CaseRequest.objects.get()
    desk = login("call_centre.lead")
    decided = {"approve": "yes", "agencies": ["env"], "reason": "同意"}
    assert desk.post(f"/desk/requests/{asked.pk}/", decided).status_code == 302

    assert made.number in page(env, "/inbox/trays/joined/")
    assert "填報本機關部分" in page(env, f"/inbox/cases/{made.number}/")
    assert login("civil.handler1").get(f"/inbox/cases/{made.number}/").status_code == 404
    assert "應填報本機關部分的查處情形及辦理結果" in page(works, f"/inbox/cases/{made.number}/")
    form = page(env, f"/inbox/cases/{made.number}/join")
    assert "已依陳情事項辦理" in form
    assert 'value="resolved"' in form
    answer = {"finding": "resolved", "text": "已稽查並要求改善"}
    for lacking in ("finding", "text"):
        assert env.post(f"/inbox/cases/{made.number}/join", {**answer, lacking: ""}).status_code == 422
    assert env.post(f"/inbox/cases/{made.number}/join", answer).status_code == 302
    assert made.number not in page(env, "/inbox/trays/joined/")
    shown = page(works, f"/inbox/cases/{made.number}/")
    assert "已稽查並要求改善" in shown
    assert "查處情形：已依陳情事項辦理" in shown
    assert "應填報本機關部分" not in shown


def test_the_secretary_general_rules_and_the_parties_state_their_positions(taipei: None) -> None:
    from citycall.services.cases.models import Case, CaseRequest

    lamp = {"item": "streetlight", "description": "路燈不亮", "place": {"address": "臺北市信義區市府路1號"}}
    reporter = {"name": "王小明", "phone": "0912345678"}
    made = run("cases.establish", "call_centre.operator1", **lamp, reporter=reporter, reply_by="sms")
    window = login("works.intake_window")
    given = {"ground": "dispute", "reason": "與環保局權責不明", "agencies": ["env"]}
    sent = window.post(f"/inbox/cases/{made.number}/requests/release", given)
    assert sent.status_code == 302, sent.content.decode()
    dispute = CaseRequest.objects.get(effect="dispute")
    env = login("env.section_chief")
    assert "陳述主張" in page(env, f"/inbox/cases/{made.number}/")
    stated = env.post(
        f"/inbox/cases/{made.number}/requests/{dispute.pk}/position", {"text": "路燈非本局業務"}
    )
    assert stated.status_code == 302, stated.content.decode()

    general = login("secretariat.secretary_general")
    assert "裁示" in page(general, "/oversight/")
    assert made.number in page(general, "/inbox/requests/")
    assert "路燈非本局業務" in page(general, f"/inbox/requests/{dispute.pk}/")
    nobody = general.post(f"/inbox/requests/{dispute.pk}/", {"approve": "yes", "reason": "屬環保局"})
    assert nobody.status_code == 422
    ruled = general.post(
        f"/inbox/requests/{dispute.pk}/", {"approve": "yes", "agency": "env", "reason": "屬環保局"}
    )
    assert ruled.status_code == 302, ruled.content.decode()
    assert Case.objects.get(pk=made.case).agency == "env"
    assert not CaseRequest.objects.filter(state="pending").exists()


def test_a_released_dispatch_is_recorded_as_a_petition_at_the_desk(taipei: None) -> None:
    from citycall.services.cases.models import Case, CaseRequest

    place = {"address": "臺北市信義區市府路1號", "lat": 25.0375, "lon": 121.5637}
    lamp = {"item": "streetlight", "description": "增設路燈", "place": place}
    reporter = {"name": "王小明", "phone": "0912345678"}
    made = run("cases.establish", "call_centre.operator1", **lamp, reporter=reporter, reply_by="sms")
    window = login("works.intake_window")
    asked = {"ground": "not_our_remit", "reason": "屬環保業務", "agency": "env"}
    assert window.post(f"/inbox/cases/{made.number}/requests/release", asked).status_code == 302
    desk = login("call_centre.lead")
    pk = CaseRequest.objects.get().pk
    assert desk.post(f"/desk/requests/{pk}/", {"approve": "yes", "reason": "同意"}).status_code == 302
    assert "改以陳情案件錄案" in page(desk, f"/desk/cases/{made.number}/")
    assert desk.post(f"/desk/cases/{made.number}/convert", {"agency": "env"}).status_code == 422
    done = desk.post(f"/desk/cases/{made.number}/convert", {"agency": "env", "category": "reform"})
    assert done.status_code == 302, done.content.decode()
    petition = Case.objects.get(related_to=made.case)
    assert (petition.kind, petition.agency, petition.number[:2]) == ("petition", "env", "UN")
    assert (petition.lat, petition.lon) == (25.0375, 121.5637)
    assert petition.cell == Case.objects.get(pk=made.case).cell is not None
    assert "改以陳情案件錄案" not in page(desk, f"/desk/cases/{made.number}/").split("經過")[-1]


def test_new_taipei_sends_reassignment_to_the_secretariats_list(newtaipei: None) -> None:
    from citycall.services.cases.models import Case, CaseRequest

    made = run("cases.establish", "call_centre.operator1", **PETITION)
    works = login("works.handler1")
    assert (
        works.post(f"/inbox/cases/{made.number}/requests/reassign", {"reason": "屬環保業務"}).status_code
        == 302
    )
    asked = CaseRequest.objects.get()
    assert made.number not in page(login("call_centre.lead"), "/desk/requests/")
    secretariat = login("secretariat.allotter")
    assert made.number in page(secretariat, "/inbox/requests/")
    said = page(secretariat, f"/inbox/requests/{asked.pk}/")
    assert "屬環保業務" in said
    assert (
        secretariat.post(f"/inbox/requests/{asked.pk}/", {"approve": "yes", "reason": "屬環保局"}).status_code
        == 422
    )
    done = secretariat.post(
        f"/inbox/requests/{asked.pk}/", {"approve": "yes", "reason": "屬環保局", "agency": "env"}
    )
    assert done.status_code == 302, done.content.decode()
    assert Case.objects.get(pk=made.case).agency == "env"
    # A second window, opened before: told so in its own words, though the case is another agency's now.
    late = secretariat.post(f"/inbox/requests/{asked.pk}/", {"approve": "no", "reason": "另有他見"})
    assert late.status_code == 409
    assert "已經決定或撤回" in late.content.decode()
    assert "另有他見" in late.content.decode()
    assert "屬環保局" in page(secretariat, f"/inbox/requests/{asked.pk}/")


def test_new_taipei_does_not_submit_before_the_joined_agencies_answer(newtaipei: None) -> None:
    from citycall.services.cases.models import Case

    made = run("cases.establish", "call_centre.operator1", **PETITION)
    run("cases.acknowledge", "works.window", case=made.case)
    works = login("works.handler1")
    asked = {"agencies": ["env"], "reason": "涉及環保"}
    joined = works.post(f"/inbox/cases/{made.number}/requests/consultation", asked, follow=True)
    said = joined.content.decode()
    assert "「併會」已生效" in said, "it takes effect at once, and says so"
    assert "決定前案件照常辦理" not in said
    form = page(login("env.handler1"), f"/inbox/cases/{made.number}/join")
    assert "本機關的意見" in form
    assert 'name="finding"' not in form, "its words, no result of its own"
    result = {"finding": "resolved", "result": "已處理", "done_at": "2026-03-02T10:00"}
    sent = works.post(f"/inbox/cases/{made.number}/submit", result)
    assert sent.status_code == 409, sent.content.decode()[:400]
    assert "併會機關尚未填報：環境保護局" in sent.content.decode()
    assert Case.objects.get(pk=made.case).status == "acknowledged"


def test_kinmens_call_centre_reassigns_directly(kinmen: None) -> None:
    from citycall.services.cases.models import Case

    lamp = {"item": "streetlight", "description": "路燈不亮", "place": {"address": "金門縣金城鎮民生路60號"}}
    made = run("cases.establish", "call_centre.operator1", **lamp, reporter={"phone": "0912345678"})
    desk = login("call_centre.operator1")
    assert "逕予改分" in page(desk, f"/desk/cases/{made.number}/")
    form = page(desk, f"/desk/cases/{made.number}/requests/reassign_directly")
    assert "送出後立即生效" in form
    done = desk.post(
        f"/desk/cases/{made.number}/requests/reassign_directly", {"reason": "屬環保局", "agency": "env"}
    )
    assert done.status_code == 302, done.content.decode()
    assert Case.objects.get(pk=made.case).agency == "env"


def test_a_request_is_taken_back(taipei: None) -> None:
    from citycall.services.cases.models import CaseRequest

    made = run("cases.establish", "call_centre.operator1", **PETITION, category="rights")
    works = login("works.handler1")
    given = {"reason": "須地質鑽探", "until": "2026-03-31"}
    sent = works.post(f"/inbox/cases/{made.number}/requests/extend", given)
    assert sent.status_code == 302, sent.content.decode()
    pk = CaseRequest.objects.get().pk
    address = f"/inbox/cases/{made.number}/requests/{pk}/withdraw"
    assert "撤回" in page(works, address)
    assert works.post(address, {"reason": "毋庸展延"}).status_code == 302
    assert CaseRequest.objects.get().state == "withdrawn"
