"""The story of a case, for staff: its events, what was sent and the telephone records, in order of time.

Desk and inbox both tell it with these words.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citycall.base.events import Event
from citycall.base.notices import Notice
from citycall.services.cases.models import Stage
from citycall.services.cases.queries import CaseDetail
from citycall.web.ui.templatetags.ui import Entry

EVENTS = {
    "case.established": gettext_lazy("成案"),
    "case.number_told": gettext_lazy("已將案號告知來電民眾"),
    "case.acknowledged": gettext_lazy("簽收"),
    "case.taken": gettext_lazy("接案"),
    "case.finding_added": gettext_lazy("現場情形"),
    "case.photo_added": gettext_lazy("加入照片"),
    "case.stage_requested": gettext_lazy("申請改列處理時限"),
    "case.stage_decided": gettext_lazy("話務中心審核"),
    "case.stage_changed": gettext_lazy("改列處理時限"),
    "case.completed": gettext_lazy("登錄辦畢"),
    "case.phone_opened": gettext_lazy("開啟民眾電話"),
    "case.phone_recorded": gettext_lazy("登錄電話紀錄"),
    "case.replied": gettext_lazy("已回覆陳情人"),
    "case.closed": gettext_lazy("結案"),
    "case.reopened": gettext_lazy("重啟案件"),
    "case.withdrawn": gettext_lazy("撤案"),
    "case.overdue": gettext_lazy("逾限"),
    "case.delay_explained": gettext_lazy("敘明逾期理由"),
    "case.delay_analysed": gettext_lazy("分析逾期原因"),
    "case.prevention_added": gettext_lazy("登錄預防措施"),
    "case.letter_offered": gettext_lazy("連續查無違規，可具名函復研考會"),
    "case.letter_sent": gettext_lazy("已函復研考會"),
    "case.letter_received": gettext_lazy("研考會已收到函復"),
}
KINDS = {
    "case.overdue": "late",
    "case.withdrawn": "off",
    "case.completed": "done",
    "case.closed": "done",
    "case.reopened": "warn",
}
CHANNELS = {
    "email": gettext_lazy("電子郵件"),
    "sms": gettext_lazy("簡訊"),
    "screen": gettext_lazy("畫面通知"),
}
NOTICE_STATES = {
    "pending": gettext_lazy("等待送出"),
    "sending": gettext_lazy("送出中"),
    "sent": gettext_lazy("已送出"),
    "failed": gettext_lazy("送出失敗"),
    "undeliverable": gettext_lazy("無法送達"),
}


def entries_of(detail: CaseDetail) -> list[Entry]:
    """Everything that happened to a case, oldest first."""
    entries = [_of_event(detail, event) for event in detail.events]
    entries += [_of_notice(notice) for notice in detail.notices]
    entries += [
        Entry(
            at=call.at,
            title=_("電話回覆") if call.reached else _("電話未接通"),
            text=call.content,
            who=call.caller,
            kind="done" if call.reached else "warn",
        )
        for call in detail.phone_records
        if call.at is not None
    ]
    return sorted(entries, key=lambda entry: entry.at)


def _of_event(detail: CaseDetail, event: Event) -> Entry:
    title = str(EVENTS.get(event.kind, event.kind))
    if event.kind == "case.acknowledged" and event.set.get("acknowledged_late"):
        title = _("逾時簽收")
    if event.kind == "case.stage_decided":
        title = _("話務中心同意申請") if event.info.get("approved") else _("話務中心不同意申請")
    who = detail.names.get(event.staff_id or 0, "") or (
        event.post if event.actor_kind == "staff" else _("系統")
    )
    kind = "late" if event.set.get("acknowledged_late") else KINDS.get(event.kind, "")
    return Entry(at=event.at, title=title, text=_detail(event), who=who, kind=kind or "neutral")


def _detail(event: Event) -> str:
    """What an event says beside its name."""
    info = event.info
    parts = [str(info[name]) for name in ("text", "caption", "note", "notified_person") if info.get(name)]
    if event.kind in ("case.stage_requested", "case.stage_decided"):
        parts.append(str(Stage(info["to"]).label))
        if info.get("days"):
            parts.append(_("%(n)s 日") % {"n": info["days"]})
    if info.get("reason"):
        parts.append(str(info["reason"]))
    parts += [str(event.set[name]) for name in ("result", "late_reason") if event.set.get(name)]
    return "；".join(parts)


def _of_notice(notice: Notice) -> Entry:
    channel = CHANNELS.get(notice.channel, notice.channel)
    state = NOTICE_STATES.get(notice.state, notice.state)
    title = f"{channel}：{state}"
    text = notice.body if notice.channel == "sms" and notice.body else notice.subject or notice.template
    if notice.reason:
        text = f"{text}（{notice.reason}）"
    bad = notice.state in (Notice.State.FAILED, Notice.State.UNDELIVERABLE)
    return Entry(
        at=notice.sent_at or notice.created_at,
        title=title,
        text=text,
        who=notice.sent_to_masked or notice.to_post or "",
        kind="late" if bad else "info",
    )
