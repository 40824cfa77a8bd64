"""The forms of an outage of the system (NT-5-4-3a)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from citycall.web.desk.forms.case import CaseForm
from citycall.web.ui.forms import LocalTime


class OutageForm(forms.Form):
    """Since when, or until when, and what happened."""

    at = LocalTime(label=_("時間（不填即為現在）"), required=False)
    note = forms.CharField(label=_("說明"), max_length=500, required=False)


class AfterOutageForm(CaseForm):
    """A case that was telephoned to the agency while the system was down (NT-5-4-3a)."""

    notified_at = LocalTime(label=_("電話通報時間"))
    notified_person = forms.CharField(label=_("受理通報人員"), max_length=80)

    def asked(self) -> list[tuple[forms.BoundField, SafeString]]:
        """The notice is asked for in any case here, above the rest."""
        above = ("notified_at", "notified_person")
        return [(bound, label) for bound, label in super().asked() if bound.name not in above]

    def command_input(self) -> dict[str, Any]:
        data = super().command_input()
        data["notified_at"] = self.cleaned_data["notified_at"]
        data["notified_person"] = self.cleaned_data["notified_person"]
        return data
