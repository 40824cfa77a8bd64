"""What is typed to track a case: the handler's report, a reminder, the release."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.queries import CaseDetail
from citycall.web.inbox.forms import ActForm, choices_of
from citycall.web.inbox.particulars import Particulars


class ReportForm(ActForm):
    command, done = "cases.report_back", _("已回報，請值勤人員登錄結果。")
    text = forms.CharField(
        label=_("處理情形"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text=_("做了什麼，供登錄結果的人參考。"),
    )


class RemindForm(ActForm):
    command, done = "cases.remind", _("已催辦，並記在案件經過。")
    text = forms.CharField(
        label=_("催辦內容"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text=_("會寫在通知裡。請勿寫入民眾的姓名或電話。"),
    )


class ReleaseForm(Particulars, ActForm):
    command, done = "cases.release", _("已解除列管，已通知承辦機關。")
    ground = forms.ChoiceField(label=_("解除列管事由"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    field_order = ("ground", "reason", "course", "authority", "reference", "date")

    def prepare(self, detail: CaseDetail) -> None:
        rule = detail.pack.kinds[detail.case.kind].release
        grounds = rule.grounds if rule is not None else ()
        if grounds:
            self.choose("ground", choices_of(grounds))
        else:
            del self.fields["ground"]
        self.keep_asked(grounds)
