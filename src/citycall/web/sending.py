"""What becomes of a form that was sent: done, or back with what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms

from citycall.base.commands import Actor, Refused, execute
from citycall.web.errors import into_form
from citycall.web.inbox.forms import ActForm

# What the form stood beside is not there any more: there is no place to show it again.
GONE = frozenset({"no_task"})


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
        if refused.status in (403, 404) or refused.code in GONE:
            raise
        into_form(form, refused, names)
        return refused.status
    return None


def acted(actor: Actor, form: ActForm, **more: Any) -> int | None:
    """The same for a form on a case, which names its command itself; `more`: what nobody typed."""

    def do() -> None:
        given = {"case": form.detail.case.pk, **more, **form.values()}
        execute(form.command, actor, given, key=form.sent_key())

    return sent(form, do, form.names)
