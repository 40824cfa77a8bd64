"""The forms of what happens before a case, or instead of one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.policy import Pack
from citycall.policy.intake import Authority
from citycall.services.calls.models import Disposition
from citycall.web.desk.forms.call import NO_CALL, DuringCallForm
from citycall.web.ui import words
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import KeyedForm, LocalTime

OUTCOMES = (("outside", _("非本府權責，協助民眾")), ("not_accepted", _("不予受理")))
_TEXT = {"autocomplete": "off"}


class DisposeForm(DuringCallForm):
    """How a matter of a call ends without a case (KM-2-4c, TP-5-1a, NT-8-2b)."""

    kind = forms.CharField(label=_("案件類別"), widget=forms.HiddenInput, required=False, max_length=64)
    outcome = forms.ChoiceField(label=_("如何結束"), widget=forms.RadioSelect)
    matter = forms.CharField(
        label=_("民眾說的事"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    ground = forms.ChoiceField(label=_("不予受理的事由"), required=False, widget=forms.RadioSelect)
    way = forms.ChoiceField(label=_("如何協助"), required=False, widget=forms.RadioSelect)
    authority = forms.CharField(required=False, max_length=64)
    authority_name = forms.CharField(
        label=_("名錄以外的權責機關"), max_length=120, required=False, widget=forms.TextInput(attrs=_TEXT)
    )
    contact = forms.CharField(
        label=_("告知的聯絡方式"),
        max_length=300,
        required=False,
        help_text=_("選名錄中的機關時，不填即為名錄所載"),
        widget=forms.TextInput(attrs=_TEXT),
    )
    person = forms.CharField(
        label=_("受話人員"), max_length=80, required=False, widget=forms.TextInput(attrs=_TEXT)
    )
    at = LocalTime(label=_("通知時間"), required=False)
    note = forms.CharField(
        label=_("說明"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, pack: Pack, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outside = pack.intake.outside.at_the_call
        called_back = bool(self["identity_check"].value())
        self.grounds = {
            code: one
            for code, one in pack.intake.grounds_of(kind or None).items()
            if called_back or not one.unconfirmed  # without a call back none has failed (NT-8-2b)
        }
        open_ways = [code for code, there in (("outside", outside), ("not_accepted", self.grounds)) if there]
        offer(self, "outcome", [(code, label) for code, label in OUTCOMES if code in open_ways])
        if len(open_ways) == 1:
            self.initial.setdefault("outcome", open_ways[0])
        grounds = [
            (code, _with_law(words.named(one.name), words.named(one.law) if one.law else ""))
            for code, one in self.grounds.items()
        ]
        offer(self, "ground", grounds)
        labels = dict(Disposition.Way.choices)
        offer(self, "way", [(way, labels[way]) for way in outside])

    def clean(self) -> dict[str, Any]:
        """What ends without a case is kept on a call: there must be one."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("call") and "call" not in self.errors:
            self.add_error("call", NO_CALL)
        return data

    def command_input(self) -> dict[str, Any]:
        """The typed values as ``calls.dispose`` takes them: only those of the end that was chosen."""
        data = self.cleaned_data
        both = {
            "call": data["call"],
            "outcome": data["outcome"],
            "kind": data["kind"] or None,
            "matter": data["matter"],
            "note": data["note"],
        }
        if data["outcome"] == "not_accepted":
            return both | {"ground": data["ground"] or None, "identity_check": data["identity_check"] or None}
        return both | {
            "way": data["way"] or None,
            "authority": data["authority"] or None,
            "authority_name": data["authority_name"],
            "contact": data["contact"],
            "person": data["person"],
            "at": data["at"],
        }


def _with_law(name: str, law: str) -> str:
    return f"{name}（{law}）" if law else name


class RepeatCallForm(KeyedForm):
    """With whom at the agency it was spoken, and when (NT-7-2a)."""

    person = forms.CharField(label=_("聯繫的專責人員"), max_length=80, widget=forms.TextInput(attrs=_TEXT))
    at = LocalTime(label=_("聯繫時間（不填即為現在）"), required=False)
    note = forms.CharField(
        label=_("民眾想知道什麼"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ProsecutionForm(KeyedForm):
    """What the one wronged by a false report says (NT-8-3a)."""

    note = forms.CharField(
        label=_("民眾的請求"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


def authority_lines(found: tuple[Authority, ...]) -> list[dict[str, str]]:
    """Authorities as the screen lists them."""
    return [
        {
            "code": one.code,
            "name": words.named(one.name),
            "matters": words.named(one.matters),
            "phone": one.phone,
            "note": words.named(one.phone_note) if one.phone_note else "",
            "website": one.website,
            "sample": "yes" if one.sample else "",
        }
        for one in found
    ]
