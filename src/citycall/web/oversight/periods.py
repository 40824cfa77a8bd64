"""A time to look at: from a day to a day, both included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django import forms
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from citycall.base import clock
from citycall.web.ui.forms import Day


class PeriodForm(forms.Form):
    since = Day(label=_("起日"), required=False)
    until = Day(label=_("迄日"), required=False)


@dataclass(frozen=True)
class Period:
    since: date
    until: date

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.since, time(), clock.TAIPEI)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.until + timedelta(days=1), time(), clock.TAIPEI)

    @property
    def query(self) -> str:
        return urlencode({"since": self.since.isoformat(), "until": self.until.isoformat()})


def period_of(query: QueryDict, days: int = 30) -> tuple[Period, PeriodForm]:
    """What the address asks for; without sense or a choice, the last days."""
    today = clock.today()
    asked = PeriodForm(query)
    asked.is_valid()
    until = asked.cleaned_data.get("until") or today
    since = asked.cleaned_data.get("since") or until - timedelta(days=days - 1)
    if since > until or since.year < 2000 or until.year > today.year + 1:
        since, until = today - timedelta(days=days - 1), today
    period = Period(since, until)
    shown = query.copy()
    shown["since"], shown["until"] = since.isoformat(), until.isoformat()
    return period, PeriodForm(shown)


def presets(current: Period) -> list[tuple[str, Period, bool]]:
    """Times that are often asked for."""
    today = clock.today()
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    choices = [
        (gettext("近 30 天"), Period(today - timedelta(days=29), today)),
        (gettext("本月"), Period(month, today)),
        (gettext("上月"), Period(before.replace(day=1), before)),
        (gettext("今年"), Period(today.replace(month=1, day=1), today)),
    ]
    return [(label, period, period == current) for label, period in choices]
