"""Two people do the same thing at the same moment, on connections of their own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.faults.processes import together
from tests.guards.worlds import LAMP, as_post

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("world"), pytest.mark.xdist_group("faults")]


def run(command: str, by: str, key: str | None = None, /, **given: Any) -> Any:
    from citycall.base.commands import execute

    return execute(command, as_post(by), given, key)


def outcomes(results: list[Any]) -> Counter[str]:
    """`done`, or the code of each refusal. Any other exception fails the test."""
    from citycall.base.commands import Refused

    found: Counter[str] = Counter()
    for result in results:
        if isinstance(result, Refused):
            found[result.code] += 1
        elif isinstance(result, Exception):
            raise result
        else:
            found["done"] += 1
    return found


def establish(**changes: Any) -> int:
    made: int = run("cases.establish", "call_centre.operator1", None, **{**LAMP, **changes}).case
    return made


def taken() -> int:
    case = establish()
    run("cases.acknowledge", "works.intake_window", case=case)
    run("cases.take", "works.handler1", case=case)
    return case


def whole(case: int) -> Any:
    """The case, in step with its events."""
    from citycall.base import events
    from citycall.services.cases.models import Case

    found = Case.objects.get(pk=case)
    assert events.differences(found) == {}
    return found


def test_one_key_makes_one_case() -> None:
    from citycall.services.cases.models import Case

    def once() -> Any:
        return run("cases.establish", "call_centre.operator1", "the-same-key", **LAMP)

    results = together(*[once] * 6)
    assert outcomes(results) == {"done": 6}
    assert len({result.number for result in results}) == 1
    assert Case.objects.count() == 1


def test_one_key_with_other_content_makes_one_case() -> None:
    from citycall.services.cases.models import Case

    def once(words: str) -> Any:
        given = {**LAMP, "description": words}
        return lambda: run("cases.establish", "call_centre.operator1", "the-same-key", **given)

    assert outcomes(together(once("路燈不亮"), once("路燈閃爍"))) == {"done": 1, "idempotency_conflict": 1}
    assert Case.objects.count() == 1


def test_two_operators_answer_one_call() -> None:
    from citycall.services.calls.models import Call

    call = run("calls.offer", "call_centre.operator1", phone="0912345678", simulated=True).call
    results = together(
        lambda: run("calls.answer", "call_centre.operator1", call=call),
        lambda: run("calls.answer", "call_centre.operator2", call=call),
    )
    assert outcomes(results) == {"done": 1, "already_answered": 1}
    answered = Call.objects.get(pk=call)
    assert (
        answered.operator_post == f"call_centre.operator{1 if not isinstance(results[0], Exception) else 2}"
    )


def test_one_operator_answers_two_calls() -> None:
    first, second = (
        run("calls.offer", "call_centre.operator1", phone="", simulated=True).call for _ in range(2)
    )
    results = together(
        lambda: run("calls.answer", "call_centre.operator1", call=first),
        lambda: run("calls.answer", "call_centre.operator1", call=second),
    )
    assert outcomes(results) == {"done": 1, "already_on_a_call": 1}


def test_window_and_deputy_sign_at_once() -> None:
    case = establish()
    results = together(
        lambda: run("cases.acknowledge", "works.intake_window", case=case),
        lambda: run("cases.acknowledge", "works.window", case=case),
    )
    assert outcomes(results) == {"done": 1, "wrong_status": 1}
    assert whole(case).status == "acknowledged"


def test_two_take_one_case() -> None:
    """The later one has it; no half of it is the other's."""
    case = establish()
    run("cases.acknowledge", "works.intake_window", case=case)
    posts = ("works.handler1", "works.section_chief")
    results = together(*[lambda post=post: run("cases.take", post, case=case) for post in posts])
    assert outcomes(results) == {"done": 2}
    found = whole(case)
    assert found.taken_by == as_post(found.taken_post).staff_id


def test_two_complete_one_case() -> None:
    from citycall.base.notices import Notice

    case = taken()
    results = together(
        lambda: run("cases.complete", "works.handler1", case=case, finding="resolved", result="甲"),
        lambda: run("cases.complete", "works.section_chief", case=case, finding="not_found", result="乙"),
    )
    assert outcomes(results) == {"done": 1, "wrong_status": 1}
    found = whole(case)
    assert (found.finding, found.result) in {("resolved", "甲"), ("not_found", "乙")}
    assert Notice.objects.filter(about_id=case, template="fast.completed_citizen").count() == 1


def test_completed_and_withdrawn_at_once() -> None:
    case = taken()
    results = together(
        lambda: run("cases.complete", "works.handler1", case=case, finding="resolved", result="甲"),
        lambda: run("cases.withdraw", "call_centre.operator1", case=case, reason="entered_by_mistake"),
    )
    assert outcomes(results)["done"] >= 1
    assert whole(case).status == "withdrawn" or outcomes(results) == {"done": 1, "wrong_status": 1}


def test_two_ask_for_another_limit() -> None:
    case = taken()
    posts = ("works.handler1", "works.supervisor")
    results = together(
        *[
            lambda post=post: run(
                "cases.request_stage", post, case=case, to="second", days=2, reason="須開挖路面"
            )
            for post in posts
        ]
    )
    assert outcomes(results) == {"done": 1, "already_requested": 1}


def test_two_say_that_the_system_is_down() -> None:
    posts = ("call_centre.operator1", "call_centre.operator2", "call_centre.lead")
    results = together(*[lambda post=post: run("cases.declare_outage", post) for post in posts])
    assert outcomes(results) == {"done": 1, "already_down": 2}


def test_groundless_cases_that_close_together_offer_one_letter() -> None:
    from citycall.services.cases.models import UnfoundedLetter

    place = {"address": "新北市板橋區文化路一段188巷26號"}
    cases = []
    for _ in range(5):
        cases.append(establish(place=place, reply_by="none"))
        run("cases.acknowledge", "works.intake_window", case=cases[-1])
    given = {"finding": "no_violation", "result": "現場查無異常。"}
    for case in cases[:2]:
        run("cases.complete", "works.handler1", case=case, **given)
    results = together(
        *[lambda case=case: run("cases.complete", "works.handler1", case=case, **given) for case in cases[2:]]
    )
    assert outcomes(results) == {"done": 3}
    assert UnfoundedLetter.objects.count() == 1
    assert {whole(case).status for case in cases} == {"closed"}


def test_of_two_changes_of_the_rules_approved_at_once_one_holds() -> None:
    """The other was drafted on rules that are no longer the latest."""
    from citycall.base.policies import PolicyVersion

    def drafted(hours: int) -> int:
        row = {"code": "streetlight", "stage1": f"{hours} hours"}
        made = run("oversight.propose_change", "research.evaluator", None, title="路燈時限", items=[row])
        run("oversight.submit_change", "research.evaluator", None, change=made.change)
        return int(made.change)

    changes = [drafted(hours) for hours in (5, 6, 7)]

    def approve(change: int) -> Any:
        return lambda: run("oversight.decide_change", "research.director", None, change=change, approve=True)

    assert outcomes(together(*map(approve, changes))) == {"done": 1, "base_moved": 2}
    assert PolicyVersion.objects.count() == 2
