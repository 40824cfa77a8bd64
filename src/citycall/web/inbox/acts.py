"""What can be done with a case on its page: one table, in the order in which it is likely next.

Whether an act is possible for this person and case is said by the lifecycle table (``services.cases.acts``),
by which its command refuses as well. Here stand its words, key and picture, and when it is of use to show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from citycall.base.commands import Actor, Refused
from citycall.services.cases.acts import BY_COMMAND, Possible, callers, possible_acts, why_not
from citycall.services.cases.models import OPEN_STATUSES, CaseTask, Status
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.queries.detail import standing_of
from citycall.web.inbox import petition_acts, reply_acts


@dataclass(frozen=True)
class Act:
    """One thing to do. `press` needs no form; `useful` asks the case; `leads` makes it the next one."""

    code: str
    command: str
    label: Promise
    key: str
    icon: str
    press: bool = False
    useful: Callable[[CaseDetail, Actor], bool] = lambda detail, actor: True
    leads: Callable[[CaseDetail, Actor], bool] = lambda detail, actor: False
    anywhere: bool = False  # also for people of other agencies, who otherwise act at the desk
    close_by: bool = False  # kept beside the primary one, for it is done often


def _always(detail: CaseDetail, actor: Actor) -> bool:
    return True


def _open(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.status in OPEN_STATUSES


def _untaken(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.taken_by is None


def _not_mine(detail: CaseDetail, actor: Actor) -> bool:
    return detail.case.taken_by != actor.staff_id


def _owed(detail: CaseDetail, actor: Actor) -> bool:
    return detail.phone_task is not None and detail.phone_task.agency == detail.case.agency


def may_ring(detail: CaseDetail, actor: Actor) -> bool:
    """Whether this person may ring the citizen: theirs is the reply, or something else that is owed."""
    owed = [row.task for row in detail.tasks if row.task.state == CaseTask.State.OPEN]
    ways = callers(detail.pack, detail.case, owed)
    return detail.case.has_phone and any(actor.holds(*roles, agency=agency) for roles, agency in ways)


def _reports(detail: CaseDetail, actor: Actor) -> bool:
    return detail.pack.kinds[detail.case.kind].completion.report_first


def _completes(detail: CaseDetail, actor: Actor) -> bool:
    return not petition_acts.submits(detail, actor)


ACTS: tuple[Act, ...] = (
    Act("register", "cases.register", pgettext_lazy("act", "分文掛號"), key="g", icon="check", leads=_always),
    Act("pass_down", "cases.pass_down", pgettext_lazy("act", "轉分下級機關"), key="d", icon="next"),
    Act("approve", "cases.approve", pgettext_lazy("act", "核定"), key="y", icon="check",
        press=True, leads=_always),
    Act("return", "cases.return", pgettext_lazy("act", "退回"), key="w", icon="previous", close_by=True),
    Act("sign", "cases.acknowledge", pgettext_lazy("act", "簽收"), key="s", icon="check",
        press=True, leads=_always),
    Act("take", "cases.take", pgettext_lazy("act", "接案"), key="t", icon="user",
        press=True, useful=_not_mine, leads=_untaken),
    Act("allot", "cases.allot", pgettext_lazy("act", "分案"), key="l", icon="user"),
    Act("phone", "cases.open_phone", pgettext_lazy("act", "電話回覆"), key="f", icon="phone", leads=_owed),
    Act("report", "cases.report_back", pgettext_lazy("act", "回報處理完畢"), key="r", icon="message",
        useful=_reports, leads=_always),
    Act("draft", "cases.draft_reply", pgettext_lazy("act", "擬具回覆"), key="h", icon="edit",
        close_by=True, leads=reply_acts.drafts_first),
    Act("complete", "cases.complete", pgettext_lazy("act", "辦畢"), key="c", icon="check",
        useful=_completes, leads=_always),
    Act("submit", "cases.complete", pgettext_lazy("act", "陳核"), key="c", icon="check",
        useful=petition_acts.submits, leads=_always),
    Act("issue", "cases.issue_reply", pgettext_lazy("act", "發出回覆"), key="i", icon="mail",
        useful=reply_acts.issues, leads=_always),
    Act("reply", "cases.record_reply", pgettext_lazy("act", "登錄回覆"), key="m", icon="mail",
        useful=petition_acts.writes),
    Act("grade_b", "cases.enter_grade_b", pgettext_lazy("act", "列為 B 等級"), key="b", icon="clock"),
    Act("photos", "cases.add_photos", pgettext_lazy("act", "加照片"), key="p", icon="camera",
        close_by=True, useful=_open),
    Act("note", "cases.add_finding", pgettext_lazy("act", "記錄現場"), key="n", icon="edit", close_by=True),
    Act("stage", "cases.request_stage", pgettext_lazy("act", "申請改列期限"), key="e", icon="clock"),
    Act("explain", "cases.explain_delay", pgettext_lazy("act", "敘明逾期理由"), key="x", icon="message"),
    Act("prevention", "cases.add_prevention", pgettext_lazy("act", "預防措施"), key="v", icon="plus"),
    Act("close", "cases.close", pgettext_lazy("act", "結案"), key="z", icon="inbox", press=True),
    Act("up", "cases.pass_up", pgettext_lazy("act", "陳請主管處理"), key="8", icon="out", press=True),
    Act("follow", "cases.follow_up", pgettext_lazy("act", "登錄府外機關辦理情形"), key="q", icon="search"),
    Act("unprocessed", "cases.leave_unprocessed", pgettext_lazy("act", "不予處理"), key="j", icon="out"),
    Act("remind", "cases.remind", pgettext_lazy("act", "催辦"), key="u", icon="clock", anywhere=True),
    Act("release", "cases.release", pgettext_lazy("act", "解除列管"), key="k", icon="out", anywhere=True),
    Act("reopen", "cases.reopen", pgettext_lazy("act", "重啟案件"), key="o", icon="swap", anywhere=True),
)  # fmt: skip
BY_CODE = {act.code: act for act in ACTS}
# Refusals that name what must be done before; the page says so beside the act.
COMES_FIRST = frozenset(
    {
        "already_requested",
        "not_reported_back",
        "own_submission",
        "phone_reply_owed",
        "reply_owed",
        "task_open",
    }
)


@dataclass(frozen=True)
class Open:
    """What this person can do with this case now."""

    primary: Act | None
    beside: tuple[Act, ...]
    others: tuple[Act, ...]
    later: tuple[tuple[Act, str], ...] = ()  # what is theirs, and what must come before it

    def allows(self, code: str) -> bool:
        return any(act.code == code for act in (self.primary, *self.beside, *self.others) if act)


def open_acts(actor: Actor, detail: CaseDetail) -> Open:
    """The acts of the page: the likely next one, those beside it, the others."""
    found = {one.act.command: one for one in acts_of(actor, detail)}
    possible = [
        act
        for act in ACTS
        if (one := found.get(act.command)) is not None
        and one.possible
        and _here(actor, act, detail)
        and act.useful(detail, actor)
    ]
    primary = next((act for act in possible if act.leads(detail, actor)), None)
    rest = [act for act in possible if act is not primary]
    later = tuple(
        (act, one.refused.message)
        for act in ACTS
        if (one := found.get(act.command)) is not None
        and one.refused is not None
        and one.refused.code in COMES_FIRST
        and _here(actor, act, detail)
        and act.useful(detail, actor)
    )
    if primary is None and detail.case.status == Status.ESTABLISHED:  # nothing comes before signing for it
        return Open(None, (), tuple(rest), later)
    return Open(
        primary,
        tuple(act for act in rest if act.close_by),
        tuple(act for act in rest if not act.close_by),
        later,
    )


def acts_of(actor: Actor, detail: CaseDetail) -> list[Possible]:
    """What the lifecycle table says of this person and case, from what the page has read already."""
    return possible_acts(actor, detail.case, detail.pack, standing_of(actor, detail))


def why_closed(actor: Actor, act: Act, detail: CaseDetail) -> Refused | None:
    """Why the command of an act would be refused now, None when it would not."""
    return why_not(BY_COMMAND[act.command], standing_of(actor, detail))


def permitted(actor: Actor, act: Act, detail: CaseDetail) -> bool:
    """Whether it is this person's act, whatever the case's state."""
    return BY_COMMAND[act.command].who.refuses(standing_of(actor, detail), act.command) is None


def _here(actor: Actor, act: Act, detail: CaseDetail) -> bool:
    return act.anywhere or detail.case.agency in actor.agencies()
