"""What is wrong with a draft is said in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from citycall.oversight.mistakes import in_words
from citycall.policy import Limit, load_pack
from citycall.policy.check import disobeyed
from citycall.web.oversight.rule_words import brief

PACKS = Path(__file__).parents[2] / "policies"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "unknown key (did you mean limit?); expected limit, to",
            "沒有這個鍵（是不是 limit？）；可用：limit, to",
        ),
        ("unknown key", "沒有這個鍵"),
        ("this key is missing", "缺少這個鍵"),
        ("expected a valid integer (found 'x')", "應為整數（現為 'x'）"),
        ("expected greater than or equal to 1 (found 0)", "應不小於 1（現為 0）"),
        ("expected 'a', 'b' or 'c' (found 'd')", "應為 'a'、'b'、'c' 之一（現為 'd'）"),
        ("only true is served (found false)", "系統只提供 true（現為 false）"),
        (
            "case.established tells no day 'event_on' (days it tells: none)",
            "case.established 沒有 'event_on' 這個日期（有的日期：none）",
        ),
        (
            "no case of these kinds undergoes case.closd; did you mean case.closed?",
            "這類案件沒有 case.closd 這件事（是不是 case.closed？）",
        ),
        (
            "a result that nobody approves needs a move case.completed",
            "沒有核定的職務時，這類案件須有 case.completed（辦畢）這一步，否則無法辦畢",
        ),
        (
            "the setting 'sign-off' has no 'limit'",
            "要用到「簽收與再次通知」的 limit，那裡卻沒有這個值；請把值補上，或先改這條規則",
        ),
        ("nobody has words for this", "nobody has words for this"),
    ],
)
def test_known(message: str, said: str) -> None:
    assert in_words(message) == said
    with translation.override("en"):
        assert in_words(message) == message


@pytest.mark.parametrize(
    ("slug", "value"),
    [
        ("reply-approval", {"petition": {"by": ["head"]}}),
        ("notify-agency", {"report": {"telephone": "too"}}),
        ("notify-agency", {"report": {"telephone": None}}),
        ("urgent-petition", {"kind": "fast"}),
        ("report-back", {"to": "duty_staff", "roles": ["intake_window"]}),
        ("case-closing", {"fast": {"never_before_completion": False}}),
    ],
)
def test_what_the_program_would_not_do_has_words(slug: str, value: dict[str, Any]) -> None:
    """All that a setting can be refused for beyond its form."""
    pack = load_pack(PACKS / "newtaipei")
    was = pack.settings[slug]
    base = was.value if isinstance(was.value, dict) else {}
    merged = dict(base)
    for name, part in value.items():
        known = base.get(name)
        merged[name] = {**known, **part} if isinstance(known, dict) else part
    changed = pack.model_copy(
        update={"settings": {**pack.settings, slug: was.model_copy(update={"value": merged})}}
    )
    (found, *_more) = disobeyed(changed)
    assert any("一" <= letter <= "鿿" for letter in in_words(found.message)), found.message


@pytest.mark.parametrize("text", ["4 moons", "soon", "1.5 days"])
def test_what_the_rules_say_of_a_limit_has_words(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Limit.model_validate(text)
    message = caught.value.errors()[0]["msg"].removeprefix("Value error, ")
    assert "應為" in in_words(message) or "不是" in in_words(message) or "整數" in in_words(message)


@given(st.text(max_size=80))
def test_any_message_is_told(message: str) -> None:
    assert isinstance(in_words(message), str)


def test_values_are_read_as_people_say_them() -> None:
    assert brief("4 hours") == "4 小時"
    assert brief(["supervisor", "evaluator"]) == "督導主管、研考人員"
    assert brief({"at": "18:00", "channels": ["email"]}) == "時刻：18:00；通知方式：電子郵件"
    assert brief("case.completed") == "辦畢"
    assert brief("研考會") == "研考會"
    with translation.override("en"):
        assert brief("6 working_days") == "6 working days"
