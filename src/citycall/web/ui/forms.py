"""Fields that every form uses, and what all of them say."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from citycall.base.clock import ROC_EPOCH

# The service has been there since 1999; beyond these years something was mistyped.
FIRST_YEAR, LAST_YEAR = 1999, 2199
_FIRST_WESTERN_YEAR = 1000  # a smaller number is a year of the Republic
_OTHER_YEAR = _("年份須在 1999 至 2199 之間。")


def _year(value: Any) -> int | None:
    """The year as typed: read before the date itself, which other years would break."""
    if isinstance(value, date):
        return value.year
    found = re.match(r"\s*[+-]?(\d+)-", str(value))
    return int(found[1][:9]) if found else None


def mark(field: forms.Field, *, must: bool = False, needed: bool = False) -> None:
    """How `{% field %}` marks a field that Django itself does not require: filled in always, or sometimes."""
    vars(field).update(must=must, needed=needed)


class QuickSelect(forms.Select):
    """A select as Django draws it, without a template for each choice: long lists stand above every table."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = str(value or "")
        options = "".join(
            f'<option value="{escape(str(code))}"{" selected" if str(code) == chosen else ""}>'
            f"{escape(str(said))}</option>"
            for code, said in self.choices
        )
        all_attrs = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return SafeString(  # nosec B703: every value is escaped
            f"<select{flatatt(all_attrs)}>{options}</select>"
        )


class LocalTime(forms.DateTimeField):
    """An instant to the minute, in the government's own time."""

    default_error_messages = {"year": _OTHER_YEAR}  # noqa: RUF012 (as Django's own)

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"widget": widget} | options)

    def to_python(self, value: Any) -> datetime | None:
        year = _year(value)
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValidationError(self.error_messages["year"], code="year")
        return super().to_python(value)


class Day(forms.DateField):
    """A day of the calendar."""

    default_error_messages = {"year": _OTHER_YEAR}  # noqa: RUF012 (as Django's own)

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget} | options)

    def to_python(self, value: Any) -> date | None:
        year = _year(value)
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValidationError(self.error_messages["year"], code="year")
        return super().to_python(value)


# 民國115年7月10日, 115/7/10, 1150710: a year of three digits or fewer counts from the Republic.
_REPUBLIC = re.compile(
    r"(?:中華)?(?:民國)?\s*(\d{1,4})\s*(?:年|[/.\-])\s*(\d{1,2})\s*(?:月|[/.\-])\s*(\d{1,2})\s*日?|(\d{3})(\d{2})(\d{2})"
)


class WrittenDay(Day):
    """A day of the calendar as documents write it, typed: 115年7月10日, 115/7/10 or 2026-07-10."""

    default_error_messages = {  # noqa: RUF012 (as Django's own)
        "invalid": _("這不是日期；請寫例如 115年7月10日、115/7/10 或 2026-07-10。")
    }

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"autocomplete": "off"})
        hint = _("民國或西元皆可，例如 115年7月10日、115/7/10 或 2026-07-10。")
        super().__init__(**{"widget": widget, "help_text": hint} | options)

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str):
            typed = unicodedata.normalize("NFKC", value).strip()
            found = _REPUBLIC.fullmatch(typed)
            if found:
                year, month, day = (int(part) for part in found.groups() if part is not None)
                value = f"{year + ROC_EPOCH if year < _FIRST_WESTERN_YEAR else year:04}-{month:02}-{day:02}"
        return super().to_python(value)


def new_key() -> str:
    """A key for one form: sending it twice does it once."""
    return secrets.token_urlsafe(18)


class KeyedForm(forms.Form):
    """A form that is sent once: its key goes with it to the command."""

    key = forms.CharField(
        label=_("這份表單"), widget=forms.HiddenInput, required=False, max_length=64, initial=new_key
    )

    def typed(self) -> dict[str, Any]:
        """The values without the key."""
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}

    def sent_key(self) -> str | None:
        return self.cleaned_data.get("key") or None

    def renew(self) -> None:
        """What was sent already, and has been changed since, is something new: it may be sent once more."""
        self.data = cast(QueryDict, self.data).copy()
        self.data[self.add_prefix("key")] = new_key()


class SeenForm(forms.Form):
    """A form on a case that somebody else may change meanwhile: it says which state of the case it showed.

    When that state is stale the form comes back with what was typed, `stale` tells what changed (the error
    summary shows it), and it may be sent again.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**63 - 1)
    stale: Sequence[Mapping[str, Any]] = ()

    def show_changes(self, seen: int, changes: Sequence[Mapping[str, Any]]) -> None:
        self.stale = changes
        self.data = cast(QueryDict, self.data).copy()
        self.data[self.add_prefix("seen")] = str(seen)
