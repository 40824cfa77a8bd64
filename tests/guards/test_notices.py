"""Every notice that a pack's rules ask for can be written: on each channel, in each language, in full."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import HERE, LAMP, MONDAY, as_post, kept_world

from citycall.policy import Pack, load_pack

ROOT = Path(__file__).parents[2]
PACKS = sorted(path.parent.name for path in (ROOT / "policies").glob("*/pack.yaml"))
LANGUAGES = ("zh-hant", "en")
WAYS = {"contact": ("sms", "email"), "chosen": ("sms", "email")}
TOMORROW = (MONDAY + timedelta(days=1)).date()
LONG_URL = "https://1999.taipeicounty.gov.tw/track/"
pytestmark = pytest.mark.xdist_group("guards")

# GSM 03.38: a message of these letters alone has 160 places; one of any other 70. Several parts: 153 and 67.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWO = frozenset("^{}\\[~]|€")


def parts(text: str) -> int:
    """Of how many short messages a text is made."""
    if set(text) <= GSM | GSM_TWO:
        places = sum(2 if letter in GSM_TWO else 1 for letter in text)
        return 1 if places <= 160 else -(-places // 153)
    places = len(text.encode("utf-16-be")) // 2
    return 1 if places <= 70 else -(-places // 67)


def asked_for(pack: Pack) -> set[tuple[str, str]]:
    """Template and channel of every rule, strike and letter of a pack."""
    found: set[tuple[str, str]] = set()
    for rule in pack.notices:
        for word in rule.channels:
            found |= {(rule.template, channel) for channel in WAYS.get(word, (word,))}
    for clock in pack.clocks:
        for strike in clock.strikes:
            for action in strike.do:
                if action.notify is not None:
                    for word in action.notify.channels:
                        found |= {(action.notify.template, channel) for channel in WAYS.get(word, (word,))}
    return found


def test_counting_short_messages() -> None:
    assert [parts("案" * n) for n in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert [parts("a" * n) for n in (160, 161, 306, 307)] == [1, 2, 2, 3]
    assert parts("[" * 81) == 2


@pytest.mark.parametrize("name", PACKS)
def test_every_template_exists_on_each_channel_and_in_each_language(name: str) -> None:
    pack = load_pack(ROOT / "policies" / name)
    lacking = [
        (code, channel, lang)
        for code, channel in sorted(asked_for(pack))
        for lang in LANGUAGES
        if not pack.templates.get(code, {}).get(channel, {}).get(lang)  # type: ignore[call-overload]
    ]
    assert not lacking
    assert asked_for(pack), "the walk found no rule"


@pytest.mark.parametrize("name", PACKS)
def test_no_template_lies_unused(name: str) -> None:
    pack = load_pack(ROOT / "policies" / name)
    used = {code for code, _ in asked_for(pack)}
    assert set(pack.templates) - used == set()


# --- what the services really give ------------------------------------------------------------------------


def do(command: str, by: str, /, **given: Any) -> Any:
    from citycall.base.commands import execute

    return execute(command, as_post(by), given)


def establish(**changes: Any) -> int:
    from citycall.base.commands import execute

    made: int = execute("cases.establish", as_post("call_centre.operator1"), {**LAMP, **changes}).case
    return made


def worked(case: int) -> int:
    do("cases.acknowledge", "works.intake_window", case=case)
    do("cases.take", "works.handler1", case=case)
    return case


def complete(case: int, **more: Any) -> None:
    given = {"finding": "resolved", "result": "已更換燈泡，恢復照明。"} | more
    do("cases.complete", "works.handler1", case=case, **given)


def live_through_all(timeline: Any) -> None:
    """Everything that a notice rule or a strike of the pack is about happens at least once."""
    by_email = {"name": "張文華", "email": "citizen@example.com"}
    told = worked(establish())
    do("cases.request_stage", "works.handler1", case=told, to="second", days=3, reason="須開挖路面")
    do("cases.decide_stage", "call_centre.lead", case=told, approve=True, reason="同意")
    do("cases.request_stage", "works.handler1", case=told, to="ordinary", reason="須跨機關協調")
    do("cases.decide_stage", "call_centre.lead", case=told, approve=False, reason="可於期限內完成")
    complete(told)
    complete(worked(establish(reporter=by_email, reply_by="email")))
    timeline.work()
    do("cases.reopen", "call_centre.lead", case=told, reason="現場仍未修復", closed_too_early=True)

    petition = establish(kind="petition")
    establish(kind="petition", reporter=by_email, reply_by="email")
    do("cases.withdraw", "call_centre.operator1", case=petition, reason="entered_by_mistake")
    do("cases.withdraw", "call_centre.operator1", case=worked(establish()), reason="entered_by_mistake")

    do("cases.log_repeat_call", "call_centre.operator1", case=worked(establish()), person="工務局李小姐")
    wronged, holder = establish(), {"reason": "not_reported_by_holder", "phone": "0912345678"}
    do("cases.withdraw", "call_centre.operator1", case=wronged, **holder)
    do("cases.ask_prosecution", "call_centre.operator1", case=wronged, note="要求追究冒用門號者")

    told_by_phone = {"notified_person": "值班張先生", "notified_at": timeline.now}
    urgent = establish(kind="report", item=None, agency="works", **told_by_phone)
    do("cases.take", "works.handler1", case=urgent)
    complete(urgent)
    do("cases.return", "works.section_chief", case=urgent, reason="請補述辦理經過")
    complete(urgent)
    do("cases.approve", "works.section_chief", case=urgent)
    note = "通知未送達"
    do("cases.open_task", "call_centre.operator1", case=establish(), task="delivery_problem", note=note)

    place = {"address": "新北市板橋區文化路一段188巷26號"}
    for _ in range(3):
        complete(worked(establish(place=place)), finding="no_violation", result="現場查無異常。")
        timeline.move(timeline.now + timedelta(minutes=1))
    from citycall.people.models import Holding
    from citycall.services.cases.models import UnfoundedLetter

    _requests(timeline)
    _replies(timeline)
    letter = UnfoundedLetter.objects.get()
    do(
        "cases.send_unfounded_letter",
        "works.supervisor",
        letter=letter.pk,
        reasons="經三次查證均無違規情事，建請改列陳情。",
    )
    number = {"phone": "0955777888", "reason": "一週內來電四十次，無具體事項"}
    do("calls.propose_special", "call_centre.lead", **number)
    other = Holding.objects.get(post="works.handler1", until=None).staff_id
    do("people.assign_post", "call_centre.admin", post="works.window", staff=other)
    establish()  # signed by nobody, and overdue at six
    timeline.move(MONDAY.replace(hour=18, minute=30).astimezone(HERE))
    timeline.move((MONDAY + timedelta(days=3)).replace(hour=18, minute=30).astimezone(HERE))


def _requests(timeline: Any) -> None:
    """Reassignment granted and refused, a late joint consultation, an extension, an outside matter."""
    for approve in (True, False):
        case = establish(kind="petition")
        asked = do("cases.make_request", "works.handler1", case=case, rule="reassign", reason="屬環保業務")
        decided = {"case_request": asked.case_request, "approve": approve, "reason": "依權責辦理"}
        agency = {"agency": "env"} if approve else {}
        do("cases.decide_request", "secretariat.allotter", case=case, **decided, **agency)
    by_email = {"name": "張文華", "email": "citizen@example.com"}
    for reporter in ({}, {"reporter": by_email, "reply_by": "email"}):
        long = establish(kind="petition", **reporter)
        day = (timeline.now + timedelta(days=20)).date()
        given = {"case": long, "rule": "extend", "reason": "須地質鑽探", "until": day}
        asked = do("cases.make_request", "works.handler1", **given)
        decided = {"case_request": asked.case_request, "approve": True, "reason": "同意"}
        do("cases.decide_request", "works.section_chief", case=long, **decided)
    joint = worked_petition()
    given = {"rule": "consultation", "agencies": ["env", "police"], "reason": "涉及環保及交通"}
    do("cases.make_request", "works.handler1", case=joint, **given)
    do("cases.answer_join", "env.handler1", case=joint, text="本局已稽查")
    outside = worked_petition()
    letter = {"authority": "交通部高速公路局", "reference": "新北工字第1號", "date": timeline.now.date()}
    given = {"finding": "outside", "result": "屬高速公路局權責，已函轉", **letter}
    do("cases.complete", "works.handler1", case=outside, **given)
    do("cases.approve", "works.section_chief", case=outside)
    timeline.work()
    do("cases.follow_up", "works.handler1", case=outside, text="已排入工程", next_on=TOMORROW)


def _replies(timeline: Any) -> None:
    """A petition answered by e-mail, and the citizen not satisfied with it."""
    by_email = {"name": "張文華", "email": "citizen@example.com"}
    case = establish(kind="petition", reporter=by_email, reply_by="email")
    do("cases.acknowledge", "works.window", case=case)
    do("cases.take", "works.handler1", case=case)
    do("cases.complete", "works.handler1", case=case, finding="adopted", result="已列入年度計畫")
    do("cases.approve", "works.section_chief", case=case)
    timeline.work()
    do("cases.ask_reopening", "call_centre.operator1", case=case, reason="現場仍未改善")


def worked_petition() -> int:
    case = establish(kind="petition")
    do("cases.acknowledge", "works.window", case=case)
    do("cases.take", "works.handler1", case=case)
    return case


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pack]:
    from citycall.base import policies

    with kept_world(django_db_blocker) as timeline:
        live_through_all(timeline)
        yield policies.in_force()[1]


def test_every_rule_was_lived_through(lived: Pack, db: None) -> None:
    from citycall.base.notices import Notice

    made = set(Notice.objects.values_list("template", "channel"))
    assert made == asked_for(lived), "the walk above does not cover every rule; or a rule never comes true"
    bad = Notice.objects.exclude(state="sent").values_list("template", "state", "reason")
    assert list(bad) == []


def test_every_notice_can_be_written_in_both_languages(lived: Pack, db: None) -> None:
    from citycall.base.notices import Notice, render

    seen = 0
    for notice in Notice.objects.order_by("pk"):
        for lang in LANGUAGES:
            context = {"person": "王大同", "portal_url": LONG_URL, **notice.context}
            subject, body = render(lived, notice.template, notice.channel, lang, [context])
            assert body.strip()
            assert (notice.channel == "email") == bool(subject.strip())
            for text in (subject, body):
                assert "{" not in text, "a placeholder was left in"
                assert "None" not in text
                assert "+00:00" not in text, "an instant as machines write it"
            if lang == "en":
                ours = _filled_in(context)
                assert not [c for c in _without(ours, subject + body) if "\u4e00" <= c <= "\u9fff"], (
                    "Chinese in the English words",
                    notice.template,
                    body,
                )
            seen += 1
    assert seen > 30


def _filled_in(context: dict[str, Any]) -> list[str]:
    """What people wrote themselves, and stays in their language."""
    return [value for value in context.values() if isinstance(value, str) and value]


def _without(words: list[str], text: str) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def test_no_name_a_template_uses_is_empty(lived: Pack, db: None) -> None:
    """A context that has the name and nothing in it makes a sentence with a hole."""
    from citycall.base.notices import Notice

    holes = set()
    for notice in Notice.objects.all():
        template = lived.template(notice.template, notice.channel, "zh-hant")
        given = {"person": "x", "portal_url": "x", "city": "x", "hotline": "x", "cases": "x"}
        given |= {name: value for name, value in notice.context.items() if value not in ("", None)}
        holes |= {(notice.template, name) for name in template.placeholders - given.keys()}
    assert holes == set()


def test_a_short_message_has_two_parts_at_most(lived: Pack, db: None) -> None:
    """With the longest name of an item and the portal under a long address."""
    from citycall.base.notices import Notice, render

    notices = {notice.template: notice for notice in Notice.objects.filter(channel="sms")}
    assert notices
    longest = {
        "zh": max((item.name.zh for item in lived.items.values()), key=len),
        "en": max((item.name.en for item in lived.items.values()), key=len),
    }
    for template, notice in notices.items():
        for lang in LANGUAGES:
            context = {**notice.context, "item": longest, "portal_url": LONG_URL}
            body = render(lived, template, "sms", lang, [context])[1]
            assert parts(body) <= 2, (template, lang, parts(body), len(body), body)


def test_the_house_s_own_notices_are_written_in_every_language_and_all_come_true(
    lived: Pack, db: None
) -> None:
    """What no pack speaks of: changes of the rules. One that is added without its words or its walk fails."""
    from citycall.base.notices import Notice, house, render

    change = do("oversight.propose_change", "research.evaluator", title="修正", settings=[
        {"slug": "managing-unit", "value": "research", "zh": "研考會主管", "en": "The commission"},
    ]).change  # fmt: skip
    do("oversight.submit_change", "research.evaluator", change=change)
    do("oversight.decide_change", "research.director", change=change, approve=False, reason="請補充說明")
    made = {one.template: one for one in Notice.objects.filter(template__in=house.known())}
    assert set(made) == set(house.known())
    for code, words in house.known().items():
        for channel, by_language in words.items():
            assert set(by_language) == set(LANGUAGES), (code, channel)
            for lang in LANGUAGES:
                context = {**made[code].context, "description": "title", "person": "name", "result": "why"}
                subject, body = render(lived, code, channel, lang, [context])
                assert subject.strip()
                assert "{" not in subject + body
                if lang == "en":
                    assert not [c for c in subject + body if "\u4e00" <= c <= "\u9fff"]
