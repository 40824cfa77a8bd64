"""One value of a YAML file is changed, and nothing else of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycall.policy import PackError
from citycall.policy.rewrite import put, value_of, written
from citycall.policy.source import Source

FILE = """\
# 各政府相異之處。
overdue-dunning:
  value: {at: "18:00", to: [supervisor, window]}   # 每日
  says: {zh: 每日18時, en: At 18:00 every day}
  clauses: [KM-7-6b]

# the next one is long
stage-limits:
  value:
    first: {min: 4 hours, max: 1 days}
    second:
      - 1 days
      - 14 days
  # about the words
  says:
    zh: |
      第一階段
      第二階段
    en: Two stages
  clauses: [KM-10-3a]
silent: {value: null}
last:
  value: 5
"""


DAILY = "  value: {{at: '18:30', to: {}}}   # 每日"


def read(text: str) -> Any:
    return Source().yaml_text(text, "", ())


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("overdue-dunning", "value"), {"at": "18:30", "to": ["head"]}, f"{DAILY.format('[head]')}"),
        (("overdue-dunning", "value", "at"), "18:30", f"{DAILY.format('[supervisor, window]')}"),
        (("stage-limits", "value"), "none", "  value: none"),
        (("stage-limits", "says", "zh"), "一階段", "    zh: 一階段"),
        (("silent", "value"), [1, 2], "silent: {value: [1, 2]}"),
        (("last", "value"), None, "  value: null"),
        (("last", "sample"), True, "  sample: true"),
        (("silent", "sample"), True, "silent: {sample: true, value: null}"),
        (("new",), {"value": 1, "clauses": ["KM-1"]}, "new: {value: 1, clauses: [KM-1]}"),
    ],
)  # fmt: skip
def test_one_value_changes_and_comments_stay(path: tuple[str, ...], value: Any, line: str) -> None:
    made = put(FILE, path, value)
    assert line in made.split("\n")
    found = read(made)
    for key in path:
        found = found[key]
    assert found == value
    for comment in ("# 各政府相異之處。", "# the next one is long", "# about the words"):
        assert comment in made
    others = {slug: one for slug, one in read(made).items() if slug != path[0]}
    assert others == {slug: one for slug, one in read(FILE).items() if slug != path[0]}


def test_a_long_value_has_lines_of_its_own() -> None:
    value = {f"kind{n}": {"limit": f"{n} working_days", "to": ["supervisor"]} for n in range(1, 6)}
    made = put(FILE, ("last", "value"), value)
    assert "\n    kind1:\n      limit: 1 working_days\n" in made
    assert read(made)["last"]["value"] == value


def test_an_empty_file_begins() -> None:
    assert read(put("", ("a", "value"), {"b": 1})) == {"a": {"value": {"b": 1}}}
    assert read(put("# only words\n", ("a",), 1)) == {"a": 1}


def test_what_others_refer_to_is_not_torn_out() -> None:
    made = put("a: &x {b: 1}\nc: *x\n", ("a",), {"b": 2})
    assert read(made) == {"a": {"b": 2}, "c": {"b": 1}}
    made = put("a: &x {b: 1}\nc: *x\n", ("c",), {"b": 2})
    assert read(made) == {"a": {"b": 1}, "c": {"b": 2}}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1", 1), ("a: 1\na: 2", 2), ("a: &x 1\nb: *x", 1), ("[" * 200, 1), ("a:\n - b\n c", 3)],
)
def test_what_is_typed_wrong_is_said_with_its_line(text: str, line: int) -> None:
    with pytest.raises(PackError) as caught:
        value_of(text, "overdue-dunning")
    assert (caught.value.file, caught.value.line) == ("overdue-dunning", line)


def test_typed_values() -> None:
    assert value_of("18:00") == "18:00"
    assert value_of("  ") is None
    assert value_of("{at: 08:00, on: yes}") == {"at": "08:00", "on": True}


WORDS = st.text("abk", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9999) | st.text("ab 1:#'\"{}[],&*!|>%@`\n中\t-?", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    VALUES,
    st.sampled_from([("overdue-dunning", "value"), ("stage-limits", "says"), ("last", "value"), ("x",)]),
)
def test_whatever_is_put_in_is_read_again(value: Any, path: tuple[str, ...]) -> None:
    made = put(FILE, path, value)
    found = read(made)
    for key in path:
        found = found[key]
    assert found == value
    assert read(written(value) or "''") == (value if value is not None else None) or value in ({}, [])
