"""`citycall policy`: every pack passes, every clause that it cites exists, differences are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from citycall.policy import Pack, PackError
from citycall.policy.check import check_pack, clauses_cited, diff_packs
from citycall.policy.clauses import find_clauses, load_clauses
from citycall.policy.cli import policy

POLICIES = Path(__file__).resolve().parents[2] / "policies"
PACKS = sorted(path.parent.name for path in POLICIES.glob("*/pack.yaml"))


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(policy, list(words))
    return result.exit_code, result.output


def test_all_packs_pass_without_a_warning() -> None:
    for name in PACKS:
        assert check_pack(POLICIES / name) == []
    code, output = run("check", "--strict", *(str(POLICIES / name) for name in PACKS))
    assert code == 0, output
    assert output.count("ok:") == len(PACKS)


def test_every_clause_cited_exists_and_every_fast_one_is_cited(newtaipei: Pack) -> None:
    catalogue = load_clauses(POLICIES / "clauses.yaml")
    cited = {clause for clause, _ in clauses_cited(newtaipei)}
    assert cited <= set(catalogue)
    ours = {code for code in catalogue if code.startswith(("NT-5-4-", "NT-8-1"))}
    people = {  # what people do or review; the pack sets nothing for them
        "NT-5-4-1d", "NT-5-4-8c",
    }  # fmt: skip
    assert ours - cited == people


def test_the_clause_of_unfounded_reports_is_cited_for_them_alone(newtaipei: Pack) -> None:
    """NT-5-4-10b says what the same unfounded report becomes; how long a petition may take is NT-5-2-1b."""
    events = [move.event for move in newtaipei.kinds["fast"].moves]
    cited = {where for clause, where in clauses_cited(newtaipei) if clause == "NT-5-4-10b"}
    assert cited == {
        "kinds.fast.unfounded",
        f"kinds.fast.moves.{events.index('case.letter_received')}",
        "kinds.petition",
        "settings.repeat-false-reports",
    }


def test_catalogue() -> None:
    catalogue = load_clauses(POLICIES / "clauses.yaml")
    clause = catalogue["NT-5-4-2d"]
    assert clause.seed == "NT"
    assert clause.capability == "fast-service"
    assert clause.kind == "system"
    assert "10分鐘" in clause.quote
    assert find_clauses(POLICIES / "newtaipei") == POLICIES / "clauses.yaml"
    assert find_clauses("/") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1\n", "expected a list"),
        ("clauses:\n- rule: x\n", "without an id"),
        ("clauses:\n- {id: A-1, rule: x}\n", "missing"),
        ("clauses:\n" + "- {id: A-1, capability: c, kind: system, rule: r, quote: q}\n" * 2, "twice"),
    ],
)
def test_catalogue_that_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "clauses.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PackError, match=message):
        load_clauses(path)
    with pytest.raises(PackError, match="missing"):
        load_clauses(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("clocks.yaml", "clauses: [NT-5-4-2e]", "clauses: [NT-9-9-9z]", "there is no clause NT-9-9-9z"),
        ("templates.yaml", "如非您本人反映", "如非您本人反映" * 20, "characters; at most 140"),
        ("templates.yaml", "\n        {cases}\n", "\n        {number}\n", "a digest needs {cases}"),
        ("items.csv", "signal,交通號誌故障", "lights,交通號誌故障", "the item signal is missing"),
        ("items.csv", ",fast,social,", ",fast,welfare,", "no agency welfare"),
        ("notices.yaml", '"post:call_centre.lead"', '"post:call_centre.boss"', "no post call_centre.boss"),
        ("sample/world.yaml", "- {code: civil,", "- {code: civic,", "the agency civil is missing"),
        ("sample/world.yaml", "domain:", "domains:", "unknown key"),
        ("pack.yaml", "status: in_force", "status: perhaps", "in_force"),
    ],
)
def test_check_says_what_is_wrong(
    broken: Callable[..., Path], file: str, old: str, new: str, message: str
) -> None:
    folder = broken(file, old, new)
    (folder.parent / "clauses.yaml").symlink_to(POLICIES / "clauses.yaml")
    code, output = run("check", str(folder))
    assert code == 1
    assert message in output


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "kinds.yaml",
            "    approved_by: {setting: reply-approval.petition.by}\n",
            "",
            "this kind asks nobody; write {setting: reply-approval.petition.by}",
        ),
        (
            "settings.yaml",
            "petition: {by: [section_chief, head]",
            "petition: {by: []",
            "a result that nobody approves needs a move case.completed",
        ),
        (
            "notices.yaml",
            "  kinds: [petition, report]\n  to: [approver]",
            "  kinds: [fast, petition, report]\n  to: [approver]",
            "nobody approves a case of the kind 'fast'",
        ),
    ],
)
def test_an_approval_that_is_said_is_asked_for(
    broken: Callable[..., Path], file: str, old: str, new: str, message: str
) -> None:
    """NT-5-2-3b: a setting that stands on the page of the rules and that nothing enforces is an error."""
    errors = [found.message for found in check_pack(broken(file, old, new)) if found.level == "error"]
    assert any(message in error for error in errors), errors


def test_warnings_count_only_when_strict(broken: Callable[..., Path]) -> None:
    folder = broken("templates.yaml", "fast.reopened:", "fast.unused: {email: {zh-hant: x}}\nfast.reopened:")
    (folder.parent / "clauses.yaml").symlink_to(POLICIES / "clauses.yaml")
    assert run("check", str(folder))[0] == 0
    code, output = run("check", "--strict", str(folder))
    assert code == 1
    assert "no rule uses these words" in output
    assert "no English words" in output


def test_show() -> None:
    code, output = run("show", str(POLICIES / "newtaipei"))
    assert code == 0
    assert "10分鐘簽收" in output
    assert "NT-5-4-2d" in output
    assert "daily 18:00 after limit" in output
    assert "簽收與再次通知  (sign-off)  [NT-5-4-2d, NT-5-4-2e]" in output
    assert "  文件未載" in output
    assert "  → clocks.sign_off.limit" in output
    code, output = run("show", str(POLICIES / "newtaipei"), "--lang", "en", "--json")
    assert json.loads(output)["clocks.sign_off.limit"] == "10 minutes"
    code, output = run("show", str(POLICIES / "nowhere"))
    assert code == 1
    assert "neither the folder of a pack (policies/newtaipei) nor the number of a case" in output


def test_diff(broken: Callable[..., Path], newtaipei: Pack) -> None:
    here = str(POLICIES / "newtaipei")
    assert run("diff", here, here) == (0, "")
    changed = str(broken("settings.yaml", "{limit: 10 minutes,", "{limit: 15 minutes,"))
    pack = Path(changed) / "clocks.yaml"
    pack.write_text(
        pack.read_text(encoding="utf-8").replace("code: ordinary", "code: plain"), encoding="utf-8"
    )
    code, output = run("diff", here, changed, "--lang", "en")
    assert code == 1
    lines = output.splitlines()
    assert lines[0] == "Sign-off and second notice  (sign-off)"  # settings first, by their topics
    assert "    limit: 10 minutes, second_to: [intake_window]" in lines
    assert "    limit: 15 minutes, second_to: [intake_window]" in lines
    assert "  → clocks.sign_off.limit" in lines  # what follows from it stands with it, and only there
    assert "clocks.sign_off.limit" not in lines
    assert "clocks.plain.limit" in lines
    assert "簽收與再次通知  (sign-off)" in run("diff", here, changed)[1]
    code, output = run("diff", here, changed, "--json")
    assert {"key": "clocks.sign_off.limit", "before": "10 minutes", "after": "15 minutes"} in json.loads(
        output
    )
    assert diff_packs(newtaipei, newtaipei) == []


def test_policy_stands_on_nothing_but_itself() -> None:
    """No Django and no other room below policy/."""
    root = POLICIES.parent
    for path in (root / "src/citycall/policy").glob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith(("import ", "from ")):
                assert "django" not in line, path
                if "citycall" in line:
                    assert "citycall.policy" in line, path
