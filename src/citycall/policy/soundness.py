"""What a pack may say and still be wrong: rules that can never act, settings missing or read by nobody.

Loading lets it pass, since a pack frozen years ago must stay readable; `citycall policy check` does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from citycall.policy.deadlines import BeforeDay
from citycall.policy.model import Pack
from citycall.policy.rules import APPROVER
from citycall.policy.upgrades import CURRENT
from citycall.policy.variation_points import POINTS, READINGS

# Seeds whose packs must state every point.
COMPLETE = frozenset({"KM", "NT", "TP"})
# Settings of the house that are no variation points.
OWN = frozenset({"accent_colour"})
# Events of a case that no table of moves allows or refuses.
FREE = frozenset(
    {"case.established", "case.due_changed", "case.task_opened", "case.task_done", "case.task_cancelled"}
)


# Days among the facts of an event, before which a clock may end.
DAYS_TOLD = {"case.graded_b": frozenset({"until"}), "case.extended": frozenset({"until"})}


class Finding(NamedTuple):
    """One thing said against a pack: `level` is error or warning."""

    level: str
    where: str
    message: str


# --- events ------------------------------------------------------------------------------------------


def dead_rules(pack: Pack) -> Iterator[Finding]:
    """Events that rules wait for and that cannot happen to the kinds of case they are about."""
    for rule in pack.clocks:
        where = f"clocks.{rule.code}"
        yield from _events(pack, rule.kinds, f"{where}.start.on", (rule.start.on,))
        yield from _events(pack, rule.kinds, f"{where}.stop", rule.stop)
        yield from _events(pack, rule.kinds, f"{where}.late_on", rule.late_on)
        if rule.resume is not None:
            yield from _events(pack, rule.kinds, f"{where}.resume.on", rule.resume.on)
            yield from _events(pack, rule.kinds, f"{where}.resume.stopped_by", rule.resume.stopped_by)
            for event in rule.resume.stopped_by:
                if event not in rule.stop:
                    yield Finding("error", f"{where}.resume.stopped_by", f"{event} does not stop this clock")
        for event in rule.late_on:
            if event not in rule.stop:
                yield Finding("error", f"{where}.late_on", f"{event} does not stop this clock")
    for notice in pack.notices:
        if notice.kinds:
            yield from _events(pack, notice.kinds, f"notices.{notice.code}.on", (notice.on,))
        if APPROVER in notice.to:
            yield from _approvers(pack, notice.kinds, f"notices.{notice.code}.to")
    struck = {
        action.task for rule in pack.clocks for strike in rule.strikes for action in strike.do if action.task
    }
    for task in pack.tasks:
        where = f"tasks.{task.code}"
        for name in ("on", "blocks", "done_by", "cancelled_by"):
            yield from _events(pack, task.kinds, f"{where}.{name}", getattr(task, name))
        if not task.on and not task.opened_by and task.code not in struck:
            yield Finding("warning", where, "nothing opens this task: no event, no strike, nobody by hand")


def untold_days(pack: Pack) -> Iterator[Finding]:
    """Clocks that end before the day of a fact which the event that starts them does not tell."""
    for rule in pack.clocks:
        if isinstance(rule.limit, BeforeDay) and rule.limit.of is not None:
            told = DAYS_TOLD.get(rule.start.on, frozenset())
            if rule.limit.of not in told:
                known = ", ".join(sorted(told)) or "none"
                message = f"{rule.start.on} tells no day {rule.limit.of!r} (days it tells: {known})"
                yield Finding("error", f"clocks.{rule.code}.limit", message)


def approval(pack: Pack) -> Iterator[Finding]:
    """Kinds whose approval is said and not asked for, or whose result nobody enters or approves."""
    entry = pack.settings.get("reply-approval")
    said = entry.value if entry is not None and isinstance(entry.value, Mapping) else {}
    for code, kind in pack.kinds.items():
        asked = kind.completion.approved_by
        where = f"kinds.{code}.completion.approved_by"
        by = said.get(code, {}).get("by", ()) if isinstance(said.get(code), Mapping) else ()
        if by and tuple(by) != asked:
            message = (
                f"the setting reply-approval says {', '.join(by)} and this kind asks {_listing(asked)}; "
                f"write {{setting: reply-approval.{code}.by}}"
            )
            yield Finding("error", where, message)
        elif not asked and "case.completed" not in {move.event for move in kind.moves}:
            yield Finding("error", where, "a result that nobody approves needs a move case.completed")


def _listing(roles: Iterable[str]) -> str:
    return ", ".join(roles) or "nobody"


def _approvers(pack: Pack, kinds: Iterable[str], where: str) -> Iterator[Finding]:
    for code in kinds:
        if code in pack.kinds and not pack.kinds[code].completion.approved_by:
            message = f"nobody approves a case of the kind {code!r} (completion.approved_by)"
            yield Finding("error", where, message)


def _events(pack: Pack, kinds: Iterable[str], where: str, events: Iterable[str]) -> Iterator[Finding]:
    known = {move.event for kind in kinds if kind in pack.kinds for move in pack.kinds[kind].moves}
    marks = {
        f"case.{action.mark}"
        for rule in pack.clocks
        for strike in rule.strikes
        for action in strike.do
        if action.mark
    }
    for event in events:
        if not event.startswith("case.") or event in known or event in FREE or event in marks:
            continue
        near = get_close_matches(event, sorted(known | FREE), n=1, cutoff=0.8)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield Finding("error", where, f"no case of these kinds undergoes {event}{hint}")


# --- settings ----------------------------------------------------------------------------------------


def unsettled(pack: Pack, catalogue: Path | None) -> Iterator[Finding]:
    """Variation points that are missing, cite other clauses than their own, or that nobody reads."""
    if pack.form < CURRENT:
        yield Finding("warning", "schema", f"the files are of schema {pack.form}; the present is {CURRENT}")
    level = "error" if pack.seed in COMPLETE else "warning"
    for slug, point in POINTS.items():
        if slug not in pack.settings:
            yield Finding(level, f"settings.{slug}", f"this point is missing: {point.topic.en}")
    for slug in pack.settings:
        if slug not in POINTS and slug not in OWN:
            yield Finding(
                "error", f"settings.{slug}", f"there is no such variation point{_near(slug, POINTS)}"
            )
    for slug in pack.readings:
        if slug not in READINGS:
            yield Finding(
                "error", f"readings.{slug}", f"there is no such open reading{_near(slug, READINGS)}"
            )
    yield from _kinds_named(pack)
    if catalogue is not None and pack.seed:
        yield from _own_clauses(pack, catalogue)
    yield from _unread(pack)


def _near(slug: str, known: Iterable[str]) -> str:
    near = get_close_matches(slug, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _kinds_named(pack: Pack) -> Iterator[Finding]:
    """Points that say something for each kind of case name kinds that the pack has."""
    for slug, point in POINTS.items():
        entry = pack.settings.get(slug)
        if point.by_kind and entry is not None and isinstance(entry.value, Mapping):
            for kind in entry.value:
                if kind not in pack.kinds:
                    known = ", ".join(pack.kinds)
                    message = f"there is no kind of case {kind!r}; expected one of {known}"
                    yield Finding("error", f"settings.{slug}.value.{kind}", message)


def _own_clauses(pack: Pack, catalogue: Path) -> Iterator[Finding]:
    """A point cites all clauses of its own document that the catalogue lists for it, and no other."""
    stat = catalogue.stat()
    listed = _listed(catalogue, stat.st_mtime_ns, stat.st_size)
    for table, entries in (("settings", pack.settings), ("readings", pack.readings)):
        for slug, entry in entries.items():
            if table == "settings":
                all_clauses = listed.get(slug)
            else:
                all_clauses = READINGS[slug].clauses if slug in READINGS else None
            if all_clauses is None:
                continue
            own = [clause for clause in all_clauses if clause.split("-")[0] == pack.seed]
            if sorted(entry.clauses) != sorted(own):
                expected = ", ".join(own) or "none"
                found = ", ".join(entry.clauses) or "none"
                message = f"expected the clauses {expected} (found {found})"
                yield Finding("error", f"{table}.{slug}.clauses", message)


@lru_cache(maxsize=4)
def _listed(file: Path, _mtime: int, _size: int) -> dict[str, tuple[str, ...]]:
    """The clauses of each variation point, as the catalogue lists them."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # nosec B506: a safe loader
    points = content.get("variation_points") or []
    return {point["slug"]: tuple(point.get("clauses") or ()) for point in points}


def _unread(pack: Pack) -> Iterator[Finding]:
    """Values of points whose room is built, that no rule takes over and no code asks for."""
    for slug, point in POINTS.items():
        entry = pack.settings.get(slug)
        if entry is None or entry.value is None or point.code or not point.built:
            continue
        taken = {path for path in pack.referred if path.split(".")[:2] == ["settings", slug]}
        if not taken:
            yield Finding("warning", f"settings.{slug}", "no rule takes this over and no code reads it")


def unread(pack: Pack) -> Iterator[str]:
    """Each value of a point whose room is built that no rule takes over: it is said and changes nothing."""
    for slug, point in POINTS.items():
        entry = pack.settings.get(slug)
        if entry is None or entry.value is None or point.code or not point.built:
            continue
        for leaf in leaves(entry.value):
            path = f"settings.{slug}.{leaf}" if leaf else f"settings.{slug}"
            if not any(path == taken or path.startswith(f"{taken}.") for taken in pack.referred):
                yield path


def leaves(value: Any, at: str = "") -> Iterator[str]:
    """The dotted paths of the values within a value."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{at}.{name}" if at else str(name))
    else:
        yield at
