"""Two people at one case: who acts on what has changed is shown both versions; what was typed stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from tests.guards.worlds import as_post
from tests.web.sample import establish, sample_city, sign_in

__all__ = ["sample_city"]
pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture
def case(sample_city: None) -> Any:
    from citycall.services.cases.models import Case

    made = establish()
    act("works.intake_window", "cases.acknowledge", made.case)
    act("works.handler1", "cases.take", made.case)
    return Case.objects.get(pk=made.case)


def act(post: str, command: str, case: int, **given: Any) -> Any:
    from citycall.base.commands import execute

    return execute(command, as_post(post), {"case": case, **given})


def seen(case: Any) -> int:
    from citycall.services.cases.acts.stale import last_seen

    return last_seen(case.pk)


def complete(post: str, case: Any, **given: Any) -> Any:
    return act(post, "cases.complete", case.pk, finding="resolved", result="已更換燈泡。", **given)


def refused(run: Any) -> Any:
    from citycall.base.commands import Refused

    with pytest.raises(Refused) as caught:
        run()
    return caught.value


def test_a_change_by_somebody_else_is_told_with_both_versions(case: Any) -> None:
    looked = seen(case)
    complete("works.section_chief", case)
    found = refused(lambda: complete("works.handler1", case, seen=looked))
    assert (found.code, found.status) == ("stale", 409)
    (change,) = [one for one in found.info["changes"] if one["event"] == "case.completed"]
    assert change["post"] == "works.section_chief"
    status = next(one for one in change["fields"] if one["name"] == "status")
    assert (status["label"], status["before"], status["after"]) == ("狀態", "處理中", "已辦畢，待回覆")
    assert change["by"] in found.message
    assert found.info["seen"] == seen(case)
    again = refused(lambda: complete("works.handler1", case, seen=found.info["seen"]))
    assert again.code == "wrong_status", "who has seen it is told what else stands in the way"


def test_who_may_not_is_told_nothing(case: Any) -> None:
    looked = seen(case)
    complete("works.section_chief", case)
    found = refused(lambda: complete("env.handler1", case, seen=looked))
    assert found.code == "not_permitted"


@pytest.mark.parametrize("note", ["cases.add_finding", "cases.tell_number", "cases.take"])
def test_what_changes_nothing_to_decide_by_is_no_conflict(case: Any, note: str) -> None:
    looked = seen(case)
    match note:
        case "cases.add_finding":
            act("works.section_chief", note, case.pk, text="現場勘查。")
        case "cases.tell_number":
            act("call_centre.operator1", note, case.pk)
        case _:  # one's own change is known to oneself
            act("works.handler1", note, case.pk)
    assert complete("works.handler1", case, seen=looked).status == "completed"


def test_a_note_is_added_to_what_has_changed(case: Any) -> None:
    looked = seen(case)
    act("works.section_chief", "cases.take", case.pk)
    assert act("works.handler1", "cases.add_finding", case.pk, text="現場勘查。", seen=looked).case == case.pk


def test_unapproved_words_of_the_agency_are_not_told_to_others(case: Any) -> None:
    from citycall.base.events import Event

    looked = seen(case)
    Event.objects.create(
        subject_kind="case", subject_id=case.pk, kind="case.submitted", at=case.established_at,
        actor_kind="staff", staff_id=None, data={"set": {"result": "尚未核定的內容", "status": "submitted"}},
    )  # fmt: skip
    given = {"reason": "entered_by_mistake", "seen": looked}
    found = refused(lambda: act("call_centre.operator1", "cases.withdraw", case.pk, **given))
    assert found.code == "stale"
    assert "尚未核定的內容" not in f"{found.message} {found.info}"


def test_the_form_comes_back_with_what_was_typed_and_goes_through_again(case: Any, client: Client) -> None:
    sign_in(client, "works.handler1")
    address = f"/inbox/cases/{case.number}/stage"
    looked = str(seen(case))
    page = client.get(address)
    assert f'name="seen" value="{looked}"' in page.content.decode()
    act("works.section_chief", "cases.take", case.pk)
    typed = {"to": "second", "days": "2", "reason": "須開挖路面，請同意。", "key": "k1", "seen": looked}
    back = client.post(address, typed)
    shown = back.content.decode()
    assert back.status_code == 409
    assert "須開挖路面，請同意。" in shown
    assert "案件已由他人變更" in shown
    assert "承辦人" in shown
    assert client.post(address, {**typed, "seen": str(seen(case))}).status_code == 302


def test_one_press_on_what_has_changed_says_so(case: Any, client: Client) -> None:
    sign_in(client, "works.section_chief")
    looked = str(seen(case))
    act("call_centre.lead", "cases.withdraw", case.pk, reason="entered_by_mistake")
    back = client.post(f"/inbox/cases/{case.number}/do/take", {"seen": looked}, follow=True)
    assert "案件已由他人變更" in back.content.decode()
    case.refresh_from_db()
    assert case.status == "withdrawn"


def test_a_stage_is_decided_on_what_was_looked_at(case: Any, client: Client) -> None:
    """NT-5-4-7: an application that another decided, and a new one since, is not consented to unread."""
    from citycall.base.commands import execute
    from citycall.people.queries import actor_for_post

    act("works.handler1", "cases.request_stage", case.pk, to="second", days=2, reason="須開挖路面。")
    sign_in(client, "call_centre.lead")
    looked = str(seen(case))
    page = client.get("/desk/stage-requests/").content.decode()
    assert f'name="seen" value="{looked}"' in page
    other = replace(
        actor_for_post("call_centre.lead"), staff_id=actor_for_post("call_centre.operator1").staff_id
    )
    refusing = {"case": case.pk, "approve": False, "reason": "可於期限內完成。"}
    execute("cases.decide_stage", other, refusing)  # another who stands at the post of the lead
    act("works.handler1", "cases.request_stage", case.pk, to="second", days=9, reason="管線遷移。")
    address = f"/desk/stage-requests/{case.pk}/decide"
    typed = {"approve": "yes", "reason": "同意展延，請速辦。", "days": "", "seen": looked}
    back = client.post(address, typed)
    shown = back.content.decode()
    assert back.status_code == 409
    assert "同意展延，請速辦。" in shown
    assert "案件已由他人變更" in shown
    case.refresh_from_db()
    assert case.stage != "second"
    assert client.post(address, {**typed, "seen": str(seen(case))}).status_code == 302


def test_the_desk_is_shown_both_versions_too(case: Any, client: Client) -> None:
    sign_in(client, "call_centre.lead")
    looked = str(seen(case))
    complete("works.handler1", case)
    typed = {"reason": "entered_by_mistake", "note": "民眾重複來電", "phone": "", "seen": looked}
    back = client.post(f"/desk/cases/{case.number}/withdraw", typed)
    shown = back.content.decode()
    assert back.status_code == 409
    assert "民眾重複來電" in shown
    assert "<del>處理中</del>" in shown
    assert "<ins>已辦畢，待回覆</ins>" in shown


def test_the_page_names_the_rules_and_what_must_come_first(case: Any, client: Client) -> None:
    from citycall.base.policies import pack_of

    complete("works.handler1", case)
    act("call_centre.lead", "cases.reopen", case.pk, reason="尚未修復")
    act("works.handler1", "cases.request_stage", case.pk, to="second", days=2, reason="須開挖路面。")
    shown = sign_in(client, "works.handler1").get(f"/inbox/cases/{case.number}/").content.decode()
    assert f"{pack_of(case.policy_version_id).name.zh} {pack_of(case.policy_version_id).version}" in shown
    assert "已有一件申請待話務中心審核。" in shown


def test_what_is_written_over_is_a_conflict_even_where_the_case_stays_as_it_is(case: Any) -> None:
    from citycall.base.events import Event
    from citycall.services.cases.models import DelayAnalysis

    be_late(case)
    looked = seen(case)
    given = {"cause": "workforce", "text": "人力調度不及。"}
    act("works.evaluator", "cases.analyse_delay", case.pk, **given)
    other = {"cause": "other", "text": "待料。", "seen": looked}
    assert act("works.evaluator", "cases.analyse_delay", case.pk, **other).case == case.pk, "one's own"
    Event.objects.create(
        subject_kind="case", subject_id=case.pk, kind="case.delay_analysed", at=case.established_at,
        actor_kind="staff", staff_id=case.taken_by, data={"info": {"cause": "weather"}},
    )  # fmt: skip
    found = refused(lambda: act("works.evaluator", "cases.analyse_delay", case.pk, **other))
    assert found.code == "stale"
    assert DelayAnalysis.objects.get(case=case).cause == "other"


def be_late(case: Any) -> None:
    case.overdue = True
    case.save(update_fields=["overdue"])


def test_what_was_there_from_the_beginning_is_told_too(case: Any) -> None:
    """A page from before the first step, or a made-up tag: refused with all changes since, lists too."""
    found = refused(lambda: complete("works.handler1", case, seen=1))
    assert (found.code, found.status) == ("stale", 409)
    assert found.info["changes"][0]["event"] == "case.established"


def test_a_program_takes_a_case_from_nobody(case: Any) -> None:
    from citycall.base.commands import Actor, execute
    from citycall.base.commands.actors import ActorPost

    mine = case.taken_by
    program = Actor("staff", None, "e", (ActorPost("works.handler1", "handler", "works"),), "api:x", None)
    execute("cases.take", program, {"case": case.pk})
    case.refresh_from_db()
    assert case.taken_by == mine is not None
