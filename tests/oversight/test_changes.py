"""A change of the rules: drafted, refused where it is unsound, approved, in force from its day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from citycall.base import clock, policies
from citycall.base.commands import Refused, execute
from citycall.oversight import changes
from citycall.oversight.models import PolicyChange

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, tzinfo=clock.TAIPEI)
EVALUATOR, DIRECTOR = "research.evaluator", "research.director"
DUNNING = {"to": ["supervisor", "window", "evaluator"], "channels": ["email"], "digest": True}


@pytest.fixture(autouse=True)
def city(db: None) -> Iterator[None]:
    from citycall.rehearsal import sample

    policies.refresh()
    clock.set_virtual(MONDAY)
    sample.load_sample(cases=False)
    yield
    clock.clear_virtual()
    policies.refresh()


def run(name: str, by: str = EVALUATOR, **given: Any) -> Any:
    from citycall.people.queries import actor_for_post

    return execute(f"oversight.{name}", actor_for_post(by), given)


def refused(name: str, by: str = EVALUATOR, **given: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        run(name, by, **given)
    return caught.value


def draft(**given: Any) -> int:
    return int(run("propose_change", title="修正", **given).change)


def approved(**given: Any) -> int:
    change = draft(**given)
    run("submit_change", change=change)
    run("decide_change", DIRECTOR, change=change, approve=True)
    return change


def at_five(**more: Any) -> dict[str, Any]:
    return {"settings": [{"slug": "overdue-dunning", "value": {"at": "17:00", **DUNNING}, **more}]}


def row(change: int) -> PolicyChange:
    return PolicyChange.objects.select_related("version", "base").get(pk=change)


# --- drafting --------------------------------------------------------------------------------------------


def test_the_rules_that_refer_to_a_setting_change_with_it() -> None:
    keys = {one.key: (one.before, one.after) for one in changes.draft_of(row(draft(**at_five()))).differences}
    assert keys["settings.overdue-dunning.value.at"] == ("18:00", "17:00")
    assert keys["clocks.first_stage.strikes.dunning.when.daily_at"] == ("18:00", "17:00")
    assert policies.in_force()[1].setting("overdue-dunning")["at"] == "18:00"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (
            {"settings": [{"slug": "overdue-dunning", "value": {"at": "25:00", **DUNNING}}]},
            "newtaipei/settings.yaml",
        ),
        ({"settings": [{"slug": "overdue-dunning", "value": {"hour": 5}}]}, "newtaipei/settings.yaml"),
        ({"settings": [{"slug": "overdue-dunning", "value": None}]}, "newtaipei/clocks.yaml"),
        ({"files": {"clocks.yaml": "- code: x\n  nonsense: 1\n"}}, "newtaipei/clocks.yaml"),
        ({"files": {"kinds.yaml": "fast: [1"}}, "newtaipei/kinds.yaml"),
        ({"files": {"items.csv": "code,moon\n"}}, "newtaipei/items.csv"),
    ],
)
def test_an_unsound_draft_is_refused_with_its_place(given: dict[str, Any], place: str) -> None:
    found = refused("propose_change", title="x", **given)
    assert (found.code, found.status) == ("invalid", 422)
    assert found.info["file"] == place
    assert found.info["line"] is not None
    assert found.info["expected"]
    assert not PolicyChange.objects.exists()


def test_nobody_can_be_told_who_bears_no_role() -> None:
    """Such a name would silence the daily run without a word (NT-5-4-5b)."""
    nobody = {"slug": "overdue-dunning", "value": {"at": "18:00", **DUNNING, "to": ["nobody_role"]}}
    refusal = refused("propose_change", title="修正", settings=[nobody])
    assert refusal.code == "invalid"
    assert "nobody_role" in refusal.fields["value"]
    assert "section_chief" in refusal.fields["value"]
    assert not PolicyChange.objects.exists()


def test_nothing_is_to_be_done_in_no_time() -> None:
    value = dict(policies.in_force()[1].setting("petition-deadline"))
    zero = {"slug": "petition-deadline", "value": {**value, "ordinary": "0 working_days"}}
    assert "不得為零" in refused("propose_change", title="修正", settings=[zero]).fields["value"]


def test_what_the_rules_do_not_know_is_refused() -> None:
    assert "settings.moon" in refused("propose_change", title="x", settings=[{"slug": "moon"}]).fields
    assert "files" in refused("propose_change", title="x", files={"world.yaml": "x"}).fields
    assert "title" in refused("propose_change").fields
    assert "effective_from" in refused("propose_change", title="x", effective_from=MONDAY).fields
    assert refused("propose_change", title="x", change=999).status == 404
    assert refused("submit_change", change=draft()).code == "nothing_changed"


def test_a_draft_grows_and_shrinks() -> None:
    change = draft(**at_five(zh="每日17時"))
    run("propose_change", change=change, items=[{"code": "streetlight", "stage1": "8 hours"}], note="備料")
    run("propose_change", change=change, items=[{"code": "pothole", "stage1": "1 days"}])
    run("propose_change", change=change, items=[{"code": "streetlight", "radius_m": "50"}])
    edits = changes.edits_of(row(change))
    assert set(edits.names) == {"settings.overdue-dunning", "items.streetlight", "items.pothole"}
    assert edits.items["streetlight"] == {"stage1": "8 hours", "radius_m": "50"}
    assert edits.settings["overdue-dunning"].zh == "每日17時"
    run("propose_change", change=change, drop=["items.pothole", "settings.overdue-dunning"], note="")
    assert changes.edits_of(row(change)).names == ["items.streetlight"]
    assert row(change).note == ""


def test_what_is_the_same_is_no_change() -> None:
    change = draft(items=[{"code": "streetlight", "stage1": "4 小時", "public_safety": "否", "evidence": ""}])
    assert changes.edits_of(row(change)).names == []


def test_every_cell_that_cannot_be_taken_is_said() -> None:
    found = refused(
        "propose_change",
        title="x",
        items=[
            {"code": "streetlight", "stage1": "3 hours", "agency": "nobody", "radius_m": "far"},
            {"code": "streetlight", "stage1": "4 hours"},
            {"code": "Lamp", "name_zh": "燈"},
            {"code": "cone", "name_zh": "三角錐"},
            {"code": "tree", "active_from": "2026-05-01", "active_until": "2026-04-01"},
        ],
        rows=[3, 4, 5, 6, 7],
    )
    assert set(found.fields) == {
        "items.3.stage1", "items.3.agency", "items.3.radius_m", "items.4.code", "items.5.code",
        "items.6.agency", "items.6.stage1", "items.6.stage2_max", "items.7.active_until",
    }  # fmt: skip
    assert "4 小時 至 1 日" in found.fields["items.3.stage1"]
    assert "3 hours" in found.fields["items.3.stage1"], "as it was typed"
    assert found.info["row"] == 3


def test_items_are_added_changed_and_ended_and_open_cases_keep_their_limits() -> None:
    lamp()
    others = [{"code": code} for code in policies.in_force()[1].items if code not in ("tree", "streetlight")]
    cone = {
        "code": "cone",
        "name_zh": "三角錐",
        "agency": "works",
        "stage1": "4 hours",
        "stage2_max": "7 days",
    }
    longer = {"code": "streetlight", "stage1": "8 hours"}
    month = MONDAY + timedelta(days=30)
    change = draft(items=[longer, *others, cone], complete=True, effective_from=month)
    found = {one.code: one for one in changes.item_changes(row(change))}
    assert {code: one.kind for code, one in found.items()} == {
        "streetlight": "changed",
        "cone": "added",
        "tree": "ended",
    }
    assert found["streetlight"].cells == (("stage1", "4 hours", "8 hours"),)
    assert found["streetlight"].open_cases == 1
    assert found["tree"].cells == (("active_until", "", "2026-03-31"),)


def lamp() -> Any:
    from tests.guards.worlds import LAMP, as_post

    return execute("cases.establish", as_post("call_centre.operator1"), LAMP)


# --- approving -------------------------------------------------------------------------------------------


def test_approved_it_is_a_version_with_the_approver_and_the_day() -> None:
    before = policies.in_force()[0]
    change = row(approved(**at_five(), document="新北府研字第1150001號"))
    version = policies.in_force()[0]
    assert (change.state, change.version, change.decided_at) == ("approved", version, MONDAY)
    assert (version.version, version.since) == ("2026.2", MONDAY)
    pack = policies.in_force()[1]
    assert pack.setting("overdue-dunning")["at"] == "17:00"
    assert (pack.editions[-1].document, pack.editions[-1].since) == ("新北府研字第1150001號", MONDAY.date())
    assert policies.pack_of(before.pk).setting("overdue-dunning")["at"] == "18:00"
    assert changes.changes_by_version()[version.pk] == change


def test_only_who_approves_approves_and_never_their_own() -> None:
    change = draft(**at_five())
    run("submit_change", change=change)
    for by in (EVALUATOR, "works.head", "works.evaluator", "call_centre.lead"):
        assert refused("decide_change", by, change=change, approve=True).status == 403
    own = int(run("propose_change", DIRECTOR, title="x", **at_five()).change)
    run("submit_change", DIRECTOR, change=own)
    assert refused("decide_change", DIRECTOR, change=own, approve=True).code == "own_proposal"
    theirs = draft(**at_five())
    run("submit_change", DIRECTOR, change=theirs)
    assert refused("decide_change", DIRECTOR, change=theirs, approve=True).code == "own_proposal"
    edited = draft(note="原稿")
    run("propose_change", DIRECTOR, change=edited, **at_five())  # the whole of it is the director's
    run("submit_change", change=edited)
    assert refused("decide_change", DIRECTOR, change=edited, approve=True).code == "own_proposal"


def test_what_the_program_would_not_do_is_no_draft() -> None:
    """What `citycall policy check` refuses is not approved on a screen either (NT-5-4-9c)."""
    closing = {"requires": ["finding", "result"], "never_before_completion": False, "closes_when": "replied"}
    refusal = refused(
        "propose_change", title="修正", settings=[{"slug": "case-closing", "value": {"fast": closing}}]
    )
    (key,) = refusal.fields
    assert key == "settings.case-closing.value.fast.never_before_completion"
    assert refusal.fields[key].endswith("系統只提供 true（現為 false）")
    silent = {"petition": {"by": []}, "report": {"by": ["section_chief"]}}
    refusal = refused("propose_change", title="修正", settings=[{"slug": "reply-approval", "value": silent}])
    assert "核定" in next(iter(refusal.fields.values())), "no petition could be completed any more"
    assert not PolicyChange.objects.exists()


def test_what_was_refused_may_be_mended_and_submitted_again() -> None:
    change = draft(**at_five())
    run("submit_change", change=change)
    assert refused("propose_change", change=change, note="x").code == "wrong_status"
    assert "reason" in refused("decide_change", DIRECTOR, change=change, approve=False).fields
    run("decide_change", DIRECTOR, change=change, approve=False, reason="再議")
    assert row(change).state == "refused"
    run("propose_change", change=change, note="已補說明")
    run("submit_change", change=change)
    run("decide_change", DIRECTOR, change=change, approve=True)
    assert row(change).state == "approved"


def test_nobody_approves_what_they_have_not_read() -> None:
    """Between reading and deciding another may have sent it back, and it was submitted anew."""
    change = draft(**at_five())
    run("submit_change", change=change)
    seen = row(change).submitted_at
    run("decide_change", DIRECTOR, change=change, approve=False, reason="再議")
    clock.set_virtual(MONDAY + timedelta(minutes=5))
    run("propose_change", change=change, note="改了別的")
    run("submit_change", change=change)
    refusal = refused("decide_change", DIRECTOR, change=change, approve=True, seen=seen)
    assert refusal.code == "submitted_again"
    assert row(change).state == "submitted"
    run("decide_change", DIRECTOR, change=change, approve=True, seen=row(change).submitted_at)
    assert row(change).state == "approved"


def test_the_later_of_two_is_put_on_the_newer_rules() -> None:
    first, second = draft(**at_five()), draft(items=[{"code": "streetlight", "stage1": "8 hours"}])
    third = draft(settings=[{"slug": "overdue-dunning", "value": {"at": "16:00", **DUNNING}}])
    for change in (first, second):
        run("submit_change", change=change)
    run("decide_change", DIRECTOR, change=first, approve=True)
    found = refused("decide_change", DIRECTOR, change=second, approve=True)
    assert (found.code, found.info["version"]) == ("base_moved", "2026.2")
    assert refused("submit_change", change=third).code == "base_moved"
    assert run("rebase_change", change=second).conflicts == []
    assert run("rebase_change", change=third).conflicts == ["settings.overdue-dunning"]
    run("submit_change", change=second)
    run("decide_change", DIRECTOR, change=second, approve=True)
    pack = policies.in_force()[1]
    assert (pack.setting("overdue-dunning")["at"], str(pack.items["streetlight"].stage1)) == (
        "17:00",
        "8 hours",
    )


def test_one_with_a_day_ahead_may_be_withdrawn_until_then() -> None:
    day = MONDAY + timedelta(days=10)
    change = approved(**at_five(), effective_from=day)
    early = draft(items=[{"code": "streetlight", "stage1": "8 hours"}])
    assert refused("submit_change", change=early).code == "too_early"
    assert refused("withdraw_change", change=change).status == 403
    run("withdraw_change", DIRECTOR, change=change, reason="改期")
    assert refused("submit_change", change=early).code == "base_moved"
    run("rebase_change", change=early)
    run("submit_change", change=early)
    clock.set_virtual(day + timedelta(days=1))
    assert policies.in_force()[1].setting("overdue-dunning")["at"] == "18:00"
    assert [version.state for version in policies.versions()] == ["revoked", "approved"]
    standing = approved(**at_five())
    assert refused("withdraw_change", DIRECTOR, change=standing).code == "wrong_status"


def test_a_day_that_has_passed_before_the_approval_is_the_approval_s() -> None:
    change = draft(**at_five(), effective_from=MONDAY + timedelta(days=1))
    run("submit_change", change=change)
    clock.set_virtual(MONDAY + timedelta(days=3))
    run("decide_change", DIRECTOR, change=change, approve=True)
    assert row(change).effective_from == MONDAY + timedelta(days=3)


def test_an_item_is_added_by_the_same_way() -> None:
    given = {
        "code": "cone", "name_zh": "三角錐", "name_en": "Cone", "agency": "works", "stage1": "4 hours",
        "stage2_max": "7 days", "active_from": "2026-04-01",
    }  # fmt: skip
    made = run("add_item", DIRECTOR, **given)
    change = row(made.change)
    assert (change.state, change.version_id, made.state) == ("approved", made.policy_version, "approved")
    assert policies.in_force()[1].items["cone"].name.zh == "三角錐"
    assert set(refused("add_item", DIRECTOR, **given).fields) == {"code"}
    assert set(refused("add_item", DIRECTOR, **given | {"code": "x", "stage1": "3 hours"}).fields) == {
        "stage1"
    }


def test_the_history_tells_every_step() -> None:
    from citycall.base import events

    change = row(approved(**at_five()))
    kinds = [event.kind for event in events.history("policy_change", change.pk)]
    assert kinds == ["policy_change.proposed", "policy_change.submitted", "policy_change.approved"]
    assert events.differences(change) == {}


def told() -> list[tuple[str, str, str]]:
    from citycall.base.notices import Notice

    found = Notice.objects.filter(about_kind="policy_change").order_by("pk")
    return [(one.template, one.to_post or "", one.state) for one in found]


def test_who_may_approve_hears_that_it_waits_and_the_proposer_what_came_of_it() -> None:
    from citycall.base import notices
    from citycall.base.notices import Notice

    change = draft(**at_five())
    assert told() == []
    run("submit_change", change=change)
    assert told() == [("policy_change.submitted", "research.director", "pending")]
    notices.send_due()
    sent = Notice.objects.get(about_kind="policy_change")
    assert sent.state == "sent"
    assert sent.subject == f"【待核定】規則修正：{row(change).title}"
    assert f"/oversight/policy/changes/{change}/" in sent.body
    run("decide_change", DIRECTOR, change=change, approve=False, reason="請補理由")
    assert told()[1:] == [("policy_change.decided", "research.evaluator", "pending")]
    notices.send_due()
    answer = Notice.objects.get(template="policy_change.decided")
    assert answer.subject.startswith("【未獲核定】")
    assert "請補理由" in answer.body


def test_who_waits_for_nothing_any_more_is_not_told() -> None:
    change = draft(**at_five())
    run("submit_change", change=change)
    run("withdraw_change", change=change)
    assert told() == [("policy_change.submitted", "research.director", "called_off")]


def test_who_proposed_it_is_not_asked_to_approve_it() -> None:
    change = draft()
    run("propose_change", DIRECTOR, change=change, **at_five())
    run("submit_change", change=change)
    assert told() == []
