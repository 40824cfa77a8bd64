"""The screens on which the steering office reads the rules and changes them."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.inbox import Login, Make, act, city, later, login, make, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login", "make"]

POLICY = "/oversight/policy/"
READERS = ("research.evaluator", "research.director", "call_centre.lead", "works.head", "works.evaluator")


@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize(
    "page", ["", "?topic=all", "?topic=clocks", "?topic=items", "?q=稽催", "versions/", "compare/"]
)
def test_the_rules_are_every_agency_s_to_read(login: Login, who: str, page: str) -> None:
    assert login(who).get(f"{POLICY}{page}").status_code == 200


def test_they_are_not_the_handlers(login: Login) -> None:
    assert login("works.handler1").get(POLICY).status_code == 403
    assert login("works.head").get(f"{POLICY}changes/").status_code == 403
    assert login("works.head").get(f"{POLICY}changes/new/").status_code == 403


def test_a_rule_is_read_with_its_clause_and_the_document_s_words(login: Login) -> None:
    page = says(login("works.head").get(f"{POLICY}?topic=clocks"))
    assert "10分鐘簽收" in page
    assert "NT-5-4-2d" in page
    assert "「" in page
    assert "提出修正" not in page
    found = says(login("research.director").get(f"{POLICY}?q=第1階段"))
    assert "第1階段處理時限" in found
    assert "10分鐘簽收" not in found
    assert "沒有符合的規則" in says(login("works.head").get(f"{POLICY}?q=xyzzy"))


def begin(client: Client, **given: Any) -> str:
    """A draft, and the address of its page."""
    answer = client.post(f"{POLICY}changes/new/", {"title": "修正", "effective_from": ""} | given)
    assert answer.status_code == 302, says(answer)
    return str(answer["Location"])


def decide(client: Client, page: str, approve: str = "yes", reason: str = "") -> Any:
    return client.post(f"{page}decide", {"approve": approve, "reason": reason})


def test_a_setting_is_changed_from_the_screen_and_approved_by_another(login: Login, make: Make) -> None:
    from citycall.base import policies

    evaluator, director = login("research.evaluator"), login("research.director")
    answer = evaluator.post(f"{POLICY}changes/new/?edit=settings.overdue-dunning", {"title": "稽催改為17時"})
    assert answer.status_code == 302, says(answer)
    value = answer["Location"]
    assert value.endswith("/settings/overdue-dunning/")
    page = value.removesuffix("settings/overdue-dunning/")
    form = says(evaluator.get(value))
    assert "18:00" in form
    given = {
        "part_to": "supervisor window evaluator",
        "part_channels": "email",
        "part_digest": "yes",
        "zh": "每日17時",
        "en": "17:00",
    }
    wrong = evaluator.post(value, given | {"part_at": "25:61"})
    assert wrong.status_code == 422
    assert "id_part_at_error" in says(wrong)
    assert evaluator.post(value, given | {"part_at": "17:00"}).status_code == 302
    text = says(evaluator.get(page))
    assert "第1階段處理時限" in text
    assert "<del>18:00</del>" in text
    assert "<ins>17:00</ins>" in text
    assert evaluator.post(f"{page}submit").status_code == 302
    assert decide(evaluator, page).status_code == 403
    assert decide(login("works.head"), page).status_code in (403, 404)
    assert decide(director, page, "no").status_code == 422
    assert decide(director, page).status_code == 302
    assert policies.in_force()[1].setting("overdue-dunning")["at"] == "17:00"
    versions = says(login("works.head").get(f"{POLICY}versions/"))
    assert "稽催改為17時" in versions
    assert "研考會主任委員" in versions or "主任委員" in versions
    assert "稽催改為17時" in says(login("works.head").get(page))


def test_before_an_act_it_is_said_what_it_does(login: Login, make: Make) -> None:
    from citycall.oversight.models import PolicyChange

    make()
    evaluator, director = login("research.evaluator"), login("research.director")
    page = begin(evaluator, effective_from="2026-05-01")
    given = {"part_at": "17:00", "part_to": "supervisor", "part_channels": "email", "part_digest": "yes"}
    evaluator.post(f"{page}settings/overdue-dunning/", given | {"zh": "每日18時", "en": "17:00"})
    state = PolicyChange.objects.values_list("state", flat=True)
    draft = says(evaluator.get(page))
    assert "說明還寫著原來的值" in draft
    assert 'action="' + page + 'submit"' not in draft, "one key or press must not submit"
    asked = evaluator.get(f"{page}submit")
    assert asked.status_code == 200
    assert state.get() == "draft"
    for words in ("2026年5月1日", "目前未結的 1 件仍依原規則", "說明還寫著原來的值", "每日18時", "確認送核"):
        assert words in says(asked)
    assert login("works.head").get(f"{page}submit").status_code == 404
    assert evaluator.post(f"{page}submit").status_code == 302
    assert evaluator.get(f"{page}submit").status_code == 302, "nothing is left to confirm"
    assert evaluator.get(f"{page}decide").status_code == 302
    asked = says(director.get(f"{page}decide"))
    assert "說明還寫著原來的值" in asked
    assert 'name="approve"' in asked
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', asked)
    another = director.post(f"{page}decide", {"approve": "yes", "seen": "2026-01-01T00:00:00+00:00"})
    assert another.status_code == 409
    assert "請看過現在的內容再決定" in says(another)
    assert f'value="{seen}"' in says(another), "what is shown now can be decided on"
    assert director.post(f"{page}decide", {"approve": "yes", "seen": "上週"}).status_code == 422
    assert state.get() == "submitted"
    assert director.post(f"{page}decide", {"approve": "yes", "seen": seen}).status_code == 302
    assert "將不會生效" in says(director.get(f"{page}withdraw"))
    assert state.get() == "approved"
    director.post(f"{page}withdraw")
    assert state.get() == "withdrawn"


def test_nobody_approves_their_own(login: Login) -> None:
    director = login("research.director")
    page = begin(director)
    director.post(
        f"{page}settings/overdue-dunning/",
        {"part_at": "17:00", "part_to": "supervisor", "part_channels": "email", "part_digest": "yes"},
    )
    director.post(f"{page}submit")
    assert "須由其他有權核定的人核定" in says(director.get(page))
    assert decide(director, page).status_code == 409


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize("form", ["csv", "ods", "xlsx"])
def test_the_table_goes_out_and_comes_back(login: Login, make: Make, form: str) -> None:
    from citycall.oversight import tables

    make()
    evaluator = login("research.evaluator")
    out = login("works.head").get(f"/oversight/items/table.{form}")
    assert out.status_code == 200
    assert f"items-newtaipei-2026.1.{form}" in out["Content-Disposition"]
    table = tables.read(out.content)
    assert table.rows[0][1][:3] == ["code", "name_zh", "name_en"]
    assert table.rows[1][1][0] == "項目代碼"
    page = begin(evaluator)
    same = evaluator.post(f"{page}items/", {"table": upload(f"items.{form}", out.content)}, follow=True)
    assert "表與現行的相同" in says(same)
    rows = [cells for _number, cells in table.rows]
    at = rows[0].index("stage1")
    for cells in rows:
        if cells[0] == "streetlight":
            cells[at] = "8 小時"
    rows.append(["cone", "三角錐", "Cone", "fast", "works", "cone", "4 hours", "7 days"])
    changed = tables.write(form, rows[:1], rows[1:], "項目")
    look = evaluator.post(f"{page}items/", {"table": upload(f"items.{form}", changed)})
    assert "1 項新增、1 項修改、0 項填了迄日" in says(look)
    assert "還沒有任何修正" not in says(look)
    assert "和現行規則相同" in says(evaluator.get(page)), "nothing is written before it is confirmed"
    text = says(take(evaluator, page, changed))
    assert "路燈故障" in text
    assert "<del>4 小時</del>" in text
    assert "<ins>8 小時</ins>" in text
    assert "新增" in text
    assert "依原時限" in text


def take(client: Client, page: str, content: bytes, missing: str = "keep") -> Any:
    """A table is looked at and confirmed; the page that comes of it."""
    look = client.post(f"{page}items/", {"table": upload("items.csv", content)})
    if not look.context or "form" not in look.context or "rows" not in look.context["form"].fields:
        return look
    rows = look.context["form"].initial["rows"]
    return client.post(f"{page}items/", {"rows": rows, "missing": missing}, follow=True)


def test_items_are_not_lost_by_accident(login: Login, make: Make) -> None:
    from citycall.base import clock, policies
    from citycall.oversight.models import PolicyChange

    make()
    evaluator = login("research.evaluator")
    page = begin(evaluator, effective_from="2026-05-01")
    others = [
        item.code
        for item in policies.in_force()[1].items.values()
        if item.code != "pothole" and item.active_on(clock.today())
    ]
    table = "code,name_zh,agency,stage1,stage2_max\npothole,坑洞,works,5 小時,14 日\n".encode()
    look = evaluator.post(f"{page}items/", {"table": upload("items.csv", table)})
    text = says(look)
    assert f"檔案裡沒有 {len(others)} 個現行的項目" in text
    assert "路燈故障" in text
    assert "未結 1 件" in text
    rows = look.context["form"].initial["rows"]
    edits = PolicyChange.objects.values_list("edits", flat=True)
    unsaid = evaluator.post(f"{page}items/", {"rows": rows})
    assert unsaid.status_code == 422
    assert "id_missing_error" in says(unsaid)
    assert edits.get() == {}
    for bad in ("", "[", "[[1]]", "[[1,{}]]", "[" * 5000, "[[1e999,{}]]", '[[1,{"code":"x","moon":"y"}]]'):
        answer = evaluator.post(f"{page}items/", {"rows": bad, "missing": "end"})
        assert answer.status_code == 302, bad
        assert edits.get() == {}
    assert "項目表已讀入草案" in says(take(evaluator, page, table))
    assert set(edits.get()["items"]) == {"pothole"}
    take(evaluator, page, table, missing="end")
    ended = edits.get()["items"]
    assert set(ended) == {"pothole", *others}
    assert ended["streetlight"] == {"active_until": "2026-04-30"}
    assert f"停止受理 {len(others)} 項" in says(evaluator.get(f"{page}submit"))


def test_what_cannot_be_taken_is_said_by_row_and_column(login: Login) -> None:
    evaluator = login("research.evaluator")
    page = begin(evaluator)
    table = (
        "code,name_zh,agency,stage1,stage2_max\n"
        "streetlight,路燈,nobody,4 moons,14 days\nLAMP,燈,works,2 days,99 days\n"
    )
    answer = evaluator.post(f"{page}items/", {"table": upload("items.csv", table.encode())})
    text = says(answer)
    assert answer.status_code == 422
    assert "第 2 列「權責機關代碼 agency」：nobody" in text
    assert "第 2 列「第一階段時限 stage1」：4 moons" in text
    assert "第 3 列「項目代碼 code」：LAMP" in text
    for content, said in (
        (b"", "空"),
        (b"a,b\n1,2\n", "找不到標題列"),
        ("code,name_zh\n路燈,燈\n".encode("utf-16"), "UTF-16"),
        (b"\xd0\xcf\x11\xe0rest", ".xls"),
        (b"PK\x03\x04broken", "檔案損壞"),
        (b"code,moon\nx,y\n", "找不到標題列"),
        (b"code,name_zh,moon\nx,y,z\n", "不認得的欄位：moon"),
    ):
        answer = evaluator.post(f"{page}items/", {"table": upload("items.csv", content)})
        assert answer.status_code == 422
        assert said in says(answer)


def test_a_file_is_changed_as_a_whole_and_an_error_has_its_line(login: Login) -> None:
    from citycall.base import policies

    evaluator = login("research.evaluator")
    page = begin(evaluator)
    text = policies.text_of("clocks.yaml")
    wrong = evaluator.post(
        f"{page}files/clocks.yaml/", {"text": text.replace("limit: item.stage1", "limit: item.moon")}
    )
    assert wrong.status_code == 422
    assert "newtaipei/clocks.yaml 第" in says(wrong)
    right = evaluator.post(f"{page}files/clocks.yaml/", {"text": text.replace("10分鐘簽收", "十分鐘內簽收")})
    assert right.status_code == 302
    assert "<ins>十分鐘內簽收</ins>" in says(evaluator.get(page))
    evaluator.post(f"{page}drop", {"name": "files.clocks.yaml"})
    assert "和現行規則相同" in says(evaluator.get(page))
    assert evaluator.get(f"{page}files/nothing.yaml/").status_code == 404


def quicker(evaluator: Client, page: str) -> None:
    """A draft in which a street lamp has two hours."""
    bounds = {
        "part_first": "{min: 1 hours, max: 1 days}",
        "part_second": "{min: 1 days, max: 14 days}",
        "part_second_on_application": "yes",
    }
    assert evaluator.post(f"{page}settings/stage-limits/", bounds).status_code == 302
    table = "code,name_zh,agency,stage1,stage2_max\nstreetlight,路燈故障,works,2 hours,14 days\n"
    assert "項目表已讀入草案" in says(take(evaluator, page, table.encode()))


def test_a_draft_is_rehearsed_against_a_month(login: Login, make: Make) -> None:
    evaluator = login("research.evaluator")
    quick, slow = make(reply_by="none"), make("板橋區中山路一段5號", reply_by="none")
    for case, hours in ((quick, 1), (slow, 2)):
        later(hours=hours)
        act("works.intake_window", "cases.acknowledge", case)
        act("works.handler1", "cases.complete", case, finding="resolved", result="已修復")
    page = begin(evaluator)
    table = "code,name_zh,agency,stage1,stage2_max\nstreetlight,路燈故障,works,2 hours,14 days\n"
    take(evaluator, page, table.encode())
    # shorter than the document allows: the bounds are changed first
    bounds = {
        "part_first": "{min: 1 hours, max: 1 days}",
        "part_second": "{min: 1 days, max: 14 days}",
        "part_second_on_application": "yes",
    }
    answer = evaluator.post(f"{page}settings/stage-limits/", bounds)
    assert answer.status_code == 302, says(answer)
    take(evaluator, page, table.encode())
    text = says(evaluator.get(f"{page}trial/"))
    assert "以2026年3月的案件試算" in text, "the latest month that has cases"
    assert "不看什麼" in text
    assert "這 1 件會逾期" in text
    assert slow.number in text
    assert quick.number not in text
    assert "提前 2 小時" in text
    assert "工務局" in text
    assert "沒有案件會因此不再逾期" in says(evaluator.get(f"{page}trial/?view=spared"))
    assert "以2026年3月的案件試算" in says(evaluator.get(f"{page}trial/?month=2026-02")), "no such month"


def test_what_a_rehearsal_shows_is_kept_as_a_table(login: Login, make: Make) -> None:
    from citycall.oversight import tables

    evaluator = login("research.evaluator")
    cases = [make(f"板橋區中山路一段{n}號", reply_by="none") for n in range(1, 28)]
    later(hours=3)
    for case in cases:
        act("works.intake_window", "cases.acknowledge", case)
        act("works.handler1", "cases.complete", case, finding="resolved", result="已修復")
    page = begin(evaluator)
    quicker(evaluator, page)
    address = f"{page}trial/?size=25&sort=number"
    first, second = says(evaluator.get(address)), says(evaluator.get(f"{address}&page=2"))
    assert "這 27 件會逾期" in first
    assert "第 1–25 筆，共 27 筆" in first
    assert cases[0].number in first
    assert cases[-1].number not in first
    assert cases[-1].number in second
    for form in ("csv", "ods", "xlsx"):
        out = evaluator.get(f"{page}trial.{form}?month=2026-03&sort=-number")
        assert f"2026-03-late.{form}" in out["Content-Disposition"]
        rows = [cells for _n, cells in tables.read(out.content).rows]
        assert rows[0][:2] == ["案號", "機關"]
        assert [cells[0] for cells in rows[1:]] == sorted((one.number for one in cases), reverse=True)
        assert rows[1][4:] == [
            "2026年3月2日 14:00", "2026年3月2日 12:00", "2026年3月2日 13:00", "1 小時", "提前 2 小時",
        ]  # fmt: skip
    assert evaluator.get(f"{page}trial.pdf").status_code == 404
    assert login("works.head").get(f"{page}trial.csv").status_code == 403


def test_a_rehearsal_says_what_it_does_not_see(login: Login, make: Make) -> None:
    evaluator = login("research.evaluator")
    page = begin(evaluator)
    assert "還沒有任何案件可以試算" in says(evaluator.get(f"{page}trial/"))
    make()
    evaluator.post(
        f"{page}settings/managing-unit/", {"value": "research", "zh": "研考會", "en": "The office"}
    )
    assert "草案沒有改到期限" in says(evaluator.get(f"{page}trial/"))


def test_versions_are_compared_by_topic(login: Login) -> None:
    evaluator, director = login("research.evaluator"), login("research.director")
    page = begin(evaluator)
    evaluator.post(
        f"{page}settings/managing-unit/", {"value": "research", "zh": "研考會", "en": "The commission"}
    )
    evaluator.post(f"{page}submit")
    decide(director, page)
    text = says(login("works.head").get(f"{POLICY}compare/"))
    assert "2026.1 與 2026.2 的差異" in text
    assert "研考會" in text


def test_english_for_who_reads_it(login: Login) -> None:
    client = login("research.director")
    client.cookies["django_language"] = "en"
    for page in ("", "?topic=all", "versions/", "compare/", "changes/", "changes/new/"):
        text = says(client.get(f"{POLICY}{page}"))
        assert "Rules" in text


def test_the_export_is_no_formula(login: Login) -> None:
    from openpyxl import load_workbook

    from citycall.oversight import tables

    content = tables.write("xlsx", [["code"]], [["=1+1"], ["@x"], ["-1"]], "x")
    cells = [row[0].value for row in load_workbook(io.BytesIO(content)).active]
    assert cells == ["code", "'=1+1", "'@x", "'-1"]
    assert [cells for _n, cells in tables.read(content).rows] == [["code"], ["=1+1"], ["@x"], ["-1"]]


AT_FIVE = {"part_at": "17:00", "part_to": "supervisor", "part_channels": "email", "part_digest": "yes"}


def test_what_a_draft_can_no_longer_undergo_leads_back_to_it(login: Login) -> None:
    evaluator, director = login("research.evaluator"), login("research.director")
    page, later = begin(evaluator), begin(evaluator)
    for one in (page, later):
        evaluator.post(f"{one}settings/overdue-dunning/", AT_FIVE | {"zh": "每日17時", "en": "17:00"})
    assert evaluator.post(f"{page}submit").status_code == 302
    for asked in (f"{page}submit", f"{page}drop"):
        again = evaluator.post(asked, {"name": "settings.overdue-dunning"}, follow=True)
        assert again.redirect_chain == [(page, 302)]
        assert "送核" in says(again)
        assert any(str(one) for one in again.context["messages"]), asked
    for asked in ("settings/overdue-dunning/", "about/", "items/", "files/clocks.yaml/"):
        for answer in (evaluator.get(f"{page}{asked}", follow=True),
                       evaluator.post(f"{page}{asked}", AT_FIVE, follow=True)):  # fmt: skip
            assert answer.redirect_chain == [(page, 302)], asked
            assert "不能修改" in says(answer), asked
    decide(director, page)
    for answer in (
        evaluator.get(f"{later}submit", follow=True),
        evaluator.post(f"{later}submit", follow=True),
    ):
        assert answer.redirect_chain == [(later, 302)], "no summary of what cannot be submitted"
        assert "移到" in says(answer)
        assert "確認送核" not in says(answer)
    empty = begin(evaluator)
    assert "還沒有任何修正" in says(evaluator.get(f"{empty}submit", follow=True))


def test_the_same_limit_in_other_words_is_no_difference(login: Login) -> None:
    evaluator, director = login("research.evaluator"), login("research.director")
    page = begin(evaluator)
    form = evaluator.get(f"{page}settings/stage-limits/").context["form"]
    given = {name: form.initial.get(name) or "" for name in form.fields}
    assert given["part_first"] == "{min: 4 小時, max: 1 日}"
    typed = given | {"part_first": "{min: 1 小時, max: 1 日}"}
    assert evaluator.post(f"{page}settings/stage-limits/", typed).status_code == 302
    draft = evaluator.get(page)
    rows = [row for _label, rows in draft.context["differences"] for row in rows]
    assert any(row["key"].endswith("first.min") for row in rows)
    assert not any(row["key"].endswith("first.max") for row in rows)
    assert draft.context["difference_count"] == len(rows)
    evaluator.post(f"{page}submit")
    decide(director, page)
    compared = evaluator.get(f"{POLICY}compare/")
    rows = [row for _label, rows in compared.context["differences"] for row in rows]
    assert any(row["key"].endswith("first.min") for row in rows)
    assert not any(row["before"] == row["after"] for row in rows)


def test_what_rules_go_by_is_not_left_empty(login: Login) -> None:
    evaluator = login("research.evaluator")
    value = f"{begin(evaluator)}settings/sign-off/"
    form = evaluator.get(value).context["form"]
    given = {name: form.initial.get(name) or "" for name in form.fields}
    answer = evaluator.post(value, given | {"part_limit": ""})
    assert answer.status_code == 422
    (said,) = answer.context["form"].errors["part_limit"]
    assert "不能留白" in said
    assert "10分鐘簽收" in said
    assert "yaml" not in says(answer)
    assert '時限 <span class="required">' in says(answer)


def test_the_rules_are_read_in_words(login: Login) -> None:
    client = login("research.director")
    for raw in ("people.post_changed", "（fast.", "：name、", "finding、", "The document names"):
        assert raw not in says(client.get(f"{POLICY}?topic=all")), raw
    page = begin(client)
    form = says(client.get(f"{page}settings/urgent-petition/"))
    assert ">required<" not in form
    dunning = client.get(f"{page}settings/overdue-dunning/").context["form"]
    assert "督導主管" in dunning.initial["part_to"]
    given = {name: dunning.initial.get(name) or "" for name in dunning.fields} | {"part_at": "17:00"}
    assert client.post(f"{page}settings/overdue-dunning/", given).status_code == 302
    rows = [row for _label, rows in client.get(page).context["differences"] for row in rows]
    assert not any(".to" in row["key"] for row in rows), "what is shown is read back the same"


def test_a_warning_of_words_is_there_before_the_approval_and_not_after(login: Login) -> None:
    evaluator, director = login("research.evaluator"), login("research.director")
    page = begin(evaluator)
    evaluator.post(f"{page}settings/overdue-dunning/", AT_FIVE | {"zh": "每日18時", "en": "Daily at 18:00"})
    assert "說明還寫著原來的值" in says(evaluator.get(page))
    assert "Daily at 18:00" not in says(evaluator.get(page)).partition("規則的差異")[0]
    evaluator.post(f"{page}submit")
    assert "說明還寫著原來的值" in says(director.get(page))
    decide(director, page)
    assert "說明還寫著原來的值" not in says(director.get(page))
