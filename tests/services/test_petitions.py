"""Petitions and urgent reports through the commands: what they write, and what they refuse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import citycall

pytestmark = pytest.mark.django_db(transaction=True)

HERE = ZoneInfo("Asia/Taipei")
MONDAY = datetime(2026, 3, 2, 8, 30, tzinfo=HERE)


def city(pack: str | Path) -> Iterator[Any]:
    """The sample government of a pack on a virtual clock."""
    from citycall.base import clock, policies
    from citycall.rehearsal import sample
    from citycall.rehearsal.timeline import Timeline

    policies.refresh()
    sample.load_sample(pack, cases=False)
    yield Timeline(MONDAY)
    clock.clear_virtual()
    policies.refresh()


@pytest.fixture
def newtaipei() -> Iterator[Any]:
    yield from city("newtaipei")


@pytest.fixture
def taipei() -> Iterator[Any]:
    yield from city("taipei")


@pytest.fixture
def of_a_day_untold(tmp_path: Path) -> Iterator[Any]:
    """A government whose petitions must be answered before a day that nobody tells."""
    folder = tmp_path / "newtaipei"
    shutil.copytree(Path(citycall.__file__).parents[2] / "policies" / "newtaipei", folder)
    clocks = folder / "clocks.yaml"
    words = clocks.read_text(encoding="utf-8")
    before, _, after = words.partition("- code: petition\n")
    assert before
    assert "limit: kind.ordinary" in after
    after = after.replace("limit: kind.ordinary", "limit: before day of event_on", 1)
    clocks.write_text(f"{before}- code: petition\n{after}", encoding="utf-8")
    yield from city(folder)


def test_a_limit_that_nothing_tells_is_refused_in_words(of_a_day_untold: Any) -> None:
    """The case is not taken and nothing is written; the check names the rule."""
    from citycall.base import policies
    from citycall.policy.check import check_pack

    petition = {"kind": "petition", "agency": "works", "description": "建議增設人行道"}
    refusal = refused("no_limit", "cases.establish", "call_centre.operator1", **petition)
    assert "citycall policy check" in refusal.message
    assert "event_on" in refusal.info["why"] or "petition" in refusal.info["why"]
    assert refusal.status == 409
    report(reply_by="none", reporter={})  # what has a limit is taken
    pack = policies.in_force()[1]
    said = [found.message for found in check_pack(pack.path) if found.level == "error"]
    assert said == ["clocks.petition.limit: case.established tells no day 'event_on' (days it tells: none)"]


def run(command: str, who: str, **given: Any) -> Any:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    return execute(command, actor_for_post(who), given)


def refused(code: str, command: str, who: str, **given: Any) -> Any:
    """The refusal, after which nothing has changed."""
    from tests.guards.worlds import fingerprint

    from citycall.base.commands import Refused

    before = fingerprint()
    with pytest.raises(Refused) as caught:
        run(command, who, **given)
    assert caught.value.code == code, caught.value
    assert fingerprint() == before
    return caught.value


def case_of(made: Any) -> Any:
    from citycall.services.cases.models import Case

    return Case.objects.get(pk=made.case)


def report(**more: Any) -> Any:
    given = {
        "kind": "report",
        "agency": "works",
        "description": "擋土牆龜裂",
        "reporter": {"name": "王小明", "phone": "0912345678"},
        "notified_person": "值班張先生",
        "notified_at": MONDAY - timedelta(minutes=3),
        **more,
    }
    return run("cases.establish", "call_centre.operator1", **given)


def petition(**more: Any) -> Any:
    given = {
        "kind": "petition",
        "agency": "works",
        "category": "rights",
        "description": "人行道停放機車",
        "reply_by": "none",
        **more,
    }
    return run("cases.establish", "call_centre.operator1", **given)


def test_a_report_is_what_its_events_tell(newtaipei: Any) -> None:
    from citycall.base import events

    made = report(reply_by="sms")
    run("cases.take", "works.handler1", case=made.case)
    run("cases.complete", "works.handler1", case=made.case, finding="resolved", result="已支撐")
    run("cases.return", "works.head", case=made.case, reason="請補述")
    assert case_of(made).submitted_by is None
    run("cases.complete", "works.handler1", case=made.case, finding="resolved", result="已支撐，續觀察")
    run("cases.approve", "works.head", case=made.case)
    newtaipei.work()
    case = case_of(made)
    assert case.status == "closed"
    assert events.differences(case) == {}
    run("cases.reopen", "call_centre.lead", case=made.case, reason="又龜裂")
    case = case_of(made)
    assert (case.status, case.approved_at, case.submitted_at) == ("in_progress", None, None)
    assert events.differences(case) == {}


def test_an_answer_from_before_the_reopening_does_not_count(newtaipei: Any) -> None:
    made = report(reply_by="phone")
    run("cases.take", "works.handler1", case=made.case)
    newtaipei.move(newtaipei.now + timedelta(minutes=10))
    run("cases.open_phone", "works.handler1", case=made.case)
    said = {"callee": "本人", "at": newtaipei.now, "content": "已說明"}
    run("cases.record_phone_reply", "works.handler1", case=made.case, **said)
    done = {"case": made.case, "finding": "resolved", "result": "已支撐"}
    run("cases.complete", "works.handler1", **done)
    run("cases.approve", "works.section_chief", case=made.case)
    assert case_of(made).status == "closed"
    newtaipei.move(newtaipei.now + timedelta(minutes=10))
    run("cases.reopen", "call_centre.lead", case=made.case, reason="又龜裂")
    refusal = refused("not_completed", "cases.complete", "works.handler1", **done)
    assert set(refusal.fields) == {"phone_reply"}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"notified_at": None}, "telephone_notice_required", "notified_at"),
        ({"notified_person": ""}, "telephone_notice_required", "notified_person"),
        ({"notified_at": MONDAY + timedelta(minutes=1)}, "invalid", "notified_at"),
        ({"notified_at": MONDAY - timedelta(days=2)}, "invalid", "notified_at"),
        ({"agency": None}, "invalid", "agency"),
        ({"agency": "nobody"}, "unknown_agency", "agency"),
        ({"agency": "research"}, "unknown_agency", "agency"),
        ({"category": "rights"}, "invalid", "category"),
        ({"item": "streetlight", "agency": None}, "invalid", "kind"),
        ({"kind": None}, "invalid", "item"),
        ({"kind": "nothing"}, "invalid", "kind"),
        ({"place": {"address": "臺北市信義區市府路1號"}}, "place_outside", "place.address"),
    ],
)
def test_what_a_report_lacks_is_refused(newtaipei: Any, given: dict[str, Any], code: str, field: str) -> None:
    from citycall.base.commands import Refused

    with pytest.raises(Refused) as caught:
        report(**given)
    assert caught.value.code == code
    assert field in caught.value.fields


def test_an_item_of_petitions_may_be_an_urgent_report(newtaipei: Any) -> None:
    made = report(item="counter_service", agency=None)
    assert (made.kind, made.agency) == ("report", "civil")


def test_work_told_by_telephone_may_be_done_before_the_case_was_entered(newtaipei: Any) -> None:
    made = report(reply_by="sms")
    run("cases.take", "works.handler1", case=made.case)
    early = {"case": made.case, "finding": "resolved", "result": "已支撐"}
    refused("not_completed", "cases.complete", "works.handler1", **early, done_at=MONDAY - timedelta(hours=1))
    run("cases.complete", "works.handler1", **early, done_at=MONDAY - timedelta(minutes=2))


def test_a_clerk_gives_it_to_who_stands_there(taipei: Any) -> None:
    made = petition()
    for post in ("head", "env.handler1", "nobody", "works.nobody", "."):
        refused("invalid", "cases.register", "works.allotter", case=made.case, post=post)
    done = run("cases.register", "works.allotter", case=made.case, post="works.handler2")
    assert not done.late
    case = case_of(made)
    assert case.taken_post == "works.handler2"
    assert case.acknowledged_at == case.registered_at
    refused("already_registered", "cases.register", "works.allotter", case=made.case, post="handler1")


def test_a_late_clerk_is_told_so(taipei: Any) -> None:
    made = petition()
    taipei.move(MONDAY + timedelta(hours=1, minutes=31))
    assert case_of(made).registered_late
    assert run("cases.register", "works.allotter", case=made.case, post="handler1").late


def test_passing_down_goes_down_alone(taipei: Any) -> None:
    from citycall.people.models import Agency

    made = petition(agency="parks")
    refused("invalid", "cases.pass_down", "parks.allotter", case=made.case, agency="works")
    down = petition()
    Agency.objects.filter(pk="parks").update(active=False)
    refused("invalid", "cases.pass_down", "works.allotter", case=down.case, agency="parks")
    Agency.objects.filter(pk="parks").update(active=True)
    run("cases.acknowledge", "works.allotter", case=down.case)
    done = run("cases.pass_down", "works.allotter", case=down.case, agency="parks")
    assert (done.status, done.agency, done.due_at) == ("established", "parks", down.due_at)
    assert case_of(down).acknowledged_at is None


@pytest.mark.parametrize(("counted_from", "last"), [("entry", date(2026, 4, 1)), ("limit", date(2026, 4, 9))])
def test_thirty_days_count_from_where_the_pack_says(taipei: Any, counted_from: str, last: date) -> None:
    """TP-5-5-6d: from the entry on 2 March, or from the limit on 10 March."""
    from citycall.services.cases.commands.petitions import latest_end
    from citycall.services.cases.lifecycle import pack_for

    case = case_of(petition())
    rule = pack_for(case).kinds["petition"].grade_b
    assert rule is not None
    assert latest_end(rule.model_copy(update={"counted_from": counted_from}), case, MONDAY) == last


def test_grade_b_is_entered_by_the_agency_in_time_and_once(taipei: Any) -> None:
    made = petition()
    given = {"case": made.case, "planned_end": date(2026, 3, 20), "interim_result": "排定會勘"}
    refused("wrong_status", "cases.enter_grade_b", "works.handler1", **given)
    run("cases.register", "works.allotter", case=made.case, post="handler1")
    refused("invalid", "cases.enter_grade_b", "works.handler1", **given | {"planned_end": date(2026, 3, 1)})
    run("cases.enter_grade_b", "works.handler1", **given)
    refused("already_graded", "cases.enter_grade_b", "works.handler1", **given)
    late = petition()
    run("cases.register", "works.allotter", case=late.case, post="handler1")
    taipei.move(late.due_at + timedelta(seconds=1))
    refused("limit_passed", "cases.enter_grade_b", "works.handler1", **given | {"case": late.case})


def test_no_grade_b_where_the_government_knows_none(newtaipei: Any) -> None:
    made = report(reply_by="sms")
    given = {"case": made.case, "planned_end": date(2026, 3, 20), "interim_result": "排定會勘"}
    refused("no_grade_b", "cases.enter_grade_b", "works.handler1", **given)


def test_only_ways_that_the_pack_names_answer_by_hand(newtaipei: Any) -> None:
    made = report(reply_by="phone")
    run("cases.take", "works.handler1", case=made.case)
    given = {"case": made.case, "way": "letter", "at": MONDAY, "content": "已支撐"}
    for wrong in (
        {"way": "phone"},
        {"way": None},
        {"way": "pigeon"},
        {"at": None},
        {"at": MONDAY + timedelta(minutes=1)},
        {"at": MONDAY - timedelta(days=1)},
        {"content": ""},
    ):
        refused("invalid", "cases.record_reply", "works.handler1", **given | wrong)
    run("cases.record_reply", "works.handler1", **given)
    assert case_of(made).replied_at == MONDAY


def test_petitions_of_a_fast_item_keep_their_agency(newtaipei: Any) -> None:
    """NT-5-4-11a: an unnamed report of a fast item goes on as a petition, without another agency."""
    made = petition(item="streetlight", agency=None, category=None)
    assert (made.kind, made.agency) == ("petition", "works")


def test_nobody_is_asked_to_approve_their_own(newtaipei: Any) -> None:
    """Who submits as the handler and stands in for those who approve is not told of it (NT-5-2-3b)."""
    from citycall.base.notices import Notice
    from citycall.people.queries import recipient_of_post

    def told(case: int) -> list[str | None]:
        found = Notice.objects.filter(about_kind="case", about_id=case, template="approval.submitted")
        return list(found.order_by("pk").values_list("to_post", flat=True))

    def away(post: str, deputy: int) -> None:
        holder = recipient_of_post(post)
        assert holder is not None
        run("people.set_deputies", "works.head", post=post, deputies=[deputy])
        given = {"staff": holder.pk, "starts": MONDAY, "ends": MONDAY + timedelta(days=1)}
        run("people.declare_leave", post, **given)

    handler = recipient_of_post("works.handler1")
    assert handler is not None
    cases = [report(reply_by="sms", description=f"擋土牆龜裂{n}").case for n in range(3)]
    for case in cases:
        run("cases.take", "works.handler1", case=case)
    done = {"finding": "resolved", "result": "已支撐"}
    run("cases.complete", "works.handler1", case=cases[0], **done)
    assert told(cases[0]) == ["works.section_chief"]
    away("works.section_chief", handler.pk)
    run("cases.complete", "works.handler1", case=cases[1], **done)
    assert told(cases[1]) == ["works.head"]
    away("works.head", handler.pk)
    run("cases.complete", "works.handler1", case=cases[2], **done)
    assert told(cases[2]) == []
