"""Petitions and urgent reports in the inbox: when each of their acts is shown, and its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from citycall.base import clock
from citycall.base.commands import Actor
from citycall.people.queries import agencies_with, posts_of_agency, subordinates
from citycall.services.cases.commands.handling import WORKERS
from citycall.services.cases.commands.naming import TAKES_CASES
from citycall.services.cases.commands.petitions import latest_end
from citycall.services.cases.models import CaseReply
from citycall.services.cases.queries import CaseDetail
from citycall.web.inbox.forms import ActForm, local_minute, not_before
from citycall.web.ui.forms import Day, LocalTime
from citycall.web.ui.words import day_said, named


def submits(detail: CaseDetail, actor: Actor) -> bool:
    """Whether the result goes to a superior before it counts (NT-5-2-3b, NT-5-3e, TP-5-5-2a)."""
    return bool(detail.pack.kinds[detail.case.kind].completion.approved_by)


def writes(detail: CaseDetail, actor: Actor) -> bool:
    """Whether the agency answers the citizen by itself, by letter or otherwise (KM-6-1d)."""
    return bool(ways_by_hand(detail)) and detail.case.replied_at is None


def ways_by_hand(detail: CaseDetail) -> list[str]:
    """By which ways the agency may answer by itself and reach this citizen (KM-6-1d, NT-5-3d)."""
    reached = {"phone": detail.case.has_phone, "email": detail.case.has_email}
    return [way for way in detail.pack.kinds[detail.case.kind].reply.by_hand if reached.get(way, True)]


def _otherwise(detail: CaseDetail, ways: list[str]) -> Iterator[str]:
    """Of the ways not entered here: a call has a record of its own, a message goes out by itself."""
    reply = detail.pack.kinds[detail.case.kind].reply
    if detail.case.has_phone and "phone" in reply.ways and "phone" not in ways:
        yield gettext("以電話回覆，請用「電話回覆」，會一併做成電話紀錄。")
    told = {rule.on for rule in detail.pack.notices if detail.case.kind in rule.kinds and rule.on_sent}
    if not told:  # no rule of the pack sends the result
        return
    if detail.case.reply_by == "sms":
        yield gettext("手機簡訊於辦理結果確定後由系統發送，不必登錄。")
    elif detail.case.reply_by == "email":
        yield gettext("辦理結果確定後，系統也會寄送電子郵件。")


class AllotForm(ActForm):
    command, done = "cases.allot", _("已分案。")
    post = forms.ChoiceField(label=_("承辦人"), widget=forms.RadioSelect)

    def prepare(self, detail: CaseDetail) -> None:
        posts = [one for one in posts_of_agency(detail.case.agency) if one.role in WORKERS]
        posts.sort(key=lambda one: (one.role != "handler", one.code))
        self.choose("post", [(one.code, self._label(one)) for one in posts])

    @staticmethod
    def _label(post: Any) -> str:
        name = named((post.name_zh, post.name_en or post.name_zh))
        return f"{name}　{post.standing.display_name}" if post.standing else name


class RegisterForm(AllotForm):
    command, done = "cases.register", _("已分文掛號。")
    reference = forms.CharField(label=_("文號"), required=False, max_length=80)


class PassDownForm(ActForm):
    command, done = "cases.pass_down", _("已轉分下級機關，案號與期限不變。")
    agency = forms.ChoiceField(label=_("下級機關"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("說明"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def prepare(self, detail: CaseDetail) -> None:
        takes = {agency.code for agency in agencies_with(TAKES_CASES)}
        below = [agency for agency in subordinates(detail.case.agency) if agency.code in takes]
        names = [(one.code, named((one.name_zh, one.name_en or one.name_zh))) for one in below]
        self.choose("agency", names)


class GradeForm(ActForm):
    command, done = "cases.enter_grade_b", _("已列為 B 等級，處理完畢後請填報最終處理情形。")
    planned_end = Day(label=_("預定辦結日期"))
    interim_result = forms.CharField(
        label=_("初步查處結果"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def prepare(self, detail: CaseDetail) -> None:
        rule = detail.pack.kinds[detail.case.kind].grade_b
        if rule is None:
            return
        now = clock.now()
        last = latest_end(rule, detail.case, now)
        field = self.fields["planned_end"]
        field.help_text = gettext("最遲 %(day)s。") % {"day": day_said(last)}
        field.widget.attrs |= {"min": clock.local(now).date().isoformat(), "max": last.isoformat()}
        self.fields["interim_result"].required = "findings" in rule.requires


class ReturnForm(ActForm):
    command, done = "cases.return", _("已退回承辦人續辦。")
    reason = forms.CharField(
        label=_("退回理由"),
        min_length=2,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
    )


class ReplyForm(ActForm):
    command, done = "cases.record_reply", _("已登錄回覆。")
    way = forms.ChoiceField(label=_("回覆方式"), widget=forms.RadioSelect)
    at = LocalTime(label=_("回覆時間"))
    reference = forms.CharField(
        label=_("發文字號"), required=False, max_length=80, help_text=_("以信函回覆時填寫。")
    )
    content = forms.CharField(
        label=_("回覆內容"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("請勿寫入民眾的姓名或電話。"),
    )

    def prepare(self, detail: CaseDetail) -> None:
        ways = ways_by_hand(detail)
        self.choose("way", [(way, str(CaseReply.Way(way).label)) for way in ways])
        if len(ways) == 1:
            self.fields["way"].initial = ways[0]
        elif detail.case.reply_by in ways:
            self.fields["way"].initial = detail.case.reply_by
        self.fields["way"].help_text = " ".join(_otherwise(detail, ways))
        if CaseReply.Way.LETTER not in ways:
            del self.fields["reference"]
        self.fields["at"].initial = local_minute(clock.now())

    def clean_at(self) -> Any:
        return not_before(self.cleaned_data["at"], self.detail.case.established_at)


FORMS: dict[str, type[ActForm]] = {
    "allot": AllotForm,
    "register": RegisterForm,
    "pass_down": PassDownForm,
    "grade_b": GradeForm,
    "return": ReturnForm,
    "reply": ReplyForm,
}
