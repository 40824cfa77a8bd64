"""What is typed about one's own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.web.ui.choices import offer
from citycall.web.ui.forms import LocalTime


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("帳號"),
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    password = forms.CharField(
        label=_("密碼"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)
    resume = forms.CharField(required=False, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    old_password = forms.CharField(
        label=_("目前的密碼"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_("新密碼"),
        help_text=_("至少 12 個字；一句只有您知道的話最好記。"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再輸入一次新密碼"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new_password") and data.get("again") and data["new_password"] != data["again"]:
            self.add_error("again", _("兩次輸入的新密碼不一樣。"))
        return data


class DeputiesForm(forms.Form):
    """Up to three who stand in, in this order."""

    first = forms.ChoiceField(label=_("第一順位"), required=False)
    second = forms.ChoiceField(label=_("第二順位"), required=False)
    third = forms.ChoiceField(label=_("第三順位"), required=False)

    def __init__(self, *args: Any, colleagues: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second", "third"):
            offer(self, name, [("", _("（無）")), *colleagues])

    def chosen(self) -> list[int]:
        given = (self.cleaned_data[name] for name in ("first", "second", "third"))
        return [int(each) for each in given if each]


class LeaveForm(forms.Form):
    starts = LocalTime(label=_("開始"))
    ends = LocalTime(label=_("結束"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts") and data.get("ends") and data["starts"] >= data["ends"]:
            self.add_error("ends", _("結束要在開始之後。"))
        return data
