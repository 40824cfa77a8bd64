"""What was typed into a form, in the words of its screen: to be recognised before it is sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django import forms
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from citycall.people.queries import agency_names
from citycall.policy import Pack
from citycall.policy.kinds import Category, Choice
from citycall.web.context import pack_in_force
from citycall.web.ui.words import named

# What belongs to the screen and not to what was said.
TECHNICAL = frozenset(
    {"key", "call", "picked", "related", "back", "seen", "next", "resume", "kind", "words", "one", "case"}
)
MOST = 16


def labelled(path: str, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Label and value of each field that a person filled in, choices by name."""
    form, pack = _form_of(path), pack_in_force()
    found = []
    for name, value in fields:
        if name in TECHNICAL or not value.strip():
            continue
        field = form.base_fields.get(name) if form else None
        if field is not None and (not field.label or isinstance(field.widget, forms.HiddenInput)):
            continue
        if field is None and len(value.strip()) < 2:  # a button, a tick
            continue
        said = _said(name, value, field, pack)
        if said:
            found.append((str(field.label) if field is not None else _("內容"), said))
    return found[:MOST]


def _said(name: str, value: str, field: forms.Field | None, pack: Pack | None) -> str:
    """A value as its screen shows it; nothing for a code that has no name."""
    if name == "item" and pack is not None:
        item = pack.items.get(value)
        return named(item.name) if item else ""
    if name == "district" and pack is not None:
        district = pack.district(value)
        return named(district.name) if district else ""
    if name == "agency":
        return named(agency_names().get(value))
    if name == "filed_as" and pack is not None:
        kind = pack.kinds.get(value)
        return named(kind.name) if kind else ""
    if isinstance(field, forms.BooleanField):
        return _("是")
    if not isinstance(field, forms.ChoiceField):
        return value
    chosen = {str(code): str(label) for code, label in _flat(field)}
    if value in chosen:
        return chosen[value]
    return next((named(one.name) for one in _choices(pack) if one.code == value), "")


def _flat(field: forms.ChoiceField) -> Iterator[tuple[object, object]]:
    """Value and label of each choice that the form has before it knows the case."""
    yield from field.widget.choices


def _choices(pack: Pack | None) -> Iterator[Choice | Category]:
    for kind in pack.kinds.values() if pack else ():
        yield from (*kind.findings, *kind.withdraw_reasons, *kind.delay_causes)
        yield from kind.categories


def _form_of(path: str) -> type[forms.Form] | None:
    """The form that an address takes."""
    from citycall.web import tasks
    from citycall.web.account import forms as account
    from citycall.web.desk.forms import acts as desk_acts
    from citycall.web.desk.forms import call, case, outage
    from citycall.web.inbox import forms as inbox
    from citycall.web.inbox.views.acts import FORMS
    from citycall.web.oversight import forms as oversight

    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return None
    if match.view_name == "inbox:act":
        return FORMS.get(match.kwargs.get("code", ""))
    known: dict[str, type[forms.Form]] = {
        "desk:create": case.CaseForm,
        "desk:after_outage": outage.AfterOutageForm,
        "desk:withdraw": desk_acts.WithdrawForm,
        "desk:reopen": desk_acts.ReopenForm,
        "desk:decide": desk_acts.DecideForm,
        "desk:outage": outage.OutageForm,
        "desk:simulate": call.SimulateCallForm,
        "desk:close": desk_acts.CloseForm,
        "desk:release": FORMS["release"],
        "desk:task": tasks.TaskForm,
        "desk:open_task": tasks.OpenTaskForm,
        "desk:open_phone": inbox.OpenPhoneForm,
        "desk:record_phone": inbox.PhoneReplyForm,
        "inbox:task": tasks.TaskForm,
        "inbox:open_task": tasks.OpenTaskForm,
        "inbox:open_phone": inbox.OpenPhoneForm,
        "inbox:record_phone": inbox.PhoneReplyForm,
        "inbox:analyse": inbox.AnalyseForm,
        "inbox:letter": inbox.LetterForm,
        "inbox:post": inbox.HolderForm,
        "oversight:delay": oversight.DelayReviewForm,
        "oversight:item": oversight.ItemReviewForm,
        "oversight:add_item": oversight.AddItemForm,
        "oversight:letter": oversight.RevokeForm,
        "account:leave": account.LeaveForm,
        "account:deputies": account.DeputiesForm,
    }
    return known.get(match.view_name)
