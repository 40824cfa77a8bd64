"""Random lives of cases under a government's rules: who tries what, and what must hold afterwards."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from tests.guards.worlds import fingerprint
from tests.services.holds import check_case, check_moves, check_notices, check_rows, check_timers
from tests.services.values import Entry, enter

PLACES = {
    "kinmen": "金門縣金城鎮民生路60號",
    "newtaipei": "新北市板橋區中山路一段161號",
    "taipei": "臺北市信義區市府路1號",
}
REPORTERS: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    ({"name": "王小明", "phone": "0912345678", "address": "某街1號"}, ("sms", "phone", "none")),
    ({"name": "林大同", "phone": "0229603456", "address": "某街2號"}, ("phone", "none")),
    ({"name": "張文華", "phone": "0933555666", "email": "both@example.com"}, ("sms", "email", "phone")),
    ({}, ("none",)),
)
ENTERED = 422  # refused for what was entered, of which the table need not know
IN_WHAT_IS_ENTERED = frozenset({"not_found"})


@dataclass
class World:
    """A sample government, its people and its time, kept for many lives."""

    name: str
    time: Any
    pack: Any
    actors: list[Any]
    agencies: list[str]
    items: dict[str, list[Any]]
    inputs: dict[str, Any]
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    amiss: dict[str, list[str]] = field(default_factory=dict)
    lives: int = 0
    goals: dict[int, Any] = field(default_factory=dict)
    walked: Counter[str] = field(default_factory=Counter)

    def goal(self, seed: int) -> Any:
        """The act to which the life of this seed is led: one that nobody has done so far; None when all were.

        Kept by seed, so that a life that fails is the same when it is lived again.
        """
        if seed not in self.goals:
            left = [act for act in self.known() if not self.done[act.code]]
            chosen = min(left, key=lambda act: self.walked[act.code]) if left else None
            if chosen is not None:
                self.walked[chosen.code] += 1
            self.goals[seed] = chosen
        return self.goals[seed]

    def known(self) -> list[Any]:
        """The acts that this government knows."""
        from citycall.services.cases.acts import TABLE

        kinds = self.pack.kinds.values()
        return [act for act in TABLE if any(act.happens_in(kind, self.pack) for kind in kinds)]


def world_of(name: str, time: Any) -> World:
    """Read once what all lives use: everybody who stands at a post, the agencies, the items by kind."""
    from citycall.base.commands import commands
    from citycall.base.policies import in_force
    from citycall.people.models import Post
    from citycall.people.queries import actor_for_post, agencies_with
    from citycall.services.cases.commands.handling import WORKERS
    from citycall.services.cases.commands.naming import TAKES_CASES

    pack = in_force()[1]
    actors = []
    for code in Post.objects.filter(active=True).order_by("code").values_list("code", flat=True):
        try:
            actors.append(actor_for_post(code))
        except LookupError:
            continue
    takes = {one.code for one in agencies_with(TAKES_CASES)}
    works = {post.agency for one in actors for post in one.posts if post.role in WORKERS}
    agencies = sorted(takes & works)
    items: dict[str, list[Any]] = {}
    for item in pack.items.values():
        if item.active_from is None and item.active_until is None and item.agency in agencies:
            items.setdefault(item.kind, []).append(item)
    inputs = {name: spec.input for name, spec in commands().items()}  # their schemas take long to make
    return World(name, time, pack, actors, agencies, items, inputs)


class Life:
    """A case or two, and whatever people do with them."""

    def __init__(self, world: World) -> None:
        from citycall.base.events import Event

        self.world = world
        self.cases: list[int] = []
        self.story: list[str] = []
        self.did: set[str] = set()
        self._found: dict[int, Any] = {}
        last = Event.objects.order_by("-id").values_list("id", flat=True).first()
        self.begins = last or 0

    # --- what happens ---------------------------------------------------------------------------

    def establish(self, dice: random.Random, kinds: list[Any] | None = None, ways: Any = ()) -> None:
        """Take a case of some kind; what a kind asks for is tried until it is content."""
        from citycall.base.commands import Refused, execute

        for _ in range(6):
            given = self._matter(dice, kinds or list(self.world.pack.kinds.values()))
            if ways:
                given |= {"reporter": REPORTERS[0][0], "reply_by": dice.choice(ways)}
            try:
                made = execute("cases.establish", self._operator(), given)
            except Refused as refusal:
                self.world.refused[refusal.code] += 1
            else:
                self.cases.append(made.case)
                self._found.clear()
                self.world.done[f"{made.kind} established"] += 1
                self.story.append(f"established {made.kind} {given.get('item')} for {made.agency}")
                return

    def _operator(self) -> Any:
        return next(one for one in self.world.actors if one.has("operator"))

    def _matter(self, dice: random.Random, kinds: list[Any]) -> dict[str, Any]:
        kind = dice.choice(kinds)
        reporter, ways = dice.choice(REPORTERS)
        given: dict[str, Any] = {
            "kind": kind.code,
            "description": "路燈不亮，請派員查看。",
            "place": {"address": PLACES[self.world.name]},
            "reporter": reporter,
            "reply_by": dice.choice(ways),
        }
        items = self.world.items.get(kind.code, [])
        if items and (kind.item_required or dice.random() < 0.5):
            given["item"] = dice.choice(items[:6]).code
        else:
            given["agency"] = dice.choice(self.world.agencies)
        if kind.categories:
            given["category"] = dice.choice(kind.categories).code
        if kind.telephone_notice.when == "required" or (
            kind.telephone_notice.when == "optional" and dice.random() < 0.3
        ):
            told = self.world.time.now - timedelta(minutes=2)
            given |= {"notified_person": "值班張先生", "notified_at": told}
        return given

    def pass_time(self, minutes: int) -> None:
        self.story.append(f"{minutes} minutes pass")
        self._found.clear()
        self.world.time.move(self.world.time.now + timedelta(minutes=minutes))

    def lose_messages(self) -> None:
        """The gateway gives up what was to be told: no such number."""
        from citycall.base.notices import Notice

        waiting = Notice.objects.filter(
            about_kind="case", about_id__in=self.cases, state=Notice.State.PENDING
        )
        waiting.update(state=Notice.State.UNDELIVERABLE, reason="no such number")
        self.story.append("messages are lost")
        self._found.clear()

    def case(self) -> Any:
        """The case that this life is about, as it stands now."""
        return self.found(self.cases[-1]).case  # the later one, as that is merged into the earlier

    def found(self, case: int) -> Any:
        """A case as it stands, and all that was read about it since it last changed."""
        from citycall.base import reading
        from citycall.base.policies import pack_of
        from citycall.services.cases.acts import Standing
        from citycall.services.cases.models import Case

        if case not in self._found:
            (row,) = reading.rows(Case, "WHERE row.id = %s", case)
            pack = pack_of(row.policy_version_id)
            self._found[case] = Standing(self.world.actors[0], row, pack, self.world.time.now)
        return self._found[case]

    def has_done(self, code: str) -> bool:
        return code in self.did

    def act(self, dice: random.Random) -> None:
        """Somebody tries something with a case, and it goes as the table said."""
        if not self.cases:
            return
        at = self.found(dice.choice(self.cases))
        act = self._likely(dice, at)
        actor = self._somebody(dice, act, at)
        self._try(act, at, self._entry(dice, actor, at), looks=dice.random() < 0.04)

    def attempt(self, dice: random.Random, act: Any, wishes: tuple[str, ...] = ()) -> Any:
        """One who may does it with what fits; the refusal, or None when it was done."""
        at = self.found(self.cases[-1])
        entry = self._entry(dice, self._able(dice, act, at), at)
        entry.careful, entry.wishes = True, wishes
        return self._try(act, at, entry)

    def _entry(self, dice: random.Random, actor: Any, at: Any) -> Entry:
        others = [one for one in self.cases if one != at.case.pk]
        return Entry(dice, actor, at.case, at.pack, self.world.time.now, others, self.world.agencies)

    def _try(self, act: Any, at: Any, entry: Entry, *, looks: bool = False) -> Any:
        """The refusal that the command gave, or None; table and command must agree."""
        from citycall.base.commands import Refused, execute

        case, actor = entry.case, entry.actor
        given = enter(act.code, self.world.inputs[act.command], entry)
        named = _read(self.world.inputs[act.command], given)
        before_entry = _said(act, at, actor)  # as the screens say it
        said = before_entry if named is None else _said(act, at, actor, named)
        before = fingerprint() if looks else {}
        story = f"{actor.posts[0].code} {act.code} in {case.status}"
        try:
            execute(act.command, actor, given)
        except Refused as refusal:
            self.world.refused[refusal.code] += 1
            self.story.append(f"{story} -> {refusal.code} {refusal.fields or ''}")
            if looks:
                _unwritten(before, refusal)
            if named is None:
                if refusal.code not in ("invalid", "not_permitted"):
                    self._amiss(f"{act.code} cannot be read, and is refused otherwise", refusal)
            elif said is None and refusal.status != ENTERED and refusal.code not in IN_WHAT_IS_ENTERED:
                self._amiss(f"{act.code} is possible by the table, and refused", refusal)
            elif said is not None and refusal.code != said.code:
                self._amiss(f"{act.code} is {said.code} by the table, and refused otherwise", refusal)
            return refusal
        self._found.clear()
        self.world.done[act.code] += 1
        self.did.add(act.code)
        self.story.append(story)
        for one in (before_entry, said):
            if one is not None:
                self._amiss(f"{act.code} was done", one)
        return None

    def _amiss(self, what: str, refusal: Exception) -> None:
        """Table and command are out of step; all such are told together at the end."""
        self.world.amiss.setdefault(f"{what}: {refusal}", self.story[-6:])

    def _likely(self, dice: random.Random, at: Any) -> Any:
        """Mostly what the moves of the kind allow now."""
        from citycall.services.cases.acts import TABLE

        kind, case = at.kind, at.case
        if dice.random() < 0.15:
            return dice.choice(TABLE)
        open_now = [
            act
            for act in TABLE
            if any(kind.next_status(event, case.status) for event in act.events) or act.code == "do_task"
        ]
        leads = [act for act in open_now if any(_leads(kind, event, case.status) for event in act.events)]
        return dice.choice(leads if leads and dice.random() < 0.5 else open_now)

    def _permitted(self, act: Any, at: Any) -> list[Any]:
        """Those whose post may do it, whatever stands in its way."""
        from citycall.base.commands import effective_who

        who = effective_who(act.command)
        roles = set(who)
        able = [one for one in self.world.actors if "staff" in roles or roles & one.roles()]
        theirs = []
        for one in able:
            at.actor = one
            if act.who.post(at, who) is not None:
                theirs.append(one)
        return theirs or able or self.world.actors

    def _somebody(self, dice: random.Random, act: Any, at: Any) -> Any:
        """Mostly one of those who may."""
        if dice.random() < 0.12:
            return dice.choice(self.world.actors)
        able = self._permitted(act, at)
        near = [one for one in able if at.case.agency in one.agencies()]
        return dice.choice(near if near and dice.random() < 0.6 else able)

    def _able(self, dice: random.Random, act: Any, at: Any) -> Any:
        """One for whom it is possible by the table; else one whose act it is at all."""
        able = self._permitted(act, at)
        near = [one for one in able if at.case.agency in one.agencies()]
        far = [one for one in able if one not in near]
        order = [*dice.sample(near, len(near)), *dice.sample(far, len(far))]
        second = None
        for one in order:
            refused = _said(act, at, one)
            if refused is None:
                return one
            if second is None and refused.code != "not_permitted":
                second = one
        return second or order[0]

    # --- what must hold -------------------------------------------------------------------------

    def check(self, *, sends: bool) -> None:
        """What must hold at the end; without `sends`, messages are looked at in the outbox."""
        from citycall.base.events import Event
        from citycall.services.cases.models import Case

        self.world.time.worker = True
        self.world.time.work(send=sends)
        told: dict[tuple[str, int], list[Any]] = {}
        for event in Event.objects.filter(id__gt=self.begins).order_by("id"):
            told.setdefault((event.subject_kind, event.subject_id), []).append(event)
        for case in Case.objects.filter(pk__in=self.cases):
            check_moves(case, told["case", case.pk])
            check_case(case)
        check_rows(told)
        check_timers(self.cases)
        check_notices(self.cases)


def _read(model: Any, given: dict[str, Any]) -> Any:
    """What was entered, as the command reads it; None where it cannot be read."""
    try:
        return model.model_validate(given)
    except ValidationError:
        return None


def _said(act: Any, at: Any, actor: Any, named: Any = None) -> Any:
    """What the table says of this person, with what was read about the case already."""
    from citycall.services.cases.acts import why_not

    at.actor, at.given = actor, named
    return why_not(act, at)


def _unwritten(before: dict[str, Any], refusal: Exception) -> None:
    assert fingerprint() == before, f"refused ({refusal}), and yet something was written"


def _leads(kind: Any, event: str, status: str) -> bool:
    after = kind.next_status(event, status)
    return after is not None and after != status
