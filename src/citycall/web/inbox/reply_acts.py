"""The written reply in the inbox: its editor, its standard form, and leaving a petition unprocessed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from citycall.base import clock
from citycall.base.commands import Actor
from citycall.people.queries import post_of, staff_names
from citycall.policy.answers import Writing
from citycall.services.cases.models import CaseReply, ReplyBy, ReplyDraft, Status
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.writing import phone_before
from citycall.web.inbox.forms import ActForm
from citycall.web.ui.forms import Day
from citycall.web.ui.words import named


def issues(detail: CaseDetail, actor: Actor) -> bool:
    """Whether an approved reply waits to be sent (TP-5-5-2b)."""
    return detail.open_draft is not None and detail.case.status == Status.COMPLETED


def drafts_first(detail: CaseDetail, actor: Actor) -> bool:
    """Whether the reply is written before anything else: the citizen waits for one, and none is there."""
    return (
        detail.pack.kinds[detail.case.kind].writing is not None
        and detail.case.reply_by in (ReplyBy.SMS, ReplyBy.EMAIL, ReplyBy.LETTER)
        and detail.open_draft is None
        and detail.case.taken_by is not None
        and detail.case.status != Status.COMPLETED
    )


def ways_of(detail: CaseDetail) -> list[str]:
    """By which ways this citizen can be written to or rung."""
    rule = detail.pack.kinds[detail.case.kind].writing
    case = detail.case
    reached = {"sms": case.has_mobile, "email": case.has_email, "phone": case.has_phone}
    return [way for way in (rule.ways if rule else ()) if reached.get(way, True)]


class _Particulars(ActForm):
    """Document number, date and grade, where the rules ask for them."""

    document_number = forms.CharField(label=_("發文文號"), required=False, max_length=80)
    reply_date = Day(label=_("回復日期"), required=False)
    grade = forms.ChoiceField(label=_("處理等級"), required=False, widget=forms.RadioSelect)

    def lay_particulars(self, rule: Writing, draft: ReplyDraft | None) -> None:
        for name in ("document_number", "reply_date", "grade"):
            asked = name in rule.requires
            if not asked and (name == "grade" and not rule.grades):
                del self.fields[name]
                continue
            if draft is not None:
                self.fields[name].initial = getattr(draft, name)
            if name in rule.later:
                self.fields[name].help_text = gettext("核定後發出前填寫亦可。")
        if "grade" in self.fields:
            self.choose("grade", [(one.code, named(one.name)) for one in rule.grades])

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.typed().items() if value is not None}


class DraftForm(_Particulars):
    command, done = "cases.draft_reply", _("回覆稿已存，尚未發出。")
    way = forms.ChoiceField(label=_("回覆方式"), widget=forms.RadioSelect)
    way_reason = forms.CharField(label=_("改用其他方式之理由"), required=False, max_length=500)
    title = forms.CharField(label=_("主旨"), required=False, max_length=200)
    content = forms.CharField(
        label=_("回覆內容"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("民眾會讀到這段文字，請勿寫入個人資料。"),
    )
    handler_name = forms.CharField(label=_("承辦人"), required=False, max_length=80)
    handler_phone = forms.CharField(label=_("承辦人聯絡電話"), required=False, max_length=40)

    field_order = (
        "way", "way_reason", "title", "content", "handler_name", "handler_phone",
        "document_number", "reply_date", "grade",
    )  # fmt: skip

    def prepare(self, detail: CaseDetail) -> None:
        case, draft = detail.case, detail.open_draft
        rule = detail.pack.kinds[case.kind].writing
        if rule is None:
            return
        ways = ways_of(detail)
        self.choose("way", [(way, str(CaseReply.Way(way).label)) for way in ways])
        wished = case.reply_by if case.reply_by in ways else (ways[-1] if ways else "")
        first: dict[str, Any] = {"way": wished, "content": case.result} | self._handler(detail)
        if draft is not None:
            kept = ("way", "way_reason", "title", "content", "handler_name", "handler_phone")
            first = {name: getattr(draft, name) for name in kept}
        for name, value in first.items():
            self.fields[name].initial = value
        if case.reply_by != ReplyBy.NONE:
            self.fields["way"].help_text = gettext("民眾要求：%(way)s。改用其他方式請敘明理由。") % {
                "way": ReplyBy(case.reply_by).label
            }
        self.fields["title"].help_text = gettext("不填時以案號為主旨；僅用於信函。")
        for name in ("handler_name", "handler_phone"):
            self.fields[name].required = name in rule.at_once
        self.lay_particulars(rule, draft)

    @staticmethod
    def _handler(detail: CaseDetail) -> dict[str, str]:
        post = post_of(detail.case.taken_post) if detail.case.taken_post else None
        taken = detail.case.taken_by
        return {
            "handler_name": staff_names([taken]).get(taken or 0, ""),
            "handler_phone": post.phone if post and post.phone else phone_before(taken),
        }


class IssueForm(_Particulars):
    command, done = "cases.issue_reply", _("回覆已發出。")

    def prepare(self, detail: CaseDetail) -> None:
        rule, draft = detail.pack.kinds[detail.case.kind].writing, detail.open_draft
        if rule is None:
            return
        self.lay_particulars(rule, draft)
        for name in ("document_number", "reply_date", "grade"):
            if name in self.fields:
                self.fields[name].required = name in rule.requires
                self.fields[name].help_text = ""
        if "reply_date" in self.fields and not self.fields["reply_date"].initial:
            self.fields["reply_date"].initial = clock.local(clock.now()).date()


class UnprocessedForm(ActForm):
    command, done = "cases.leave_unprocessed", _("已決定不予處理，案件仍登錄備查。")
    ground = forms.ChoiceField(label=_("法規依據"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("理由"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def prepare(self, detail: CaseDetail) -> None:
        rule = detail.pack.kinds[detail.case.kind].unprocessed
        self.choose("ground", [(one.code, named(one.name)) for one in rule.grounds] if rule else [])


FORMS: dict[str, type[ActForm]] = {
    "draft": DraftForm,
    "issue": IssueForm,
    "unprocessed": UnprocessedForm,
}
