"""A form that is sent once, and what becomes of it: done, or back with what was wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from citycall.base.commands import Refused
from citycall.web.errors import into_form


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

    def renew_after(self, refused: Refused) -> None:
        """What was sent already and has been changed since is new: it may be sent once more."""
        if refused.code == "idempotency_conflict":
            self.data = cast(QueryDict, self.data).copy()
            self.data[self.add_prefix("key")] = new_key()


def sent(form: forms.Form, do: Callable[[], object], names: Mapping[str, str] | None = None) -> int | None:
    """Do what a form asks for: None when it is done, otherwise the status of the page that shows the form.

    What went wrong is said in the form (`names`: see `into_form`); nothing has where nothing was sent.
    Who may not do it, or wants what is not there, is told so on a page of its own.
    """
    if not form.is_bound:
        return 200
    if not form.is_valid():
        return 422
    try:
        do()
    except Refused as refused:
        if refused.status in (403, 404):
            raise
        if isinstance(form, KeyedForm):
            form.renew_after(refused)
        into_form(form, refused, names)
        return refused.status
    return None
