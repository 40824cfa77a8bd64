"""Random lives of cases under the rules of three governments, as a state machine that hypothesis drives.

Everybody tries everything while time passes; what the lifecycle table says goes, and what must hold always
holds. The acts and what is entered with them come from the table and the commands' inputs, so a new command
is tried by itself. `CITYCALL_LIVES=5000 pytest tests/services/test_lifecycle.py` lives more of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pytest_django import DjangoDbBlocker
from tests.guards.worlds import kept_world
from tests.services.lives import Life, World, world_of
from tests.services.values import value_of
from tests.services.walks import Walk

LIVES = int(os.environ.get("CITYCALL_LIVES", "2000"))
STEPS = 4
PACKS = ("kinmen", "newtaipei", "taipei")
MINUTES = (0, 1, 11, 45, 241, 60 * 24)
_worlds: dict[str, World] = {}


def wanted() -> int:
    """The lives of one government."""
    return -(-LIVES // len(PACKS))


class Lives(RuleBasedStateMachine):
    """One life: a case of a random kind, then people and time; undone at its end."""

    pack = ""

    def __init__(self) -> None:
        super().__init__()
        self.world = _worlds[self.pack]
        self.over = self.world.lives >= wanted()  # what hypothesis makes of earlier ones comes on top
        self.start = self.world.time.now
        self.undo = transaction.savepoint()
        self.life = Life(self.world)
        self.sends = False
        self.world.lives += not self.over

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        """Led to an act that nobody has done so far; once all were done, just a case or two."""
        dice = random.Random(seed)
        goal = None if self.over else self.world.goal(seed)
        self.sends = goal is not None or seed % 8 == 0
        if goal is not None:
            self.told(lambda: Walk(self.life, dice, goal).go())
            return
        self.told(lambda: self.life.establish(dice))
        if dice.random() < 0.15:
            self.told(lambda: self.life.establish(dice))

    @rule(seed=st.integers(0, 2**32))
    def somebody_acts(self, seed: int) -> None:
        self.told(lambda: self.life.act(random.Random(seed)))

    @rule(seed=st.integers(0, 2**32))
    def several_act(self, seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(4):
            self.told(lambda: self.life.act(dice))

    @rule(minutes=st.sampled_from(MINUTES))
    def time_passes(self, minutes: int) -> None:
        self.told(lambda: self.life.pass_time(minutes))

    def told(self, step: Any) -> None:
        """A step; when something does not hold, the whole story is printed."""
        if self.over:
            return
        try:
            step()
        except BaseException:
            print("\n".join([f"--- {self.pack}", *self.life.story]))
            raise

    def teardown(self) -> None:
        from citycall.base import clock, notices

        try:
            self.told(lambda: self.life.check(sends=self.sends))
        finally:
            transaction.savepoint_rollback(self.undo)
            clock.set_virtual(self.start)
            notices.forget_rest()


@pytest.fixture(scope="module")
def world(request: Any, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    from citycall.base.commands import autoload

    autoload()
    with kept_world(django_db_blocker, pack=request.param) as timeline:
        _worlds[request.param] = world_of(request.param, timeline)
        yield _worlds[request.param]
        del _worlds[request.param]


def grouped(name: str) -> Any:
    """The governments' lives are lived side by side where there are several processes."""
    return pytest.param(name, marks=pytest.mark.xdist_group(f"lives-{name}"))


@pytest.mark.parametrize("world", [grouped(name) for name in PACKS], indirect=True)
def test_what_must_hold_holds_in_every_life(world: World, db: None) -> None:
    machine = type("Lives", (Lives,), {"pack": world.name})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=wanted(),
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    for what, story in world.amiss.items():
        print(what, *story, sep="\n    ")
    assert not world.amiss, "table and commands are out of step"
    assert world.lives >= wanted()
    never = [act.code for act in world.known() if not world.done[act.code]]
    print(world.name, world.lives, "lives,", sum(world.done.values()), "done,", dict(world.refused), never)
    if LIVES >= 2000:
        assert not never, f"never done in {world.lives} lives"
        assert {"not_permitted", "wrong_status"} <= world.refused.keys()


def test_every_field_has_a_value() -> None:
    """A field of a new sort needs a value in values.py, or the lives would never enter it."""
    from citycall.base.commands import commands
    from citycall.services.cases.acts import TABLE

    missing = [
        f"{act.code}.{name}"
        for act in TABLE
        for name, field in commands()[act.command].input.model_fields.items()
        if name != "case" and value_of(act.code, name, field.annotation) is None
    ]
    assert not missing
