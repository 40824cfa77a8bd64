"""After a closure was declared or withdrawn every running clock is what counting it from scratch gives."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from tests.guards.worlds import HERE, as_post
from tests.services.closing import (
    BANQIAO,
    SANCHONG,
    clock_of,
    close,
    do,
    here,
    lamp,
    moves,
    of,
    pending,
    reopen_day,
    sound,
    take,
    time,
    world,
)

pytestmark = pytest.mark.xdist_group("lifecycle")
__all__ = ["time", "world"]


def test_a_day_moves_what_includes_it(time: Any) -> None:
    """2 March is a Monday; six working days end on the 10th."""
    one = take()
    closure = close(date(2026, 3, 4))
    time.work()
    assert clock_of(one).due == of(one).due_at == here("2026-03-11 10:00")
    assert pending(one) == [("overdue", here("2026-03-11 10:00"))]
    (told,) = moves(one)
    assert told.actor_kind == "system"
    assert told.info == {
        "closure": closure,
        "day": "2026-03-04",
        "part": "all",
        "reason": "颱風",
        "withdrawn": False,
        "clock": "petition",
        "old_due": "2026-03-10T02:00:00Z",
        "new_due": "2026-03-11T02:00:00Z",
    }
    reopen_day(closure)
    time.work()
    assert of(one).due_at == here("2026-03-10 10:00")
    assert [move.info["withdrawn"] for move in moves(one)] == [False, True]
    sound()


def test_only_what_includes_it(time: Any) -> None:
    lit, asked = lamp(), take()
    close(date(2026, 3, 11))  # after the limit
    close(date(2026, 3, 7))  # a Saturday
    close(date(2026, 2, 27))  # before anything began
    close(date(2026, 3, 5), part="morning")  # half a day counts as one worked
    time.work()
    for case in (lit, asked):
        assert moves(case) == []
    sound()


def test_only_where_it_is(time: Any) -> None:
    there, elsewhere = (
        take(place={"address": f"新北市{name}區重新路一段1號", "district": code})
        for name, code in (("三重", SANCHONG), ("板橋", BANQIAO))
    )
    close(date(2026, 3, 4), area=of(there).district)
    time.work()
    assert len(moves(there)) == 1
    assert moves(elsewhere) == []
    sound()


@pytest.mark.parametrize("passed_on", [{"district": BANQIAO}, {"agency": "works"}])
def test_passed_on_between_reading_and_holding(
    time: Any, monkeypatch: pytest.MonkeyPatch, passed_on: dict[str, str]
) -> None:
    """It is not counted by the calendar of where it was, but read anew."""
    from citycall.services.cases.models import Case
    from citycall.services.cases.recompute import writing

    case, stays = (
        take(place={"address": "新北市三重區重新路一段1號", "district": SANCHONG}) for _ in range(2)
    )
    close(date(2026, 3, 5), area=BANQIAO)
    time.work()
    assert moves(case) == []
    really, held = writing.hold, []

    def hold_after_it_was_passed_on(cases: Any, marks: Any) -> Any:
        if case in cases:
            Case.objects.filter(pk=case).update(**passed_on)
        held.append(list(cases))
        return really(cases, marks)

    monkeypatch.setattr(writing, "hold", hold_after_it_was_passed_on)
    close(date(2026, 3, 4))
    time.work()
    time.work()
    assert any(case in cases for cases in held)
    assert held[-1] == [case], "read and held once more, it alone"
    assert [event.set["due_at"] for event in moves(stays)] == ["2026-03-11T02:00:00Z"]
    days = 12 if "district" in passed_on else 11
    assert [event.set["due_at"] for event in moves(case)] == [f"2026-03-{days}T02:00:00Z"]
    assert of(case).due_at == clock_of(case).due


def test_both_halves_make_a_day(time: Any) -> None:
    case = take()
    close(date(2026, 3, 4), part="morning")
    time.work()
    assert moves(case) == []
    close(date(2026, 3, 4), part="afternoon")
    time.work()
    assert of(case).due_at == here("2026-03-11 10:00")
    sound()


def test_a_late_case_is_late_no_longer(time: Any) -> None:
    case = take()
    time.move(here("2026-03-10 12:00"))
    assert of(case).overdue
    closure = close(date(2026, 3, 4))
    time.work()
    assert (of(case).overdue, of(case).was_overdue) == (False, False)
    assert moves(case)[0].set == {"due_at": "2026-03-11T02:00:00Z", "overdue": False}
    sound()
    time.move(here("2026-03-11 10:01"))
    assert of(case).overdue, "it strikes again, at its new limit"
    reopen_day(closure)
    time.work()
    assert of(case).overdue
    assert of(case).due_at == here("2026-03-10 10:00")
    sound()


def test_withdrawn_the_limit_has_passed_at_once(time: Any) -> None:
    closure = close(date(2026, 3, 4))
    case = take()
    assert of(case).due_at == here("2026-03-11 10:00"), "a closure that stands is counted from the beginning"
    time.move(here("2026-03-10 12:00"))
    reopen_day(closure)
    time.work()
    assert of(case).overdue
    assert of(case).due_at == here("2026-03-10 10:00")
    sound()


def test_stopped_and_closed_cases_keep_theirs(time: Any) -> None:
    """One that is reopened is counted by the calendar of then."""
    done, withdrawn = take(), take()
    do("cases.take", "civil.handler1", case=done)
    do("cases.complete", "civil.handler1", case=done, finding="resolved", result="已答復。")
    do("cases.approve", "civil.section_chief", case=done)
    do("cases.withdraw", "call_centre.operator1", case=withdrawn, reason="entered_by_mistake")
    time.work()
    assert of(done).status == "closed"
    close(date(2026, 3, 4))
    time.work()
    for case in (done, withdrawn):
        assert moves(case) == []
        assert of(case).due_at == clock_of(case).due == here("2026-03-10 10:00")
    do("cases.reopen", "call_centre.lead", case=done, reason="民眾表示未獲答復")
    assert of(done).due_at == clock_of(done).due == here("2026-03-11 10:00")
    sound()


def test_reopened_after_its_old_limit_it_is_not_late(time: Any) -> None:
    """Late when it was answered, and a day that was closed is entered before it is opened again."""
    case = take()
    time.move(here("2026-03-10 12:00"))
    do("cases.take", "civil.handler1", case=case)
    done = {"finding": "resolved", "result": "已答復。", "late_reason": "待查"}
    do("cases.complete", "civil.handler1", case=case, **done)
    do("cases.approve", "civil.section_chief", case=case)
    time.work()
    assert of(case).completed_late
    close(date(2026, 3, 4))
    time.work()
    assert of(case).overdue, "closed cases keep theirs"
    do("cases.reopen", "call_centre.lead", case=case, reason="民眾表示未獲答復")
    assert not of(case).overdue
    time.work()
    sound()


def test_a_limit_that_nobody_kept_is_found(time: Any) -> None:
    """Clocks of the release before this one kept no limit: it is the kind's, or what was decided."""
    from citycall.services.cases.models import CaseClock

    asked, lit = take(), lamp()
    do("cases.acknowledge", "works.intake_window", case=lit)
    do("cases.take", "works.handler1", case=lit)
    do("cases.request_stage", "works.handler1", case=lit, to="ordinary", reason="須開挖路面")
    time.move(time.now + timedelta(minutes=1))
    do("cases.decide_stage", "call_centre.lead", case=lit, approve=True, reason="同意")
    CaseClock.objects.update(limit="")
    assert clock_of(lit, "ordinary").due == here("2026-03-10 10:01")
    close(date(2026, 3, 4))
    time.work()
    assert of(asked).due_at == here("2026-03-11 10:00")
    assert clock_of(lit, "ordinary").due == of(lit).due_at == here("2026-03-11 10:01")
    assert [move.info["clock"] for move in moves(lit)] == ["ordinary"]


def test_what_waits_for_the_new_limit_and_no_other(time: Any) -> None:
    """A strike of an earlier limit that still waits is not brought to life."""
    case = lamp()
    do("cases.acknowledge", "works.intake_window", case=case)
    do("cases.take", "works.handler1", case=case)
    do("cases.request_stage", "works.handler1", case=case, to="ordinary", reason="須開挖路面")
    do("cases.decide_stage", "call_centre.lead", case=case, approve=True, reason="同意")
    close(date(2026, 3, 4))
    time.work()
    assert pending(case, "ordinary") == [
        ("overdue", here("2026-03-11 10:00")),
        ("dunning", here("2026-03-11 18:00")),
    ]
    sound()
    time.move(here("2026-03-10 18:30"))
    assert not of(case).overdue
    time.move(here("2026-03-13 18:30"))
    assert of(case).overdue
    sound()


def test_dunned_once_a_day_whatever_is_declared(time: Any) -> None:
    """Late on the 10th and dunned at six; mended, and late again on the 11th."""
    from citycall.base.notices import Notice

    case = lamp()
    do("cases.acknowledge", "works.intake_window", case=case)
    do("cases.take", "works.handler1", case=case)
    do("cases.request_stage", "works.handler1", case=case, to="ordinary", reason="須開挖路面")
    do("cases.decide_stage", "call_centre.lead", case=case, approve=True, reason="同意")

    def dunned() -> set[int]:
        found = Counter(
            Notice.objects.filter(about_id=case, template="fast.overdue").values_list("to_post", flat=True)
        )
        return set(found.values())

    time.move(here("2026-03-10 19:00"))
    assert dunned() == {1}
    first = close(date(2026, 3, 4))
    time.move(here("2026-03-10 23:00"))
    assert dunned() == {1}
    time.move(here("2026-03-11 17:00"))
    reopen_day(first)
    time.move(here("2026-03-11 17:30"))
    close(date(2026, 3, 4))
    time.move(here("2026-03-11 19:00"))
    assert dunned() == {2}
    time.move(here("2026-03-12 19:00"))
    assert dunned() == {3}
    sound()


def test_refusals_change_nothing(time: Any) -> None:
    from citycall.base.closures import Closure
    from citycall.base.commands import Refused
    from citycall.base.portions import Job

    first = close(date(2026, 3, 4))

    def refused(by: str = "research.director", **given: Any) -> Any:
        with pytest.raises(Refused) as error:
            do("oversight.declare_closure", by, **{"day": date(2026, 3, 5), "reason": "颱風", **given})
        return error.value

    exists = refused(day=date(2026, 3, 4), part="afternoon")
    assert (exists.code, exists.info) == ("closure_exists", {"closure": first})
    assert refused(day=date(2026, 3, 4), area=BANQIAO).code == "closure_exists"
    assert refused(day=date(2027, 6, 1)).code == "beyond_the_calendar"
    assert refused(day=date(1998, 12, 31)).fields.keys() == {"day"}
    assert refused(area="nowhere").fields.keys() == {"area"}
    assert refused(area="agency:nobody").fields.keys() == {"area"}
    assert refused(area="agency:works").code == "closure_not_allowed"
    assert refused(reason=" ").code == "invalid"
    assert refused(part="evening").code == "invalid"
    assert refused(by="works.evaluator").code == "not_permitted"
    assert refused(by="works.head").code == "not_permitted"
    with pytest.raises(Refused, match="not_found"):
        do("oversight.withdraw_closure", "research.director", closure=first + 1, reason="誤登")
    assert (Closure.objects.count(), Job.objects.count()) == (1, 1)


def test_on_duty_at_night(time: Any) -> None:
    done = do("oversight.declare_closure", "secretariat.duty_officer", day=date(2026, 3, 4), reason="颱風")
    do("oversight.withdraw_closure", "secretariat.duty_officer", closure=done.closure, reason="誤登")


def test_the_same_key_declares_once(time: Any) -> None:
    from citycall.base.commands import execute

    given = {"day": date(2026, 3, 4), "reason": "颱風"}
    first, second = (
        execute("oversight.declare_closure", as_post("research.director"), given, "key") for _ in range(2)
    )
    assert first == second


def test_a_look_beforehand_is_true(time: Any) -> None:
    """What the preview says is what is done, declared and withdrawn."""
    from citycall.base.closures import Closure
    from citycall.services.cases.recompute import preview

    chance = random.Random(5)
    for _ in range(20):
        (take if chance.random() < 0.6 else lamp)()
        time.move(time.now + timedelta(hours=chance.randrange(1, 20)))
    day = date(2026, 3, 9)
    look = preview.would_declare(Closure(day=day))
    assert look.earlier == 0
    before = sum(len(moves(case)) for case in _cases())
    closure = close(day)
    time.work()
    after = sum(len(moves(case)) for case in _cases())
    assert after - before == look.later > 0
    back = preview.would_withdraw(Closure.objects.get(pk=closure))
    assert (back.later, back.earlier) == (0, look.later)
    assert preview.would_declare(Closure(day=day)).moved == 0
    sound()


def _cases() -> list[int]:
    from citycall.services.cases.models import Case

    return list(Case.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("seed", range(6))
def test_random_lives(time: Any, seed: int) -> None:
    """Cases come and go, days are closed and opened again; whatever was done, all is as from scratch."""
    from citycall.base.commands import Refused

    chance = random.Random(seed)
    cases: list[int] = []
    closed: list[int] = []
    for _ in range(45):
        what = chance.random()
        try:
            if what < 0.35:
                cases.append((take if chance.random() < 0.6 else lamp)())
            elif what < 0.55:
                day = time.now.astimezone(HERE).date() + timedelta(days=chance.randrange(-6, 8))
                area = chance.choice(["all", "all", BANQIAO, SANCHONG])
                part = chance.choice(["all", "all", "all", "morning", "afternoon"])
                closed.append(close(day, area=area, part=part))
            elif what < 0.65 and closed:
                reopen_day(closed.pop(chance.randrange(len(closed))))
            elif what < 0.75 and cases:
                _live(chance, chance.choice(cases))
            else:
                time.move(time.now + timedelta(minutes=chance.choice([30, 200, 700, 1500, 3000])))
        except Refused:
            pass
        if chance.random() < 0.3:
            time.work()
            sound()
    time.work()
    sound()


def _live(chance: random.Random, case: int) -> None:
    """One step of somebody's, whatever it is."""
    agency = of(case).agency
    step = chance.choice(["ack", "take", "done", "approve", "reopen", "ask", "decide"])
    if step == "ack":
        do("cases.acknowledge", f"{agency}.intake_window", case=case)
    elif step == "take":
        do("cases.take", f"{agency}.handler1", case=case)
    elif step == "done":
        given = {"finding": "resolved", "result": "已處理。", "late_reason": "待料"}
        do("cases.complete", f"{agency}.handler1", case=case, **given)
    elif step == "approve":
        do("cases.approve", f"{agency}.section_chief", case=case)
    elif step == "reopen":
        do("cases.reopen", "call_centre.lead", case=case, reason="現場仍未修復")
    elif step == "ask":
        to = chance.choice(["second", "ordinary"])
        days = 3 if to == "second" else None
        do("cases.request_stage", f"{agency}.handler1", case=case, to=to, days=days, reason="須開挖")
    else:
        do("cases.decide_stage", "call_centre.lead", case=case, approve=True, reason="同意")


def test_a_limit_is_moved_without_touching_an_index(time: Any) -> None:
    """No index says a limit, and pages keep room: so a closure writes rows and no indexes (ADR 0011)."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename IN ('cases_case', 'cases_caseclock')"
            " AND indexdef ~ '\\mdue(_at)?\\M'"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT relname FROM pg_class WHERE 'fillfactor=80' = ANY(reloptions) AND relkind = 'r'"
            " ORDER BY relname"
        )
        assert [row[0] for row in cursor.fetchall()] == ["cases_case", "cases_caseclock"]
