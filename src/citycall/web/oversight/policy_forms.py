"""What the steering office writes when it changes the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from citycall.base import clock
from citycall.oversight import tables
from citycall.oversight.models import PolicyChange
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import Day
from citycall.web.ui.words import month_said


class ChangeForm(forms.Form):
    """What a change is about, why, and from which day."""

    title = forms.CharField(label=lazy("修正事項"), max_length=120)
    note = forms.CharField(
        label=lazy("修正理由"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    effective_from = Day(
        label=lazy("生效日"),
        required=False,
        help_text=lazy("當日零時起，新成案的案件適用；空白表示核定後立即生效。"),
    )
    document = forms.CharField(
        label=lazy("發文字號"), required=False, max_length=120, help_text=lazy("核定後列入修正沿革。")
    )

    @staticmethod
    def first(change: PolicyChange | None = None, document: str = "") -> dict[str, Any]:
        if change is None:
            return {"effective_from": clock.today() + timedelta(days=1)}
        since = change.effective_from
        return {
            "title": change.title,
            "note": change.note,
            "effective_from": clock.local(since).date() if since else None,
            "document": document,
        }

    def values(self) -> dict[str, Any]:
        """What the command takes."""
        given = dict(self.cleaned_data)
        day = given.pop("effective_from")
        if day is None:
            return {**given, "at_once": True}
        return {**given, "effective_from": datetime.combine(day, time(), clock.TAIPEI)}


class ItemsForm(forms.Form):
    """A table of items, as a file."""

    table = forms.FileField(
        label=lazy("項目表"),
        help_text=lazy("CSV、ODS 或 XLSX，5 MB 以內；第一列為欄位名稱。可先匯出現行的表，改好再匯入。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.ods,.xlsx,text/csv"}),
    )

    def content(self) -> bytes:
        """The file, or the first byte too many of it."""
        return bytes(self.cleaned_data["table"].read(tables.MOST_BYTES + 1))


class TakeItemsForm(forms.Form):
    """The rows of a table that was looked at, and what becomes of the items that are not in it."""

    rows = forms.CharField(widget=forms.HiddenInput, max_length=tables.MOST_BYTES, strip=False)
    missing = forms.ChoiceField(
        label=lazy("檔案裡沒有的項目"),
        widget=forms.RadioSelect,
        choices=[("keep", lazy("維持不變")), ("end", lazy("從生效日起停止受理"))],
    )

    def __init__(self, *args: Any, lacks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not lacks:
            del self.fields["missing"]

    def ends(self) -> bool:
        """Whether the items that are missing are to stop."""
        return self.cleaned_data.get("missing") == "end"


class FileForm(forms.Form):
    """One file of the rules as a whole, for what has no field of its own."""

    text = forms.CharField(
        label=lazy("內容"),
        max_length=400_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 30, "spellcheck": "false", "class": "mono", "wrap": "off"}),
    )


class Reason(forms.CharField):
    """A reason that one of two answers needs."""

    needed = True


class DecisionForm(forms.Form):
    """Approved, or refused with the reason."""

    reason = Reason(
        label=lazy("意見"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("不予核定時必填。"),
    )  # fmt: skip


class MonthForm(forms.Form):
    """Which month's cases a draft is rehearsed against: of those that have any, the latest first."""

    month = forms.ChoiceField(label=lazy("月份"))

    def __init__(self, months: Mapping[str, int], data: Any = None) -> None:
        super().__init__(data)
        said = _("%(month)s（%(n)s 件）")
        offer(self, "month", [(one, said % {"month": month_said(one), "n": n}) for one, n in months.items()])
