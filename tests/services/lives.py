"""Random lives of cases under a government's rules: who tries what, and what must hold afterwards."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.guards.worlds import fingerprint
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
ENDED = ("closed", "withdrawn", "released", "merged")
# The moves table says when people may do these; a rule opens a task whenever its event happens.
BY_RULE = frozenset({"case.task_opened", "case.task_done", "case.task_cancelled"})
# What the act itself could not have told beforehand, because it lies in what was entered.
STANDS_IN_THE_WAY = frozenset({"wrong_status", "task_open", "not_permitted"})
# Acts whose reason hangs on what is named in them, so that the table without input says less.
NAMED = frozenset({"open_task", "do_task", "make_request", "decide_request", "withdraw_request"})
NAMED |= {"state_position", "answer_join", "ask_reopening", "close", "request_stage", "decide_stage", "merge"}
NAMED |= {"link_repeat", "pass_down"}


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


def world_of(name: str, time: Any) -> World:
    """Read once what all lives use: everybody who stands at a post, the agencies, the items by kind."""
    from citycall.base.commands import commands
    from citycall.base.policies import in_force
    from citycall.people.models import Post
    from citycall.people.queries import actor_for_post, agencies_with
    from citycall.services.cases.commands.naming import TAKES_CASES

    pack = in_force()[1]
    actors = []
    for code in Post.objects.filter(active=True).order_by("code").values_list("code", flat=True):
        try:
            actors.append(actor_for_post(code))
        except LookupError:
            continue
    agencies = [one.code for one in agencies_with(TAKES_CASES)]
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
        last = Event.objects.order_by("-id").values_list("id", flat=True).first()
        self.begins = last or 0

    # --- what happens ---------------------------------------------------------------------------

    def establish(self, dice: random.Random) -> None:
        """Take a case of some kind; what a kind asks for is tried until it is content."""
        from citycall.base.commands import Refused, execute

        for _ in range(6):
            given = self._matter(dice)
            try:
                made = execute("cases.establish", self._operator(), given)
            except Refused as refusal:
                self.world.refused[refusal.code] += 1
            else:
                self.cases.append(made.case)
                self.world.done[f"{made.kind} established"] += 1
                self.story.append(f"established {made.kind} {given.get('item')} for {made.agency}")
                return

    def _operator(self) -> Any:
        return next(one for one in self.world.actors if one.has("operator"))

    def _matter(self, dice: random.Random) -> dict[str, Any]:
        kind = dice.choice(list(self.world.pack.kinds.values()))
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
        self.world.time.move(self.world.time.now + timedelta(minutes=minutes))

    def act(self, dice: random.Random) -> None:
        """Somebody tries something with a case, and it goes as the table said."""
        from citycall.base.commands import Refused, execute
        from citycall.base.policies import pack_of
        from citycall.services.cases.acts import Standing, why_not
        from citycall.services.cases.models import Case

        if not self.cases:
            return
        case = Case.objects.get(pk=dice.choice(self.cases))
        pack, now = pack_of(case.policy_version_id), self.world.time.now
        act = self._likely(dice, case, pack)
        actor = self._somebody(dice, act, case, pack)
        others = [one for one in self.cases if one != case.pk]
        entry = Entry(dice, actor, case, pack, now, others, self.world.agencies)
        given = enter(act.code, self.world.inputs[act.command], entry)
        said = why_not(act, Standing(actor, case, pack, now))
        looks = dice.random() < 0.1
        before = fingerprint() if looks else {}
        post = actor.posts[0].code
        try:
            execute(act.command, actor, given)
        except Refused as refusal:
            self.world.refused[refusal.code] += 1
            self.story.append(f"{post} {act.code} in {case.status} -> {refusal.code}")
            if looks:
                _unwritten(before, refusal)
            if act.code in NAMED:
                pass
            elif said is None and refusal.code in STANDS_IN_THE_WAY:
                self._amiss(f"{act.code} is possible by the table, and refused", refusal)
            elif said is not None and refusal.code != said.code:
                self._amiss(f"{act.code} is {said.code} by the table, and refused otherwise", refusal)
        else:
            self.world.done[act.code] += 1
            self.story.append(f"{post} {act.code} in {case.status}")
            if said is not None and act.code not in NAMED:
                self._amiss(f"{act.code} was done", said)
        if dice.random() < 0.05:
            self.world.time.work()

    def _amiss(self, what: str, refusal: Exception) -> None:
        """Table and command are out of step; all such are told together at the end."""
        self.world.amiss.setdefault(f"{what}: {refusal}", self.story[-6:])

    def _likely(self, dice: random.Random, case: Any, pack: Any) -> Any:
        """Mostly what the moves of the kind allow now, and of that rather what was done seldom so far."""
        from citycall.services.cases.acts import TABLE

        kind = pack.kinds[case.kind]
        if dice.random() < 0.15:
            return dice.choice(TABLE)
        open_now = [
            act
            for act in TABLE
            if any(kind.next_status(event, case.status) for event in act.events) or act.code == "do_task"
        ]
        leads = [act for act in open_now if any(_leads(kind, event, case.status) for event in act.events)]
        chosen = leads if leads and dice.random() < 0.5 else open_now
        weights = [1 + 4 / (1 + self.world.done[act.code]) for act in chosen]
        return dice.choices(chosen, weights)[0]

    def _somebody(self, dice: random.Random, act: Any, case: Any, pack: Any) -> Any:
        """Mostly one of those who may."""
        from citycall.base.commands import effective_who
        from citycall.services.cases.acts import Standing

        if dice.random() < 0.12:
            return dice.choice(self.world.actors)
        roles = set(effective_who(act.command))
        able = [one for one in self.world.actors if roles & one.roles()]
        near = [one for one in able if case.agency in one.agencies()]
        able = near if near and dice.random() < 0.6 else able
        at = Standing(able[0], case, pack, self.world.time.now) if able else None
        theirs = []
        for one in able:
            assert at is not None
            at.actor = one
            if act.who.post(at, effective_who(act.command)) is not None:
                theirs.append(one)
        if at is not None and act.code in NAMED and dice.random() < 0.7:  # whose it is lies in the case
            some = dice.sample(theirs or able, min(8, len(theirs or able)))
            theirs = [one for one in some if _possible(act, at, one)] or theirs
        return dice.choice(theirs or able or self.world.actors)

    # --- what must hold -------------------------------------------------------------------------

    def check(self) -> None:
        from citycall.base.events import Event
        from citycall.services.cases.models import Case

        self.world.time.worker = True
        self.world.time.work()
        told: dict[tuple[str, int], list[Any]] = {}
        for event in Event.objects.filter(id__gt=self.begins).order_by("id"):
            told.setdefault((event.subject_kind, event.subject_id), []).append(event)
        for case in Case.objects.filter(pk__in=self.cases):
            check_moves(case, told["case", case.pk])
            check_case(case)
        check_rows(told)
        check_timers(self.cases)
        check_notices(self.cases)


def _possible(act: Any, at: Any, actor: Any) -> bool:
    from citycall.services.cases.acts import why_not

    at.actor = actor
    return why_not(act, at) is None


def _unwritten(before: dict[str, Any], refusal: Exception) -> None:
    assert fingerprint() == before, f"refused ({refusal}), and yet something was written"


def _leads(kind: Any, event: str, status: str) -> bool:
    after = kind.next_status(event, status)
    return after is not None and after != status


def check_moves(row: Any, events: list[Any]) -> None:
    """No illegal move: each event that was written was allowed, by the pack, in the status of that moment."""
    from citycall.base.policies import pack_of

    pack, status = pack_of(row.policy_version_id), None
    kind = pack.kinds[events[0].set["kind"]]
    for event in events:
        now = event.set.get("status", status)
        if status is None:
            assert now == kind.begins, f"it began as {now}"
        elif event.kind not in BY_RULE and any(move.event == event.kind for move in kind.moves):
            move = kind.move(event.kind, status)
            assert move is not None, f"{event.kind} of a {kind.code} in {status}"
            assert now == (move.to or status), f"{event.kind} led from {status} to {now}"
        else:
            assert now == status, f"{event.kind} is no move of a {kind.code}, and led from {status} to {now}"
        status, kind = now, pack.kinds[event.set.get("kind", kind.code)]


def reachable(kind: Any, status: str) -> set[str]:
    """The statuses that may still come."""
    found, todo = {status}, [status]
    while todo:
        here = todo.pop()
        for move in kind.moves:
            if here in move.from_ and move.to is not None and move.to not in found:
                found.add(move.to)
                todo.append(move.to)
    return found


def check_case(case: Any) -> None:
    """Its limit, its clocks and what is owed are those of where it stands."""
    from citycall.base.policies import pack_of
    from citycall.services.cases.models import OPEN_STATUSES, CaseClock, PhoneTask, StageRequest

    pack = pack_of(case.policy_version_id)
    kind = pack.kinds[case.kind]
    clocks = list(CaseClock.objects.filter(case=case).order_by("pk"))
    running = [one for one in clocks if one.state == "running"]
    setting = [one for one in running if pack.clock(one.code).sets_due]
    assert len(setting) <= (1 if case.status in OPEN_STATUSES else 0), "two limits, or one of what has ended"
    if setting:
        assert setting[0].due == case.due_at
    coming = reachable(kind, case.status)
    for one in clocks:
        assert one.due is not None
        if one.state != "running":
            assert one.stopped_at is not None, f"{one.code} neither runs nor was stopped"
            continue
        stops = pack.clock(one.code).stop
        assert any(kind.next_status(event, status) for event in stops for status in coming) or any(
            event.startswith(("case.task", "case.request")) for event in stops
        ), f"nothing can stop {one.code} of a {case.kind} that is {case.status}"
    if case.status == "closed":
        assert case.result
        assert case.completed_at
        assert case.closed_at >= case.completed_at >= case.established_at
    owed = PhoneTask.objects.filter(case=case, state="open").count()
    assert owed <= (1 if case.status == "completed" else 0), "a call is owed for a case that is not done"
    asked = StageRequest.objects.filter(case=case, state="pending").count()
    assert asked <= (1 if case.status in ("acknowledged", "in_progress", "established") else 0)


def check_rows(told: dict[tuple[str, int], list[Any]]) -> None:
    """Rows are the fold of their events: the cases', and those of whatever belongs to them."""
    from django.apps import apps

    from citycall.base import events
    from citycall.base.encoding import jsonable

    models = {events.subject_kind(model): model for model in apps.get_app_config("cases").get_models()}
    for word in {kind for kind, _ in told} & models.keys():
        rows = models[word]._default_manager.in_bulk([pk for kind, pk in told if kind == word])
        for pk, row in rows.items():
            folded: dict[str, Any] = {}
            for event in told[word, pk]:
                folded.update(event.set)
            kept = {name: jsonable(getattr(row, name)) for name in folded}
            assert kept == folded, f"{word} {pk} is not the fold of its events"


def check_timers(cases: list[int]) -> None:
    """Nothing is broken, nothing strikes twice, nothing that is due waits."""
    from citycall.base import clock
    from citycall.base.timers import Timer

    broken = Timer.objects.filter(state="broken").first()
    assert broken is None, broken and broken.error
    pending = Timer.objects.filter(state="pending", subject_kind="case", subject_id__in=cases)
    found = Counter((one.subject_id, str(sorted(one.payload.items())), one.due) for one in pending)
    assert not [one for one, number in found.items() if number > 1], "a clock would strike twice"
    assert not Timer.objects.filter(state="pending", due__lte=clock.now()).exists()


def check_notices(cases: list[int]) -> None:
    """Nobody is told one thing twice: of one event, or of the strikes of one instant."""
    from django.db.models import Case, F, When

    from citycall.base.notices import Notice

    told = Counter(
        Notice.objects.filter(about_kind="case", about_id__in=cases)
        .annotate(struck=Case(When(caused_by=None, then=F("due_at"))))
        .values_list("about_id", "template", "to_post", "party_id", "channel", "caused_by", "struck")
    )
    twice = [one for one, number in told.items() if number > 1]
    assert not twice, f"somebody is told twice: {twice}"
    assert not Notice.objects.filter(state="failed").exists()
    undone = Notice.objects.exclude(reason="").filter(state="sent").first()
    assert undone is None, undone and undone.reason
