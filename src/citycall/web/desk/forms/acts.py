"""The forms of what the desk does with a case that is there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.web.ui.choices import offer
from citycall.web.ui.forms import SeenForm


class CloseForm(SeenForm):
    """Why the citizen could not be told, where a call is owed (KM-7-4b)."""

    no_contact = forms.CharField(
        label=_("無法聯絡的情形"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("至少要有一次未接通的電話紀錄。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "close_%s"


class WithdrawForm(SeenForm):
    """Taking a case back on the word of the number's holder."""

    reason = forms.ChoiceField(label=_("撤案原因"))
    phone = forms.CharField(
        label=_("來電號碼"),
        max_length=30,
        required=False,
        help_text=_("須與案件所留電話相符"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("說明"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, reasons: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "reason", reasons)


class DecideForm(SeenForm):
    """Consent to the second stage or the ordinary limit, or not (NT-5-4-7)."""

    reason = forms.CharField(
        label=_("審核理由"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    days = forms.IntegerField(label=_("核給天數"), required=False, min_value=1, max_value=3650)


class ReopenForm(SeenForm):
    """Opening a closed case again (NT-5-4-9c)."""

    reason = forms.CharField(
        label=_("重啟原因"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    closed_too_early = forms.BooleanField(label=_("機關未辦畢先結案（列為缺失）"), required=False)


class DissatisfiedForm(SeenForm):
    """The citizen is not satisfied and asks for the case to be opened again."""

    reason = forms.CharField(
        label=_("民眾不滿意之處"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class UnmergeForm(SeenForm):
    """Parting a report that was merged by mistake (TP-6-8-1)."""

    reason = forms.CharField(
        label=_("解除併案原因"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
