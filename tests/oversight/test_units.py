"""A limit is read by the same words wherever it is typed: as a setting, in a table of items, in a pack."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from citycall.oversight.items import _tidied
from citycall.policy import Limit
from citycall.policy.limits import SPOKEN, UNITS, unit_named
from citycall.web.oversight.values import LimitField, _limit_shown

WIDE = str.maketrans(
    "0123456789 abcdefghijklmnopqrstuvwxyz_",
    "０１２３４５６７８９\u3000ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＿",
)
BLANKS = st.text(" \t\u3000", max_size=2)


@given(
    amount=st.integers(1, 999),
    word=st.sampled_from([*UNITS, *SPOKEN, "Working Days", "half  days", "WORKING HOURS"]),
    blanks=st.tuples(BLANKS, BLANKS, BLANKS),
    counted=st.booleans(),
    wide=st.booleans(),
)
def test_settings_and_tables_read_alike(
    amount: int, word: str, blanks: tuple[str, str, str], counted: bool, wide: bool
) -> None:
    before, between, after = blanks
    typed = f"{before}{amount}{between}{'個' if counted else ''}{word}{after}"
    typed = typed.translate(WIDE) if wide else typed
    expected = f"{amount} {unit_named(word)}"
    assert unit_named(word) in UNITS
    assert LimitField().clean(typed) == expected
    assert _tidied("stage1", typed) == expected
    assert str(Limit.model_validate(typed)) == expected


@pytest.mark.parametrize("language", ["zh-hant", "en"])
@given(amount=st.integers(1, 999), unit=st.sampled_from(UNITS))
def test_what_is_shown_is_read_back(language: str, amount: int, unit: str) -> None:
    with translation.override(language):
        shown = _limit_shown(f"{amount} {unit}")
        assert LimitField().clean(shown) == f"{amount} {unit}"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("３ 個工作天", "3 working_days"),
        ("１２工作日", "12 working_days"),
        ("6 working days", "6 working_days"),
        ("半日", None),
        ("三天", None),
        ("3 moons", None),
        ("3 個", None),
        ("-3 天", None),
    ],
)
def test_known(typed: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(ValidationError):
            LimitField().clean(typed)
        assert _tidied("stage1", typed) == typed
    else:
        assert LimitField().clean(typed) == kept
        assert _tidied("stage1", typed) == kept


def test_other_cells_have_one_width_too() -> None:
    assert _tidied("radius_m", "１００") == "100"
    assert _tidied("active_from", "２０２６／５／１") == "2026-05-01"
    assert _tidied("evidence", "ＹＥＳ") == "yes"


def test_roles_and_channels_may_be_written_by_their_names() -> None:
    from citycall.people.roles import role_name
    from citycall.web.oversight.values import WordsField

    assert WordsField().clean(f"{role_name('supervisor')}、window") == ["supervisor", "window"]
    assert WordsField(known=["email", "sms"]).clean("電子郵件 簡訊") == ["email", "sms"]
    with pytest.raises(ValidationError):
        WordsField(known=["email"]).clean("鴿子")
