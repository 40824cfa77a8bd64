"""Tasks: opened by events, strikes and by hand; what they hold up; who is told of a case nobody took."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

PACKS = Path(__file__).parents[2] / "policies"
HERE = ZoneInfo("Asia/Taipei")
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=HERE)
LAMP: dict[str, Any] = {
    "item": "streetlight",
    "description": "路燈不亮",
    "place": {"address": "臺北市信義區市府路1號"},
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}
KINMEN = LAMP | {"place": {"address": "金門縣金城鎮民生路60號"}, "reply_by": "phone"}
NEWTAIPEI = LAMP | {"place": {"address": "新北市板橋區中山路一段161號"}}
Load = Callable[..., Any]


@pytest.fixture
def load(db: None, tmp_path: Path) -> Iterator[Load]:
    """The sample government of a pack on a virtual clock, its tasks or items changed as asked."""
    from citycall.base import clock, notices, policies
    from citycall.rehearsal import sample
    from citycall.rehearsal.timeline import Timeline

    def laid(pack: str, tasks: dict[str, dict[str, Any]] | None = None, items: str = "") -> Any:
        folder = tmp_path / pack
        shutil.copytree(PACKS / pack, folder)
        if tasks:
            path = folder / "tasks.yaml"
            rules = [_on(rule) for rule in yaml.safe_load(path.read_text(encoding="utf-8"))]
            for rule in rules:
                rule.update(tasks.get(rule["code"], {}))
            path.write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
        if items:
            path = folder / "items.csv"
            path.write_text(
                path.read_text(encoding="utf-8").replace(",handler1,", f",{items},"), encoding="utf-8"
            )
        policies.refresh()
        notices.forget_rest()
        timeline = Timeline(MONDAY)
        sample.load_sample(folder, cases=False)
        return timeline

    yield laid
    clock.clear_virtual()
    policies.refresh()


def _on(rule: dict[Any, Any]) -> dict[str, Any]:
    """YAML reads the key `on` as true; the packs mean the word."""
    return {"on" if key is True else key: value for key, value in rule.items()}


def do(post: str, command: str, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(post), given)


def refused(post: str, command: str, **given: Any) -> Any:
    from citycall.base.commands import Refused

    with pytest.raises(Refused) as caught:
        do(post, command, **given)
    return caught.value


def tasks(**wanted: Any) -> Any:
    from citycall.services.cases.models import CaseTask

    return CaseTask.objects.filter(**wanted).order_by("id")


def test_a_task_is_what_its_events_tell_and_who_owes_it_hears_of_it(load: Load) -> None:
    from citycall.base import events
    from citycall.base.commands.context import Run

    load("kinmen")
    told: list[set[str]] = []
    close = Run.close

    def listening(run: Run) -> None:
        told.append(set(run.topics))
        close(run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "close", listening)
        made = do("call_centre.operator1", "cases.establish", **KINMEN)
    assert any("agency:call_centre" in topics for topics in told)
    [task] = tasks(case=made.case)
    assert events.differences(task) == {}
    kinds = list(events.history("case", made.case).values_list("kind", flat=True))
    assert kinds == ["case.established", "case.task_opened"]


def test_a_limit_of_a_task_counts_from_its_opening_and_passes(load: Load) -> None:
    from citycall.services.cases import queries

    world = load("kinmen", {"phone_window": {"limit": "30 minutes"}})
    made = do("call_centre.operator1", "cases.establish", **KINMEN)
    [task] = tasks(case=made.case)
    assert task.due_at == MONDAY + timedelta(minutes=30)
    assert queries.task_counts(["call_centre"]) == (1, 0)
    world.move(MONDAY + timedelta(minutes=31))
    assert queries.task_counts(["call_centre"]) == (1, 1)
    assert queries.overdue_tasks_by_agency() == {"call_centre": 1}
    [row] = queries.task_list(["call_centre"]).rows
    assert row.overdue
    assert queries.task_counts(["call_centre"], roles=["lead"]) == (1, 1)
    assert queries.task_counts(["call_centre"], roles=["admin"]) == (0, 0)


def test_a_strike_opens_its_task_once_however_often_it_strikes(load: Load) -> None:
    world = load("taipei")
    made = do("call_centre.operator1", "cases.establish", **LAMP)
    world.move(MONDAY + timedelta(days=4))
    assert tasks(case=made.case, code="dunning_passed_on").count() == 1


def test_the_strikes_of_many_cases_open_their_tasks_in_as_many_statements_as_of_few(load: Load) -> None:
    world = load("taipei")

    def statements(cases: int, day: int) -> int:
        for _ in range(cases):
            do("call_centre.operator1", "cases.establish", **LAMP)
        world.move(MONDAY + timedelta(days=day, hours=4, minutes=59))
        before = tasks().count()
        with CaptureQueriesContext(connection) as captured:
            world.move(MONDAY + timedelta(days=day, hours=5))
        assert tasks().count() == before + cases
        return sum("case_task" in query["sql"] or "casetask" in query["sql"] for query in captured)

    few = statements(2, 0)
    world.move(MONDAY + timedelta(days=1))
    many = statements(12, 1)
    assert many == few


def test_what_is_owed_holds_up_what_the_pack_says(load: Load) -> None:
    load("newtaipei", {"delivery_problem": {"blocks": ["case.closed", "case.completed"]}})
    made = do("call_centre.operator1", "cases.establish", **NEWTAIPEI)
    do("works.intake_window", "cases.acknowledge", case=made.case)
    do("call_centre.operator1", "cases.open_task", case=made.case, task="delivery_problem", note="未送達")
    held = refused("works.handler1", "cases.complete", case=made.case, finding="resolved", result="已更換")
    assert (held.code, held.info) == ("task_open", {"task": "delivery_problem"})
    assert "排除通知或派送問題" in held.message
    do("works.window", "cases.do_task", case=made.case, task="delivery_problem", text="已改送")
    do("works.handler1", "cases.complete", case=made.case, finding="resolved", result="已更換")


def test_who_owes_a_task_still_does_when_the_case_passes_to_another_agency(load: Load) -> None:
    from citycall.services.cases.models import Case

    load("newtaipei")
    made = do("call_centre.operator1", "cases.establish", **NEWTAIPEI)
    do("call_centre.operator1", "cases.open_task", case=made.case, task="delivery_problem", note="未送達")
    Case.objects.filter(pk=made.case).update(agency="env")
    owed = {"case": made.case, "task": "delivery_problem", "text": "已改送"}
    assert refused("env.window", "cases.do_task", **owed).status == 403
    assert do("works.window", "cases.do_task", **owed).state == "done"


def test_nobody_opens_what_is_not_opened_by_hand(load: Load) -> None:
    load("taipei")
    made = do("call_centre.operator1", "cases.establish", **LAMP)
    for task in ("dunning_passed_on", "nonsense"):
        answer = refused("call_centre.lead", "cases.open_task", case=made.case, task=task, note="催辦")
        assert (answer.code, set(answer.fields)) == ("invalid", {"task"})
    assert refused("works.supervisor", "cases.do_task", case=made.case, task="nonsense").code == "no_task"
    assert not tasks().exists()


def test_until_somebody_takes_a_case_the_items_own_handler_is_told(load: Load) -> None:
    from citycall.base.notices import Notice

    world = load("taipei", items="handler2")
    made = do("call_centre.operator1", "cases.establish", **LAMP)
    do("works.intake_window", "cases.acknowledge", case=made.case)
    taken = do("call_centre.operator1", "cases.establish", **LAMP)
    do("works.intake_window", "cases.acknowledge", case=taken.case)
    do("works.handler1", "cases.take", case=taken.case)
    world.move(MONDAY + timedelta(hours=5))
    told = Notice.objects.filter(template="dispatch.stage_past", channel="sms").values_list(
        "about_id", "to_post"
    )
    assert set(told) == {
        (made.case, "works.handler2"),
        (made.case, "works.supervisor"),
        (taken.case, "works.handler1"),
        (taken.case, "works.supervisor"),
    }


def test_who_enters_the_result_is_the_packs(load: Load) -> None:
    load("taipei")
    made = do("call_centre.operator1", "cases.establish", **LAMP)
    do("works.intake_window", "cases.acknowledge", case=made.case)
    do("works.handler1", "cases.report_back", case=made.case)
    given = {"case": made.case, "finding": "outside", "result": "非本府權責"}
    assert refused("works.section_chief", "cases.complete", **given).code == "not_permitted"
    lacking = refused("works.intake_window", "cases.complete", **given)
    assert lacking.code == "not_completed"
    assert set(lacking.fields) == {"authority", "reference", "date"}
    letter = {"authority": "高速公路局", "reference": "北市工字第1號"}
    for day, wrong in (("2026-03-03", True), ("2026-03-01", True), ("2026-03-02", False)):
        if wrong:
            early = refused("works.intake_window", "cases.complete", **given, **letter, date=day)
            assert set(early.fields) == {"date"}
        else:
            do("works.intake_window", "cases.complete", **given, **letter, date=day)


def test_a_release_without_grounds_or_to_nobody_is_refused(load: Load) -> None:
    load("newtaipei")
    made = do("call_centre.operator1", "cases.establish", **NEWTAIPEI)
    assert (
        refused("research.director", "cases.release", case=made.case, reason="非本府權責").code
        == "no_release"
    )
    assert refused("works.head", "cases.release", case=made.case, reason="非本府權責").code == "not_permitted"
