"""The forms of an outage of the system (NT-5-4-3a)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.web.desk.forms.asked import SOME_KINDS
from citycall.web.desk.forms.case import CaseForm
from citycall.web.ui.forms import LocalTime


class OutageForm(forms.Form):
    """Since when, or until when, and what happened."""

    at = LocalTime(label=_("時間（不填即為現在）"), required=False)
    note = forms.CharField(label=_("說明"), max_length=500, required=False)


class AfterOutageForm(CaseForm):
    """A case that was telephoned to the agency while the system was down (NT-5-4-3a)."""

    # The notice is asked for in any case here, above the rest.
    OF_SOME_KINDS = tuple(name for name in SOME_KINDS if name not in ("notified_at", "notified_person"))

    notified_at = LocalTime(label=_("電話通報時間"))
    notified_person = forms.CharField(label=_("受理通報人員"), max_length=80)
