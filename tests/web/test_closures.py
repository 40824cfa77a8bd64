"""The screens on which a closure is declared, looked at and withdrawn."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.inbox import Login, city, login, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login"]

LIST = "/oversight/closures/"
NEW = f"{LIST}new/"
READERS = ("research.evaluator", "research.director", "call_centre.lead", "secretariat.duty_officer")
DECLARERS = ("research.evaluator", "research.director", "secretariat.duty_officer")
PETITION: dict[str, Any] = {
    "kind": "petition",
    "agency": "civil",
    "description": "建議延長市民活動中心開放時間",
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "phone",
}


def petition() -> Any:
    from citycall.people.queries import actor_for_post
    from citycall.services.cases.commands.establish import establish

    return establish(actor_for_post("call_centre.operator1"), PETITION)


def working_day(after: int = 1) -> date:
    from citycall.base import clock, policies

    day = clock.today()
    for _ in range(after):
        day = policies.in_force()[1].calendar().next_working_day(day)
    return day


def typed(**changes: Any) -> dict[str, Any]:
    given = {"day": working_day().isoformat(), "part": "all", "area": "all", "cause": "disaster"}
    return {**given, "reason": "康芮颱風", "key": "one", **changes}


def count_anew() -> None:
    """What the workers do."""
    from citycall.base.portions import Job, settled, work_off

    Job.objects.update(seen_at="2020-01-01T00:00Z", horizon="1")
    while not settled():
        work_off()


def closure() -> Any:
    from citycall.base.closures import Closure

    return Closure.objects.get()


@pytest.mark.parametrize("who", READERS)
def test_who_may_see_it(login: Login, who: str) -> None:
    page = says(login(who).get(LIST))
    assert "還沒有宣告過停班" in page
    assert ("宣告停班" in page) == (who in DECLARERS)


@pytest.mark.parametrize("who", ["works.handler1", "works.head", "works.evaluator", "call_centre.operator1"])
def test_who_may_not(login: Login, who: str) -> None:
    assert login(who).get(LIST).status_code == 403
    assert login(who).get(NEW).status_code == 403


def test_the_lead_reads_and_does_not_declare(login: Login) -> None:
    assert login("call_centre.lead").get(NEW).status_code == 403
    assert login("call_centre.lead").post(NEW, typed(confirm="yes")).status_code == 403


def test_the_officer_on_duty_finds_the_way(login: Login) -> None:
    page = says(login("secretariat.duty_officer").get(LIST))
    assert f'href="{LIST}"' in page


@pytest.mark.parametrize("who", DECLARERS)
def test_first_a_look_then_it_is_declared(login: Login, who: str) -> None:
    from citycall.base.closures import Closure
    from citycall.services.cases.models import Case

    case = petition().case
    before = Case.objects.get(pk=case).due_at
    browser = login(who)
    look = browser.post(NEW, typed())
    assert look.status_code == 200
    assert "1 個進行中的時限會延後" in says(look)
    assert not Closure.objects.exists(), "nothing is written before it is confirmed"
    answer = browser.post(NEW, typed(confirm="yes"))
    assert answer.status_code == 302
    page = answer["Location"]
    assert page == f"{LIST}{closure().pk}/"
    assert "等待重算" in says(browser.get(page))
    assert "時限重新計算中" in says(browser.get(LIST))
    count_anew()
    done = says(browser.get(page))
    assert "重算完成" in done
    assert "1 個時限異動" in done
    after = Case.objects.get(pk=case).due_at
    assert before is not None
    assert after is not None
    assert after > before
    assert browser.post(NEW, typed(confirm="yes"))["Location"] == page, "sent twice, done once"


def test_the_look_names_the_cases(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    from citycall.services.cases.models import Case
    from citycall.services.cases.recompute import preview

    made = [petition() for _ in range(3)]
    browser = login("research.director")
    page = says(browser.post(NEW, typed()))
    assert "看過 3 個" in page
    assert "3 個時限會延後" in page
    assert all(one.number in page for one in made)
    assert "<dt>民政局</dt><dd>3</dd>" in page
    assert "延後 1 天" in page or "延後 24 小時" in page
    asked = {one.moved.number: one.moved for one in _named(browser)}
    browser.post(NEW, typed(confirm="yes"))
    count_anew()
    for one in made:
        due = Case.objects.get(pk=one.case).due_at
        assert due is not None
        assert asked[one.number].would_be_due == due, "what was said is what is done"
    back = says(browser.get(f"{LIST}{closure().pk}/withdraw/"))
    assert "3 個時限會提前" in back
    assert all(one.number in back for one in made)
    monkeypatch.setattr(preview, "SHOWN", 2)
    few = says(browser.get(f"{LIST}{closure().pk}/withdraw/"))
    assert "列出最先到期的 2 個" in few
    assert sum(one.number in few for one in made) == 2


def _named(browser: Any) -> list[Any]:
    return [
        line for _heading, _n, lines in browser.post(NEW, typed()).context["look"]["clocks"] for line in lines
    ]


def test_a_look_asks_as_often_however_many_there_are(login: Login) -> None:
    browser = login("research.director")

    def asked() -> int:
        browser.post(NEW, typed())
        with CaptureQueriesContext(connection) as found:
            browser.post(NEW, typed())
        return len(found)

    petition()
    few = asked()
    for _ in range(6):
        petition()
    assert asked() == few


def test_progress_is_asked_for_while_it_lasts(login: Login) -> None:
    petition()
    browser = login("research.director")
    page = browser.post(NEW, typed(confirm="yes"))["Location"]
    assert f'hx-get="{page}"' in says(browser.get(page))
    assert "重新整理" in says(browser.get(page)), "also for who has no script"
    assert f'hx-get="{LIST}"' in says(browser.get(LIST))
    count_anew()
    assert "hx-get" not in says(browser.get(page)).partition("<main")[2]
    assert "hx-get" not in says(browser.get(LIST)).partition("<main")[2]


def test_the_story_of_the_case_tells_it(login: Login) -> None:
    from citycall.web.ui.words import day_said

    made = petition()
    login("research.director").post(NEW, typed(confirm="yes"))
    count_anew()
    story = says(login("research.evaluator").get(f"/inbox/cases/{made.number}/"))
    assert "期限重算" in story
    assert f"{day_said(working_day())} 停班（康芮颱風）" in story
    english = login("research.evaluator").get(
        f"/inbox/cases/{made.number}/", headers={"Accept-Language": "en"}
    )
    assert "Limit counted anew" in english.content.decode()


@pytest.mark.parametrize(
    "written",
    ["民國{roc}年{m}月{d}日", "{roc}年{m}月{d}日", "{roc}/{m}/{d}", "{y}-{m:02}-{d:02}", "{roc}{m:02}{d:02}"],
)
def test_days_as_they_are_written(login: Login, written: str) -> None:
    day = working_day()
    text = written.format(roc=day.year - 1911, y=day.year, m=day.month, d=day.day)
    answer = login("research.director").post(NEW, typed(day=text, confirm="yes"))
    assert answer.status_code == 302, says(answer)
    assert closure().day == day


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": ""}, "必填"),
        ({"day": "115年2月30日"}, "例如 115年7月10日"),
        ({"day": "999999999-01-01"}, "年份"),
        ({"day": "１１５年１３月１日"}, "日期"),
        ({"day": "2190-01-01"}, "官方行事曆"),
        ({"area": "nowhere"}, "nowhere"),
        ({"area": "agency:works"}, "agency:works"),
        ({"cause": "hangover"}, "hangover"),
        ({"reason": ""}, "必填"),
        ({"reason": "颱風\x00"}, ""),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(login: Login, changes: Any, words: str) -> None:
    from citycall.base.closures import Closure

    answer = login("research.director").post(NEW, typed(confirm="yes", **changes))
    assert answer.status_code == 422
    assert words in says(answer)
    assert 'name="day"' in says(answer), "the form is there again"
    assert not Closure.objects.exists()


def test_a_day_off_moves_nothing(login: Login) -> None:
    petition()
    day = working_day()
    while day.weekday() < 5:
        day += timedelta(days=1)
    look = says(login("research.director").post(NEW, typed(day=day.isoformat())))
    assert "0 個進行中的時限" in look
    assert "本來就不上班" in look


def test_half_a_day_moves_no_working_day_and_says_so(login: Login) -> None:
    petition()
    browser = login("research.director")
    look = says(browser.post(NEW, typed(part="morning")))
    assert "0 個進行中的時限" in look
    assert "半日停班不影響以工作日計的時限" in look
    assert "半日停班" not in says(browser.post(NEW, typed()))


def test_progress_says_what_it_counts(login: Login) -> None:
    petition()
    browser = login("research.director")
    page = browser.post(NEW, typed(confirm="yes"))["Location"]
    count_anew()
    assert "看過 1 件未結案件" in says(browser.get(page))


def test_back_to_what_was_typed(login: Login) -> None:
    again = says(login("research.director").post(NEW, typed(edit="yes")))
    assert "康芮颱風" in again
    assert "看看影響" in again
    assert 'name="confirm"' not in again


def test_the_same_day_again_is_refused(login: Login) -> None:
    browser = login("research.director")
    browser.post(NEW, typed(confirm="yes"))
    answer = browser.post(NEW, typed(part="morning", key="two"))
    assert answer.status_code == 409
    assert "不必重複宣告" in says(answer)


def test_it_is_withdrawn_with_a_reason(login: Login) -> None:
    petition()
    browser = login("research.director")
    page = browser.post(NEW, typed(confirm="yes"))["Location"]
    count_anew()
    look = says(browser.get(f"{page}withdraw/"))
    assert "1 個進行中的時限會提前" in look
    assert browser.post(f"{page}withdraw/", {"reason": ""}).status_code == 422
    answer = browser.post(f"{page}withdraw/", {"reason": "颱風轉向", "key": "three"})
    assert answer["Location"] == page
    count_anew()
    done = says(browser.get(page))
    assert "颱風轉向" in done
    assert "已撤回" in done
    assert "withdraw/" not in done
    assert "已經撤回了" in says(browser.get(f"{page}withdraw/"))
    assert browser.post(f"{page}withdraw/", {"reason": "再撤", "key": "four"}).status_code == 409


def test_what_was_set_aside_as_a_whole_says_so(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither seems to be about to begin nor is asked for every two seconds."""
    from citycall.base import portions

    def fails(job: Any) -> list[Any]:
        raise ValueError("nobody can lay it out")

    browser = login("research.director")
    assert browser.post(NEW, typed(confirm="yes")).status_code == 302
    page = f"{LIST}{closure().pk}/"
    assert "等待重算" in says(browser.get(page))
    monkeypatch.setitem(portions._handlers, "cases.recompute", (fails, portions._find("cases.recompute")[1]))
    count_anew()
    halted = says(browser.get(page))
    assert "重算暫停，請通知系統管理者" in halted
    assert "等待重算" not in halted
    assert "every 2s" not in halted
    assert "重算暫停" in says(browser.get(LIST))


def test_no_such_closure(login: Login) -> None:
    browser = login("research.director")
    for address in (f"{LIST}99/", f"{LIST}99/withdraw/", f"{LIST}{'9' * 30}/"):
        assert browser.get(address).status_code == 404


def declared(number: int, *, since: int = 0) -> None:
    from citycall.base import clock
    from citycall.base.closures import Closure
    from citycall.base.portions import Job

    for n in range(since, number):
        day = clock.today() - timedelta(days=n)
        made = Closure.objects.create(day=day, reason=f"=颱風{n}", declared_at=clock.now())
        Job.objects.create(
            kind="cases.recompute", subject_kind="closure", subject_id=made.pk, asked_at=clock.now(),
            finished_at=clock.now(),
        )  # fmt: skip


def test_where_no_closure_stops_a_clock(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    from citycall.web.oversight import closure_forms

    monkeypatch.setattr(closure_forms, "areas", lambda pack: [])
    page = says(login("research.director").get(NEW))
    assert "停止上班不扣除時限" in page
    assert 'name="day"' not in page


def test_pages_and_order(login: Login) -> None:
    declared(60)
    browser = login("research.director")
    first = says(browser.get(LIST))
    assert "=颱風0" in first
    assert "=颱風24" in first
    assert "=颱風25<" not in first
    assert "=颱風59" in says(browser.get(f"{LIST}?page=3"))
    assert "=颱風59" in says(browser.get(f"{LIST}?sort=day"))


def test_a_sheet_of_all(login: Login) -> None:
    declared(30)
    answer = login("research.director").get("/oversight/closures.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 31
    assert rows[0][0] == "停班日"
    assert rows[1][4] == "'=颱風0", "never a formula"
    assert login("works.head").get("/oversight/closures.csv").status_code == 403


def test_no_more_questions_for_more_rows(login: Login) -> None:
    browser = login("research.director")

    def asked() -> int:
        counts = []
        for _ in range(4):
            with CaptureQueriesContext(connection) as questions:
                assert browser.get(LIST).status_code == 200
            counts.append(len(questions))
        return min(counts)

    declared(2)
    few = asked()
    declared(20, since=2)
    assert asked() == few
    assert few < 20


def test_in_english(login: Login) -> None:
    browser = login("research.director")
    browser.post(NEW, typed(confirm="yes"))
    page = browser.get(LIST, headers={"Accept-Language": "en"}).content.decode()
    assert "Declare a closure" in page
    assert "About to begin" in page
