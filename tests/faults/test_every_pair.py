"""Ten people act on one case at the same moment: every two acts of the table meet, in every status they may.

Each has a connection of its own. What they did must be what they could have done one after the other; whoever
came too late is told why; nothing fails otherwise, and nobody is told twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from tests.faults.processes import together
from tests.faults.test_at_once import outcomes, run, taken
from tests.guards.worlds import as_post
from tests.services.holds import check_case, check_moves, check_notices, check_rows
from tests.services.lives import World, world_of
from tests.services.values import Entry, enter

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("world"), pytest.mark.xdist_group("faults")]
TOGETHER = 10
RESULT = {"finding": "resolved", "result": "已更換燈泡。"}


def established() -> int:
    from tests.faults.test_at_once import establish

    return establish()


def acknowledged() -> int:
    case = established()
    run("cases.acknowledge", "works.intake_window", case=case)
    return case


def submitted() -> int:
    given = {
        "kind": "petition",
        "item": None,
        "agency": "works",
        "category": "petition",
        "description": "人行道要整修",
    }
    case: int = run(
        "cases.establish",
        "call_centre.operator1",
        reporter={"name": "王小明", "phone": "0912345678"},
        reply_by="phone",
        **given,
    ).case
    run("cases.acknowledge", "works.intake_window", case=case)
    run("cases.complete", "works.handler1", case=case, **RESULT)
    return case


def completed() -> int:
    case = taken()
    run("cases.complete", "works.handler1", case=case, **RESULT)
    return case


def closed() -> int:
    from citycall.base import notices

    case = completed()
    notices.send_due()
    return case


@pytest.fixture
def people(world: None) -> World:
    return world_of("newtaipei", None)


def meetings(codes: list[str], dice: random.Random) -> Iterator[list[str]]:
    """Groups of ten, until every two have met."""
    left = {frozenset(pair) for pair in combinations(codes, 2)}
    while left:
        first = list(next(iter(sorted(left, key=sorted))))
        rest = [code for code in codes if code not in first]
        dice.shuffle(rest)
        group = first
        for _ in range(min(TOGETHER, len(codes)) - len(first)):
            best = max(rest, key=lambda code: sum(frozenset((code, one)) in left for one in group))
            rest.remove(best)
            group.append(best)
        left -= {frozenset(pair) for pair in combinations(group, 2)}
        yield group


def attempt(people: World, code: str, case: Any, pack: Any, dice: random.Random) -> Any:
    """One who may, if there is one, does it with what fits."""
    from citycall.base import clock
    from citycall.base.commands import effective_who, execute
    from citycall.services.cases.acts import BY_CODE, Standing

    act = BY_CODE[code]
    who = effective_who(act.command)
    able = [one for one in people.actors if act.who.post(Standing(one, case, pack), who) is not None]
    actor = dice.choice(able or people.actors)
    entry = Entry(dice, actor, case, pack, clock.now(), [], people.agencies)
    given = enter(code, people.inputs[act.command], entry)
    return lambda: execute(act.command, actor, given)


@pytest.mark.parametrize(
    "begin", [established, acknowledged, taken, submitted, completed, closed], ids=lambda one: one.__name__
)
def test_every_two_acts_meet_and_one_comes_after_the_other(people: World, begin: Any) -> None:
    from citycall.base.events import Event
    from citycall.base.policies import pack_of
    from citycall.services.cases.acts import TABLE
    from citycall.services.cases.models import Case

    dice = random.Random(begin.__name__)
    case = Case.objects.get(pk=begin())
    pack = pack_of(case.policy_version_id)
    kind = pack.kinds[case.kind]
    codes = [
        act.code
        for act in TABLE
        if any(kind.next_status(event, case.status) for event in act.events) or act.code == "do_task"
    ]
    for group in meetings(codes, dice):
        case = Case.objects.get(pk=begin())
        since = Event.objects.order_by("-id").values_list("id", flat=True)[0]
        results = together(*[attempt(people, code, case, pack, dice) for code in group])
        told = outcomes(results)  # anything but an answer or a refusal fails here
        assert sum(told.values()) == len(group)
        case.refresh_from_db()
        history: dict[tuple[str, int], list[Any]] = {}
        rows = set(Event.objects.filter(pk__gt=since).values_list("subject_kind", "subject_id"))
        theirs = Event.objects.filter(subject_id__in={pk for _kind, pk in rows} | {case.pk})
        for event in theirs.order_by("id"):
            history.setdefault((event.subject_kind, event.subject_id), []).append(event)
        check_moves(case, history["case", case.pk])
        check_case(case)
        check_rows({about: events for about, events in history.items() if events[-1].pk > since})
        check_notices([case.pk])


ONCE = {
    "acknowledge": (established, "works.intake_window"),
    "complete": (taken, "works.handler1"),
    "approve": (submitted, "works.head"),
    "return": (submitted, "works.head"),
    "reopen": (closed, "call_centre.lead"),
    "withdraw": (taken, "call_centre.operator1"),
    "request_stage": (taken, "works.handler1"),
}


@pytest.mark.parametrize("code", ONCE)
def test_of_ten_who_do_what_is_done_once_one_does_it(people: World, code: str) -> None:
    from citycall.base.notices import Notice

    begin, post = ONCE[code]
    case = begin()
    before = Notice.objects.filter(about_id=case).count()
    given: dict[str, Any] = {
        "complete": RESULT,
        "return": {"reason": "請補述。"},
        "reopen": {"reason": "未修復。"},
        "withdraw": {"reason": "entered_by_mistake"},
        "request_stage": {"to": "second", "days": 2, "reason": "須開挖路面。"},
    }.get(code, {})
    results = together(*[lambda: run(f"cases.{code}", post, case=case, **given) for _ in range(TOGETHER)])
    told = outcomes(results)
    assert told.pop("done") == 1
    assert sum(told.values()) == TOGETHER - 1
    assert set(told) <= {"wrong_status", "already_requested"}, told
    assert as_post(post).staff_id
    check_notices([case])
    assert Notice.objects.filter(about_id=case).count() >= before
