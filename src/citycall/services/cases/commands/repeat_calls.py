"""Who rings again about an open case: the agency's person is contacted, no new case is made (NT-7-2a)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import RowId
from citycall.policy import Pack
from citycall.services.cases.commands.inputs import Done, Instant, OfCase, OneLine
from citycall.services.cases.lifecycle import advance, load_for_change, pack_for
from citycall.services.cases.models import Case, CaseClock

REPEAT_CALLED = "case.repeat_called"
# Earlier than this before the entry the contact is a slip of the pen.
CONTACTED_WITHIN = timedelta(days=1)


class LogRepeatCall(OfCase):
    """Who at the agency was told, when, what the citizen wanted; the call it was."""

    person: Annotated[str, OneLine, Field(max_length=80)] = ""
    at: Instant | None = None
    note: Annotated[str, Field(max_length=1000)] = ""
    call_id: RowId | None = None


@command("cases.log_repeat_call", who=("operator", "lead"), clauses=("NT-7-2a",), keyed=True)
def log_repeat_call(ctx: Context, data: LogRepeatCall) -> Done:
    """The operator has told the agency's person that the citizen rang again about an open case.

    What follows, such as the limit within which the handler rings the citizen, is the pack's. Refused:
    ``invalid`` without the person spoken to, ``wrong_status`` where the case is not open.
    """
    case = load_for_change(data.case)
    wrong: dict[str, str] = {}
    if not data.person:
        wrong["person"] = _("請填寫聯繫的專責人員。")
    at = data.at or ctx.now
    if not max(case.established_at, ctx.now - CONTACTED_WITHIN) <= at <= ctx.now:
        wrong["at"] = _("聯繫時間必須在成案之後、現在之前、最近一日之內。")
    if wrong:
        raise Refused("invalid", _("請登錄聯繫的人員與時間。"), fields=wrong, status=422)
    advance(
        ctx,
        case,
        REPEAT_CALLED,
        info={"person": data.person, "at": at, "note": data.note, "call": data.call_id},
        data={
            "contacted_at": at,
            "reason": data.note or _("民眾再次來電詢問辦理進度。"),
            "again": _runs(pack_for(case), case),
            **_due_now(pack_for(case), case),
        },
    )
    ctx.audit("case", case.pk)
    return Done(case=case.pk, number=case.number, status=case.status)


def _clocks(pack: Pack, case: Case) -> list[CaseClock]:
    """The clocks that an earlier repeat call started and that still run."""
    codes = [rule.code for rule in pack.clocks if rule.start.on == REPEAT_CALLED]
    return list(CaseClock.objects.filter(case=case, code__in=codes, state=CaseClock.State.RUNNING))


def _runs(pack: Pack, case: Case) -> bool:
    """Whether the citizen still waits to be rung after an earlier call: that limit goes on."""
    return bool(_clocks(pack, case))


def _due_now(pack: Pack, case: Case) -> dict[str, object]:
    return {f"{clock.code}_due": clock.due for clock in _clocks(pack, case)}
