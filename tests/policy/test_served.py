"""Values that the program serves in one way only: a pack that says otherwise is told so by the check."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from citycall.policy.check import check_pack

pytestmark = pytest.mark.slow  # a whole pack is loaded for each value

POLICIES = Path(__file__).parents[2] / "policies"
SOURCE = Path(__file__).parents[2] / "src"

# pack, file, what stands there, what is written instead, where the check points, a word of what it says
OTHERWISE = [
    ("newtaipei", "settings", "never_before_completion: true", "never_before_completion: false",
     "case-closing.value.fast.never_before_completion", "only true is served"),
    ("newtaipei", "settings", "records: [person, at]", "records: [person]",
     "urgent-petition.value.records", "only [person, at] is served"),
    ("newtaipei", "settings", "telephone: first", "telephone: too",
     "notify-agency.value.report.telephone", "'required'"),
    ("newtaipei", "settings", "telephone: first, ", "",
     "notify-agency.value.report.telephone", "first or too"),
    ("newtaipei", "settings", "kind: report, telephone", "kind: petition, telephone",
     "urgent-petition.value.kind", "'petition'"),
    ("newtaipei", "settings", "phone_by: [handler], phone_record: [caller, callee, at, content]",
     "phone_by: [handler], phone_record: [callee, at, content]", "kinds.fast.reply.phone_record", "caller"),
    ("kinmen", "settings", "telephone: too", "telephone: first",
     "notify-agency.value.petition.telephone", "'outage'"),
    ("kinmen", "readings", "runs: once,", "runs: never,",
     "missed-dunning.value.runs", "only once is served"),
    ("kinmen", "readings", "by: government", "by: category",
     "petition-limits.value.by", "no category"),
    ("taipei", "readings", "by: category", "by: government",
     "petition-limits.value.by", "limits of their own"),
    ("taipei", "readings", "counts: clock}", "counts: working}",
     "stage-hours.value.counts", "only clock is served"),
    ("taipei", "settings", "requires: [schedule, findings]", "requires: [findings]",
     "kinds.petition.grade_b.requires", "schedule"),
    ("taipei", "settings", "to: duty_staff", "to: call_centre",
     "report-back.value.to", "report_first"),
]  # fmt: skip


@pytest.mark.parametrize(("pack", "file", "stands", "instead", "where", "says"), OTHERWISE)
def test_a_value_that_the_program_would_not_obey_is_an_error_of_the_check(
    tmp_path: Path, pack: str, file: str, stands: str, instead: str, where: str, says: str
) -> None:
    folder = tmp_path / pack
    shutil.copytree(POLICIES / pack, folder)
    shutil.copy(POLICIES / "clauses.yaml", tmp_path)
    assert not [one for one in check_pack(folder) if one.level == "error"]
    path = folder / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert stands in text
    path.write_text(text.replace(stands, instead, 1), encoding="utf-8")
    errors = [one for one in check_pack(folder) if one.level == "error"]
    assert any(where in f"{one.where}: {one.message}" and says in one.message for one in errors), errors


def test_a_value_that_a_rule_takes_over_may_be_another() -> None:
    """Taipei's report to the duty staff is a rule of its own, so there it may be switched off (TP-6-3-2c)."""
    from citycall.policy import load_pack
    from citycall.policy.served import unserved

    taipei = load_pack(POLICIES / "taipei")
    assert "settings.report-back.at_once" in taipei.referred
    assert not list(unserved(taipei))


def test_readings_that_code_asks_for_are_said_to_be_read() -> None:
    from citycall.policy.variation_points import READINGS

    asked = set()
    for path in SOURCE.rglob("*.py"):
        asked |= set(re.findall(r"\.reading\(\s*\"([a-z-]+)\"", path.read_text(encoding="utf-8")))
    assert asked == {slug for slug, point in READINGS.items() if point.code}
