"""Why a case is due then: in words, with the clause, on the case page of agency and desk."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.inbox import Login, Make, act, city, later, login, make, says

pytestmark = pytest.mark.django_db
__all__ = ["city", "login", "make"]


@pytest.mark.parametrize(
    ("who", "page"),
    [("works.handler1", "/inbox/cases/{}/"), ("call_centre.operator1", "/desk/cases/{}/")],
)
def test_the_case_page_says_why_with_the_clause(login: Login, make: Make, who: str, page: str) -> None:
    case = make()
    text = says(login(who).get(page.format(case.number)))
    assert "為什麼是這個期限？" in text
    assert "NT-5-4-1b" in text
    assert "服務項目「路燈故障」之第1階段時限" in text
    assert "4 小時" in text


def test_english_for_who_reads_it(login: Login, make: Make) -> None:
    case = make()
    client = login("works.handler1")
    client.cookies["django_language"] = "en"
    text = says(client.get(f"/inbox/cases/{case.number}/"))
    assert "Why this limit?" in text
    assert "4 hours" in text


def test_each_clock_is_told_by_the_event_that_started_it(make: Make) -> None:
    from citycall.services.cases.queries import case_detail
    from citycall.services.cases.queries.why import why_due

    case = make()
    act("works.intake_window", "cases.acknowledge", case)
    later(minutes=30)
    act("works.handler1", "cases.request_stage", case, to="second", days=3, reason="須開挖")
    later(minutes=30)
    act("call_centre.lead", "cases.decide_stage", case, approve=True, reason="同意")
    case.refresh_from_db()
    detail = case_detail(case)
    found = {one.clock.code: one for one in why_due(case, detail.clocks, detail.events)}
    second = found["second_stage"].explanation
    assert second is not None
    assert second.limit == "3 days"
    assert second.due == case.due_at
    assert second.happened_at == found["second_stage"].clock.started_at
    assert list(found) == ["second_stage", "first_stage", "sign_off"]


def test_a_closure_that_moved_the_limit_is_told(make: Make) -> None:
    from citycall.base import portions
    from citycall.services.cases.queries import case_detail
    from citycall.services.cases.queries.why import why_due

    case = make(kind="petition", reply_by="sms")
    before = case.due_at
    declared(day="2026-03-04", reason="颱風停班")
    while portions.work_off():
        pass
    case.refresh_from_db()
    assert case.due_at > before
    detail = case_detail(case)
    (found,) = [one for one in why_due(case, detail.clocks, detail.events) if one.sets_due]
    assert [(one.before, one.after, one.reason) for one in found.moved] == [(before, case.due_at, "颱風停班")]
    assert "颱風停班" in "".join(said.zh for said in found.sentences)
    assert "宣告2026年3月4日（三）停止上班（颱風停班）" in found.sentences[-1].zh


def declared(**given: Any) -> None:
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    execute("oversight.declare_closure", actor_for_post("research.director"), given)


def test_it_costs_the_same_for_any_case(login: Login, make: Make) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from citycall.services.cases.queries import case_detail
    from citycall.services.cases.queries.why import why_due

    detail = case_detail(make())
    with CaptureQueriesContext(connection) as asked:
        why_due(detail.case, detail.clocks, detail.events)
    assert len(asked) <= 2


def test_the_command_line_tells_it_too(make: Make) -> None:
    import json

    from click.testing import CliRunner

    from citycall.policy import cli
    from citycall.services.cases.cli import show_case

    case = make()
    cli.show_case = lambda number, lang, as_json: show_case(number, lang, as_json=as_json)
    try:
        told = CliRunner().invoke(cli.policy, ["show", case.number]).output
        english = CliRunner().invoke(cli.policy, ["show", case.number.lower(), "--lang", "en"]).output
        data = json.loads(CliRunner().invoke(cli.policy, ["show", case.number, "--json"]).output)
        unknown = CliRunner().invoke(cli.policy, ["show", "F1150302-999999"])
    finally:
        cli.show_case = None
    assert "NT-5-4-1b" in told
    assert "2026-03-02 14:00" in told
    assert "本案依成案時的版本" in told
    assert "rules: New Taipei City Government 2026.1" in english
    first = data["clocks"][0]
    assert (first["rule"], first["limit"], first["due"]) == ("first_stage", "4 hours", "2026-03-02T06:00:00Z")
    assert {"id": "NT-5-4-1b", "quote": first["clauses"][0]["quote"]} == first["clauses"][0]
    assert unknown.exit_code == 1
    assert "there is no case" in unknown.output
