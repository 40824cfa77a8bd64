"""The operator's forms."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.policy import Pack
from citycall.web.ui import words
from citycall.web.ui.forms import LocalTime

WAYS = (
    ("", _("依所留聯絡方式")),
    ("sms", _("手機簡訊")),
    ("email", _("電子郵件")),
    ("phone", _("電話回覆")),
    ("none", _("不需回覆")),
)


class SimulateCallForm(forms.Form):
    """A number that is to ring."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "simulate_%s"

    phone = forms.CharField(
        label=_("來電號碼"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


class CaseForm(forms.Form):
    """What the caller says, in the order in which callers say it."""

    key = forms.CharField(widget=forms.HiddenInput)
    call = forms.IntegerField(widget=forms.HiddenInput, required=False)
    words = forms.CharField(
        label=_("民眾說什麼"),
        required=False,
        max_length=80,
        help_text=_("打幾個字就會找出服務項目，例如：燈不亮、坑洞"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    item = forms.CharField(label=_("服務項目"), required=False, max_length=64)
    address = forms.CharField(
        label=_("地點"),
        max_length=200,
        help_text=_("門牌、路口或地標"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    district = forms.ChoiceField(label=_("行政區"), required=False)
    description = forms.CharField(
        label=_("反映內容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    name = forms.CharField(
        label=_("姓名"), max_length=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("電話"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("電子郵件"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    reply_by = forms.ChoiceField(label=_("希望的回覆方式"), choices=WAYS, required=False)

    def __init__(self, pack: Pack, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [("", _("由地址判斷"))]
        choices += [(one.code, words.named(one.name)) for one in pack.districts]
        self.fields["district"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The item is chosen by its radio; what is wrong with it is said at the words that find it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("item"):
            self.add_error("words", _("請選擇服務項目。"))
        return data

    @staticmethod
    def new_key() -> str:
        """A key for one form: sending it twice makes one case."""
        return secrets.token_urlsafe(18)

    def command_input(self) -> dict[str, Any]:
        """The typed values as ``cases.establish`` takes them."""
        data = self.cleaned_data
        return {
            "item": data["item"],
            "description": data["description"],
            "place": {"address": data["address"], "district": data["district"]},
            "reporter": {"name": data["name"], "phone": data["phone"], "email": data["email"]},
            "reply_by": data["reply_by"] or None,
            "call_id": data["call"] or None,
        }


class AfterOutageForm(CaseForm):
    """A case that was telephoned to the agency while the system was down (NT-5-4-3a)."""

    notified_at = LocalTime(label=_("電話通報時間"))
    notified_person = forms.CharField(label=_("受理通報人員"), max_length=80)

    def command_input(self) -> dict[str, Any]:
        data = super().command_input()
        data["notified_at"] = self.cleaned_data["notified_at"]
        data["notified_person"] = self.cleaned_data["notified_person"]
        return data


class WithdrawForm(forms.Form):
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
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    """Consent to the second stage or the ordinary limit, or not (NT-5-4-7)."""

    reason = forms.CharField(
        label=_("審核理由"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    days = forms.IntegerField(label=_("核給天數"), required=False, min_value=1, max_value=3650)


class ReopenForm(forms.Form):
    """Opening a closed case again (NT-5-4-9c)."""

    reason = forms.CharField(
        label=_("重啟原因"), min_length=2, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    closed_too_early = forms.BooleanField(label=_("機關未辦畢先結案（列為缺失）"), required=False)


class OutageForm(forms.Form):
    """Since when, or until when, and what happened."""

    at = LocalTime(label=_("時間（不填即為現在）"), required=False)
    note = forms.CharField(label=_("說明"), max_length=500, required=False)
