"""The one way a case moves.

``advance`` is called by every command of this room. In the caller's transaction it

1. asks the pack's ``moves`` table whether the event may happen in the present status, and whether a task
   that is owed holds it up,
2. stops and starts the clocks that the pack's rules name,
3. writes the row and its one event,
4. queues the notices that the pack's rules name,
5. opens and ends the tasks that the pack's rules name,
6. says it on the cases that are merged into this one, where the pack's rules name the event.

No rule of a government is written here: which status, which clock, whom to tell, with which words and what
is owed all come from the policy pack that the case was established under.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from citycall.base import reading
from citycall.base.commands import Context, Refused, current
from citycall.base.events import Event, record
from citycall.base.policies import pack_of
from citycall.policy import LimitError, Pack
from citycall.services.cases import acts, clocks, followers, indexing, messages, requests, tasks
from citycall.services.cases.acts.standing import wrong_status
from citycall.services.cases.models import OPEN_STATUSES, Case, CaseJoin, CaseRequest, CaseTask, StageRequest

log = logging.getLogger("citycall.cases")


@dataclass(frozen=True)
class Advanced:
    """What one step wrote: the event, and how many notices went to the citizen."""

    event: Event
    told_reporter: int


def load_for_change(case_id: int) -> Case:
    """The case, locked until the end of the transaction; ``not_found`` if there is none.

    The command that runs is refused here where the lifecycle table (``acts``) does not allow it.
    """
    found = reading.rows(Case, "WHERE row.id = %s FOR UPDATE", case_id)
    if not found:
        raise Refused("not_found", _("查無此案件，請確認案號。"), status=404)
    case = found[0]
    ctx = current()
    if ctx is not None:
        acts.require(ctx, case, pack_for(case))
    return case


def pack_for(case: Case) -> Pack:
    """The rules that this case was established under; they do not change for it."""
    return pack_of(case.policy_version_id)


def next_status(pack: Pack, case: Case, event_kind: str) -> str:
    """The status that ``event_kind`` leads to, or ``wrong_status`` (NT-5-4-9c among others)."""
    after = pack.kinds[case.kind].next_status(event_kind, case.status)
    if after is None:
        raise wrong_status(case)
    return after


def advance(
    ctx: Context,
    case: Case,
    event_kind: str,
    *,
    set: Mapping[str, Any] | None = None,
    info: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Advanced:
    """Carry ``case`` through ``event_kind``.

    ``set``: fields of the row that change. ``info``: what else is worth keeping on the event
    (never personal data). ``data``: facts for the clock and notice rules, such as the limit that
    was granted.

    Raises ``Refused('wrong_status')`` when the pack's moves table does not allow the event,
    ``Refused('task_open')`` or ``Refused('joined_owe')`` while something is owed that comes before it, and
    ``Refused('no_limit')`` where a
    clock that it starts cannot be counted (a day that no fact tells, a limit beyond the calendar).
    """
    pack = pack_for(case)
    changes = dict(set or {})
    if not case._state.adding:
        status = next_status(pack, case, event_kind)
        waited_for = followers.held_up(pack, case, event_kind)
        if waited_for is not None:
            raise waited_for
        tasks.refuse_if_owed(pack, case, event_kind)
        owing = requests.held_up(pack, case, event_kind)
        if owing is not None:
            raise owing
        if status != case.status:
            changes["status"] = status
    return _carry(ctx, pack, case, event_kind, changes, dict(info or {}), dict(data or {}))


def tell_task(
    ctx: Context, case: Case, event_kind: str, task: CaseTask, *, set: Mapping[str, Any] | None = None
) -> Advanced:
    """What happened to a task of a case, said on the case; it leads to no other status."""
    pack = pack_for(case)
    changes = dict(set or {})
    return _carry(ctx, pack, case, event_kind, changes, tasks.info_of(task), tasks.words_of(pack, task))


def _carry(
    ctx: Context,
    pack: Pack,
    case: Case,
    event_kind: str,
    changes: dict[str, Any],
    info: dict[str, Any],
    facts: dict[str, Any],
) -> Advanced:
    """Write an event that may happen, and all that the pack's rules say must follow from it.

    ``Refused('no_limit')`` where a clock or a task cannot be counted from what is known: nothing changes.
    """
    try:
        creating, was_open = case._state.adding, case.status in OPEN_STATUSES
        if not creating and ctx.run.inserts and clocks.concerned(pack, event_kind):
            ctx.run.flush()  # a clock that this very command started may be stopped by this event
        plan = clocks.plan(pack, case, event_kind, facts, now=ctx.now)
        changes.update(plan.changes)
        facts.update({f"{rule.code}_due": clock.due for rule, clock in plan.started})
        event = record(ctx, case, event_kind, set=changes, info=info, agencies=[case.agency])
        clocks.write(ctx, plan, case, pack)
        indexing.keep(ctx, case, changes, new=creating, was_open=was_open)
        ctx.wake_worker()
        known = facts | info
        told = messages.queue_for_event(pack, case, event_kind, known, event=event, now=ctx.now)
        for happened, task in tasks.follow(ctx, pack, case, event_kind, known, new=creating):
            tell_task(ctx, case, happened, task)
        for follower, changed, about in followers.led_by(pack, case, event_kind):
            advance(ctx, follower, followers.MOVED, set=changed, info=about)
        return Advanced(event, told)
    except LimitError as error:
        log.error("%s of a case of %s: %s", event_kind, pack.code, error)
        message = _("規則中的期限無法計算，資料沒有變更。請通知系統管理者檢查規則（citycall policy check）。")
        raise Refused("no_limit", message, status=409, info={"why": str(error)}) from error


def lapse_request(ctx: Context, case: Case, *, joins: bool = True) -> None:
    """The case is done, withdrawn or another's: nobody need decide any more (NT-5-4-7); with `joins`, nor
    do the agencies that joined it owe an answer.
    """
    for request in StageRequest.objects.filter(case=case, state=StageRequest.State.PENDING):
        record(ctx, request, "stage_request.lapsed", set={"state": StageRequest.State.LAPSED})
    for asked in requests.pending(case):
        agencies = [code for code in (asked.agency, asked.owner) if code]
        record(ctx, asked, "case_request.lapsed", set={"state": CaseRequest.State.LAPSED}, agencies=agencies)
    for join in requests.open_joins(case) if joins else ():
        record(ctx, join, "case_join.ended", set={"state": CaseJoin.State.ENDED}, agencies=[join.agency])
