"""A rule taken out of a copy of the pack makes the stories of its clause fail, and no others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.rehearsal.stories import PACKS, STORIES, Tell

pytestmark = pytest.mark.slow  # needs databases of its own

PACK = PACKS / "newtaipei"
Change = Callable[[Any], None]


def _clock(rules: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(rule for rule in rules if rule["code"] == code)


def _no_dunning(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        rule["strikes"] = [strike for strike in rule["strikes"] if strike["code"] != "dunning"]


def _dunning_at_eight(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        for strike in rule["strikes"]:
            if strike["code"] == "dunning":
                strike["when"]["daily_at"] = "08:00"


def _notice(rules: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(rule for rule in rules if rule["code"] == code)


def _without(code: str) -> Change:
    def change(rules: list[dict[str, Any]]) -> None:
        rules[:] = [rule for rule in rules if rule["code"] != code]

    return change


def _set(value: Any, *path: str) -> Change:
    def change(content: Any) -> None:
        for part in path[:-1]:
            content = content[part]
        content[path[-1]] = value

    return change


# file, change, stories that must fail, stories that must hold all the same
MUTATIONS: dict[str, tuple[str, Change, tuple[str, ...], tuple[str, ...]]] = {
    "no dunning": (
        "clocks.yaml",
        _no_dunning,
        ("dunning", "dunning-missed", "roles-filled"),
        ("delay-reason",),
    ),
    "dunning in the morning": ("clocks.yaml", _dunning_at_eight, ("dunning",), ("sign-off-on-time",)),
    "no second notice": (
        "clocks.yaml",
        lambda rules: _clock(rules, "sign_off").update(strikes=[]),
        ("second-notice",),
        ("sign-off-on-time", "dunning"),
    ),
    "fifteen minutes to sign": (
        "clocks.yaml",
        lambda rules: _clock(rules, "sign_off").update(limit="15 minutes"),
        ("sign-off-on-time", "second-notice"),
        ("registered",),
    ),
    "no first stage": ("clocks.yaml", _without("first_stage"), ("night-dispatch", "outage"), ("unnamed",)),
    "no notice to the window": (
        "notices.yaml",
        _without("established_window"),
        ("window-notice", "night-dispatch"),
        ("citizen-notice",),
    ),
    "no word when it is done": (
        "notices.yaml",
        _without("completed_citizen"),
        ("completed-message", "reply-not-sent"),
        ("phone-reply",),
    ),
    "nobody told of a change of post": (
        "notices.yaml",
        _without("post_changed"),
        ("role-change",),
        ("registered",),
    ),
    "unnamed callers served": (
        "kinds.yaml",
        _set([], "fast", "identity", "required"),
        ("unnamed",),
        ("cancelled-by-holder",),
    ),
    "four in a row": (
        "kinds.yaml",
        _set(4, "fast", "unfounded", "in_a_row"),
        ("unfounded-three", "unfounded-petition"),
        ("prevention",),
    ),
    "petitions answered without approval": (
        "kinds.yaml",
        _set([], "petition", "completion", "approved_by"),
        ("petition-approval",),
        ("registered", "report-life"),
    ),
    "nobody rung back": (
        "intake.yaml",
        _set(False, "marks", "livelihood", "confirms"),
        ("identity-callback",),
        ("special-list",),
    ),
    "reassigned whenever": (
        "requests.yaml",
        lambda rules: _clock(rules, "reassign").update(windows=[]),
        ("reassignment",),
        ("outside-remit",),
    ),
    "replies without a handler": (
        "settings.yaml",
        _set(["content"], "reply-content", "value", "fields"),
        ("petition-reply-content",),
        ("petition-not-processed",),
    ),
    "left unprocessed by the supervisor": (
        "settings.yaml",
        _set(["supervisor"], "repeated-petitions", "value", "unprocessed_by"),
        ("petition-not-processed",),
        ("petition-reply-content",),
    ),
    "no message with the reply": (
        "notices.yaml",
        lambda rules: _notice(rules, "reply_by_email").update(template="petition.reopening_asked"),
        ("petition-reply-content",),
        ("petition-looked-up",),
    ),
    "no reason for a delay": (
        "kinds.yaml",
        _set([], "fast", "completion", "late_requires"),
        ("delay-reason",),
        ("no-early-close",),
    ),
}


def _on(value: Any) -> Any:
    """YAML reads the key `on` as true; the packs mean the word."""
    if isinstance(value, dict):
        return {"on" if key is True else key: _on(inner) for key, inner in value.items()}
    return [_on(inner) for inner in value] if isinstance(value, list) else value


def test_taipei_misses_the_approval_of_petitions(tmp_path: Path, tell: Tell) -> None:
    """TP-5-5-2a: that a reply is approved is the pack's rule alone."""
    pack = tmp_path / "taipei"
    shutil.copytree(PACKS / "taipei", pack)
    content = yaml.safe_load((pack / "kinds.yaml").read_text(encoding="utf-8"))
    content["petition"]["completion"]["approved_by"] = []
    (pack / "kinds.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert not tell(STORIES / "taipei" / "petition-approval.yaml", pack).held


@pytest.mark.parametrize(
    ("government", "kind", "writing", "story"),
    [
        ("taipei", "petition", {"requires": ["content"], "later": []}, "petition-standard-reply"),
        ("enforcement_branch", "complaint", {"must": False}, "answered-in-writing"),
    ],
)
def test_what_a_reply_must_hold_is_the_packs(
    government: str, kind: str, writing: dict[str, Any], story: str, tmp_path: Path, tell: Tell
) -> None:
    """TP-5-5-2b, AE-7-0."""
    pack = tmp_path / government
    shutil.copytree(PACKS / government, pack)
    content = yaml.safe_load((pack / "kinds.yaml").read_text(encoding="utf-8"))
    content[kind]["writing"].update(writing)
    (pack / "kinds.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert not tell(STORIES / government / f"{story}.yaml", pack).held


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_rule_taken_out_is_missed(name: str, tmp_path: Path, tell: Tell) -> None:
    file, change, fail, hold = MUTATIONS[name]
    pack = tmp_path / "newtaipei"
    shutil.copytree(PACK, pack)
    content = _on(yaml.safe_load((pack / file).read_text(encoding="utf-8")))
    change(content)
    (pack / file).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    for story in fail:
        assert not tell(STORIES / "newtaipei" / f"{story}.yaml", pack).held, story
    for story in hold:
        assert not tell(STORIES / "newtaipei" / f"{story}.yaml", pack).failures, story
