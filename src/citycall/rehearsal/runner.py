"""Tells a story on a virtual clock and says where it went otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from citycall.base import audit, channels, clock, events, policies, timers
from citycall.base.audit import AuditEntry, AuditLink
from citycall.base.channels.recording import RecordingChannel
from citycall.base.commands import Input, Refused, commands, execute
from citycall.base.notices import Notice
from citycall.base.portions import Job, Portion
from citycall.base.timers import Timer
from citycall.policy import PackError, load_pack
from citycall.rehearsal import moments, sample
from citycall.rehearsal.expect import Unfit
from citycall.rehearsal.expect.form import Refusal
from citycall.rehearsal.result import Failure, Result
from citycall.rehearsal.scenario import At, Calendar, Channel, Do, Expect, Scenario, Step, Worker
from citycall.rehearsal.scratch import Scratch, traces
from citycall.rehearsal.telling import VIA, Telling, unknown_keys
from citycall.rehearsal.timeline import Timeline
from citycall.services.cases.models import Case

OUTWARD = ("email", "sms", "egov")


class Broken(Exception):
    """The story cannot go on after this step."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.found)
        self.failure = failure


@cache
def inputs() -> dict[str, type[Input]]:
    """The typed input of every command."""
    return {name: spec.input for name, spec in commands().items()}


def check(scenario: Scenario) -> None:
    """ScenarioError if the story names a command, a key or a pack that does not exist."""
    known = inputs()
    for step in scenario.steps:
        if not isinstance(step.form, Do):
            continue
        if step.form.do not in known:
            raise scenario.error(step, f"there is no command {step.form.do!r}", "do")
        for place in unknown_keys(step.form.given, known[step.form.do]):
            raise scenario.error(step, f"{step.form.do} has no {'.'.join(place)!r}", "with", *place)


def rehearse(
    scenario: Scenario, scratch: Scratch, policy: Path | None = None, *, amended: Path | None = None
) -> Result:
    """Tell the story in a fresh world. `policy` takes the place of the pack that it names.

    `amended`: a changed copy of that pack, put in force in the pack's own world when the story begins.
    """
    result = Result(scenario.path, scenario.title, scenario.clauses, steps=len(scenario.steps))
    began = time.perf_counter()
    check(scenario)
    try:
        folder = policy or sample.pack_folder(scenario.policy)
        zone = ZoneInfo(load_pack(folder).timezone)
    except (LookupError, PackError) as error:
        raise scenario.document.error(("policy",), str(error)) from error
    with scratch.world(folder), _recording():
        start = moments.absolute(scenario.start, zone)
        timeline = Timeline(start)
        if amended is not None:
            policies.install(amended)
        _Runner(scenario, Telling(start, zone), timeline, result).run()
    result.seconds = time.perf_counter() - began
    return result


@contextmanager
def _recording() -> Iterator[None]:
    """Channels record instead of sending; the clock of this process goes back to what it was."""
    before = clock.now() if clock.is_virtual() else None
    for name in OUTWARD:
        channels.set_channel(name, RecordingChannel(name))
    try:
        yield
    finally:
        for name in OUTWARD:
            channels.set_channel(name, None)
            channels.set_down(name, False)
        if before is None:
            clock.clear_virtual()
        else:
            clock.set_virtual(before)


class _Runner:
    """One story, step by step."""

    def __init__(self, scenario: Scenario, telling: Telling, timeline: Timeline, result: Result) -> None:
        self.scenario = scenario
        self.telling = telling
        self.timeline = timeline
        self.result = result
        self.unsettled = False

    def run(self) -> None:
        for step in self.scenario.steps:
            try:
                self._step(step)
            except Broken as broken:
                self.result.failures.append(broken.failure)
                self.result.failures.append(
                    Failure(step.line, "the story goes on", "it cannot: what follows was not told")
                )
                return
            except Unfit as error:
                self._fail(step, "something that can be checked", str(error))
            except Exception as error:
                self._fail(step, "no error", f"{type(error).__name__}: {error}")
                return
        self._whole(self.scenario.steps[-1])

    def _whole(self, last: Step) -> None:
        """What must be so at the end of every story, whatever it is about."""
        self.timeline.worker = True
        self.timeline.work()
        for notice in Notice.objects.filter(state=Notice.State.FAILED):
            self._fail(
                last,
                "no notice fails",
                f"{notice.template} to {notice.to_post or notice.role}: {notice.reason}",
            )
        for timer in Timer.objects.filter(state=timers.State.BROKEN):
            self._fail(last, "no timer breaks", f"{timer}: {timer.error[-300:]}")
        for job in Job.objects.filter(broken_at__isnull=False):
            self._fail(last, "no long work breaks", f"{job}: {job.error[-300:]}")
        for portion in Portion.objects.filter(state=Portion.State.BROKEN):
            self._fail(last, "no long work breaks", f"{portion.job} {portion}: {portion.error[-300:]}")
        report = audit.verify()
        if not report.ok:
            self._fail(last, "the audit chain holds", f"{report.first_fault}")
        for case in Case.objects.all():
            for name, (row, told) in events.differences(case).items():
                self._fail(
                    last, f"{case} is what its events tell", f"{name}: {row}, and by its events {told}"
                )

    def _fail(self, step: Step, expected: str, found: str) -> None:
        self.result.failures.append(Failure(step.line, expected, found))

    def _step(self, step: Step) -> None:
        form = step.form
        if isinstance(form, Do):
            self._do(step, form)
            return
        if isinstance(form, Calendar):
            self._do(step, _declared(form, self.telling.pack.managing_unit))
            return
        if isinstance(form, At):
            self._move(step, form)
            return
        self._settle()
        if isinstance(form, Channel):
            for name, state in form.channel.items():
                channels.set_down(name, state == "down")
        elif isinstance(form, Worker):
            self.timeline.worker = form.worker == "started"
            self.timeline.work()
        elif isinstance(form, Expect):
            assert step.expectation is not None
            for unmet in step.expectation.verify(self.telling):
                self._fail(step, unmet.expected, unmet.found)

    # -- time ------------------------------------------------------------------------------------------

    def _move(self, step: Step, form: At) -> None:
        """What people do at the instant of arrival, told right after it, comes before what strikes then."""
        to = self.telling.instant(form.at)
        if to < self.timeline.now:
            raise Broken(
                Failure(step.line, f"time moves to {self.telling.local(to)}",
                        f"it is {self.telling.local(self.timeline.now)} already; time only moves forward")
            )  # fmt: skip
        following = self.scenario.steps[step.index + 1 : step.index + 2]
        acting = bool(following) and isinstance(following[0].form, Do | Calendar)
        self.timeline.move(to, arrive=not acting)
        self.unsettled = acting

    def _settle(self) -> None:
        """The timers of the instant of arrival, once nobody acts any more; and what a closure moves."""
        if self.unsettled or self.timeline.owes_work:
            self.unsettled = False
            self.timeline.work(send=False)

    # -- doing -------------------------------------------------------------------------------------------

    def _do(self, step: Step, form: Do) -> None:
        actor = self.telling.actor(form.actor)
        given = self.telling.given(form.given, inputs()[form.do])
        before = _written() if form.refused else {}
        try:
            found = execute(form.do, actor, given, key=form.key)
        except Refused as refused:
            self.telling.refusal = Refusal(
                form.do, refused.code, refused.message, refused.status, refused.fields, refused.info
            )
            self._refused(step, form, refused, before)
            return
        if form.refused:
            self._fail(step, f"{form.do} is refused: {form.refused}", f"it was done: {_said(found)}")
        elif form.save:
            self.telling.save(form.save, _plain(found))

    def _refused(self, step: Step, form: Do, refused: Refused, before: Mapping[str, Any]) -> None:
        if not form.refused:
            raise Broken(Failure(step.line, f"{form.do} as {form.actor}", f"refused, {refused}"))
        if refused.code != form.refused:
            self._fail(step, f"{form.do} is refused: {form.refused}", f"refused, {refused}")
        after = _written()
        changed = [table for table, trace in after.items() if before.get(table) != trace]
        if changed:
            self._fail(step, f"the refused {form.do} changes nothing", f"changed: {', '.join(changed)}")


def _declared(form: Calendar, steering: str) -> Do:
    """The command that a `calendar:` step stands for."""
    closure = form.calendar
    given = {"day": closure.closed, **closure.model_dump(exclude={"closed"})}
    asked = {"do": "oversight.declare_closure", "as": f"{steering}.director", "with": given}
    return Do.model_validate(asked | ({"save": form.save} if form.save else {}))


def _plain(found: Any) -> Mapping[str, Any]:
    if isinstance(found, BaseModel):
        return found.model_dump()
    return found if isinstance(found, Mapping) else {}


def _said(found: Any) -> str:
    return ", ".join(f"{name}: {value}" for name, value in _plain(found).items()) or "no answer"


def _written() -> dict[str, tuple[int, int]]:
    """What every table holds but the audit trail, which keeps refusals too."""
    trail = {AuditEntry._meta.db_table, AuditLink._meta.db_table}
    return {table: trace for table, trace in traces().items() if table not in trail}


__all__ = ["VIA", "check", "rehearse"]
