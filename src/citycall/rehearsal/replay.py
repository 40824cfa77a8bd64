"""Living through imported cases: every one by the ordinary commands, at the time at which it really came.

Between two steps everything that falls due is done at its own instant, as a worker would: timers are
struck, notices sent (recorded), the audit trail chained. It all happens in a database of its own.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from citycall.base import audit, channels, clock, timers
from citycall.base.channels.recording import RecordingChannel
from citycall.base.commands import Actor, Refused, execute
from citycall.base.notices import send_due
from citycall.people.queries import actor_for_post
from citycall.rehearsal import figures
from citycall.rehearsal.figures import Figures
from citycall.rehearsal.models import Standing
from citycall.rehearsal.scratch import scratch
from citycall.rehearsal.stories import ReplayError, Story, Wanted

__all__ = ["ReplayError", "Wanted", "replay_cases"]

SEND_EVERY = timedelta(minutes=10)
_CHAIN_EVERY = 2000
_AT_ONCE = 2000  # timers in one sweep
_OPERATOR, _LEAD = "call_centre.operator1", "call_centre.lead"
_CHANNELS = ("email", "sms", "egov")
Progress = Callable[[int, int], None]


def replay_cases(wanted: Wanted, *, keep_as: str | None = None, tell: Progress | None = None) -> Figures:
    """Live through the staged cases; the figures of what became of them.

    It all happens in a database of its own, dropped at the end unless a name is given to keep it under.
    """
    stories = wanted.stories()
    if not stories:
        raise ReplayError(_("沒有已匯入的案件；請先執行 citycall import cases"))
    with scratch() as databases:
        if keep_as and databases.exists(keep_as):
            raise ReplayError(_("資料庫 %s 已經存在；請用另一個名稱，或先刪除它") % keep_as)
        try:
            with (
                databases.world(Path(wanted.pack.path), keep_as),
                recording(),
                translation.override("zh-hant"),
            ):
                lived = Living(stories, tell)
                lived.run()
                counted = figures.count(wanted.pack, lived.tally)
        finally:
            clock.clear_virtual()
            actor.cache_clear()
    counted.database = keep_as or ""
    return counted


@contextmanager
def recording() -> Iterator[None]:
    """Nothing leaves the house: channels keep in the database what they would have sent."""
    for name in _CHANNELS:
        channels.set_channel(name, RecordingChannel(name))
    try:
        yield
    finally:
        for name in _CHANNELS:
            channels.set_channel(name, None)


@dataclass
class Tally:
    """What the replay itself counts; the rest is asked of the database."""

    staged: int = 0
    established: int = 0
    never_established: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_examples: dict[str, str] = field(default_factory=dict)
    steps: Counter[str] = field(default_factory=Counter)
    steps_refused: Counter[str] = field(default_factory=Counter)
    sign_time_unknown: int = 0
    completion_time_unknown: int = 0
    other_agency: int = 0
    unknown_signed: set[int] = field(default_factory=set)
    unknown_completed: set[int] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    story: Story = field(compare=False)
    standing: str = field(compare=False)
    known: bool = field(compare=False, default=True)


class Living:
    """Runs the steps of all stories in the order of time, with all that falls due in between."""

    def __init__(self, stories: list[Story], tell: Progress | None = None) -> None:
        self.tell = tell
        self.tally = Tally(staged=len(stories))
        self._queue: list[_Due] = []
        self._order = 0
        self._cases: dict[int, tuple[int, str, str]] = {}  # imported case: case, agency, standing
        self._commands = 0
        self._send_at: datetime | None = None
        for story in stories:
            if story.at is None:
                self.tally.never_established += 1
            else:
                self._put(story.at, story, Standing.ESTABLISHED)
        self._total = len(self._queue) + sum(len(story.steps) for story in stories)

    def run(self) -> None:
        if not self._queue:
            raise ReplayError(_("沒有一件曾經成案"))
        self.tally.first = self._queue[0].at
        began, done = time.perf_counter(), 0
        while self._queue:
            due = heapq.heappop(self._queue)
            self.pass_until(due.at)
            clock.set_virtual(due.at)
            begun = time.perf_counter()
            self._take(due)
            self._spent("commands", begun)
            self._wake(due.at)
            done += 1
            if self.tell and done % 50 == 0:
                self.tell(done, self._total)
        self.tally.last = clock.now()
        self.pass_until(clock.now() + SEND_EVERY)
        self._send()
        self._chain(everything=True)
        self.tally.seconds["all"] = time.perf_counter() - began

    # -- time ------------------------------------------------------------------------------------

    def pass_until(self, instant: datetime) -> None:
        """Everything that falls due before this instant, each at its own.

        What somebody does at the very instant comes before what strikes then, as in the stories (NT-5-4-2d).
        """
        while True:
            due = next_live_timer(instant)
            if self._send_at is not None and self._send_at <= min(due or instant, instant):
                clock.set_virtual(self._send_at)
                self._send()
                continue
            if due is None:
                return
            clock.set_virtual(max(due, clock.now()))
            begun = time.perf_counter()
            while timers.sweep(limit=_AT_ONCE) == _AT_ONCE:
                pass
            self._spent("sweeps", begun)
            self._wake(clock.now())

    def _wake(self, instant: datetime) -> None:
        if self._send_at is None:
            self._send_at = instant + SEND_EVERY

    def _send(self) -> None:
        begun = time.perf_counter()
        while send_due(limit=1000):
            pass
        self._send_at = None
        self._spent("notices", begun)

    def _chain(self, *, everything: bool = False) -> None:
        begun = time.perf_counter()
        while audit.chain(limit=5000) and everything:
            pass
        self._spent("audit", begun)

    def _spent(self, on: str, since: float) -> None:
        self.tally.seconds[on] = self.tally.seconds.get(on, 0.0) + time.perf_counter() - since

    # -- steps -----------------------------------------------------------------------------------

    def _put(self, at: datetime, story: Story, standing: str, *, known: bool = True) -> None:
        self._order += 1
        heapq.heappush(self._queue, _Due(at, self._order, story, standing, known))

    def _take(self, due: _Due) -> None:
        story, imported = due.story, due.story.case
        if due.standing == Standing.ESTABLISHED:
            self._establish(story, due.at)
            return
        case, agency, standing = self._cases[imported.pk]
        match due.standing:
            case Standing.ACKNOWLEDGED:
                if standing == Standing.ACKNOWLEDGED:
                    pass  # it went back to waiting there and on again; here it has been signed for
                elif standing in (Standing.COMPLETED, Standing.CLOSED):
                    reason = {"case": case, "reason": "原系統退回續辦"}
                    self._command("cases.reopen", actor(_LEAD), reason)
                    self._cases[imported.pk] = (case, agency, Standing.ACKNOWLEDGED)
                else:
                    self._sign(imported.pk, known=due.known)
            case Standing.COMPLETED | Standing.CLOSED:
                if standing == Standing.ESTABLISHED:
                    self._sign(imported.pk, known=False)
                if standing not in (Standing.COMPLETED, Standing.CLOSED):
                    self._complete(story, known=due.known)

    def _establish(self, story: Story, at: datetime) -> None:
        imported = story.case
        asked = {
            "item": imported.item,
            "description": imported.description,
            "place": {"address": imported.address},
            "reporter": {"name": imported.reporter_name, "phone": imported.reporter_phone},
            "channel": "import",
        }
        try:
            made = execute("cases.establish", actor(_OPERATOR), asked, f"{imported.source}:{imported.number}")
        except Refused as refused:
            self.tally.refused[refused.code] += 1
            self.tally.refused_examples.setdefault(
                refused.code, f"{imported.number} {imported.address}: {refused}"
            )
            return
        self._ran()
        self.tally.established += 1
        self._cases[imported.pk] = (made.case, made.agency, Standing.ESTABLISHED)
        if Standing.ACKNOWLEDGED in story.unknown:
            self.tally.sign_time_unknown += 1
            self._put(at, story, Standing.ACKNOWLEDGED, known=False)
        if Standing.COMPLETED in story.unknown:
            self.tally.completion_time_unknown += 1
            self._put(at, story, Standing.COMPLETED, known=False)
        for when, standing in story.steps:
            self._put(when, story, standing)

    def _sign(self, imported: int, *, known: bool) -> None:
        case, agency, _standing = self._cases[imported]
        if self._command("cases.acknowledge", actor(f"{agency}.intake_window"), {"case": case}):
            self._cases[imported] = (case, agency, Standing.ACKNOWLEDGED)
            if not known:
                self.tally.unknown_signed.add(case)
            self._command("cases.take", actor(f"{agency}.handler1"), {"case": case})

    def _complete(self, story: Story, *, known: bool) -> None:
        case, agency, _standing = self._cases[story.case.pk]
        done = {
            "case": case,
            "finding": story.case.finding,
            "result": story.case.result,
            "late_reason": "原資料未載逾期理由",
        }
        if self._command("cases.complete", actor(f"{agency}.handler1"), done):
            self._cases[story.case.pk] = (case, agency, Standing.COMPLETED)
            if not known:
                self.tally.unknown_completed.add(case)

    def _command(self, name: str, who: Actor, data: dict[str, Any]) -> bool:
        try:
            execute(name, who, data)
        except Refused as refused:
            self.tally.steps_refused[f"{name}: {refused.code}"] += 1
            self.tally.refused_examples.setdefault(f"{name}: {refused.code}", str(refused))
            return False
        self.tally.steps[name] += 1
        self._ran()
        return True

    def _ran(self) -> None:
        self._commands += 1
        if self._commands % _CHAIN_EVERY == 0:
            self._chain()


@lru_cache(maxsize=1000)
def actor(post: str) -> Actor:
    """Who stands at a post; nobody goes on leave in a replay, so it is asked once."""
    return actor_for_post(post, via="rehearsal")


def next_live_timer(until: datetime) -> datetime | None:
    """When, before `until`, the next timer is due whose clock still runs.

    Those of stopped clocks do nothing when struck, so they are struck together with the next that does.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.due FROM base_timer t WHERE t.state = 'pending' AND t.due < %s"
            " AND (t.handler <> 'cases.clock' OR"
            # One look-up for each timer, in order, until one lives: never a join of whole tables.
            " (SELECT c.state FROM cases_caseclock c WHERE c.case_id = t.subject_id"
            " AND c.code = t.payload->>'clock' ORDER BY c.id DESC LIMIT 1) = 'running')"
            " ORDER BY t.due, t.id LIMIT 1",
            [until],
        )
        row = cursor.fetchone()
    return row[0] if row else None
