"""Clock and notice rules of New Taipei's fast service, and how clocks are counted in general."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citycall.policy import (
    Limit,
    LimitError,
    Pack,
    Strike,
    clocks_started_by,
    due_at,
    first_strikes,
    late_field,
    limit_of,
    load_pack,
    next_strike,
    notices_for,
    reporter_channel,
    resumed_by,
    started_at,
    stopped_by,
)

POLICIES = Path(__file__).resolve().parents[2] / "policies"
PACKS = sorted(path.parent.name for path in POLICIES.glob("*/pack.yaml"))

TAIPEI = ZoneInfo("Asia/Taipei")
NONE: Mapping[str, Any] = {}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def codes(rules: list[Any]) -> list[str]:
    return [rule.code for rule in rules]


class TestStartAndStop:
    def test_establishing(self, newtaipei: Pack) -> None:
        """NT-5-4-2d, NT-5-4-1b: both clocks of a fast case run from its establishment."""
        assert codes(clocks_started_by(newtaipei, "fast", "case.established", NONE)) == [
            "sign_off",
            "first_stage",
        ]
        assert codes(clocks_started_by(newtaipei, "petition", "case.established", NONE)) == ["petition"]
        assert clocks_started_by(newtaipei, "fast", "case.acknowledged", NONE) == []

    def test_stages(self, newtaipei: Pack) -> None:
        """NT-5-4-7: the change ends the running clock and starts that of the new stage."""
        for stage, code in (("second", "second_stage"), ("ordinary", "ordinary")):
            started = clocks_started_by(newtaipei, "fast", "case.stage_changed", {"stage": stage})
            assert codes(started) == [code]
        stopped = codes(stopped_by(newtaipei, "fast", "case.stage_changed"))
        assert stopped == ["first_stage", "second_stage", "ordinary"]

    def test_what_stops(self, newtaipei: Pack) -> None:
        assert codes(stopped_by(newtaipei, "fast", "case.acknowledged")) == ["sign_off"]
        assert "sign_off" in codes(stopped_by(newtaipei, "fast", "case.withdrawn"))
        # work done alone does not stop the clock; the reply does (NT-5-4-9a)
        assert stopped_by(newtaipei, "fast", "case.completed") == []
        assert "first_stage" in codes(stopped_by(newtaipei, "fast", "case.replied"))

    def test_reopened(self, newtaipei: Pack) -> None:
        """NT-5-4-9c: a case closed too early runs on under its old limit."""
        assert "first_stage" in codes(resumed_by(newtaipei, "fast", "case.reopened", "case.replied"))
        assert resumed_by(newtaipei, "fast", "case.reopened", "case.stage_changed") == []

    def test_entered_after_an_outage(self, newtaipei: Pack) -> None:
        """NT-5-4-3b: from the telephone notice; the sign-off still from the sending."""
        now, told = at("2026-03-02 12:00"), at("2026-03-02 10:00")
        cal = newtaipei.calendar()
        for facts in ({"notified_at": told}, {"notified_at": told.isoformat()}):
            assert started_at(newtaipei.clock("first_stage"), now, facts, cal) == told
            assert started_at(newtaipei.clock("sign_off"), now, facts, cal) == now
        assert started_at(newtaipei.clock("first_stage"), now, {"notified_at": None}, cal) == now


class TestDue:
    def test_limits(self, newtaipei: Pack) -> None:
        fast, petition = newtaipei.kinds["fast"], newtaipei.kinds["petition"]
        light, drain = newtaipei.items["streetlight"], newtaipei.items["drain"]
        cal, start = newtaipei.calendar(), at("2026-03-06 10:00")
        sign_off, first = newtaipei.clock("sign_off"), newtaipei.clock("first_stage")
        assert due_at(sign_off, light, fast, start, NONE, cal) == at("2026-03-06 10:10")
        assert due_at(first, light, fast, start, NONE, cal) == at("2026-03-06 14:00")
        assert due_at(first, drain, fast, start, NONE, cal) == at("2026-03-07 10:00")
        second = newtaipei.clock("second_stage")
        given_limit = {"limit": {"amount": 3, "unit": "days"}}
        assert due_at(second, light, fast, start, given_limit, cal) == at("2026-03-09 10:00")
        as_limit = {"limit": Limit(amount=3, unit="days")}
        assert due_at(second, light, fast, start, as_limit, cal) == at("2026-03-09 10:00")
        assert due_at(newtaipei.clock("petition"), None, petition, start, NONE, cal) == at("2026-03-16 10:00")

    def test_no_limit_is_said(self, newtaipei: Pack) -> None:
        fast = newtaipei.kinds["fast"]
        for code in ("first_stage", "second_stage"):
            assert limit_of(newtaipei.clock(code), None, fast, NONE) is None
            with pytest.raises(LimitError):
                due_at(newtaipei.clock(code), None, fast, at("2026-03-06 10:00"), NONE, newtaipei.calendar())


class TestLate:
    def test_sign_off(self, newtaipei: Pack) -> None:
        """NT-5-4-2d: signed at 10:10 on time, at 10:11 late."""
        rule, due = newtaipei.clock("sign_off"), at("2026-03-02 10:10")
        assert late_field(rule, "case.acknowledged", due, due) is None
        assert late_field(rule, "case.acknowledged", due, due, struck=True) == "acknowledged_late"
        after = due + timedelta(minutes=1)
        assert late_field(rule, "case.acknowledged", after, due) == "acknowledged_late"
        assert late_field(rule, "case.withdrawn", after, due) is None

    def test_stage(self, newtaipei: Pack) -> None:
        rule, due = newtaipei.clock("first_stage"), at("2026-03-02 14:00")
        after = due + timedelta(seconds=1)
        assert late_field(rule, "case.replied", after, due) == "completed_late"
        assert late_field(rule, "case.stage_changed", after, due) is None


class TestStrikes:
    def test_second_notice_once_at_ten_minutes(self, newtaipei: Pack) -> None:
        """NT-5-4-2e."""
        rule, start, due = newtaipei.clock("sign_off"), at("2026-03-02 10:00"), at("2026-03-02 10:10")
        assert first_strikes(rule, start, due, newtaipei.calendar()) == [("second_notice", due)]
        strike = rule.strike("second_notice")
        assert next_strike(strike, due, due, newtaipei.calendar()) is None
        notify = strike.do[0].notify
        assert notify is not None
        assert (notify.to, notify.channels) == (("intake_window",), ("email",))

    @pytest.mark.parametrize(
        ("due", "chased"),
        [
            ("2026-03-02 14:00", "2026-03-02 18:00"),
            ("2026-03-02 17:59", "2026-03-02 18:00"),
            ("2026-03-02 18:00", "2026-03-03 18:00"),  # overdue is past the limit
            ("2026-03-06 19:00", "2026-03-07 18:00"),  # every day, Saturdays too
            ("2026-12-31 18:01", "2027-01-01 18:00"),
        ],
    )
    def test_dunning_at_six(self, newtaipei: Pack, due: str, chased: str) -> None:
        """NT-5-4-5a."""
        rule, cal = newtaipei.clock("first_stage"), newtaipei.calendar()
        strikes = dict(first_strikes(rule, at(due) - timedelta(hours=4), at(due), cal))
        assert strikes == {"overdue": at(due), "dunning": at(chased)}
        dunning = rule.strike("dunning")
        assert next_strike(dunning, at(chased), at(due), cal) == at(chased) + timedelta(days=1)

    def test_dunning_goes_to_exactly_three_posts(self, newtaipei: Pack) -> None:
        """NT-5-4-5b."""
        for code in ("first_stage", "second_stage", "ordinary"):
            notify = newtaipei.clock(code).strike("dunning").do[0].notify
            assert notify is not None
            assert set(notify.to) == {"supervisor", "window", "evaluator"}
            assert notify.channels == ("email",)
            assert notify.digest

    def test_missed_runs_are_made_up_once(self, newtaipei: Pack) -> None:
        """After an outage of days the next strike counts from now, not from the missed ones."""
        rule, cal = newtaipei.clock("first_stage"), newtaipei.calendar()
        back = at("2026-03-06 09:00")
        again = next_strike(rule.strike("dunning"), back, at("2026-03-02 14:00"), cal)
        assert again == at("2026-03-06 18:00")

    def test_offsets(self, newtaipei: Pack) -> None:
        cal, start, due = newtaipei.calendar(), at("2026-03-02 10:00"), at("2026-03-05 10:00")
        whens = {
            "after": {"after_limit": "1 hours"},
            "before": {"before_limit": "1 days"},
            "third": {"after_start": "3 days"},
            "begin": {"at": "start"},
            "too_early": {"before_limit": "9 days"},
            "mornings": {"daily_at": "08:00", "from": "start", "working_days": True},
        }
        strikes = tuple(
            Strike.model_validate({"code": code, "when": when, "do": [{"mark": "x"}]})
            for code, when in whens.items()
        )
        rule = newtaipei.clock("first_stage").model_copy(update={"strikes": strikes})
        assert dict(first_strikes(rule, start, due, cal)) == {
            "begin": start,
            "mornings": at("2026-03-03 08:00"),
            "before": at("2026-03-04 10:00"),
            "third": due,
            "after": at("2026-03-05 11:00"),
        }
        mornings = strikes[-1]
        assert next_strike(mornings, at("2026-03-06 08:00"), due, cal) == at("2026-03-09 08:00")


instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(PACKS), instants, st.integers(0, 60 * 24 * 30))
def test_strikes_come_in_order_and_daily_ones_once_a_day(name: str, start: datetime, minutes: int) -> None:
    pack = load_pack(POLICIES / name)
    cal, due = pack.calendar(), start + timedelta(minutes=minutes)
    for rule in pack.clocks:
        strikes = first_strikes(rule, start, due, cal)
        assert [instant for _, instant in strikes] == sorted(instant for _, instant in strikes)
        for code, instant in strikes:
            when = rule.strike(code).when
            again = next_strike(rule.strike(code), instant, due, cal)
            if again is None:
                assert not when.daily
                continue
            assert instant > (due if when.from_ == "limit" else start)
            assert cal.local(again).time() in when.daily_at
            if not when.working_days:
                passed = [cal.next_time_of_day(instant, at) for at in when.daily_at]
                assert again == min(passed) <= instant + timedelta(days=1)
            else:
                assert cal.is_working_day(cal.local(again).date())


class TestNotices:
    def test_established(self, newtaipei: Pack) -> None:
        """NT-5-4-2b, NT-5-4-2c, NT-8-1a."""
        rules = notices_for(newtaipei, "fast", "case.established", {"reply_by": "phone"})
        assert [(rule.to, rule.template) for rule in rules] == [
            (("intake_window",), "fast.established"),
            (("reporter",), "fast.established_citizen"),
        ]
        rules = notices_for(newtaipei, "petition", "case.established", NONE)
        assert {rule.template for rule in rules} == {"petition.established", "petition.established_citizen"}

    def test_completed(self, newtaipei: Pack) -> None:
        """NT-5-4-4b, NT-5-4-4c: a wanted call takes the place of the message."""
        for way, count in (("sms", 1), ("email", 1), ("phone", 0), ("none", 0)):
            assert len(notices_for(newtaipei, "fast", "case.completed", {"reply_by": way})) == count

    def test_decided(self, newtaipei: Pack) -> None:
        for approved, template in ((True, "fast.stage_approved"), (False, "fast.stage_refused")):
            rules = notices_for(newtaipei, "fast", "case.stage_decided", {"approved": approved})
            assert [rule.template for rule in rules] == [template]
            assert rules[0].to == ("intake_window", "handler")

    def test_change_of_post(self, newtaipei: Pack) -> None:
        """NT-5-4-6b: only the posts of the fast service."""
        told = notices_for(newtaipei, None, "people.post_changed", {"role": "window"})
        assert [rule.to for rule in told] == [("post:call_centre.lead",)]
        assert notices_for(newtaipei, None, "people.post_changed", {"role": "head"}) == []

    @pytest.mark.parametrize(
        ("word", "mobile", "email", "reply_by", "channel"),
        [
            ("contact", True, True, "email", "sms"),
            ("contact", False, True, None, "email"),
            ("contact", False, False, "sms", None),  # a landline only (NT-5-4-2f)
            ("chosen", True, True, "email", "email"),
            ("chosen", True, True, "sms", "sms"),
            ("chosen", False, True, "sms", "email"),
            ("chosen", True, False, None, "sms"),
            ("chosen", False, False, "sms", None),
            ("sms", False, True, None, None),
            ("email", True, True, None, "email"),
        ],
    )
    def test_channel(
        self, word: str, mobile: bool, email: bool, reply_by: str | None, channel: str | None
    ) -> None:
        assert reporter_channel(word, mobile=mobile, email=email, reply_by=reply_by) == channel


class TestKinds:
    def test_identity(self, newtaipei: Pack) -> None:
        """NT-5-4-11a, NT-5-4-11b."""
        rule, items = newtaipei.kinds["fast"].identity, newtaipei.items
        for code in ("streetlight", "noise", "refuse", "drain"):
            assert rule.missing(items[code], {"phone": "0912345678"}) == ("name",)
            assert rule.missing(items[code], None) == ("name",)
            assert rule.missing(items[code], {"name": "王小明"}) == ()
        for code in ("pothole", "signal", "tree", "water_leak"):
            assert rule.missing(items[code], None) == ()
        assert rule.otherwise_offer == "petition"
        assert newtaipei.kinds["petition"].identity.missing(None, None) == ()

    def test_moves(self, newtaipei: Pack) -> None:
        fast = newtaipei.kinds["fast"]
        assert fast.next_status("case.acknowledged", "established") == "acknowledged"
        assert fast.next_status("case.acknowledged", "acknowledged") is None
        assert fast.next_status("case.completed", "established") is None
        assert fast.next_status("case.finding_added", "in_progress") == "in_progress"
        assert fast.next_status("case.closed", "in_progress") is None  # NT-5-4-9c
        assert fast.next_status("case.reopened", "closed") == "in_progress"
        assert fast.next_status("case.withdrawn", "closed") is None
        assert fast.next_status("no.such_event", "established") is None
        assert fast.statuses == (
            "established", "acknowledged", "in_progress", "completed", "closed", "withdrawn",
        )  # fmt: skip

    def test_stages(self, newtaipei: Pack) -> None:
        """NT-5-4-1b, NT-5-4-1c."""
        fast = newtaipei.kinds["fast"]
        for item in (item for item in newtaipei.items.values() if item.kind == "fast"):
            assert item.stage1.within(fast.stages["first"].min, fast.stages["first"].max)
        assert [str(one) for one in fast.second_stage_limits(None)] == ["1 days", "14 days"]
        assert [str(one) for one in fast.second_stage_limits(newtaipei.items["noise"])] == [
            "1 days",
            "7 days",
        ]

    def test_items(self, newtaipei: Pack) -> None:
        day = date(2026, 3, 2)
        assert not newtaipei.items["phone_booth"].active_on(day)
        assert newtaipei.items["phone_booth"].active_on(date(2024, 12, 31))
        assert "phone_booth" not in {item.code for item in newtaipei.items_on(day, "fast")}

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            ("路燈不亮", "streetlight"), ("燈不亮", "streetlight"), ("馬路有個坑洞", "pothole"),
            ("紅綠燈壞掉", "signal"), ("積水", "drain"), ("半夜很吵", "noise"), ("垃圾沒收", "refuse"),
            ("樹倒了", "tree"), ("水管漏水", "water_leak"), ("水溝蓋不見", "manhole"), ("有死狗", "carcass"),
            ("street light", "streetlight"), ("違停", "parking"),
        ],
    )  # fmt: skip
    def test_words_point_at_items(self, newtaipei: Pack, words: str, code: str) -> None:
        assert newtaipei.find_items(words, date(2026, 3, 2))[0].code == code

    def test_no_words_give_the_table(self, newtaipei: Pack) -> None:
        assert len(newtaipei.find_items(" ", date(2026, 3, 2), 5)) == 5
        assert newtaipei.find_items("魑魅魍魎", date(2026, 3, 2)) == ()
