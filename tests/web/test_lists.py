"""The list: many cases at once with preview and undo, filters under a name, the list as a spreadsheet."""

from __future__ import annotations

import io
from typing import Any

import pytest
from tests.web.sample import login, sample_city

from citycall.base.audit import AuditEntry
from citycall.people.queries import actor_for_post
from citycall.services.cases.commands import handling
from citycall.services.cases.commands.establish import establish
from citycall.services.cases.models import Case, SavedFilter

pytestmark = pytest.mark.django_db
__all__ = ["sample_city"]


def case(n: int, *, signed: bool = True, text: str = "路燈不亮", item: str = "streetlight") -> Case:
    given = {
        "item": item,
        "description": f"{text} {n}",
        "place": {"address": f"板橋區中山路一段{n}號"},
        "reporter": {"name": "王小明", "phone": f"09{n:08}"},
    }
    made = establish(actor_for_post("call_centre.operator1"), given)
    if signed:
        handling.acknowledge(actor_for_post(f"{made.agency}.intake_window"), {"case": made.case})
    return Case.objects.get(pk=made.case)


def text_of(answer: Any) -> str:
    return answer.content.decode()


def test_preview_then_done_then_undone(sample_city: None) -> None:
    cases = [case(1), case(2), case(3, signed=False)]
    client = login("works.section_chief")
    ids = [one.pk for one in cases]
    back = "/inbox/trays/all/?item=streetlight"
    preview = client.post("/inbox/many/allot", {"case": ids, "next": back})
    said = text_of(preview)
    assert preview.status_code == 200
    assert "所選 3 件中，2 件可辦" in said
    assert "不會變更" in said
    assert not Case.objects.exclude(taken_post="").exists(), "looking changes nothing"

    sent = {"case": ids, "next": back, "confirm": "yes", "key": preview.context["form"]["key"].value()}
    assert client.post("/inbox/many/allot", sent).status_code == 422, "to whom is asked for"
    sent["post"] = "works.handler1"
    answer = client.post("/inbox/many/allot", sent, follow=True)
    assert answer.redirect_chain == [(back, 302)]
    assert "分案：已辦 2 件。" in text_of(answer)
    assert cases[2].number in text_of(answer)
    assert Case.objects.filter(taken_post="works.handler1").count() == 2
    made = answer.context["undo"]
    assert "整批分案" in text_of(answer)

    other = login("works.window").get(back)
    assert other.context["undo"] is None
    undone = client.post(f"/inbox/many/{made.pk}/undo", {"next": back}, follow=True)
    assert "已復原 2 件。" in text_of(undone)
    assert undone.context["undo"] is None
    assert not Case.objects.exclude(taken_post="").exists()
    again = client.post(f"/inbox/many/{made.pk}/undo", {"next": back}, follow=True)
    assert "已經復原" in text_of(again)


def test_another_agencys_cases_are_not_there(sample_city: None) -> None:
    theirs = case(1)
    client = login("env.section_chief")
    answer = client.post("/inbox/many/allot", {"case": [theirs.pk]}, follow=True)
    assert "請先勾選案件" in text_of(answer)
    assert client.post("/inbox/many/burn", {"case": [theirs.pk]}).status_code == 404
    assert client.post("/inbox/many/allot", {"case": ["x", "9" * 30]}, follow=True).status_code == 200
    assert client.post("/inbox/many/999999/undo", {}, follow=True).status_code == 200


def test_a_filter_is_saved_followed_and_put_in_order(sample_city: None) -> None:
    case(1)
    client = login("works.intake_window")
    shown = client.get("/inbox/trays/all/?item=streetlight&q=路燈&sort=-due")
    assert shown.context["save"].startswith("/inbox/trays/all/save?")
    page = client.get(shown.context["save"])
    assert "路燈故障" in text_of(page)
    sent = {
        "title": "我的路燈",
        "agency": "works",
        "shared": "on",
        "key": page.context["form"]["key"].value(),
    }
    answer = client.post(shown.context["save"], sent, follow=True)
    assert answer.status_code == 200
    assert "已儲存篩選「我的路燈」" in text_of(answer)
    assert [(str(tab.label), tab.current) for tab in answer.context["saved"]] == [("我的路燈", True)]
    twice = client.post(shown.context["save"], {**sent, "key": "another-key-of-this-form"})
    assert twice.status_code == 422
    assert "已有同名的篩選" in text_of(twice)

    kept = SavedFilter.objects.get()
    assert kept.wanted == {"tray": "all", "item": "streetlight", "q": "路燈", "sort": "-due"}
    colleague = login("works.handler1")
    assert "我的路燈" in text_of(colleague.get("/inbox/filters/"))
    followed = colleague.get(f"/inbox/filters/{kept.pk}/")
    assert followed.status_code == 302
    assert "item=streetlight" in followed["Location"]
    assert login("env.window").get(f"/inbox/filters/{kept.pk}/").status_code == 404
    assert colleague.post(f"/inbox/filters/{kept.pk}/change", {"do": "remove"}).status_code == 404

    for asked in ({"do": "rename", "title": "逾限路燈"}, {"do": "first"}, {"do": "unshare"}, {"do": "up"}):
        assert client.post(f"/inbox/filters/{kept.pk}/change", asked).status_code == 302
    assert client.get("/inbox/")["Location"].startswith("/inbox/trays/all/?")
    assert "逾限路燈" in text_of(client.get("/inbox/filters/"))
    client.post(f"/inbox/filters/{kept.pk}/change", {"do": "remove"})
    assert client.get("/inbox/").status_code == 200


@pytest.mark.parametrize("form", ["csv", "ods", "xlsx"])
def test_what_is_shown_as_a_spreadsheet(sample_city: None, form: str) -> None:
    from citycall.oversight import tables

    first, second = case(1, text="=HYPERLINK(1)"), case(2)
    case(3, item="noise", text="噪音")
    client = login("works.intake_window")
    answer = client.get(f"/inbox/trays/all.{form}?item=streetlight&sort=number")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    rows = [cells for _number, cells in tables.read(content).rows]
    assert [row[0] for row in rows[1:]] == [first.number, second.number]
    assert "王小明" not in io.BytesIO(content).getvalue().decode("utf-8", "ignore")
    entry = AuditEntry.objects.filter(command="cases.note_export").get()
    assert (entry.detail["form"], entry.detail["rows"]) == (form, 2)
    assert client.get("/inbox/trays/all.pdf").status_code == 404


def test_counts_stop_at_999(sample_city: None) -> None:
    from citycall.web.inbox.trays import said_count

    assert [said_count(each) for each in (None, 0, 999, 1000)] == [None, 0, 999, "999+"]


def test_the_preview_asks_as_often_for_ten_cases_as_for_two(sample_city: None) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = login("works.section_chief")
    ids = [case(n).pk for n in range(1, 11)]

    def times(code: str, some: list[int]) -> int:
        """At least: what is remembered for a second may be asked for or not."""
        counted = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as captured:
                assert client.post(f"/inbox/many/{code}", {"case": some}).status_code == 200
            counted.append(len(captured))
        return min(counted)

    for code in ("allot", "join"):
        assert times(code, ids[:2]) == times(code, ids) <= 25, code


def test_one_case_is_allotted_on_its_page(sample_city: None) -> None:
    one = case(1)
    client = login("works.section_chief")
    page = client.get(f"/inbox/cases/{one.number}/allot")
    assert page.status_code == 200
    sent = {**page.context["form"].initial, "post": "works.handler2"}
    sent |= {bound.name: bound.value() for bound in page.context["form"].hidden_fields()}
    answer = client.post(f"/inbox/cases/{one.number}/allot", sent, follow=True)
    assert "已分案。" in text_of(answer)
    assert Case.objects.get(pk=one.pk).taken_post == "works.handler2"
