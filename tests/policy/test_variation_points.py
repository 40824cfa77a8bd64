"""Every point and reading has a type that holds what the documents say and refuses what they cannot."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import ValidationError
from tests.policy.conftest import PACKS, POLICIES

from citycall.policy import load_pack
from citycall.policy.cli import policy
from citycall.policy.soundness import unread
from citycall.policy.variation_points import BUILT, POINTS, READINGS

CATALOGUE: dict[str, Any] = yaml.safe_load((POLICIES / "clauses.yaml").read_text(encoding="utf-8"))
SOURCE = POLICIES.parent / "src" / "citycall"


def test_one_for_every_point_and_open_reading_of_the_catalogue() -> None:
    assert set(POINTS) == {point["slug"] for point in CATALOGUE["variation_points"]}
    assert len(POINTS) == 62
    assert [set(reading.clauses) for reading in READINGS.values()] == [
        set(one["clauses"]) for one in CATALOGUE["ambiguities"]
    ]
    assert len(READINGS) == 16


def test_each_belongs_to_a_capability_of_its_clauses() -> None:
    found: dict[str, Counter[str]] = {}
    for clause in CATALOGUE["clauses"]:
        if clause.get("varies"):
            found.setdefault(clause["varies"], Counter())[clause["capability"]] += 1
    # What stands with another capability than any of its clauses does, since another room will read it.
    elsewhere = {"private-rights", "system-fallback", "managing-unit"}
    for slug, point in POINTS.items():
        assert point.room
        if slug not in elsewhere:
            assert point.capability in found[slug], slug
    assert set(CATALOGUE["capabilities"]) >= BUILT


@pytest.mark.parametrize("name", PACKS)
def test_every_value_of_every_pack_has_its_type(name: str) -> None:
    pack = load_pack(POLICIES / name)
    for slug, point in POINTS.items():
        typed = pack.value(slug)
        assert (typed is None) == (pack.setting(slug) is None)
        if typed is not None:
            assert point.read(pack.setting(slug)) == typed
    for slug, reading in pack.readings.items():
        assert READINGS[slug].read(reading.value) is not None


def test_what_code_asks_for_is_said_to_be_read() -> None:
    """`code` says that code asks for a setting itself; the program says the same."""
    asked = set()
    for path in SOURCE.rglob("*.py"):
        asked |= set(re.findall(r"\.(?:setting|value)\(\s*\"([a-z]+(?:-[a-z]+)+)\"", path.read_text("utf-8")))
    assert asked == {slug for slug, point in POINTS.items() if point.code}


@pytest.mark.parametrize(
    ("slug", "value"),
    [
        ("overdue-dunning", {"at": "18:00"}),  # to whom, by what?
        ("overdue-dunning", {"at": 18, "to": ["head"], "channels": ["email"]}),
        ("overdue-dunning", {"at": "18:00", "to": ["head"], "channels": ["fax"]}),
        ("overdue-dunning", {"at": "18:00", "to": ["Head of it"], "channels": ["email"]}),
        ("callback-limit", {"limit": "half a day"}),
        ("callback-limit", {"limit": 4}),
        ("clock-suspension", {"areas": ["nation"], "causes": ["disaster"]}),
        ("monthly-preview", {"by": "the 26th"}),
        ("event-notice", {"copies_to": ["nobody"]}),
        ("satisfaction-survey", {"surveys": {"line": {"goal_percent": 101}}}),
        ("spot-check-quota", {"every": "fortnight"}),
        ("managing-unit", {"agency": "research"}),
        ("managing-unit", "the commission"),
        ("case-system", {"petition": {"name": "x", "numbers_begin": "un"}}),
        ("window-staffing", {"window": 1}),
        ("service-hours", "daily"),
        ("service-hours", []),
        ("sign-off", {"limit": "10 minutes", "limits": 1}),
    ],
)
def test_what_a_point_cannot_hold(slug: str, value: object) -> None:
    with pytest.raises(ValidationError):
        POINTS[slug].read(value)


@pytest.mark.parametrize("slug", POINTS)
def test_a_document_may_be_silent(slug: str) -> None:
    assert POINTS[slug].read(None) is None


def test_unread_values_are_named_when_asked_for() -> None:
    """A value that no rule takes over changes nothing yet; whoever wants to know is told which."""
    taipei = load_pack(POLICIES / "taipei")
    assert "settings.petition-deadline.rules.zh" in set(unread(taipei))
    assert "settings.overdue-dunning.at" not in set(unread(taipei))
    told = CliRunner().invoke(policy, ["check", "--unread", str(POLICIES / "taipei")]).output
    assert "unread: settings.petition-deadline.rules.zh" in told
    assert "unread:" not in CliRunner().invoke(policy, ["check", str(POLICIES / "taipei")]).output
