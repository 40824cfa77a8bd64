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
from citycall.services.cases.acts import callers
from citycall.services.cases.commands.tracking import REMINDERS
from citycall.services.cases.models import OPEN_STATUSES, CaseTask, Status
from citycall.services.cases.queries import CaseDetail
from citycall.web.access import looks_over, steering_agency
from citycall.web.inbox import petition_acts
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
    anywhere: bool = False  # whose agency may do it, `fits` says
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
    return detail.phone_task is not None and detail.phone_task.agency == detail.case.agency


def may_ring(detail: CaseDetail, actor: Actor) -> bool:
    """Whether this person may ring the citizen: theirs is the reply, or something else that is owed."""
    owed = [row.task for row in detail.tasks if row.task.state == CaseTask.State.OPEN]
    ways = callers(detail.pack, detail.case, owed)
    return detail.case.has_phone and any(actor.holds(*roles, agency=agency) for roles, agency in ways)


def _has_phone(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.status != Status.WITHDRAWN and may_ring(detail, actor)


def _enters(detail: CaseDetail, actor: Actor) -> bool:
    """Whether this person enters the result, and it is time to (TP-6-3-2c)."""
    rule = detail.pack.kinds[detail.case.kind].completion
    if rule.report_first and detail.case.reported_back_at is None:
        return False
    return not rule.by or actor.holds(*rule.by, agency=detail.case.agency)


def _reports(detail: CaseDetail, actor: Actor) -> bool:
    rule = detail.pack.kinds[detail.case.kind].completion
    return rule.report_first and detail.case.reported_back_at is None


def _closes(detail: CaseDetail, actor: Actor) -> bool:
    """Whether the agency closes by itself, and everything that comes before it is done."""
    reply = detail.pack.kinds[detail.case.kind].reply
    agency = reply.closing_agency_of(detail.case.agency)
    return _answered(detail, actor) and actor.holds(*reply.closed_by, agency=agency)


def _reminds(detail: CaseDetail, actor: Actor) -> bool:
    own = actor.holds("window", agency=detail.case.agency)
    return own or actor.holds(*REMINDERS, agency=steering_agency())


def _releases(detail: CaseDetail, actor: Actor) -> bool:
    rule = detail.pack.kinds[detail.case.kind].release
    return rule is not None and actor.holds(*rule.by, agency=rule.by_agency)


def _stages(detail: CaseDetail, actor: Actor) -> bool:
    stages = detail.pack.kinds[detail.case.kind].stages
    others = [one for one in stages if one not in ("first", detail.case.stage)]
    return bool(others) and detail.pending_request is None


def _answered(detail: CaseDetail, actor: Actor) -> bool:
    return detail.phone_task is None and bool(detail.case.result)


def _completes(detail: CaseDetail, actor: Actor) -> bool:
    return _enters(detail, actor) and not petition_acts.submits(detail, actor)


def _submits(detail: CaseDetail, actor: Actor) -> bool:
    return _enters(detail, actor) and petition_acts.submits(detail, actor)


ACTS: tuple[Act, ...] = (
    Act("register", "cases.register", "case.registered", pgettext_lazy("act", "分文掛號"),
        key="g", icon="check", fits=petition_acts.registers, leads=_always),
    Act("pass_down", "cases.pass_down", "case.passed_down", pgettext_lazy("act", "轉分下級機關"),
        key="d", icon="next", fits=petition_acts.passes_down),
    Act("approve", "cases.approve", "case.approved", pgettext_lazy("act", "核定"),
        key="y", icon="check", press=True, fits=petition_acts.approves, leads=_always),
    Act("return", "cases.return", "case.returned", pgettext_lazy("act", "退回"),
        key="w", icon="previous", fits=petition_acts.returns, close_by=True),
    Act("sign", "cases.acknowledge", "case.acknowledged", pgettext_lazy("act", "簽收"),
        key="s", icon="check", press=True, leads=_always),
    Act("take", "cases.take", "case.taken", pgettext_lazy("act", "接案"),
        key="t", icon="user", press=True, fits=_not_mine, leads=_untaken),
    Act("phone", "cases.open_phone", "case.phone_opened", pgettext_lazy("act", "電話回覆"),
        key="f", icon="phone", fits=_has_phone, leads=_owed),
    Act("report", "cases.report_back", "case.reported_back", pgettext_lazy("act", "回報處理完畢"),
        key="r", icon="message", fits=_reports, leads=_always),
    Act("complete", "cases.complete", "case.completed", pgettext_lazy("act", "辦畢"),
        key="c", icon="check", fits=_completes, leads=_always),
    Act("submit", "cases.complete", "case.submitted", pgettext_lazy("act", "陳核"),
        key="c", icon="check", fits=_submits, leads=_always),
    Act("reply", "cases.record_reply", "case.replied", pgettext_lazy("act", "登錄回覆"),
        key="m", icon="mail", fits=petition_acts.writes),
    Act("grade_b", "cases.enter_grade_b", "case.graded_b", pgettext_lazy("act", "列為 B 等級"),
        key="b", icon="clock", fits=petition_acts.grades),
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
        key="z", icon="inbox", press=True, fits=_closes),
    Act("remind", "cases.remind", "case.reminded", pgettext_lazy("act", "催辦"),
        key="u", icon="clock", fits=_reminds, anywhere=True),
    Act("release", "cases.release", "case.released", pgettext_lazy("act", "解除列管"),
        key="k", icon="out", fits=_releases, anywhere=True),
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
    if act.anywhere:
        return may(actor, act.command)
    if act.over:
        return may(actor, act.command) and looks_over(actor)
    return can(actor, act.command, agency)
