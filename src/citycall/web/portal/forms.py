"""The citizen's forms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LookUpForm(forms.Form):
    """Case number and code, as they stand in the message or were read out."""

    number = forms.CharField(
        label=_("案號"),
        max_length=40,
        help_text=_("例如 F1150302-000123"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    code = forms.CharField(
        label=_("查詢碼"),
        max_length=16,
        help_text=_("簡訊、電子郵件或話務人員告訴您的六位數字"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )


class AgainForm(forms.Form):
    """What the citizen is not satisfied with; number and code as they were just looked up."""

    number = forms.CharField(max_length=40, widget=forms.HiddenInput)
    code = forms.CharField(max_length=16, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("不滿意之處"),
        min_length=2,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
