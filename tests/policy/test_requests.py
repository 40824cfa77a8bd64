"""Windows of requests: when one comes in time, and that a later one never becomes timely again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycall.policy import Pack, PackError, load_pack
from citycall.policy.load import read_pack
from citycall.policy.requests import RequestRule, in_time

ROOT = Path(__file__).parents[2]
HERE = ZoneInfo("Asia/Taipei")


def pack_of(name: str) -> Pack:
    return load_pack(ROOT / "policies" / name)


def rule_of(pack: Pack, code: str) -> RequestRule:
    return next(rule for rule in pack.requests if rule.code == code)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=HERE)


def late(pack: str, code: str, received: str, asked: str, *, seen: bool = False) -> bool:
    found = pack_of(pack)
    return in_time(
        rule_of(found, code),
        at(asked),
        received=at(received),
        running={},
        calendar=found.calendar(),
        site_inspection=seen,
    ).late


@pytest.mark.parametrize(
    ("code", "received", "asked", "seen", "expected"),
    [
        ("join", "2026-03-06 15:00", "2026-03-09 09:00", False, False),  # Friday to Monday (TP-5-3-1a)
        ("join", "2026-03-06 15:00", "2026-03-09 23:59", False, False),
        ("join", "2026-03-06 15:00", "2026-03-10 00:01", False, True),  # Tuesday
        ("join", "2026-03-07 11:00", "2026-03-09 17:00", False, False),  # came on a Saturday
        ("reassign", "2026-03-02 10:00", "2026-03-03 17:00", False, False),  # Monday to Tuesday (TP-5-3-2a)
        ("reassign", "2026-03-02 10:00", "2026-03-04 08:00", False, True),
        ("reassign", "2026-03-02 10:00", "2026-03-04 17:00", True, False),  # site inspection (TP-5-3-2d)
        ("reassign", "2026-03-02 10:00", "2026-03-05 08:00", True, True),
        ("reassign", "2026-02-13 16:00", "2026-02-23 09:00", False, False),  # over the New Year holidays
    ],
)
def test_taipeis_windows(code: str, received: str, asked: str, seen: bool, expected: bool) -> None:
    assert late("taipei", code, received, asked, seen=seen) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("2026-03-03 09:59", False),
        ("2026-03-03 10:00", False),
        ("2026-03-03 10:01", True),
        ("2026-03-04 08:00", True),
    ],
)
def test_new_taipeis_day_ends_at_the_same_time(asked: str, expected: bool) -> None:
    """NT-5-2-2a: within 1 day of the receipt on Monday 10:00, holidays or not."""
    assert late("newtaipei", "reassign", "2026-03-02 10:00", asked) is expected


FIRST = {"first_stage": ("2026-03-02 10:00", "2026-03-02 14:00")}
SECOND = {"second_stage": ("2026-03-02 13:00", "2026-03-07 13:00")}


@pytest.mark.parametrize(
    ("running", "asked", "expected"),
    [
        (FIRST, "2026-03-02 14:00", False),
        (FIRST, "2026-03-02 14:01", True),
        (FIRST | SECOND, "2026-03-04 13:00", False),
        (FIRST | SECOND, "2026-03-04 13:01", True),
        ({}, "2026-03-02 10:00", True),  # no clock, no window
    ],
)  # fmt: skip
def test_the_window_of_release(running: dict[str, tuple[str, str]], asked: str, expected: bool) -> None:
    """TP-6-6-0: before the first stage ends, or within 2 days of entering the second."""
    pack = pack_of("taipei")
    clocks = {code: (at(start), at(end)) for code, (start, end) in running.items()}
    found = in_time(
        rule_of(pack, "release"),
        at(asked),
        received=at("2026-03-02 10:00"),
        running=clocks,
        calendar=pack.calendar(),
    )
    assert found.late is expected


def test_where_no_document_sets_a_limit_nothing_is_late() -> None:
    assert not late("kinmen", "return", "2026-03-02 10:00", "2026-09-02 10:00")


INSTANTS = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 1))


@given(
    received=INSTANTS,
    first=st.integers(0, 60 * 24 * 10),
    more=st.integers(0, 60 * 24 * 10),
    seen=st.booleans(),
)
def test_what_is_late_stays_late(received: datetime, first: int, more: int, seen: bool) -> None:
    """A later request is never in time where an earlier one was late; site inspection never shortens."""
    pack = pack_of("taipei")
    rule = rule_of(pack, "reassign")
    begin = received.replace(tzinfo=HERE)

    def asked(minutes: int, *, seen: bool) -> bool:
        now = begin + timedelta(minutes=minutes)
        calendar = pack.calendar()
        return in_time(rule, now, received=begin, running={}, calendar=calendar, site_inspection=seen).late

    assert asked(first, seen=seen) <= asked(first + more, seen=seen)
    assert asked(first, seen=True) <= asked(first, seen=False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("decided_by: [operator, lead]", "decided_by: []", "expected at least one role"),
        ("until: first_stage", "until: third_stage", "has no clock 'third_stage'"),
        ("opens: dispute", "opens: quarrel", "there is no dispute 'quarrel'"),
        (
            "kinds: [dispatch]\n  effect: release",
            "kinds: [dispatch]\n  effect: join",
            "needs a move case.joined",
        ),
        ("after: second_stage,", "after: second_stage, until: first_stage,", "exactly one of within, until"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    import shutil

    shutil.copytree(ROOT / "policies" / "taipei", tmp_path / "taipei")
    file = tmp_path / "taipei" / "requests.yaml"
    words = file.read_text(encoding="utf-8")
    assert old in words
    file.write_text(words.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackError) as refused:
        read_pack(tmp_path / "taipei")
    assert said in str(refused.value)
    assert "requests.yaml" in str(refused.value)
