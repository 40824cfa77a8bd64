"""`citycall rehearse` and `citycall conformance`: what they print and how they end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import DjangoDbBlocker
from tests.rehearsal.stories import ESTABLISH, PACKS, STORIES, WriteStory

from citycall.rehearsal import cli, conformance
from citycall.rehearsal.clauses import Clause
from citycall.rehearsal.result import Failure, Result

pytestmark = pytest.mark.slow  # needs databases of its own

REGISTERED = STORIES / "newtaipei" / "registered.yaml"
HOLDS = "  - expect:\n      case: $c\n      has: {status: established}\n"
FAILS = "  - expect:\n      case: $c\n      has: {status: closed}\n"


@pytest.fixture
def run(django_db_blocker: DjangoDbBlocker) -> Iterator[CliRunner]:
    with django_db_blocker.unblock():
        yield CliRunner()


def test_all_held(run: CliRunner, story: WriteStory) -> None:
    found = run.invoke(cli.rehearse, [str(story(ESTABLISH + HOLDS))])
    assert found.exit_code == 0, found.output
    assert "ok" in found.output
    assert "1 rehearsals, all held" in found.output


def test_a_failure_says_what_was_found(run: CliRunner, story: WriteStory) -> None:
    path = story(ESTABLISH + FAILS)
    found = run.invoke(cli.rehearse, [str(path)])
    assert found.exit_code == 1
    assert f"{path}:14" in found.output
    assert "expected  case $c has status: closed" in found.output
    assert "found     established" in found.output


def test_json_tells_the_same(run: CliRunner, story: WriteStory) -> None:
    path = story(ESTABLISH + FAILS)
    found = run.invoke(cli.rehearse, [str(path), "--json"])
    told = json.loads(found.output)
    assert found.exit_code == 1
    assert told["held"] is False
    assert told["failed"] == 1
    assert told["results"][0]["clauses"] == ["NT-5-4-2a"]
    assert told["results"][0]["failures"][0]["line"] == 14
    assert told["results"][0]["failures"][0]["found"] == "established"


def test_a_file_that_is_no_scenario_ends_before_anything_runs(run: CliRunner, story: WriteStory) -> None:
    wrong = story(ESTABLISH + HOLDS + "    count: 1\n")
    found = run.invoke(cli.rehearse, [str(REGISTERED), str(wrong)])
    assert found.exit_code == 2
    assert f"{wrong}:17" in found.output
    assert "rehearsals" not in found.output


def test_another_pack_takes_the_place_of_the_one_named(
    run: CliRunner, story: WriteStory, tmp_path: Path
) -> None:
    due = "  - expect:\n      clock: {of: $c, code: sign_off}\n      has: {due: 2026-03-02 10:20}\n"
    path = story(ESTABLISH + due)
    pack = tmp_path / "newtaipei"
    shutil.copytree(PACKS / "newtaipei", pack)
    values = (pack / "settings.yaml").read_text(encoding="utf-8")
    (pack / "settings.yaml").write_text(
        values.replace("limit: 10 minutes", "limit: 20 minutes"), encoding="utf-8"
    )
    assert run.invoke(cli.rehearse, [str(path)]).exit_code == 1
    assert run.invoke(cli.rehearse, [str(path), "--policy", str(pack)]).exit_code == 0
    assert run.invoke(cli.rehearse, [str(path), "--policy", "atlantis"]).exit_code == 2


def test_conformance_counts_only_what_passed(run: CliRunner, story: WriteStory, tmp_path: Path) -> None:
    held = story(ESTABLISH + HOLDS, clauses="[NT-5-4-2a, NT-5-4-2b]")
    folder = tmp_path / "stories"
    folder.mkdir()
    shutil.move(held, folder / "held.yaml")
    shutil.move(story(ESTABLISH + FAILS, clauses="[NT-5-4-2b, NT-5-4-2c]"), folder / "failed.yaml")
    found = run.invoke(cli.conformance, ["--json", "--seed", "NT", "--scenarios", str(folder)])
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert list(told["seeds"]) == ["NT"]
    assert told["seeds"]["NT"]["served_ids"] == ["NT-5-4-2a"]
    assert "NT-5-4-2b" in told["seeds"]["NT"]["open_ids"]
    assert "NT-5-4-2c" in told["capabilities"]["notify"]["open_ids"]
    assert told["seeds"]["NT"]["total"] == 1 + len(told["seeds"]["NT"]["open_ids"])
    assert [Path(one).name for one in told["scenarios"]["NT-5-4-2a"]] == ["held.yaml"]
    assert [Path(one).name for one in told["failed_scenarios"]] == ["failed.yaml"]
    assert run.invoke(cli.conformance, ["--seed", "XX"]).exit_code == 2


def test_a_clause_is_open_when_one_of_its_stories_failed() -> None:
    clauses = [Clause(id, "NT", "notify", kind, "") for id, kind in (("A", "system"), ("B", "context"))]
    held = Result(Path("held.yaml"), "held", ("A", "B"))
    failed = Result(Path("failed.yaml"), "failed", ("A",), failures=[Failure(1, "x", "y")])
    assert conformance.count(clauses, [held]).seeds["NT"].served == ["A"]
    assert conformance.count(clauses, [held, failed]).seeds["NT"].open == ["A"]
    assert conformance.count(clauses, []).seeds["NT"].total == 1
