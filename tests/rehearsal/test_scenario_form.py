"""A file that could not fail, or does not mean what it says, is an error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rehearsal.stories import ESTABLISH, WriteStory

from citycall.rehearsal.clauses import catalogue
from citycall.rehearsal.runner import check
from citycall.rehearsal.scenario import ScenarioError, find, load

EXPECT = ESTABLISH + "  - expect:\n"

# The steps begin on line 6; those of EXPECT end on line 14.
WRONG_STEPS = {
    "unknown key of a step": (ESTABLISH + "    saved: d\n", 14, "unknown key 'saved'"),
    "no verb": ("  - as: works.head\n", 6, "exactly one of"),
    "two verbs": ("  - at: +1m\n    worker: killed\n", 6, "exactly one of"),
    "no moment": ("  - at: later\n", 6, "not a moment"),
    "name never saved": (
        EXPECT + "      case: $d\n      has: {status: closed}\n",
        15,
        "nothing was saved as $d",
    ),
    "name saved twice": (ESTABLISH + ESTABLISH, 14, "saved twice"),
    "nothing expected": (ESTABLISH, 5, "could never fail"),
    "no filter": (EXPECT + "      notices: {}\n", 15, "could never fail"),
    "no field": (EXPECT + "      case: $c\n", 15, "could never fail"),
    "empty has": (EXPECT + "      case: {item: streetlight}\n      has: {}\n", 16, "names no field"),
    "unknown field": (EXPECT + "      case: $c\n      has: {statsu: closed}\n", 16, "no field 'statsu'"),
    "unknown filter": (EXPECT + "      notices: {abuot: $c}\n", 15, "unknown key 'notices.abuot'"),
    "unknown kind": (EXPECT + "      csae: $c\n      has: {status: closed}\n", 15, "unknown kind"),
    "search": (EXPECT + "      search: {q: 路燈, in: faq}\n      first: x\n", 15, "not supported yet"),
    "two subjects": (EXPECT + "      case: $c\n      task: {of: $c}\n", 14, "one subject"),
    "events of nothing": (EXPECT + "      events: {of: $c}\n", 15, "could never fail"),
    "portal without a look": (EXPECT + "      portal: {number: a, code: b}\n", 15, "could never fail"),
    "no such report": (EXPECT + "      report: {name: rumours}\n      count: 0\n", 15, "no report 'rumours'"),
    "unknown channel": ("  - channel: {fax: down}\n", 6, "channel"),
    "half dead worker": ("  - worker: tired\n", 6, "worker"),
    "count and has": (
        EXPECT + "      task: {of: $c}\n      count: 0\n      has: {state: open}\n",
        17,
        "say nothing",
    ),
    "key given twice": ("  - do: cases.take\n    do: cases.close\n", 7, "given twice"),
    "refused and saved": (ESTABLISH + "    refused: invalid\n", 13, "no result to save"),
}


@pytest.mark.parametrize(("steps", "line", "said"), WRONG_STEPS.values(), ids=WRONG_STEPS.keys())
def test_wrong_steps(story: WriteStory, steps: str, line: int, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(story(steps), catalogue())
    assert said in caught.value.message
    assert caught.value.line == line


HEADS = {
    "unknown clause": ({"clauses": "[NT-5-4-2a, NT-5-4-99]"}, "unknown clause 'NT-5-4-99'"),
    "no clause": ({"clauses": "[]"}, "clauses"),
    "unknown key": ({"author": "somebody"}, "unknown key 'author'"),
    "no start": ({"start": ""}, "'start' is missing"),
    "relative start": ({"start": "+3d"}, "not a date and time"),
}


@pytest.mark.parametrize(("head", "said"), HEADS.values(), ids=HEADS.keys())
def test_wrong_head(story: WriteStory, head: dict[str, str], said: str) -> None:
    steps = EXPECT + "      case: $c\n      has: {status: established}\n"
    with pytest.raises(ScenarioError, match=said):
        load(story(steps, **head), catalogue())


def test_unknown_command_and_unknown_input_are_errors_even_when_a_refusal_is_expected(
    story: WriteStory,
) -> None:
    unknown = "  - do: cases.abolish\n    as: works.head\n    refused: invalid\n"
    with pytest.raises(ScenarioError, match=r"no command 'cases\.abolish'"):
        check(load(story(unknown), catalogue()))
    inside = ESTABLISH.replace("address:", "adress:").replace("save: c", "refused: invalid")
    with pytest.raises(ScenarioError, match=r"has no 'place\.adress'") as caught:
        check(load(story(inside), catalogue()))
    assert caught.value.line == 11


def test_a_folder_without_stories_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no scenario in this folder"):
        find([tmp_path])
    with pytest.raises(ScenarioError, match="no such file"):
        find([tmp_path / "none.yaml"])


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("rehearsal: x\nclauses: [NT-5-4-2a\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"broken\.yaml:\d+: not YAML"):
        load(path, catalogue())
