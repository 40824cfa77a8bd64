"""Rounds, marks on a day, limits by category, instants that an event gives: what clocks of a pack may say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.policy.conftest import POLICIES

from citycall.policy import (
    Closure,
    Limit,
    LimitError,
    Pack,
    due_at,
    first_strikes,
    limit_of,
    limit_text,
    started_at,
)
from citycall.policy.clocks import read_limit
from citycall.policy.rules import ClockRule
from citycall.policy.tasks import TaskRule

TAIPEI = ZoneInfo("Asia/Taipei")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def clock(**said: Any) -> ClockRule:
    base = {
        "code": "one",
        "name": "一",
        "kinds": ["petition"],
        "start": {"on": "case.established"},
        "limit": "1 hours",
        "stop": ["case.closed"],
    }
    return ClockRule.model_validate({**base, **said})


def strikes(when: dict[str, Any], start: str, due: str, pack: Pack) -> list[datetime]:
    rule = clock(strikes=[{"code": "s", "when": when, "do": [{"mark": "overdue"}]}])
    return [instant for _, instant in first_strikes(rule, at(start), at(due), pack.calendar())]


class TestRounds:
    """TP-5-2a, TP-5-2b: accepted at 09:00 and 14:00, distributed within the hour."""

    @pytest.mark.parametrize(
        ("event", "start"),
        [
            ("2026-03-02 08:59", "2026-03-02 09:00"),
            ("2026-03-02 09:00", "2026-03-02 09:00"),  # at a round: that one
            ("2026-03-02 09:01", "2026-03-02 14:00"),
            ("2026-03-02 14:01", "2026-03-03 09:00"),
            ("2026-03-06 18:00", "2026-03-09 09:00"),  # over the weekend
            ("2026-02-13 15:00", "2026-02-23 09:00"),  # over the Lunar New Year
        ],
    )
    def test_next_round(self, taipei: Pack, event: str, start: str) -> None:
        rule = taipei.clock("distribution")
        found = started_at(rule, at(event), {}, taipei.calendar())
        assert found == at(start)
        due = due_at(rule, None, taipei.kinds["petition"], found, {}, taipei.calendar())
        assert due == at(start) + timedelta(hours=1)

    def test_every_day_where_the_reading_says_so(self, taipei: Pack) -> None:
        rule = clock(start={"on": "case.established", "rounds": ["09:00", "14:00"]})
        assert started_at(rule, at("2026-03-06 18:00"), {}, taipei.calendar()) == at("2026-03-07 09:00")

    def test_no_round_while_offices_are_closed(self, taipei: Pack) -> None:
        rule = taipei.clock("distribution")
        morning = taipei.calendar([Closure(date(2026, 7, 10), "morning")])
        assert started_at(rule, at("2026-07-09 18:00"), {}, morning) == at("2026-07-10 14:00")
        whole = taipei.calendar([Closure(date(2026, 7, 10))])
        assert started_at(rule, at("2026-07-09 18:00"), {}, whole) == at("2026-07-13 09:00")

    def test_from_the_instant_that_the_rule_names(self, taipei: Pack) -> None:
        rule = clock(start={"on": "case.established", "at": "notified_at", "rounds": ["09:00", "14:00"]})
        told = {"notified_at": "2026-03-02T08:00:00+08:00"}
        assert started_at(rule, at("2026-03-02 12:00"), told, taipei.calendar()) == at("2026-03-02 09:00")

    @settings(deadline=None, max_examples=60)
    @given(st.datetimes(datetime(2020, 1, 1), datetime(2029, 1, 1)), st.integers(0, 20_000))
    def test_later_events_never_start_earlier(self, taipei: Pack, event: datetime, later: int) -> None:
        rule, cal = taipei.clock("distribution"), taipei.calendar()
        first = started_at(rule, event.replace(tzinfo=UTC), {}, cal)
        second = started_at(rule, (event + timedelta(minutes=later)).replace(tzinfo=UTC), {}, cal)
        assert event.replace(tzinfo=UTC) <= first <= second


class TestOnDay:
    """TP-6-3-4a: the 3rd day after entering; TP-6-3-4b: one day before the limit."""

    @pytest.mark.parametrize(
        ("when", "struck"),
        [
            ({"days": 3, "after": "start", "at": "09:00"}, ["2026-03-05 09:00"]),  # entry day is day 0
            ({"days": 3, "after": "start", "at": "09:00", "first_day": 1}, ["2026-03-04 09:00"]),
            ({"days": 1, "before": "limit", "at": "09:00"}, ["2026-03-11 09:00"]),
            ({"days": 0, "before": "limit", "at": "09:00"}, ["2026-03-12 09:00"]),
            ({"days": 1, "before": "limit", "at": "09:00", "first_day": 1}, ["2026-03-12 09:00"]),
            ({"days": 2, "after": "limit", "at": "08:00"}, ["2026-03-14 08:00"]),
            ({"days": 11, "before": "limit", "at": "09:00"}, []),  # before the start: never due
            ({"days": 10, "before": "limit", "at": "09:00"}, []),  # the start's own morning, already past
            ({"days": 10, "before": "limit", "at": "10:00"}, ["2026-03-02 10:00"]),
        ],
    )
    def test_day(self, taipei: Pack, when: dict[str, Any], struck: list[str]) -> None:
        found = strikes({"on_day": when}, "2026-03-02 10:00", "2026-03-12 10:00", taipei)
        assert found == [at(one) for one in struck]

    def test_a_limit_at_midnight_belongs_to_the_day_that_ends(self, taipei: Pack) -> None:
        when = {"on_day": {"days": 1, "before": "limit", "at": "09:00"}}
        assert strikes(when, "2026-03-02 10:00", "2026-03-13 00:00", taipei) == [at("2026-03-11 09:00")]

    def test_over_the_end_of_the_year_and_a_leap_day(self, taipei: Pack) -> None:
        when = {"on_day": {"days": 3, "after": "start", "at": "09:00"}}
        assert strikes(when, "2027-12-30 23:59", "2028-01-10 10:00", taipei) == [at("2028-01-02 09:00")]
        assert strikes(when, "2028-02-27 08:00", "2028-03-10 10:00", taipei) == [at("2028-03-01 09:00")]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"days": 3, "at": "09:00"},
            {"days": 3, "at": "09:00", "after": "start", "before": "limit"},
            {"days": 0, "at": "09:00", "after": "start", "first_day": 1},
            {"days": -1, "at": "09:00", "after": "start"},
            {"days": 3, "at": "9", "after": "start"},
        ],
    )
    def test_what_cannot_be_said(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            clock(strikes=[{"code": "s", "when": {"on_day": wrong}, "do": [{"mark": "overdue"}]}])


class TestLimits:
    def test_by_category(self, taipei: Pack) -> None:
        """TP-5-5-4: the category's own limit, and the ordinary one where it has none."""
        kind, rule = taipei.kinds["petition"], taipei.clock("petition")
        for category in kind.categories:
            facts = {"category": category.code}
            own = category.limit or kind.category_limits[category.code]
            assert limit_of(rule, None, kind, facts) == own
            assert limit_text(rule, None, kind, facts) == str(own)
        ordinary = kind.stages["ordinary"].limit
        assert limit_of(rule, None, kind, {}) == ordinary
        assert limit_of(rule, None, kind, {"category": "no_such"}) == ordinary
        bare = kind.model_copy(update={"categories": (), "stages": {}})
        assert limit_of(rule, None, bare, {"category": "reform"}) is None
        assert limit_text(rule, None, bare, {}) == ""
        with pytest.raises(LimitError):
            due_at(rule, None, bare, at("2026-03-02 10:00"), {}, taipei.calendar())

    @pytest.mark.parametrize(
        ("until", "due"),
        [
            ("2026-03-31", "2026-04-01 00:00"),  # a day ends with its midnight
            (date(2026, 3, 31), "2026-04-01 00:00"),
            ("2026-03-31T15:00:00+08:00", "2026-03-31 15:00"),
            (datetime(2026, 3, 31, 7, tzinfo=UTC), "2026-03-31 15:00"),
        ],
    )
    def test_the_instant_itself(self, taipei: Pack, until: object, due: str) -> None:
        """TP-5-5-6a: a planned end is no amount of time."""
        rule, kind = taipei.clock("grade_b"), taipei.kinds["petition"]
        found = due_at(rule, None, kind, at("2026-03-02 10:00"), {"until": until}, taipei.calendar())
        assert found == at(due)
        assert limit_text(rule, None, kind, {"until": until}) == "until"
        assert read_limit("until") is None

    @pytest.mark.parametrize(
        "until", [None, "", "soon", 31, "2026-03-31T15:00:00", "2026-13-01", "9999-12-31"]
    )
    def test_what_is_no_instant(self, taipei: Pack, until: object) -> None:
        with pytest.raises(LimitError):
            due_at(
                taipei.clock("grade_b"),
                None,
                taipei.kinds["petition"],
                at("2026-03-02 10:00"),
                {"until": until},
                taipei.calendar(),
            )

    def test_an_instant_that_has_passed_strikes_all_the_same(self, taipei: Pack) -> None:
        rule = clock(strikes=[{"code": "s", "when": {"at": "limit"}, "do": [{"mark": "overdue"}]}])
        due = at("2026-03-01 10:00")
        assert first_strikes(rule, at("2026-03-02 10:00"), due, taipei.calendar()) == [("s", due)]

    def test_deadlines_where_a_limit_stands(self, taipei: Pack) -> None:
        cal, kind, start = taipei.calendar(), taipei.kinds["petition"], at("2026-03-06 10:30")
        for text, due in {
            "next working day": "2026-03-10 00:00",
            "same working day 10:00": "2026-03-09 10:00",
            "day 26": "2026-03-27 00:00",
        }.items():
            rule = clock(limit=text)
            assert due_at(rule, None, kind, start, {}, cal) == at(due)
            assert read_limit(limit_text(rule, None, kind, {})) == rule.limit
        task = TaskRule.model_validate(
            {
                "code": "t",
                "name": "t",
                "kinds": ["petition"],
                "roles": ["handler"],
                "limit": "next working day 10:00",
            }
        )
        assert task.limit is not None
        assert task.limit.after(start, cal) == at("2026-03-09 10:00")

    def test_before_the_day_of_an_event(self, taipei: Pack) -> None:
        """TP-3-2-2a: the day of the event is excluded."""
        cal, kind, start = taipei.calendar(), taipei.kinds["petition"], at("2026-03-06 10:30")
        rule = clock(limit="before day of event_on")
        for told in ("2026-03-10", date(2026, 3, 10)):
            assert due_at(rule, None, kind, start, {"event_on": told}, cal) == at("2026-03-10 00:00")
            assert limit_text(rule, None, kind, {"event_on": told}) == "before 2026-03-10"
        for told in (None, "soon", 10, at("2026-03-10 10:00")):
            with pytest.raises(LimitError):
                due_at(rule, None, kind, start, {"event_on": told}, cal)

    @pytest.mark.parametrize("text", ["6 working_days", "1.5 hours", "10 minutes", "4 half_days"])
    def test_what_is_kept_with_a_clock_is_read_again(self, text: str) -> None:
        assert read_limit(text) == Limit.model_validate(text)
        assert read_limit("") is None


def test_what_the_guide_says_can_be_written() -> None:
    """Every limit in the table of docs/packs.md is one."""
    guide = (POLICIES.parent / "docs" / "packs.md").read_text(encoding="utf-8")
    table = guide.split("## How time is written")[1].split("\n\nA clock may")[0]
    written = [
        text
        for row in table.splitlines()
        if row.startswith("| `")
        for text in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]
    assert len(written) >= 14
    for text in written:
        assert clock(limit=text).limit is not None
