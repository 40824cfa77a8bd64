"""The runner itself fails when it should, and says what it found."""

from __future__ import annotations

import pytest
from tests.rehearsal.stories import ESTABLISH, Tell, WriteStory

pytestmark = pytest.mark.slow  # needs databases of its own

# What follows the establishing -> words of what was found
FALSE = {
    "wrong count": (
        "  - expect:\n      notices: {about: $c, to: works.intake_window}\n      count: 2\n",
        "1; there are fast.established by email to works.intake_window",
    ),
    "none expected, one there": (
        "  - expect:\n      notices: {about: $c, template: fast.established}\n      count: 0\n",
        "1; there are",
    ),
    "wrong field": ("  - expect:\n      case: $c\n      has: {status: closed}\n", "established"),
    "wrong time": (
        "  - expect:\n      clock: {of: $c, code: first_stage}\n      has: {due: 2026-03-02 14:01}\n",
        "2026-03-02 14:00",
    ),
    "refusal that did not come": (
        "  - do: cases.acknowledge\n    as: works.intake_window\n    with: {case: $c}\n    refused: gone\n",
        "it was done",
    ),
    "another refusal": (
        "  - do: cases.acknowledge\n    as: env.intake_window\n    with: {case: $c}\n    refused: invalid\n",
        "not_permitted",
    ),
    "refusal that was not told": (
        "  - do: cases.acknowledge\n    as: env.intake_window\n    with: {case: $c}\n",
        "refused, not_permitted",
    ),
    "a post that does not exist": (
        "  - do: cases.acknowledge\n    as: works.window9\n    with: {case: $c}\n",
        "there is no post works.window9",
    ),
    "a template that does not exist": (
        "  - expect:\n      notices: {about: $c, template: fast.estblished}\n      count: 0\n",
        "no template 'fast.estblished'",
    ),
    "an event that does not exist": (
        "  - expect:\n      events: {of: $c, exclude: [case.complete]}\n",
        "there is no event case.complete",
    ),
    "an event that did not happen": (
        "  - expect:\n      events: {of: $c, include: [case.completed]}\n",
        "case.established",
    ),
    "an event that did": (
        "  - expect:\n      events: {of: $c, exclude: [case.established]}\n",
        "case.established",
    ),
    "time that moves back": ("  - at: +1h\n  - at: +30m\n", "time only moves forward"),
    "the portal hides the case": (
        "  - expect:\n      portal: {number: $c.number, code: $c.lookup_code}\n      hides: [中山路]\n",
        "中山路",
    ),
    "the portal shows nothing": (
        "  - expect:\n      portal: {number: $c.number, code: wrong}\n      has: {status: established}\n",
        "nothing is shown",
    ),
    "nothing was refused": ("  - expect:\n      refusal: invalid\n", "nothing has been refused"),
    "a message that did not leave": (
        "  - expect:\n      messages: {to: works.intake_window}\n      count: 1\n",
        "0; there are nothing",
    ),
    "a closure that is refused": (
        "  - calendar: {closed: 2026-07-10, area: nowhere, reason: 颱風}\n",
        "refused, invalid",
    ),
    "working days that a closure leaves out": (
        "  - expect:\n      events: {of: $c, include: [case.due_changed]}\n",
        "case.established",
    ),
    "a row that is not in the report": (
        "  - expect:\n      report: {name: role_defects}\n      includes: [{agency: works}]\n",
        "[]",
    ),
}
HOLDS = "  - expect:\n      case: $c\n      has: {status: established}\n"


@pytest.mark.parametrize(("steps", "found"), FALSE.values(), ids=FALSE.keys())
def test_what_is_not_so_fails(story: WriteStory, tell: Tell, steps: str, found: str) -> None:
    failures = tell(story(ESTABLISH + steps + HOLDS)).failures
    assert failures
    assert found in failures[0].found
    assert failures[0].line == (15 if "at: +30m" in steps else 14)


def test_a_closed_day_is_no_working_day(story: WriteStory, tell: Tell) -> None:
    """From the step on: `+1wd` is the day after, and the closure has a name."""
    steps = """
  - calendar: {closed: 2026-03-03, reason: 颱風}
    save: typhoon
  - at: +1wd
  - expect:
      closure: $typhoon
      has: {day: 2026-03-03, area: all, cause: disaster}
  - do: cases.establish
    as: call_centre.operator1
    with:
      kind: petition
      agency: civil
      description: 建議延長市民活動中心開放時間
      reporter: {name: 王小明, phone: "0912345678"}
      reply_by: sms
    save: later
  - expect:
      case: $later
      has: {established_at: 2026-03-04 10:00}
"""
    assert not tell(story(ESTABLISH + steps.lstrip("\n"))).failures


def test_a_story_begins_in_a_fresh_world(story: WriteStory, tell: Tell) -> None:
    alone = "  - expect:\n      case: {item: streetlight}\n      count: 1\n"
    for _ in range(3):
        assert tell(story(ESTABLISH + alone)).held


def test_a_notice_that_cannot_be_written_fails_the_story(
    story: WriteStory, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from citycall.services.cases import messages

    whole = messages.context_of
    monkeypatch.setattr(
        messages, "context_of", lambda *a, **k: {n: v for n, v in whole(*a, **k).items() if n != "place"}
    )
    failures = tell(story(ESTABLISH + HOLDS)).failures
    assert [f.expected for f in failures] == ["no notice fails"]
    assert "{place}" in failures[0].found


def test_a_refusal_that_writes_fails_the_story(
    story: WriteStory, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from citycall.base.commands import Refused
    from citycall.rehearsal import runner
    from citycall.services.calls.models import Call

    def leaky(*args: object, **kwargs: object) -> object:
        from citycall.base import clock

        Call.objects.create(status="missed", offered_at=clock.now())
        raise Refused("invalid", "written all the same")

    steps = "  - do: calls.offer\n    as: system\n    refused: invalid\n"
    monkeypatch.setattr(runner, "execute", leaky)
    failures = tell(story(steps)).failures
    assert [f.found for f in failures] == ["changed: calls_call"]


def test_a_broken_timer_fails_the_story(
    story: WriteStory, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from citycall.services.cases import messages

    def broken(*args: object, **kwargs: object) -> None:
        raise ArithmeticError("this strike cannot be done")

    monkeypatch.setattr(messages.Batch, "add_strike", broken)
    failures = tell(story(ESTABLISH + "  - at: +11m\n" + HOLDS)).failures
    assert [f.expected for f in failures] == ["no timer breaks"]
    assert "this strike cannot be done" in failures[0].found
