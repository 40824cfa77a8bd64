"""Two people at once: who acts on a case that changed since they looked at it is told so, with both versions.

A form says which state of the case it showed (``seen``: the last event then). What conflicts is an event
after it, by somebody else, that changed a field people decide by; a note, a photo or a call never does, and
neither does a limit that a clock moves. Acts that only add something (``CaseAct.adds``) are never stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base import clock
from citycall.base.commands import Actor, Refused
from citycall.base.events import Event
from citycall.people.queries import agency_names, staff_names
from citycall.policy import Pack
from citycall.services.cases.models import Case

# Fields that clocks set, or that say only that something was said.
SILENT = frozenset(
    {
        "acknowledged_late",
        "completed_late",
        "due_at",
        "number_told_at",
        "overdue",
        "registered_late",
        "replied_at",
        "was_overdue",
    }
)
# Words of the agency that nobody else reads before they are approved (NT-5-3g).
OWN_WORDS = frozenset({"course", "finding", "interim_result", "late_reason", "result"})


def last_seen(case_id: int) -> int:
    """The state of a case as a number: its last event."""
    found = Event.objects.filter(subject_kind="case", subject_id=case_id).aggregate(last=Max("id"))
    return int(found["last"] or 0)


def last_seen_of(cases: Collection[int]) -> dict[int, int]:
    """The same of many cases, in one query."""
    found = Event.objects.filter(subject_kind="case", subject_id__in=cases).values_list("subject_id")
    return dict(found.annotate(last=Max("id")).order_by())


def refusal(
    actor: Actor, case: Case, pack: Pack, seen: int | None, replaces: Collection[str] = ()
) -> Refused | None:
    """``stale``, naming what changed, who changed it and when; None where nothing conflicts.

    `replaces`: events whose content would be written over, which conflict as well.
    """
    if seen is None:
        return None
    later = Event.objects.filter(subject_kind="case", subject_id=case.pk, id__gt=seen).order_by("id")
    changes = [event for event in later if _conflicts(event, actor, replaces)]
    if not changes:
        return None
    before = _before(case, seen, changes)
    holders = [before.get("taken_by"), *(event.set.get("taken_by") for event in changes)]
    names = staff_names([*(event.staff_id for event in changes), *holders])
    hidden = case.completed_at is None and case.agency not in actor.agencies()
    said = [_said(event, names, before, case, pack, hidden) for event in changes]
    message = _("您開啟後，案件已由他人變更：%(what)s。請看過最新內容再送出；您填寫的內容仍保留。") % {
        "what": _("；").join(_line(one) for one in said)
    }
    return Refused("stale", message, status=409, info={"seen": last_seen(case.pk), "changes": said})


def _conflicts(event: Event, actor: Actor, replaces: Collection[str]) -> bool:
    own = event.staff_id is not None and event.staff_id == actor.staff_id
    return not own and (event.kind in replaces or bool(event.set.keys() - SILENT))


def _before(case: Case, seen: int, changes: Iterable[Event]) -> dict[str, Any]:
    """What the fields that changed were when they were looked at."""
    wanted = {name for event in changes for name in event.set}
    found: dict[str, Any] = {}
    earlier = Event.objects.filter(subject_kind="case", subject_id=case.pk, id__lte=seen).order_by("id")
    for data in earlier.values_list("data", flat=True):
        found.update({name: value for name, value in data.get("set", {}).items() if name in wanted})
    return found


def _said(
    event: Event, names: dict[int, str], before: dict[str, Any], case: Case, pack: Pack, hidden: bool
) -> dict[str, Any]:
    fields: list[dict[str, str]] = []
    for name, value in event.set.items():
        if name in SILENT or (hidden and name in OWN_WORDS):
            continue
        if name == "taken_by":
            label = _("承辦人")
            was, now = names.get(before.get(name) or 0, "—"), names.get(value or 0, "—")
        elif not _worded(name):
            continue
        else:
            label = str(_field(name).verbose_name)
            was, now = _words(name, before.get(name), case, pack), _words(name, value, case, pack)
        if was != now:
            fields.append({"name": name, "label": label, "before": was, "after": now})
        before[name] = value
    by = names.get(event.staff_id or 0, "") or _("系統")
    return {
        "event": event.kind,
        "at": event.at.isoformat(),
        "when": clock.local(event.at).strftime("%Y-%m-%d %H:%M"),
        "by": by,
        "post": event.post,
        "fields": fields,
    }


def _field(name: str) -> Any:
    return Case._meta.get_field(name)


def _worded(name: str) -> bool:
    """Whether a field says something to people: numbers of rows do not."""
    return not name.endswith(("_by", "_id", "_post", "_key"))


def _words(name: str, value: Any, case: Case, pack: Pack) -> str:
    """A field's value as people read it."""
    if value in (None, "", False) or value == []:
        return "—"
    if isinstance(value, list):
        return _("、").join(_words(name, one, case, pack) for one in value)
    if value is True:
        return _("是")
    if name == "agency":
        zh, en = agency_names().get(value, (value, value))
        return str(en if (get_language() or "").startswith("en") else zh)
    if name == "marks" and value in pack.intake.marks:
        return str(pack.intake.marks[value].name.get(get_language()))
    if not isinstance(value, str | int | float):
        return str(value)
    kind = pack.kinds[case.kind]
    choices = {"finding": kind.findings, "withdraw_reason": kind.withdraw_reasons}.get(name, ())
    chosen = next((one for one in choices if one.code == value), None)
    if chosen is not None:
        return str(chosen.name.get(get_language()))
    field = _field(name)
    named = dict(getattr(field, "flatchoices", ()))
    if value in named:
        return str(named[value])
    if field.get_internal_type() == "DateTimeField":
        return clock.local(datetime.fromisoformat(str(value))).strftime("%Y-%m-%d %H:%M")
    if field.get_internal_type() == "DateField":
        return date.fromisoformat(str(value)).isoformat()
    return str(value)


def _line(change: dict[str, Any]) -> str:
    fields: Sequence[dict[str, str]] = change["fields"]
    parts = [
        _("%(label)s由「%(before)s」改為「%(after)s」")
        % {**one, "before": one["before"][:40], "after": one["after"][:40]}
        for one in fields
    ]
    what = _("、").join(parts) if parts else _("有變更")
    return _("%(by)s於 %(when)s：%(what)s") % {"by": change["by"], "when": change["when"], "what": what}
