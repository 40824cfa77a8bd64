"""What some findings and grounds ask for besides: the course of handling, a letter to an authority."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citycall.policy.kinds import Choice
from citycall.web.ui.forms import Day
from citycall.web.ui.words import named


class Particulars(forms.Form):
    """Fields that stand in a form only where some of its choices asks for them."""

    course = forms.CharField(
        label=gettext_lazy("處理經過"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    authority = forms.CharField(label=gettext_lazy("移請辦理的機關"), required=False, max_length=120)
    reference = forms.CharField(label=gettext_lazy("發文字號"), required=False, max_length=80)
    date = Day(label=gettext_lazy("發文日期"), required=False)

    def keep_asked(self, choices: Iterable[Choice]) -> None:
        """Leave out what no choice asks for; beside the others say for which it is."""
        for name in Particulars.base_fields:
            asking = [named(choice.name) for choice in choices if name in choice.asks]
            if asking:
                self.fields[name].help_text = _("選「%(choices)s」時必填。") % {"choices": "、".join(asking)}
            else:
                del self.fields[name]
