"""The forms of a call, and what every form says that is filled in during one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.web.ui.forms import KeyedForm

# What is said of the fields that nobody sees.
NO_CALL = _("沒有這通電話，請先接聽來電再登錄。")
NO_CHECK = _("沒有這筆回撥紀錄，請重新回撥並登錄結果。")


class DuringCallForm(KeyedForm):
    """Which call it belongs to, and the ringing back that it stands on: nobody sees these fields."""

    call = forms.IntegerField(
        label=_("通話"), widget=forms.HiddenInput, required=False, error_messages={"invalid": NO_CALL}
    )
    identity_check = forms.IntegerField(
        label=_("回撥確認"),
        widget=forms.HiddenInput,
        required=False,
        min_value=1,
        error_messages={"invalid": NO_CHECK, "min_value": NO_CHECK},
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
