"""What can be done with a case on its page: one table, in the order in which it is likely next.

An act is shown when a post of this person may run its command and the pack's table of moves allows its event
in the present status. What is shown is a help only: the command decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from citycall.base.commands import Actor, may
from citycall.services.cases.models import OPEN_STATUSES, Status
from citycall.services.cases.queries import CaseDetail
from citycall.web.access import looks_over
from citycall.web.inbox.access import can


@dataclass(frozen=True)
class Act:
    """One thing to do. `press` needs no form; `fits` asks the case; `leads` makes it the likely next one."""

    code: str
    command: str
    event: str
    label: Promise
    key: str
    icon: str
    press: bool = False
    fits: Callable[[CaseDetail, Actor], bool] = lambda detail, actor: True
    leads: Callable[[CaseDetail, Actor], bool] = lambda detail, actor: False
    over: bool = False  # an act of those who look over the agencies
    close_by: bool = False  # kept beside the primary one, for it is done often


def _always(detail: CaseDetail, actor: Actor) -> bool:
    return True


def _open(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.status in OPEN_STATUSES


def _untaken(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.taken_by is None


def _not_mine(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.taken_by != actor.staff_id


def _late(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.overdue or detail.case.completed_late


def _owed(detail: CaseDetail, actor: Actor) -> bool:
    return detail.phone_task is not None


def _has_phone(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.has_phone and detail.case.status != Status.WITHDRAWN


def _stages(detail: CaseDetail, actor: Actor) -> bool:
    stages = detail.pack.kinds[detail.case.kind].stages
    others = [one for one in stages if one not in ("first", detail.case.stage)]
    return bool(others) and detail.pending_request is None


def _answered(detail: CaseDetail, actor: Actor) -> bool:
    return detail.phone_task is None and bool(detail.case.result)


ACTS: tuple[Act, ...] = (
    Act("sign", "cases.acknowledge", "case.acknowledged", pgettext_lazy("act", "簽收"),
        key="s", icon="check", press=True, leads=_always),
    Act("take", "cases.take", "case.taken", pgettext_lazy("act", "接案"),
        key="t", icon="user", press=True, fits=_not_mine, leads=_untaken),
    Act("phone", "cases.open_phone", "case.phone_opened", pgettext_lazy("act", "電話回覆"),
        key="f", icon="phone", fits=_has_phone, leads=_owed),
    Act("complete", "cases.complete", "case.completed", pgettext_lazy("act", "辦畢"),
        key="c", icon="check", leads=_always),
    Act("photos", "cases.add_photos", "case.photo_added", pgettext_lazy("act", "加照片"),
        key="p", icon="camera", close_by=True, fits=_open),
    Act("note", "cases.add_finding", "case.finding_added", pgettext_lazy("act", "記錄現場"),
        key="n", icon="edit", close_by=True),
    Act("stage", "cases.request_stage", "case.stage_requested", pgettext_lazy("act", "申請改列期限"),
        key="e", icon="clock", fits=_stages),
    Act("explain", "cases.explain_delay", "case.delay_explained", pgettext_lazy("act", "敘明逾期理由"),
        key="x", icon="message", fits=_late),
    Act("prevention", "cases.add_prevention", "case.prevention_added", pgettext_lazy("act", "預防措施"),
        key="v", icon="plus"),
    Act("close", "cases.close", "case.closed", pgettext_lazy("act", "結案"),
        key="z", icon="inbox", press=True, fits=_answered),
    Act("reopen", "cases.reopen", "case.reopened", pgettext_lazy("act", "重啟案件"),
        key="o", icon="swap", over=True),
)  # fmt: skip
BY_CODE = {act.code: act for act in ACTS}


@dataclass(frozen=True)
class Open:
    """What this person can do with this case now."""

    primary: Act | None
    beside: tuple[Act, ...]
    others: tuple[Act, ...]

    def allows(self, code: str) -> bool:
        return any(act.code == code for act in (self.primary, *self.beside, *self.others) if act)


def open_acts(actor: Actor, detail: CaseDetail) -> Open:
    """The acts of the page: the likely next one, those beside it, the others."""
    kind = detail.pack.kinds[detail.case.kind]
    possible = [
        act
        for act in ACTS
        if kind.next_status(act.event, detail.case.status) is not None
        and permitted(actor, act, detail.case.agency)
        and act.fits(detail, actor)
    ]
    primary = next((act for act in possible if act.leads(detail, actor)), None)
    rest = [act for act in possible if act is not primary]
    if primary is None and detail.case.status == Status.ESTABLISHED:  # nothing comes before signing for it
        return Open(None, (), tuple(rest))
    return Open(
        primary,
        tuple(act for act in rest if act.close_by),
        tuple(act for act in rest if not act.close_by),
    )


def permitted(actor: Actor, act: Act, agency: str) -> bool:
    """Whether a post of this person may do it, whatever the case's state."""
    if act.over:
        return may(actor, act.command) and looks_over(actor)
    return can(actor, act.command, agency)
