"""What the steering office writes."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from citycall.base import clock
from citycall.oversight.models import DelayReview
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import Day


class DelayReviewForm(forms.Form):
    """Findings and measures on one agency's delays of one month (NT-5-4-8c)."""

    finding = forms.CharField(label=_("檢討發現"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    measure = forms.CharField(
        label=_("改善措施"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    state = forms.ChoiceField(
        label=_("進度"), widget=forms.RadioSelect, choices=DelayReview.State.choices, initial="open"
    )


class ItemReviewForm(forms.Form):
    """The conclusion of a review of an item (NT-5-4-1d)."""

    since = Day(label=_("檢討期間起日"))
    until = Day(label=_("檢討期間迄日"))
    conclusion = forms.CharField(
        label=_("檢討結論"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("期間內的依限率會一併存檔。"),
    )


class AddItemForm(forms.Form):
    """A new item of the fast service, from its effective date (NT-5-4-1d)."""

    names: ClassVar[dict[str, str]] = {"stage1": "stage1_amount", "stage2_max": "stage2_days"}

    name_zh = forms.CharField(label=_("項目名稱"), max_length=40)
    name_en = forms.CharField(label=_("英文名稱"), max_length=80)
    code = forms.RegexField(
        r"^[a-z0-9_.\-]+$",
        label=_("代碼"),
        max_length=60,
        help_text=_("小寫英文、數字與底線，例如 traffic_cone；之後不能更改。"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    agency = forms.ChoiceField(label=_("權責機關"))
    stage1_amount = forms.IntegerField(label=_("第一階段時限"), min_value=1, max_value=999, initial=4)
    stage1_unit = forms.ChoiceField(
        label=_("單位"), choices=[("hours", _("小時")), ("days", _("日"))], initial="hours"
    )
    stage2_days = forms.IntegerField(label=_("第二階段最多（日）"), min_value=1, max_value=999, initial=14)
    active_from = Day(label=_("生效日"))
    keywords = forms.CharField(
        label=_("民眾會說的話"),
        required=False,
        max_length=400,
        help_text=_("以空白分開，話務人員打這些字就找得到，例如：三角錐 交通錐 倒了。"),
    )
    public_safety = forms.BooleanField(label=_("涉及公共安全，未具名也受理"), required=False)
    resources = forms.BooleanField(label=_("涉及資源，未具名也受理"), required=False)

    def __init__(self, *args: Any, agencies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "agency", [("", "—"), *agencies])
        self.fields["active_from"].initial = clock.today()

    def values(self) -> dict[str, Any]:
        """What the command takes."""
        given = dict(self.cleaned_data)
        amount, unit = given.pop("stage1_amount"), given.pop("stage1_unit")
        given["stage1"] = f"{amount} {unit}"
        given["stage2_max"] = f"{given.pop('stage2_days')} days"
        return given


class RevokeForm(forms.Form):
    """Why a matter may be reported as fast again."""

    reason = forms.CharField(label=_("取消理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
