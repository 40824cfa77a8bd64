"""Directed lives: a case is led to one act of the table, so that every act of a government is really done.

What is not yet possible is refused, and the refusal says what is to come first: the walk does that, and tries
again. A new act needs a line here only where neither the table of moves nor a refusal leads to it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.services.lives import Life

TRIES = 4
DEPTH = 5
# What comes first, by what the refusal says.
FIRST = {
    "not_reported_back": "report_back",
    "number_not_opened": "open_phone",
    "no_draft": "draft_reply",
    "no_letter": "draft_reply",
    "no_written_reply": "issue_reply",
    "task_open": "do_task",
    "no_task": "open_task",
    "nothing_requested": "request_stage",
    "not_completed": "complete",
    "no_result": "complete",
    "phone_reply_owed": "record_phone_reply",
    "joined_owe": "answer_join",
    "not_asked": "ask_prosecution",
    "not_tried": "record_phone_reply",
    "request_required": "make_request",
    "already_requested": "decide_request",
    "dispute_open": "decide_request",
}
# What comes first of acts that are nobody's before.
OPENS = {
    "answer_join": "make_request",
    "state_position": "make_request",
    "decide_request": "make_request",
    "withdraw_request": "make_request",
    "open_letter": "draft_reply",
    "follow_referral": "refer_to_police",
    "unmerge": "merge",
}
# Which sort of request leads to it: its effect.
WISHES: dict[str, tuple[str, ...]] = {
    "answer_join": ("join",),
    "state_position": ("dispute", "release"),
    "follow_up": ("outside",),
    "open_letter": ("letter",),
    "close": ("unreached", "lost"),
    "issue_reply": ("incomplete",),
    "ask_prosecution": ("false",),
    "refer_to_police": ("false",),
    "follow_referral": ("false",),
    "pack_evidence": ("false",),
    "convert": ("release",),
}
# How the citizen wishes to be answered, where it matters.
WAYS = {"unreached": ("phone",), "lost": ("sms",)}
EFFECTS = {"join", "dispute", "release", "reassign"}
ASIDE = {"case.withdrawn", "case.merged", "case.not_processed", "case.released"}


class Walk:
    """Leads one case to one act, by the moves of its kind."""

    def __init__(self, life: Life, dice: random.Random, goal: Any) -> None:
        self.life, self.dice, self.goal = life, dice, goal
        wishes = WISHES.get(goal.code, ())
        self.wishes = wishes if goal.code != "close" else (dice.choice(("", *wishes)),)

    def go(self) -> bool:
        kinds = [
            kind
            for kind in self.life.world.pack.kinds.values()
            if self.goal.happens_in(kind, self.life.world.pack)
        ]
        effects = EFFECTS & {*self.wishes}
        rules = [rule for rule in self.life.world.pack.requests if rule.effect in effects]
        kinds = [kind for kind in kinds if any(kind.code in rule.kinds for rule in rules)] if rules else kinds
        if "unreached" in self.wishes:  # where the agency itself rings, it rings until somebody answers
            kinds = [kind for kind in kinds if kind.reply.phone_agency != "case"] or kinds
        ways = WAYS.get(self.wishes[0] if self.wishes else "", ("phone", "sms"))
        seed = self.dice.random()
        self.life.establish(random.Random(seed), kinds, ways)
        if self.goal.code in ("merge", "unmerge", "link_repeat"):
            self.life.pass_time(1)
            self.life.establish(random.Random(seed), kinds, ways)
        return bool(self.life.cases) and self.reach(self.goal, 0)

    def reach(self, act: Any, depth: int) -> bool:
        """Lead the case to where the act is possible, and do it."""
        if depth > DEPTH:
            return False
        first = OPENS.get(act.code)
        if first and not self.life.has_done(first) and not self._after(first, depth):
            return False
        for _ in range(TRIES):
            if not self.stand_ready(act, depth):
                return False
            stood = self.life.case().status
            done = self.life.attempt(self.dice, act, self.wishes)
            if done is None:
                return True
            if not self.clear(act, done.code, depth):
                return False
            if depth and self.life.case().status != stood:
                return True  # it was a step on the way, and came about otherwise
        return False

    def _after(self, code: str, depth: int) -> bool:
        from citycall.services.cases.acts import BY_CODE

        return self.reach(BY_CODE[code], depth + 1)

    def clear(self, act: Any, code: str, depth: int) -> bool:
        """Do what the refusal says comes first; False where trying again would not help."""
        if code == "not_late":
            due = self.life.case().due_at
            if due is None:
                return False
            self.life.pass_time(int((due - self.life.world.time.now).total_seconds() // 60) + 2)
            return True
        if code == "reply_owed" and "lost" in self.wishes:
            self.life.lose_messages()
            return True
        if code in ("reply_owed", "wrong_status"):
            self.life.pass_time(11)
            return True
        if code == "not_disputed":  # another agency says that it is not its own, and the next has it
            wishes, self.wishes = self.wishes, ("reassign", "release")
            went = self._after("make_request", depth) and self._after("decide_request", depth)
            self.wishes = wishes
            return went
        if code in ("not_pending", "not_permitted") and act.code in OPENS:
            return self._after(OPENS[act.code], depth)
        if code == "not_completed" and act.code == "complete":  # the citizen is answered before
            return self._after("record_phone_reply", depth)
        if code in FIRST and FIRST[code] != act.code:
            return self._after(FIRST[code], depth)
        return code not in ("already_reported", "already_registered", "already_graded", "same_case")

    def stand_ready(self, act: Any, depth: int) -> bool:
        """Bring the case into a status in which the act may be done."""
        from citycall.services.cases.acts import TABLE

        for _ in range(6):
            case = self.life.case()
            kind = self.life.world.pack.kinds[case.kind]
            if not act.happens_in(kind, self.life.world.pack):
                return False
            if act.code == "do_task" or any(kind.next_status(one, case.status) for one in act.events):
                return True
            events = way(kind, case.status, set(act.events))
            if not events:
                return False
            pack = self.life.world.pack
            steps = (one for one in TABLE if set(one.events) & events and one.happens_in(kind, pack))
            step = next((one for one in steps if one.code != act.code), None)
            if step is None:  # a closing that only the answer brings about
                self.life.pass_time(11)
            elif not self.reach(step, depth + 1):
                return False
        return False


def way(kind: Any, status: str, wanted: set[str]) -> set[str]:
    """The events of the first step on the shortest way to a status in which a wanted event may be.

    Letting a case go aside is no way to anything but what only then may be done.
    """
    moves = [move for move in kind.moves if move.event not in ASIDE]
    return _first_steps(moves, kind, status, wanted) or _first_steps(kind.moves, kind, status, wanted)


def _first_steps(moves: Any, kind: Any, status: str, wanted: set[str]) -> set[str]:
    return steps_to(moves, status, {one for move in kind.moves if move.event in wanted for one in move.from_})


def steps_to(moves: Any, status: str, goals: set[str]) -> set[str]:
    """The events of the first step on the shortest way from a status to one of the goals."""
    steps: dict[str, set[str]] = {goal: set() for goal in goals}
    edge = goals
    while edge and status not in steps:
        found: dict[str, set[str]] = {}
        for move in moves:
            if move.to in edge:
                for before in move.from_:
                    if before not in steps:
                        found.setdefault(before, set()).add(move.event)
        steps |= found
        edge = set(found)
    return steps.get(status, set())
