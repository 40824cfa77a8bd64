"""What a change changes, and the files that come of it: also of a pack that takes most from another."""

from __future__ import annotations

from pathlib import Path

import pytest

import citycall
from citycall.base import policies
from citycall.oversight.changes import drafted
from citycall.oversight.edits import Edits, ValueEdit, next_version, own_files, texts

pytestmark = pytest.mark.django_db
PACKS = Path(citycall.__file__).parents[2] / "policies"
DUNNING = {"at": "17:00", "to": ["supervisor"], "channels": ["email"], "digest": True}


def installed(name: str) -> policies.PolicyVersion:
    policies.refresh()
    return policies.with_files(policies.install(PACKS / name))


@pytest.mark.parametrize("name", ["newtaipei", "kaohsiung"])
def test_a_setting_is_changed_where_it_stands_or_laid_over(name: str) -> None:
    base = installed(name)
    edits = Edits(settings={"overdue-dunning": ValueEdit(value=DUNNING, zh="每日17時")})
    draft = drafted(base, edits)
    after = draft.after.settings["overdue-dunning"]
    assert after.value["at"] == "17:00"
    assert after.says is not None
    assert after.says.zh == "每日17時"
    assert after.clauses == draft.before.settings["overdue-dunning"].clauses
    changed = {one.key.split(".")[1] for one in draft.differences if one.key.startswith("settings.")}
    assert changed == {"overdue-dunning"}
    if name == "newtaipei":
        before, now = own_files(base)["settings.yaml"], texts(base, draft.before, edits)["settings.yaml"]
        gone = [line for line in before.splitlines() if line not in now.splitlines()]
        assert len(gone) == 2, "other lines than those of the value and its words were touched"


def test_a_row_is_changed_in_the_table_that_holds() -> None:
    base = installed("kaohsiung")
    code = next(iter(policies.pack_of(base.pk).items))
    draft = drafted(base, Edits(items={code: {"radius_m": "77"}}))
    assert draft.after.items[code].radius_m == 77
    assert len(draft.after.items) == len(draft.before.items)


def test_every_pack_bears_a_change_of_every_setting_it_states() -> None:
    """Written back as it is, each says the same: no value is lost on the way through a file."""
    for name in ("newtaipei", "kinmen", "taipei"):
        base = installed(name)
        pack = policies.pack_of(base.pk)
        values = {
            slug: ValueEdit(value=one.model_dump(mode="json")["value"]) for slug, one in pack.settings.items()
        }
        assert drafted(base, Edits(settings=values)).differences == []


def test_versions_are_numbered_within_their_year() -> None:
    from datetime import datetime

    from citycall.base import clock

    base = installed("newtaipei")
    assert next_version(base, datetime(2026, 5, 1, tzinfo=clock.TAIPEI)) == "2026.2"
    assert next_version(base, datetime(2027, 1, 1, tzinfo=clock.TAIPEI)) == "2027.1"
    policies.PolicyVersion.objects.filter(pk=base.pk).update(version="2026.2")
    assert next_version(base, datetime(2026, 5, 1, tzinfo=clock.TAIPEI)) == "2026.3"
    base.version = "first"
    assert next_version(base, datetime(2026, 5, 1, tzinfo=clock.TAIPEI)) == "first-2"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in PACKS.glob("*/pack.yaml")))
def test_who_approves_by_a_pack_may_do_so(name: str) -> None:
    """What a pack names and what the command allows agree (docs/permissions.md; NT-5-2-3b, TP-5-5-2a)."""
    from citycall.base.commands import commands
    from citycall.oversight.sense import senseless
    from citycall.policy import load_pack

    pack = load_pack(PACKS / name)
    for command in ("cases.approve", "cases.return"):
        who = pack.may.get(command, commands()[command].who)
        assert {role for kind in pack.kinds.values() for role in kind.completion.approved_by} <= set(who)
        assert "supervisor" not in who, "督導主管 gets the dunning; no clause lets them approve"
    assert senseless(pack) == ""


def test_a_draft_names_no_approver_who_cannot() -> None:
    """Else every reply would wait for somebody who is shown no button."""
    from citycall.oversight.sense import senseless

    base = installed("newtaipei")
    value = {"petition": {"by": ["supervisor"]}, "report": {"by": ["section_chief"]}}
    draft = drafted(base, Edits(settings={"reply-approval": ValueEdit(value=value, zh="由督導主管核定")}))
    said = senseless(draft.after)
    assert "督導主管" in said
    assert "業務主管（section_chief）" in said
