"""Values that the program serves in one way only, and values that must agree with the rules beside them.

Most of what a government may choose is taken over by a rule or asked for by code. The rest says in a word
what the program does for everybody, such as closing a case only after its completion: there is nothing to
switch off, and a pack that says otherwise would be lied to. `citycall policy check` refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from citycall.policy.model import Pack
from citycall.policy.soundness import Finding
from citycall.policy.variation_points import POINTS, READINGS

# Where no rule takes a value over: the one value that the program serves, by its dotted path.
ONLY: dict[str, Any] = {
    "settings.notify-agency.*.automatic": True,
    "settings.petitioner-notice.*.at_once": True,
    "settings.petitioner-notice.*.landline_told_number": True,
    "settings.reply-channel.*.as_wished": True,
    "settings.report-back.at_once": True,
    "settings.case-closing.*.told_first": True,
    "settings.case-closing.*.never_before_completion": True,
    "settings.urgent-petition.no_second_visit": True,
    "settings.urgent-petition.records": ["person", "at"],
    "settings.system-fallback.still_sends": True,
    "readings.days.days": "calendar",
    "readings.days.working_days": "working",
    "readings.stage-hours.counts": "clock",
    "readings.missed-dunning.runs": "once",
    "readings.missed-dunning.once_per": ["day", "case", "recipient"],
}


def unserved(pack: Pack) -> Iterator[Finding]:
    """Values that the program would not obey, and those that the rules beside them contradict."""
    for table, entries in (("settings", pack.settings), ("readings", pack.readings)):
        for slug, entry in entries.items():
            for leaf, value in _leaves(entry.value):
                path = f"{table}.{slug}.{leaf}" if leaf else f"{table}.{slug}"
                for pattern, served in ONLY.items():
                    if fnmatchcase(path, pattern) and value != served and not _taken(pack, path):
                        where = f"{table}.{slug}.value.{leaf}"
                        yield Finding(
                            "error", where, f"only {_said(served)} is served (found {_said(value)})"
                        )
    yield from _telephone(pack)
    yield from _report_back(pack)
    yield from _limits_by(pack)
    yield from _private_rights(pack)
    for code, kind in pack.kinds.items():
        if kind.reply.phone_record and "caller" not in kind.reply.phone_record:
            where = f"kinds.{code}.reply.phone_record"
            yield Finding("error", where, "who telephoned is always kept; write caller too")
        if kind.grade_b is not None and "schedule" not in kind.grade_b.requires:
            where = f"kinds.{code}.grade_b.requires"
            yield Finding("error", where, "the planned end is always asked for; write schedule too")


def _value(pack: Pack, slug: str) -> Any:
    """A setting in its own type: looked at here, which is not yet obeying it."""
    return POINTS[slug].read(pack.setting(slug))


def _taken(pack: Pack, path: str) -> bool:
    return any(path == taken or path.startswith(f"{taken}.") for taken in pack.referred)


def _said(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value).lower()


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{at}.{name}" if at else str(name))
    else:
        yield at, value


def _telephone(pack: Pack) -> Iterator[Finding]:
    """What the settings say of telephoning an agency is what the kinds of case ask for (NT-3-4, KM-7-1b)."""
    for code, said in _kinds_in(pack, "notify-agency"):
        when = pack.kinds[code].telephone_notice.when
        order = said.get("telephone")
        where = f"settings.notify-agency.value.{code}.telephone"
        if order is None and said.get("telephone_to"):
            yield Finding("error", where, "say whether the agency is telephoned first or too")
        elif order is not None and (order == "first") != (when == "required"):
            message = f"{order!r} contradicts telephone_notice of the kind {code!r}, which is {when!r}"
            yield Finding("error", where, message)
    urgent = _value(pack, "urgent-petition")
    if urgent is not None:
        kind = pack.kinds.get(urgent.kind or "")
        if kind is None or kind.telephone_notice.when != urgent.telephone:
            message = f"no kind with a telephone_notice that is {urgent.telephone!r} ({urgent.kind!r})"
            yield Finding("error", "settings.urgent-petition.value.kind", message)


def _report_back(pack: Pack) -> Iterator[Finding]:
    """Who reports to the duty staff does so before the result is entered (TP-6-3-2c)."""
    said = _value(pack, "report-back")
    first = any(kind.completion.report_first for kind in pack.kinds.values())
    if said is not None and (said.to == "duty_staff") != first:
        asked = "asks" if first else "does not ask"
        message = f"{said.to!r}, and completion.report_first {asked} for a report before the result"
        yield Finding("error", "settings.report-back.value.to", message)


def _kinds_in(pack: Pack, slug: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    value = pack.setting(slug)
    if isinstance(value, Mapping):
        for code, said in value.items():
            if code in pack.kinds and isinstance(said, Mapping):
                yield code, said


def _limits_by(pack: Pack) -> Iterator[Finding]:
    """A reading that limits go by category needs categories with limits, and the other way round."""
    if "petition-limits" not in pack.readings:
        return
    by = READINGS["petition-limits"].read(pack.readings["petition-limits"].value).by
    own = any(
        kind.category_limit(category.code) for kind in pack.kinds.values() for category in kind.categories
    )
    if (by == "category") != own:
        message = "categories have limits of their own" if own else "no category has a limit of its own"
        yield Finding("error", "readings.petition-limits.value.by", f"{by!r}: {message}")


def _private_rights(pack: Pack) -> Iterator[Finding]:
    """What the settings say of private rights is what the marks of intake ask for (KM-6-2a, NT-8-2a)."""
    marks = pack.intake.marks
    for code, asks in _kinds_in(pack, "identity-required"):
        asked = tuple(asks.get("private_rights", ()))
        if asked and asked not in {mark.requires for mark in marks.values() if code in mark.kinds}:
            where = f"settings.identity-required.value.{code}.private_rights"
            yield Finding("error", where, f"no mark of intake.yaml asks for {', '.join(asked)}")
    confirmed = {code for code, mark in marks.items() if mark.confirms}
    for slug, name in (("private-rights", "matters"), ("false-report-prevention", "callback_matters")):
        value = _value(pack, slug)
        named = set(getattr(value, name)) if value is not None else set()
        if named != confirmed:
            said = ", ".join(sorted(confirmed)) or "none"
            message = f"the marks that are confirmed by a call back are {said}"
            yield Finding("error", f"settings.{slug}.value.{name}", message)
