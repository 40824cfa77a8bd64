"""Packs written in an older form stay readable (docs/adr/0009)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from citycall.policy import PackError, due_at
from citycall.policy.load import read_pack
from citycall.policy.upgrades import CURRENT, upgraded

FROZEN = Path(__file__).parent / "frozen"
OLD = """
window-staffing:
  value: {window: 1, supervisor: 1}
  clauses: [NT-5-4-6a]
managing-unit: {value: research}
"""


def _pack(folder: Path, head: str, settings: str) -> Path:
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        f'code: {folder.name}\nname: X\nversion: "1"\nstatus: sample\ncity: X\n{head}', encoding="utf-8"
    )
    (folder / "settings.yaml").write_text(settings, encoding="utf-8")
    return folder


@pytest.mark.parametrize("head", ["", "schema: 1\n"])
def test_numbers_by_role_become_roles(tmp_path: Path, head: str) -> None:
    pack = read_pack(_pack(tmp_path / "old", head, OLD))
    assert pack.form == 1
    assert pack.setting("window-staffing") == {"roles": {"window": 1, "supervisor": 1}}
    assert pack.value("window-staffing").roles == {"window": 1, "supervisor": 1}
    assert pack.managing_unit == "research"


def test_a_newer_pack_may_extend_an_older_one(tmp_path: Path) -> None:
    _pack(tmp_path / "old", "", OLD)
    new = _pack(
        tmp_path / "new", f"schema: {CURRENT}\nextends: old\n", "faq-review: {value: {every: month}}\n"
    )
    pack = read_pack(new)
    assert pack.form == CURRENT
    assert pack.value("window-staffing").roles == {"window": 1, "supervisor": 1}
    assert pack.value("faq-review").every == "month"


def test_the_present_form_is_taken_as_it_stands(tmp_path: Path) -> None:
    """What an older form allowed is a mistake in the present one, and said to be."""
    with pytest.raises(PackError) as error:
        read_pack(_pack(tmp_path / "now", f"schema: {CURRENT}\n", OLD))
    assert error.value.key == "settings.window-staffing.value.window"
    assert error.value.message == "unknown key; expected roles, window_rank, supervised_by"
    assert error.value.line == 3


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (str(CURRENT + 1), f"this software reads packs up to schema {CURRENT}, not {CURRENT + 1}"),
        ("0", f"expected a number from 1 to {CURRENT} (found 0)"),
        ("two", f"expected a number from 1 to {CURRENT} (found 'two')"),
        ("true", f"expected a number from 1 to {CURRENT} (found True)"),
    ],
)
def test_a_form_that_is_not_known(tmp_path: Path, schema: str, expected: str) -> None:
    with pytest.raises(PackError) as error:
        read_pack(_pack(tmp_path / "odd", f"schema: {schema}\n", OLD))
    assert (error.value.key, error.value.message, error.value.line) == ("schema", expected, 6)


def test_what_is_already_new_stays() -> None:
    new = {"window-staffing": {"value": {"roles": {"window": 1}}}}
    assert upgraded(new, "settings", 1) == new
    assert upgraded({"window-staffing": {"value": None}}, "settings", 1) == {
        "window-staffing": {"value": None}
    }
    assert upgraded(["no", "mapping"], "settings", 1) == ["no", "mapping"]


def test_every_step_leads_no_further_than_the_present_form() -> None:
    from citycall.policy.upgrades import STEPS

    assert {form for form, _file in STEPS} <= set(range(2, CURRENT + 1))


@pytest.mark.parametrize("name", sorted(path.name for path in FROZEN.iterdir() if path.is_dir()))
def test_packs_of_earlier_forms_load_and_count_as_they_did(name: str) -> None:
    """A case stays under its own version: what a database froze then is read now."""
    pack = read_pack(FROZEN / name / "newtaipei")
    assert f"schema-{pack.form}" == name
    assert pack.value("window-staffing").roles == {
        "window": 1, "supervisor": 1, "evaluator": 1, "intake_window": 1,
    }  # fmt: skip
    assert pack.managing_unit == "research"
    assert pack.readings == {}
    start = datetime(2026, 3, 6, 10, tzinfo=ZoneInfo("Asia/Taipei"))
    light, kind = pack.items["streetlight"], pack.kinds["fast"]
    due = {
        rule.code: due_at(rule, light, kind, start, {"limit": "3 days"}, pack.calendar())
        for rule in pack.clocks
        if "fast" in rule.kinds
    }
    assert due == {
        "sign_off": start + timedelta(minutes=10),
        "first_stage": start + timedelta(hours=4),
        "second_stage": start + timedelta(days=3),
        "ordinary": start + timedelta(days=3),
    }
    dunning = pack.clock("first_stage").strike("dunning")
    assert [f"{at:%H:%M}" for at in dunning.when.daily_at] == ["18:00"]
    assert pack.clock_calendar.suspension.areas == ("city", "district")
