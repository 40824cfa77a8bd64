"""What may stand in the way of writing to the citizen, of leaving a petition unprocessed, of asking again."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from citycall.base.closures import calendar_of
from citycall.base.commands import Refused
from citycall.policy import Pack
from citycall.policy.kinds import CaseKind
from citycall.services.cases.acts.standing import Standing, Way, Who
from citycall.services.cases.models import CaseReply, CaseTask, ReplyDraft


def _decides(at: Standing) -> list[Way]:
    rule = at.kind.unprocessed
    return [(rule.by if rule is not None else None, at.case.agency)]


DECIDES = Who("whom the pack names to leave a petition unprocessed (`unprocessed.by`)", _decides)


def writes(at: Standing) -> Refused | None:
    if at.kind.writing is not None:
        return None
    return Refused("no_written_reply", _("這類案件沒有回覆稿。"), status=409)


def waits_for_particulars(kind: CaseKind, pack: Pack) -> bool:
    """A reply lacks something when its result counts: what is asked of it is not all asked at submission."""
    writing = kind.writing
    return writing is not None and bool(set(writing.requires) - set(writing.at_once))


def drafted(at: Standing) -> Refused | None:
    """There is a reply to send."""
    if at.open_draft is not None:
        return None
    return Refused("no_draft", _("沒有待發出的回覆稿。"), status=409)


def has_letter(at: Standing) -> Refused | None:
    """There is a letter, and somebody to whom it goes."""
    if at.case.party_id is not None and last_letter(at.drafts) is not None:
        return None
    return Refused("no_letter", _("這件案件沒有回復函，或民眾未留資料。"), status=409)


def last_letter(drafts: Iterable[ReplyDraft]) -> ReplyDraft | None:
    """The letter of a case: the one that is being written, or the last that went out."""
    found = [one for one in drafts if one.way == CaseReply.Way.LETTER and one.state != ReplyDraft.State.VOID]
    return found[-1] if found else None


def may_be_left(at: Standing) -> Refused | None:
    if at.kind.unprocessed is not None:
        return None
    return Refused("always_processed", _("這類案件不適用不予處理之規定。"), status=409)


def has_result(at: Standing) -> Refused | None:
    """Before the approval nothing of a result is told (NT-5-3g)."""
    if at.case.completed_at is not None and at.case.result:
        return None
    return Refused("no_result", _("案件尚無可以告知的辦理結果。"), status=409)


def may_ask(at: Standing) -> Refused | None:
    if at.kind.reopening is None:
        return Refused("no_reopening", _("這類案件請重新反映。"), status=409)
    if any(task.code == "reopening" and task.state == CaseTask.State.OPEN for task in at.open_tasks):
        return Refused("already_asked", _("已有一件申請重啟待審核。"), status=409)
    return None


def still_asks(at: Standing) -> Refused | None:
    """The time in which reopening may be asked for is not over (NT-5-4-9c)."""
    rule, closed = at.kind.reopening, at.case.closed_at
    if rule is None or rule.within is None or closed is None:
        return None
    if at.now <= rule.within.after(closed, calendar_of(at.pack, at.case.district, at.case.agency)):
        return None
    return Refused("too_late", _("已超過可以申請重啟的期間，請撥打服務專線重新反映。"), status=409)
