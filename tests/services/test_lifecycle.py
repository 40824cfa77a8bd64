"""Random lives of cases: everybody tries everything while time passes, and what must hold always holds.

`CITYCALL_WALKS=200 pytest tests/services/test_lifecycle.py` walks more lives than the usual few.
"""

from __future__ import annotations

import io
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import LAMP, as_post, fingerprint, kept_world

pytestmark = pytest.mark.xdist_group("lifecycle")

WALKS = int(os.environ.get("CITYCALL_WALKS", "5"))
FIRST = int(os.environ.get("CITYCALL_FIRST_WALK", "0"))
MORE_WALKS = 15
STEPS = 100
SOME_CASES = 5
PLACES = (*["新北市板橋區中山路一段161號"] * 3, "新北市三重區重新路一段1號")
REPORTERS: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    ({"name": "王小明", "phone": "0912345678"}, ("sms", "phone", "none")),
    ({"name": "林大同", "phone": "0229603456"}, ("phone", "none")),
    ({"name": "張文華", "email": "citizen@example.com"}, ("email", "none")),
    (
        {"name": "李春嬌", "phone": "0933555666", "email": "both@example.com"},
        ("sms", "email", "phone", "none"),
    ),
    ({}, ("none",)),
)
# Item and its agency.
ITEMS = (("streetlight", "works"), ("streetlight", "works"), ("noise", "env"))
# What usually comes next, so that a walk gets somewhere.
NEXT = {
    "established": ("cases.acknowledge",),
    "acknowledged": ("cases.take", "cases.complete", "cases.request_stage"),
    "in_progress": ("cases.complete", "cases.complete", "cases.request_stage", "cases.decide_stage"),
    "submitted": ("cases.approve", "cases.approve", "cases.return"),
    "completed": ("cases.open_phone", "cases.record_phone_reply", "cases.record_phone_reply", "cases.close"),
    "closed": (
        "cases.establish",
        "cases.establish",
        "cases.reopen",
        "cases.add_prevention",
        "cases.analyse_delay",
    ),
    "withdrawn": ("cases.establish", "cases.establish"),
}
OPEN = {"established", "acknowledged", "in_progress", "submitted", "completed"}
Given = dict[str, Any]


def photo() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "grey").save(content, "PNG")
    return SimpleUploadedFile("現場.png", content.getvalue(), "image/png")


@dataclass
class Walk:
    """One life of a few cases."""

    seed: int
    time: Any
    dice: random.Random = field(init=False)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    about: int | None = None

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    # --- one step ---------------------------------------------------------------------------------

    def step(self) -> None:
        chosen = self.dice.random()
        if chosen < 0.16:
            self._pass_time()
        elif chosen < 0.19:
            self._break_or_mend()
        else:
            self._somebody_does_something()

    def _pass_time(self) -> None:
        minutes = self.dice.choice((0, 1, 9, 10, 11, 45, 240, 241, 60 * 24, 60 * 24 * 3))
        if minutes > 60:  # days of trying again make a slow test
            self._channels(down=False)
        self.story.append(f"{minutes} minutes pass")
        self.time.move(self.time.now + timedelta(minutes=minutes))

    def _break_or_mend(self) -> None:
        from citycall.base import channels

        if self.dice.random() < 0.5:
            down = not channels.is_down("sms")
            self.story.append(f"sms {'goes down' if down else 'is back'}")
            self._channels(down=down)
        else:
            self.time.worker = not self.time.worker
            self.story.append(f"the worker {'is back' if self.time.worker else 'stops'}")
            self.time.work()

    def _what(self) -> str:
        """Half of the time what comes next for some case or letter, otherwise anything."""
        from citycall.services.cases.models import Case, StageRequest, UnfoundedLetter

        self.about = None
        if self.dice.random() < 0.1 and UnfoundedLetter.objects.exclude(state="received").exists():
            return self.dice.choice([name for name in ACTS if "letter" in name])
        known = list(
            Case.objects.order_by("pk").values_list("pk", "status")[max(0, Case.objects.count() - 8) :]
        )
        if known and self.dice.random() < 0.6:
            self.about, status = self.dice.choice(known)
            asked = StageRequest.objects.filter(case=self.about, state="pending").exists()
            return "cases.decide_stage" if asked else self.dice.choice(NEXT[status])
        weights = [weight for weight, _ in ACTS.values()]
        return self.dice.choices(list(ACTS), weights)[0]

    @staticmethod
    def _channels(*, down: bool) -> None:
        from citycall.base import channels

        for name in ("sms", "email"):
            channels.set_down(name, down)

    def _somebody_does_something(self) -> None:
        from citycall.base.commands import Refused, citizen, execute

        name = self._what()
        given = ACTS[name][1](self)
        if given is None:
            return
        agency = given.pop("_agency", "works")
        post = self._post(name, agency)
        actor = citizen() if post == "citizen" else as_post(post)
        before = fingerprint()
        try:
            execute(name, actor, given)
        except Refused as refusal:
            self.refused[refusal.code] += 1
            self.story.append(f"{self._at()} {post} {name} {_short(given)} -> {refusal.code}")
            written = {table for table, content in fingerprint().items() if content != before[table]}
            _nothing(written, refusal)
        else:
            self.done[name] += 1
            self.story.append(f"{self._at()} {post} {name} {_short(given)}")
        if self.dice.random() < 0.7:
            self.time.work()

    def _at(self) -> str:
        from citycall.base import clock

        return f"{clock.local(self.time.now):%m-%d %H:%M}"

    def _post(self, name: str, agency: str) -> str:
        """Mostly somebody who may; now and then anybody."""
        from citycall.base.commands import effective_who

        if self.dice.random() < 0.12:
            return self.dice.choice(
                (
                    "citizen",
                    "police.handler1",
                    "env.handler1",
                    "works.head",
                    "call_centre.operator1",
                    "works.handler1",
                )
            )
        # Sorted, because a set of names comes in another order in every process.
        roles = sorted(role for role in effective_who(name) if role not in ("anyone", "system"))
        role = "handler" if "handler" in roles and self.dice.random() < 0.6 else self.dice.choice(roles)
        if role in ("operator", "lead"):
            return {"operator": "call_centre.operator1", "lead": "call_centre.lead"}[role]
        if role == "director" or (role == "evaluator" and name != "cases.analyse_delay"):
            return f"research.{role}"
        if role == "allotter":
            return "secretariat.allotter"
        return f"{agency}.{'handler1' if role == 'handler' else role}"

    # --- what they do it with ---------------------------------------------------------------------

    def case(self) -> Given | None:
        from citycall.services.cases.models import Case

        known = dict(Case.objects.order_by("pk").values_list("pk", "agency"))
        if not known:
            return None
        self.about = self.about or self.dice.choice(list(known))
        return {"case": self.about, "_agency": known[self.about]}

    def establish(self) -> Given | None:
        from citycall.services.cases.models import Case

        if Case.objects.filter(status__in=OPEN).count() >= SOME_CASES:
            return None
        reporter, ways = self.dice.choice(REPORTERS)
        item, _agency = self.dice.choice(ITEMS)
        given = {
            **LAMP,
            "item": item,
            "place": {"address": self.dice.choice(PLACES)},
            "reporter": reporter,
            "reply_by": self.dice.choice((*ways, *ways, "sms", None)),
            "kind": self.dice.choice(("fast", "fast", "fast", "petition")),
        }
        if self.dice.random() < 0.25:
            return self.report(given)
        if self.dice.random() < 0.1:
            given["notified_at"] = self.time.now - timedelta(minutes=self.dice.choice((0, 30)))
        return given

    def report(self, given: Given) -> Given:
        """An urgent report: told by telephone, mostly."""
        told = {"notified_person": "值班張先生", "notified_at": self.time.now - timedelta(minutes=2)}
        told = told if self.dice.random() < 0.8 else {}
        return {**given, "kind": "report", "item": None, "agency": self.dice.choice(("works", "env")), **told}

    def letter(self) -> Given | None:
        from citycall.services.cases.models import UnfoundedLetter

        known = list(UnfoundedLetter.objects.order_by("pk").values_list("pk", "agency"))
        if not known:
            return None
        pk, agency = self.dice.choice(known)
        return {"letter": pk, "_agency": agency}


def _nothing(written: set[str], refusal: Exception) -> None:
    assert not written, f"refused ({refusal}), and yet something was written"


def _short(given: Given) -> Given:
    return {name: value for name, value in given.items() if name not in ("uploads", "description")}


def of_case(**more: Callable[[Walk], Any]) -> Callable[[Walk], Given | None]:
    """A command about some case, and what else it takes."""

    def made(walk: Walk) -> Given | None:
        case = walk.case()
        return None if case is None else {**case, **{name: value(walk) for name, value in more.items()}}

    return made


def of_letter(**more: Callable[[Walk], Any]) -> Callable[[Walk], Given | None]:
    def made(walk: Walk) -> Given | None:
        letter = walk.letter()
        return None if letter is None else {**letter, **{name: value(walk) for name, value in more.items()}}

    return made


def one_of(*values: Any) -> Callable[[Walk], Any]:
    return lambda walk: walk.dice.choice(values)


# Every command about cases, how often it is tried, and with what.
ACTS: dict[str, tuple[int, Callable[[Walk], Given | None]]] = {
    "cases.establish": (12, Walk.establish),
    "cases.tell_number": (1, of_case()),
    "cases.acknowledge": (12, of_case()),
    "cases.take": (9, of_case()),
    "cases.add_finding": (1, of_case(text=one_of("現場勘查"))),
    "cases.add_photos": (2, of_case(uploads=lambda walk: (photo(),))),
    "cases.request_stage": (
        6,
        of_case(
            to=one_of("second", "second", "ordinary"), days=one_of(1, 2, 15, None), reason=one_of("須開挖")
        ),
    ),
    "cases.decide_stage": (
        7,
        of_case(approve=one_of(True, True, False), days=one_of(None, 1, 3), reason=one_of("同意辦理")),
    ),
    "cases.complete": (
        14,
        of_case(
            finding=one_of(*["no_violation"] * 6, "resolved", ""),
            result=one_of(*["已處理"] * 5, ""),
            late_reason=one_of("人力不足", "人力不足", "人力不足", ""),
            prevention=one_of("", "", "加強巡查"),
        ),
    ),
    "cases.open_phone": (4, of_case(reason=one_of("", "再次確認"))),
    "cases.record_phone_reply": (
        7,
        of_case(
            callee=one_of("本人"),
            content=one_of("已說明", ""),
            reached=one_of(True, False),
            at=lambda walk: walk.time.now,
        ),
    ),
    "cases.approve": (3, of_case()),
    "cases.return": (1, of_case(reason=one_of("請補述"))),
    "cases.register": (1, of_case(post=one_of("handler1", "head"))),
    "cases.pass_down": (1, of_case(agency=one_of("env", "works"))),
    "cases.enter_grade_b": (1, of_case(interim_result=one_of("現場會勘"), planned_end=one_of("2026-03-20"))),
    "cases.record_reply": (
        3,
        of_case(
            way=one_of("letter", "phone"),
            at=lambda walk: walk.time.now,
            content=one_of("已函復", ""),
        ),
    ),
    "cases.add_prevention": (1, of_case(text=one_of("加強巡查"))),
    "cases.close": (3, of_case()),
    "cases.reopen": (5, of_case(reason=one_of("未修復"), closed_too_early=one_of(True, False))),
    "cases.withdraw": (
        2,
        of_case(
            reason=one_of("entered_by_mistake", "reporter_cancels", "not_reported_by_holder"),
            phone=one_of("0912345678", "0933555666", ""),
        ),
    ),
    "cases.explain_delay": (3, of_case(reason=one_of("人力不足"))),
    "cases.analyse_delay": (2, of_case(cause=one_of("workforce", "nonsense"), text=one_of("調度不及"))),
    "cases.send_unfounded_letter": (3, of_letter(reasons=one_of("三次查無違規"))),
    "cases.receive_unfounded_letter": (3, of_letter(accept=one_of(True, True, False))),
    "cases.revoke_unfounded_letter": (1, of_letter(reason=one_of("情事變更"))),
    "cases.open_task": (3, of_case(task=one_of("delivery_problem"), note=one_of("通知未送達"))),
    "cases.do_task": (3, of_case(task=one_of("delivery_problem"), text=one_of("已清理信箱", ""))),
    "cases.report_back": (1, of_case(text=one_of("", "已修復"))),
    "cases.remind": (1, of_case(text=one_of("", "請儘速"))),
    "cases.release": (1, of_case(reason=one_of("非本府權責"))),
    "cases.declare_outage": (2, lambda walk: {}),
    "cases.end_outage": (3, lambda walk: {}),
}


# --- what must hold ---------------------------------------------------------------------------------------


def check(now: datetime, *, worked: bool = False, about: int | None = None) -> None:
    """What holds at any time, for all cases or the one that a step was about.

    `worked`: nothing that is due waits for the worker.
    """
    from citycall.base import events
    from citycall.base.notices import Notice
    from citycall.base.timers import Timer
    from citycall.services.cases import models

    clocks: dict[int, list[models.CaseClock]] = {}
    for ticking in models.CaseClock.objects.order_by("pk"):
        clocks.setdefault(ticking.case_id, []).append(ticking)
    cases = models.Case.objects.order_by("pk")
    for case in cases if about is None else cases.filter(pk=about):
        assert events.differences(case) == {}
        check_case(case, clocks[case.pk], now, worked)
    for model in (
        models.StageRequest,
        models.PhoneTask,
        models.CaseTask,
        models.DelayAnalysis,
        models.UnfoundedLetter,
        models.Outage,
    ):
        for row in model._default_manager.all() if about is None else ():
            assert events.differences(row) == {}, model
    assert not Timer.objects.filter(state="broken").exists(), (
        Timer.objects.filter(state="broken").first().error
    )  # type: ignore[union-attr]
    pending = Counter(
        (timer.subject_id, timer.payload["clock"], timer.payload["strike"], timer.due)
        for timer in Timer.objects.filter(state="pending")
    )
    assert not [timer for timer, number in pending.items() if number > 1], "a clock would strike twice"
    if worked:
        assert not Timer.objects.filter(state="pending", due__lte=now).exists()
    told = Counter(
        Notice.objects.values_list(
            "about_id", "template", "to_post", "party_id", "channel", "caused_by", "digest_key"
        ).exclude(caused_by=None, digest_key=None)
    )
    assert not [notice for notice, number in told.items() if number > 1], "somebody is told twice"
    seconds = Counter(
        Notice.objects.filter(template="fast.unacknowledged").values_list("about_id", flat=True)
    )
    assert set(seconds.values()) <= {1}, "the second notice goes once"
    assert not Notice.objects.filter(state="failed").exists()
    assert not Notice.objects.exclude(reason="").filter(state="sent").exists(), (
        "what follows a sending failed"
    )


def check_case(case: Any, clocks: list[Any], now: datetime, worked: bool) -> None:
    from citycall.base.events import Event
    from citycall.services.cases.lifecycle import pack_for
    from citycall.services.cases.models import PhoneTask, StageRequest

    pack = pack_for(case)
    running = [one for one in clocks if one.state == "running"]
    setting = [one for one in running if pack.clock(one.code).sets_due]
    assert len(setting) == (1 if case.status in OPEN else 0), "one limit while it is open, none after"
    if case.status in ("closed", "withdrawn"):
        assert running == []
    if setting:
        assert setting[0].due == case.due_at
        passed = setting[0].due < now if worked else False
        assert case.overdue or not passed, "past its limit, and not overdue"
    if case.overdue:
        assert case.due_at <= (case.closed_at or case.withdrawn_at or now), "overdue before its limit"
        marks = Event.objects.filter(subject_kind="case", subject_id=case.pk, kind="case.overdue")
        assert marks.exists()
    signing = [one for one in clocks if one.code == "sign_off"]
    if signing and case.acknowledged_at:
        assert case.acknowledged_late == signing[0].late
        assert (
            case.acknowledged_late == (case.acknowledged_at > signing[0].due)
            or signing[0].due == case.acknowledged_at
        )
    if case.status == "closed":
        assert case.result
        assert case.completed_at
        assert case.closed_at >= case.completed_at >= case.established_at
        last = [one for one in clocks if one.stopped_by in ("case.replied", "case.closed")]
        assert case.completed_late == any(one.late for one in last)
    tasks = PhoneTask.objects.filter(case=case, state="open").count()
    assert tasks <= (1 if case.status == "completed" else 0), "a call is owed for a case that is not done"
    asked = StageRequest.objects.filter(case=case, state="pending").count()
    assert asked <= (1 if case.status in ("acknowledged", "in_progress") else 0), (
        "nobody can decide this any more"
    )


# --- the walks --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    from citycall.base.commands import autoload

    autoload()
    with kept_world(django_db_blocker) as timeline:
        yield timeline


@pytest.fixture
def time(world: Any, db: None) -> Iterator[Any]:
    from citycall.base import channels, clock, notices

    start = clock.now()
    yield world
    clock.set_virtual(start)
    world.worker = True
    notices.forget_rest()
    for name in ("sms", "email"):
        channels.set_down(name, False)


_seen: Counter[str] = Counter()
_refused: Counter[str] = Counter()


def walked(seed: int, time: Any) -> None:
    """One life of a few cases, checked after every step."""
    walk = Walk(seed, time)
    try:
        for _ in range(STEPS):
            walk.about = None
            walk.step()
            check(time.now, about=walk.about)
        time.worker = True
        time.work()
        check(time.now, worked=True)
    except BaseException:
        print("\n".join(walk.story))
        raise
    _seen.update(walk.done)
    _refused.update(walk.refused)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_what_must_hold_holds_after_every_step(time: Any, seed: int) -> None:
    walked(seed, time)


def test_the_walks_went_everywhere(time: Any) -> None:
    """What matters most was carried out, and refused for many sorts of reasons.

    A few walks may miss one of the rarer acts: then more are walked, up to a bound.
    """
    ways = {
        "cases.acknowledge",
        "cases.take",
        "cases.complete",
        "cases.request_stage",
        "cases.decide_stage",
        "cases.reopen",
        "cases.open_phone",
        "cases.approve",
    }
    reasons = {"not_permitted", "wrong_status", "not_completed", "identity_required"}
    for seed in range(FIRST + WALKS, FIRST + WALKS + MORE_WALKS):
        if ways <= _seen.keys() and reasons <= _refused.keys():
            break
        walked(seed, time)
    assert ways <= _seen.keys()
    assert reasons <= _refused.keys()


def test_every_command_of_the_room_is_walked() -> None:
    from citycall.base.commands import commands

    assert {name for name in commands() if name.startswith("cases.")} - ACTS.keys() == {"cases.look_up"}
