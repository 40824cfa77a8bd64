"""What is typed about a closure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from citycall.base.closures import AGENCY, CITY, Closure
from citycall.people.queries import agency_names
from citycall.policy import Pack
from citycall.web.ui.choices import offer
from citycall.web.ui.forms import KeyedForm, WrittenDay
from citycall.web.ui.words import named


class ClosureForm(KeyedForm):
    """A day on which offices are closed. Only what the pack lets stop clocks is offered (TP-5-5-1b)."""

    day = WrittenDay(label=_("停班日"))
    part = forms.ChoiceField(
        label=_("停班時段"), widget=forms.RadioSelect, choices=Closure.Part.choices, initial=Closure.Part.ALL
    )
    area = forms.ChoiceField(label=_("停班範圍"), initial=CITY)
    cause = forms.ChoiceField(label=_("停班原因"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("停班事由"),
        max_length=200,
        help_text=_("會記入每件重算案件的歷程，例如：康芮颱風。請勿寫入個人資料。"),
    )

    def __init__(self, *args: Any, pack: Pack, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = pack.clock_calendar.suspension
        offer(self, "area", areas(pack))
        causes = [(code, label) for code, label in Closure.Cause.choices if code in allowed.causes]
        offer(self, "cause", causes)
        self.fields["cause"].initial = causes[0][0] if causes else None

    def values(self) -> dict[str, Any]:
        """What the command takes."""
        return self.typed()


class WithdrawForm(KeyedForm):
    """Why a closure is taken back."""

    reason = forms.CharField(label=_("撤回理由"), max_length=200)


def areas(pack: Pack) -> list[tuple[str, Any]]:
    """The areas whose closures stop clocks, in groups where there are many."""
    allowed = pack.clock_calendar.suspension.areas
    found: list[tuple[str, Any]] = []
    if "city" in allowed:
        found.append((CITY, now("全市")))
    if "district" in allowed and pack.districts:
        found.append((now("行政區"), [(one.code, named(one.name)) for one in pack.districts]))
    if "agency" in allowed:
        names = agency_names()
        found.append((now("機關"), [(f"{AGENCY}{code}", named(name)) for code, name in names.items()]))
    return found


def area_name(pack: Pack, area: str) -> str:
    """What an area is called."""
    if area == CITY:
        return now("全市")
    if area.startswith(AGENCY):
        code = area.removeprefix(AGENCY)
        return named(agency_names().get(code, (code, code)))
    district = pack.district(area)
    return named(district.name) if district else area
