"""Ten people act on one case at the same moment, under the rules of three governments.

Every two acts of the table that may meet in some status of some kind do so, under each government that
knows them. Everybody has a connection of their own. What they did must be what they could have done one
after the other; whoever came too late is told why; nothing fails otherwise, and nobody is told twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from tests.faults.processes import together
from tests.faults.test_at_once import outcomes, run, taken
from tests.services.holds import check_case, check_moves, check_notices, check_rows
from tests.services.lives import Life, World, world_of
from tests.services.values import Entry, enter
from tests.services.walks import ASIDE, Walk, steps_to

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
TOGETHER = 10
POLICIES = Path(__file__).resolve().parents[2] / "policies"
PACKS = ("newtaipei", "taipei", "kinmen")
RESULT = {"finding": "resolved", "result": "已更換燈泡。"}
Pair = frozenset[str]


@dataclass(frozen=True)
class Meeting:
    """Ten acts that are all possible by the moves of a kind in one status."""

    pack: str
    kind: str
    status: str
    codes: tuple[str, ...]


def _possible(pack: Any) -> dict[tuple[str, str], list[str]]:
    """What may be done with a case of each kind in each status, by the table of moves."""
    from citycall.services.cases.acts import TABLE

    found = {}
    for kind in pack.kinds.values():
        for status in dict.fromkeys(one for move in kind.moves for one in move.from_):
            found[kind.code, status] = [
                act.code
                for act in TABLE
                if act.happens_in(kind, pack)
                and (act.code == "do_task" or any(kind.next_status(event, status) for event in act.events))
            ]
    return found


@cache
def meetings(name: str) -> tuple[Meeting, ...]:
    """Who meets where, until every two acts that can meet have met: each time the ten with most new pairs."""
    from citycall.policy import load_pack

    dice, found = random.Random(name), []
    spots = _possible(load_pack(POLICIES / name))
    left = {frozenset(pair) for codes in spots.values() for pair in combinations(codes, 2)}
    while left:
        chosen = [
            Meeting(name, kind, status, tuple(_group(codes, left, dice)))
            for (kind, status), codes in spots.items()
        ]
        best = max(chosen, key=lambda one: len(_pairs(one.codes) & left))
        found.append(best)
        left -= _pairs(best.codes)
    return tuple(found)


def _pairs(codes: Iterable[str]) -> set[Pair]:
    return {frozenset(pair) for pair in combinations(codes, 2)}


def _group(codes: list[str], left: set[Pair], dice: random.Random) -> list[str]:
    rest = dice.sample(codes, len(codes))
    number = {code: sum(frozenset((code, one)) in left for one in codes) for code in rest}
    group = [max(rest, key=number.__getitem__)]
    rest.remove(group[0])
    while rest and len(group) < TOGETHER:
        group.append(max(rest, key=lambda code: sum(frozenset((code, one)) in left for one in group)))
        rest.remove(group[-1])
    return group


@pytest.fixture
def people(transactional_db: None, request: Any) -> Iterator[World]:
    from citycall.base import clock, notices, policies
    from citycall.base.commands import autoload
    from citycall.rehearsal import sample
    from citycall.rehearsal.timeline import Timeline

    autoload()
    policies.refresh()
    notices.forget_rest()
    sample.load_sample(request.param, cases=False)
    yield world_of(request.param, Timeline(clock.now()))
    clock.clear_virtual()
    policies.refresh()


def lead(people: World, meeting: Meeting, dice: random.Random) -> Life:
    """A life whose case has come to the status in which they meet."""
    from citycall.services.cases.acts import BY_CODE

    for ways in (("phone",), ("sms",)) * 4:
        life = Life(people)
        walk = Walk(life, dice, BY_CODE[meeting.codes[0]])
        seed = dice.random()
        for _number in range(2 if {"merge", "unmerge", "link_repeat"} & {*meeting.codes} else 1):
            life.establish(random.Random(seed), [people.pack.kinds[meeting.kind]], ways)
        if life.cases and _arrives(life, walk, meeting.status):
            return life
    raise AssertionError(f"no way to {meeting}: {life.story}")


def _arrives(life: Life, walk: Walk, status: str) -> bool:
    from citycall.services.cases.acts import TABLE

    for _ in range(8):
        case = life.case()
        if case.status == status:
            return True
        kind, pack = life.world.pack.kinds[case.kind], life.world.pack
        direct = [move for move in kind.moves if move.event not in ASIDE]
        events = steps_to(direct, case.status, {status}) or steps_to(kind.moves, case.status, {status})
        acts = [act for act in TABLE if {*act.events} & events and act.happens_in(kind, pack)]
        if not acts:
            life.pass_time(11)
        elif not any(walk.reach(act, 1) for act in acts):
            return False
    return False


def attempt(people: World, code: str, life: Life, dice: random.Random) -> Any:
    """One who may, if there is one, does it with what fits."""
    from citycall.base import clock
    from citycall.base.commands import effective_who, execute
    from citycall.services.cases.acts import BY_CODE

    act = BY_CODE[code]
    who = effective_who(act.command)
    at = life.found(life.cases[-1])
    able = []
    for one in people.actors:
        at.actor = one
        if act.who.post(at, who) is not None:
            able.append(one)
    actor = dice.choice(able or people.actors)
    entry = Entry(dice, actor, at.case, at.pack, clock.now(), life.cases[:-1], people.agencies, careful=True)
    given = enter(code, people.inputs[act.command], entry)
    return lambda: execute(act.command, actor, given)


@pytest.mark.parametrize("people", PACKS, indirect=True)
def test_every_two_acts_meet_and_one_comes_after_the_other(people: World) -> None:
    from citycall.base.events import Event
    from citycall.services.cases.models import Case

    dice = random.Random(people.name)
    told: Counter[str] = Counter()
    met: set[Pair] = set()
    for meeting in meetings(people.name):
        life = lead(people, meeting, dice)
        case = life.case()
        since = Event.objects.order_by("-id").values_list("id", flat=True)[0]
        found = outcomes(together(*[attempt(people, code, life, dice) for code in meeting.codes]))
        told += found  # anything but an answer or a refusal has failed there
        met |= _pairs(meeting.codes)
        assert sum(found.values()) == len(meeting.codes)
        history: dict[tuple[str, int], list[Any]] = {}
        rows = set(Event.objects.filter(pk__gt=since).values_list("subject_kind", "subject_id"))
        theirs = Event.objects.filter(subject_id__in={pk for _kind, pk in rows} | {case.pk})
        for event in theirs.order_by("id"):
            history.setdefault((event.subject_kind, event.subject_id), []).append(event)
        case = Case.objects.get(pk=case.pk)
        check_moves(case, history["case", case.pk])
        check_case(case)
        check_rows({about: events for about, events in history.items() if events[-1].pk > since})
        check_notices(life.cases)
    print(
        people.name,
        len(met),
        "pairs,",
        told["done"],
        "done, refused:",
        dict(told - Counter(done=told["done"])),
    )


def established() -> int:
    from tests.faults.test_at_once import establish

    return establish()


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


ONCE = {
    "acknowledge": (established, "works.intake_window"),
    "complete": (taken, "works.handler1"),
    "approve": (submitted, "works.head"),
    "return": (submitted, "works.head"),
    "reopen": (closed, "call_centre.lead"),
    "withdraw": (taken, "call_centre.operator1"),
    "request_stage": (taken, "works.handler1"),
}


@pytest.mark.usefixtures("world")
def test_of_ten_who_do_what_is_done_once_one_does_it() -> None:
    for code, (begin, post) in ONCE.items():
        _once(code, begin, post)


def _once(code: str, begin: Any, post: str) -> None:
    from citycall.base.notices import Notice

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
    check_notices([case])
    assert Notice.objects.filter(about_id=case).count() >= before
