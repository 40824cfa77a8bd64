"""Forms about special callers and false reports handed to the police."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models import PoliceReferral
from citycall.web.ui.forms import Day

_TEXT = {"autocomplete": "off"}
_LINES = forms.Textarea(attrs={"rows": 2})
State = PoliceReferral.State
FOLLOWED = (State.ACCEPTED, State.TRANSFERRED, State.INDICTED, State.NOT_INDICTED, State.ENDED)


class ViewForm(forms.Form):
    """What the list is looked at for; it stays on record."""

    purpose = forms.CharField(
        label=_("調閱目的"), min_length=4, max_length=200, widget=forms.TextInput(attrs=_TEXT)
    )


class ProposeForm(forms.Form):
    phone = forms.CharField(
        label=_("電話號碼"), max_length=30, widget=forms.TextInput(attrs=_TEXT | {"inputmode": "tel"})
    )
    reason = forms.CharField(label=_("事由"), min_length=4, max_length=1000, widget=_LINES)


class DecideSpecialForm(forms.Form):
    """Until when, or when it is looked at again; why, where it is declined."""

    until = Day(label=_("期限"), required=False)
    review_on = Day(label=_("檢討日期"), required=False)
    decision = forms.CharField(label=_("意見"), max_length=1000, required=False, widget=_LINES)


class ReferForm(forms.Form):
    """The letter to the police (NT-8-3a)."""

    referred_on = Day(label=_("移送日期"))
    police_unit = forms.CharField(label=_("警察單位"), max_length=120, widget=forms.TextInput(attrs=_TEXT))
    reference = forms.CharField(label=_("公文文號"), max_length=80, widget=forms.TextInput(attrs=_TEXT))


class FollowForm(forms.Form):
    state = forms.ChoiceField(label=_("目前情形"), choices=[(one.value, one.label) for one in FOLLOWED])
    on = Day(label=_("日期"))
    note = forms.CharField(label=_("說明"), max_length=1000, required=False, widget=_LINES)


class EvidenceForm(forms.Form):
    """What the archive is made for: it holds contact data, so the purpose stays on record."""

    purpose = forms.CharField(
        label=_("調閱目的"), min_length=4, max_length=200, widget=forms.TextInput(attrs=_TEXT)
    )
