"""Why a clock is due when it is: the sentences, and the same as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.conftest import PACKS, POLICIES

from citycall.policy import Closure, LimitError, Pack, Text, due_at, load_pack, started_at
from citycall.policy.explain import Explanation, explain

TAIPEI = ZoneInfo("Asia/Taipei")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def why(
    pack: Pack, code: str, kind: str, start: str, facts: Mapping[str, Any], item: str = "", **more: Any
) -> Explanation:
    return explain(
        pack,
        pack.clock(code),
        kind=pack.kinds[kind],
        item=pack.items.get(item),
        happened_at=at(start),
        facts=facts,
        **more,
    )


def zh(found: Explanation) -> list[str]:
    return [one.zh for one in found.sentences]


def en(found: Explanation) -> str:
    return " ".join(one.en for one in found.sentences)


def test_a_limit_from_a_setting(newtaipei: Pack) -> None:
    found = why(newtaipei, "sign_off", "fast", "2026-03-02 10:00", {}, "streetlight")
    assert zh(found) == [
        "適用規則：10分鐘簽收（NT-5-4-2d、NT-5-4-2e、NT-5-4-1a）。",
        "NT-5-4-2d：「各機關專責人員應於10分鐘內簽收案件」",
        "NT-5-4-2e：「未簽收者，由系統發送第2次催辦簽收通知」",
        "NT-5-4-1a：「立即透過『1999市政快速服務系統』24小時派送權責機關辦理」",
        "2026年3月2日（一）10:00成案，自此起算。",
        "時限：10 分鐘，出自設定「簽收與再次通知」；日夜連續計算。",
        "因此於2026年3月2日（一）10:10到期。",
        "2026年3月2日（一）10:10：以電子郵件通知受理窗口（NT-5-4-2e）。",
    ]
    assert "It runs from Monday 2 March 2026, 10:00, when the case was established." in en(found)
    assert "from the setting “Sign-off and second notice”; counted day and night." in en(found)
    assert (found.rule, found.limit, found.started_by) == ("sign_off", "10 minutes", "case.established")
    assert [clause.id for clause in found.clauses] == ["NT-5-4-2d", "NT-5-4-2e", "NT-5-4-1a"]


def test_a_limit_from_the_item_and_a_start_by_telephone(newtaipei: Pack) -> None:
    """NT-5-4-3b: entered after an outage, the clock runs from the telephone notice."""
    told = {"notified_at": at("2026-03-02 09:00").isoformat()}
    found = why(newtaipei, "first_stage", "fast", "2026-03-02 10:00", told, "streetlight")
    assert "2026年3月2日（一）10:00成案；依電話通知時間，自2026年3月2日（一）09:00起算。" in zh(found)
    assert "時限：4 小時，出自服務項目「路燈故障」之第1階段時限（樣本）；日夜連續計算。" in zh(found)
    assert found.due == at("2026-03-02 13:00")
    daily = "2026年3月2日（一）18:00：以電子郵件通知督導主管、話務聯繫窗口、研考人員，之後每日一次"
    assert any(line.startswith(daily) for line in zh(found))


def test_days_that_do_not_count(taipei: Pack) -> None:
    """TP-5-5-1b: weekends, holidays by name, and a closure in the words of who declared it."""
    typhoon = date(2026, 2, 24)
    found = why(
        taipei,
        "petition",
        "petition",
        "2026-02-12 10:00",
        {},
        closures=[Closure(typhoon)],
        reasons={typhoon: Text(zh="颱風停止上班", en="offices closed for a typhoon")},
    )
    assert [(one.first, one.last, one.why, one.name.zh) for one in found.left_out][:4] == [
        (date(2026, 2, 14), date(2026, 2, 14), "weekend", "週末"),
        (date(2026, 2, 15), date(2026, 2, 16), "holiday", "農曆除夕"),
        (date(2026, 2, 17), date(2026, 2, 19), "holiday", "春節"),
        (date(2026, 2, 20), date(2026, 2, 20), "holiday", "農曆除夕（補假）"),
    ]
    closure = [one for one in found.left_out if one.why == "closure"]
    assert [(one.first, one.name.zh) for one in closure] == [(typhoon, "颱風停止上班")]
    said = next(line for line in zh(found) if line.startswith("不計："))
    assert "2026年2月17日（二）至2026年2月19日（四）春節" in said
    assert "2026年2月24日（二）颱風停止上班" in said
    assert "Tuesday 24 February 2026 (offices closed for a typhoon)" in en(found)
    assert "即設定「陳情案件處理時限」（樣本）" in " ".join(zh(found))


def test_a_make_up_saturday_counts(taipei: Pack) -> None:
    found = why(taipei, "petition", "petition", "2024-02-15 10:00", {})
    assert "2024年2月17日（六）為補行上班日，計入。" in zh(found)
    assert "Counted as make-up working days: Saturday 17 February 2024." in en(found)


def test_rounds(taipei: Pack) -> None:
    found = why(taipei, "distribution", "petition", "2026-03-06 18:00", {})
    assert "2026年3月6日（五）18:00成案；每工作日09:00、14:00收文，自2026年3月9日（一）09:00起算。" in zh(
        found
    )
    assert "rounds are at 09:00 and 14:00 on working days" in en(found)


def test_a_category_and_a_planned_end(taipei: Pack) -> None:
    found = why(taipei, "petition", "petition", "2026-03-02 10:00", {"category": "reform"})
    assert "出自陳情類別「行政興革之建議」，即設定「陳情案件處理時限」" in " ".join(zh(found))
    found = why(taipei, "grade_b", "petition", "2026-03-02 10:00", {"until": "2026-03-31"})
    assert "時限：指定之時間，出自「列為B等級」時所定。" in zh(found)
    assert "因此於2026年3月31日（二）24:00到期。" in zh(found)
    assert found.limit == "until"


def test_what_is_on_record_may_differ(taipei: Pack) -> None:
    due = at("2026-04-01 10:00")
    found = why(taipei, "petition", "petition", "2026-03-02 10:00", {}, due=due)
    assert found.due == due
    assert any("紀錄上的期限曾另行調整" in line for line in zh(found))
    assert found.strikes[0].at == due


def test_strikes_to_come(taipei: Pack) -> None:
    """Those that have passed are not told again; a daily one by its next time."""
    facts = {"limit": "10 days", "stage": "second"}
    found = why(taipei, "second_stage", "dispatch", "2026-03-02 10:00", facts, "streetlight")
    assert [one.code for one in found.strikes] == ["third_day", "day_before", "overdue", "dunning"]
    later = why(
        taipei,
        "second_stage",
        "dispatch",
        "2026-03-02 10:00",
        facts,
        "streetlight",
        after=at("2026-03-14 12:00"),
    )
    assert [(one.code, one.at) for one in later.strikes] == [("dunning", at("2026-03-14 18:00"))]
    assert later.strikes[0].says.zh.endswith("之後每日一次")
    assert "列出待辦「轉知承辦人員儘速辦理」" in later.strikes[0].says.zh


def test_halves_of_days_in_office_time(taipei: Pack) -> None:
    rule = taipei.clock("petition").model_copy(
        update={"limit": due_limit("6 working_hours"), "code": "hours"}
    )
    closed = Closure(date(2026, 3, 3), "morning")
    found = explain(
        taipei,
        rule,
        kind=taipei.kinds["petition"],
        item=None,
        happened_at=at("2026-03-02 16:00"),
        facts={},
        closures=[closed],
    )
    assert [(one.first, one.part, one.why) for one in found.left_out] == [
        (date(2026, 3, 3), "morning", "closure")
    ]
    assert "2026年3月3日（二）上午停止上班" in " ".join(zh(found))
    assert "出自規則本身；只計上班時間。" in " ".join(zh(found))


def due_limit(text: str) -> Any:
    from citycall.policy.deadlines import read_due

    return read_due(text)


def test_without_a_catalogue_beside_the_pack(newtaipei: Pack, tmp_path: Path) -> None:
    """A pack from a database has no catalogue: the ids are said without their quotes."""
    frozen = newtaipei.model_copy(update={"path": str(tmp_path)})
    found = why(frozen, "sign_off", "fast", "2026-03-02 10:00", {}, "streetlight")
    assert [clause.quote for clause in found.clauses] == ["", "", ""]
    assert zh(found)[1].startswith("2026年3月2日")


def test_no_limit_is_an_error_that_says_so(newtaipei: Pack) -> None:
    with pytest.raises(LimitError):
        why(newtaipei, "first_stage", "fast", "2026-03-02 10:00", {})


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(PACKS),
    st.datetimes(datetime(2020, 1, 1), datetime(2028, 1, 1)).map(lambda d: d.replace(tzinfo=TAIPEI)),
    st.lists(st.tuples(st.integers(-1, 20), st.sampled_from(["all", "morning", "afternoon"])), max_size=4),
)
def test_every_clock_of_every_pack_can_be_explained(
    name: str, start: datetime, closed: list[tuple[int, str]]
) -> None:
    """The instant told is the one that counts, in both languages, for every clock and kind."""
    pack = load_pack(POLICIES / name)
    closures = [Closure(start.date() + timedelta(days=n), part) for n, part in closed]  # type: ignore[arg-type]
    facts = {"limit": "3 days", "until": start.date() + timedelta(days=9), "stage": "second"}
    item = next(iter(pack.items.values()), None)
    cal = pack.calendar(closures)
    for rule in pack.clocks:
        for kind in rule.kinds:
            found = explain(
                pack,
                rule,
                kind=pack.kinds[kind],
                item=item,
                happened_at=start,
                facts=facts,
                closures=closures,
            )
            begins = started_at(rule, start, facts, cal)
            assert found.starts_at == begins
            assert found.due == due_at(rule, item, pack.kinds[kind], begins, facts, cal)
            assert all(one.zh and one.en and "None" not in one.en for one in found.sentences)
            for one in found.left_out:
                days = [one.first + timedelta(days=n) for n in range((one.last - one.first).days + 1)]
                assert one.part != "all" or not any(cal.is_working_day(day) for day in days)


def test_every_topic_has_both_languages() -> None:
    from citycall.policy.variation_points import POINTS, READINGS

    for point in (*POINTS.values(), *READINGS.values()):
        assert point.topic.zh != point.topic.en
