"""A rule of requests taken out of a copy of the pack makes the story of its clause fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.rehearsal.stories import PACKS, STORIES, Tell

pytestmark = pytest.mark.slow  # needs databases of its own
Rule = dict[str, Any]
Change = Callable[[Rule], None]

# government, request, what is done to its rule, the story that must fail
MUTATIONS: tuple[tuple[str, str, Change, str], ...] = (
    ("taipei", "reassign", lambda rule: rule.update(windows=[]), "reassign"),  # TP-5-3-2a
    ("taipei", "reassign", lambda rule: rule["windows"].pop(), "reassign"),  # TP-5-3-2d
    ("taipei", "reassign", lambda rule: rule.update(asks=["agency", "memo"]), "reassign"),  # TP-5-3-2b
    ("taipei", "reassign", lambda rule: rule.update(asks=["agency", "consent"]), "reassign"),  # TP-5-3-2c
    ("taipei", "reassign", lambda rule: rule.update(decided_in="case"), "reassign"),
    ("taipei", "join", lambda rule: rule.update(windows=[]), "join"),  # TP-5-3-1a
    ("taipei", "join", lambda rule: rule.update(blocks=[]), "join"),  # TP-5-3-0
    ("taipei", "dispute", lambda rule: rule.update(refused_by=0), "jurisdiction-dispute"),  # TP-5-4
    ("taipei", "dispute", lambda rule: rule.update(decided_by=["lead"]), "jurisdiction-dispute"),
    ("taipei", "release", lambda rule: rule.update(late="mark"), "release-request"),  # TP-6-6-0
    ("taipei", "release", lambda rule: rule["windows"].pop(0), "release-request"),
    ("taipei", "release", lambda rule: rule["grounds"][0].pop("asks"), "release-request"),  # TP-6-6-1
    ("taipei", "release", lambda rule: rule["grounds"][1].pop("asks"), "release-request"),  # TP-6-6-2
    ("taipei", "release", lambda rule: rule["grounds"][2].pop("asks"), "release-request"),  # TP-6-6-3
    ("taipei", "release", lambda rule: rule["grounds"].pop(3), "release-request"),  # TP-6-6-4
    ("taipei", "release", lambda rule: rule["grounds"][4].pop("opens"), "release-request"),  # TP-6-6-5
    ("taipei", "extend", lambda rule: rule.pop("times"), "extension"),
    ("newtaipei", "reassign", lambda rule: rule.update(windows=[]), "reassignment"),  # NT-5-2-2a
    ("newtaipei", "reassign", lambda rule: rule.update(decided_in="call_centre"), "reassignment"),
    ("newtaipei", "consultation", lambda rule: rule.update(asked_by=["head"]), "reassignment"),  # NT-5-2-2b
    ("kinmen", "return", lambda rule: rule.update(asked_by=["head"]), "reassignment"),  # KM-10-2
    ("kinmen", "reassign_directly", lambda rule: rule.update(asked_by=["head"]), "reassignment"),  # KM-7-5a
    ("kinmen", "ruling", lambda rule: rule.update(refused_by=1), "reassignment"),  # KM-7-5b
)


@pytest.mark.parametrize(("government", "code", "change", "story"), MUTATIONS)
def test_a_rule_of_requests_is_missed(
    government: str, code: str, change: Change, story: str, tmp_path: Path, tell: Tell
) -> None:
    pack = tmp_path / government
    shutil.copytree(PACKS / government, pack)
    rules = yaml.safe_load((pack / "requests.yaml").read_text(encoding="utf-8"))
    change(next(rule for rule in rules if rule["code"] == code))
    (pack / "requests.yaml").write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    assert not tell(STORIES / government / f"{story}.yaml", pack).held
