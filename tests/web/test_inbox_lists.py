"""The inbox's lists: narrowed, sorted, kept up to date, as a spreadsheet; keys and refused pages."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from tests.web.inbox import Login, Make, act, city, login, make, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login", "make"]


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
