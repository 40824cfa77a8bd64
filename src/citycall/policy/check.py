"""What can be said against a pack beyond what loading refuses, and how two packs differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from citycall.policy.clauses import find_clauses, load_clauses
from citycall.policy.cross import problems
from citycall.policy.deadlines import read_due
from citycall.policy.limits import as_typed
from citycall.policy.load import read_marked
from citycall.policy.model import Pack
from citycall.policy.served import unserved
from citycall.policy.soundness import Finding, approval, dead_rules, unsettled, untold_days
from citycall.policy.source import Key, PackError, Source
from citycall.policy.world import sample_world

SMS_SEGMENT = 70
SMS_SEGMENTS = 2
# What a text message carries in the longest usual case.
_LONGEST = {
    "number": "F1150302-000123",
    "lookup_code": "123456",
    "item": "人孔蓋及溝蓋破損",
    "portal_url": "https://1999.example.gov.tw/c",
}
# The same shape in every sample world (a pack may add, never leave out).
_AGENCIES = {"call_centre", "research", "secretariat", "works", "env", "civil", "police", "social"}
_OFFICE = {"call_centre", "secretariat"}
_ITEMS = {"streetlight", "pothole", "drain", "noise", "refuse", "tree", "signal"}


def check_pack(path: Path | str) -> list[Finding]:
    """Everything that is wrong or missing in a pack; an empty list when nothing is."""
    try:
        pack, source = read_marked(path)
    except PackError as error:
        return [_refusal(error)]
    found = [Finding("error", ".".join(map(str, key)), message) for key, message in problems(pack)]
    found += _clauses(pack)
    found += _words(pack)
    found += _world(pack)
    found += _unused(pack)
    found += disobeyed(pack)
    found += unsettled(pack, find_clauses(pack.path))
    return [_placed(pack, source, one) for one in found]


def disobeyed(pack: Pack) -> list[Finding]:
    """What a pack says and the program would not do: also asked of a draft before it is kept."""
    return [*dead_rules(pack), *approval(pack), *untold_days(pack), *unserved(pack)]


def _placed(pack: Pack, source: Source, found: Finding) -> Finding:
    """The finding with file and line in place of the key alone."""
    if "/" in found.where or ".yaml" in found.where or ".csv" in found.where:
        return found
    file, line = source.where(_key(pack, found.where))
    if line is None:
        return found
    return Finding(found.level, f"{file}:{line}", f"{found.where}: {found.message}")


def _key(pack: Pack, where: str) -> Key:
    """The key of a dotted place that names rules by their codes: `clocks.sign_off.stop`."""
    key: Key = ()
    at: Any = pack
    parts = where.split(".")
    while parts:
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            step, inner = _step(at, name)
            if step is not None:
                key, at, parts = (*key, step), inner, parts[length:]
                break
        else:
            break
    return key


def _step(at: Any, name: str) -> tuple[str | int | None, Any]:
    if isinstance(at, BaseModel):
        field = type(at).model_fields.get(name)
        return (None, None) if field is None else (field.alias or name, getattr(at, name))
    if isinstance(at, Mapping):
        return (name, at[name]) if name in at else (None, None)
    if isinstance(at, list | tuple):
        for n, one in enumerate(at):
            if getattr(one, "code", None) == name or str(n) == name:
                return n, one
    return None, None


def _refusal(error: PackError) -> Finding:
    where = error.file if error.line is None else f"{error.file}:{error.line}"
    return Finding("error", where, f"{error.key}: {error.message}" if error.key else error.message)


def clauses_cited(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every clause id that a pack or a part of it cites, with where it does."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            at = f"{where}.{name}" if where else name
            if name == "clauses":
                yield from ((clause, where) for clause in inner)
            else:
                yield from clauses_cited(inner, at)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from clauses_cited(inner, f"{where}.{name}")
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from clauses_cited(inner, f"{where}.{getattr(inner, 'code', n)}")


def _clauses(pack: Pack) -> Iterator[Finding]:
    catalogue = find_clauses(pack.path)
    if catalogue is None:
        yield Finding("warning", "clauses", "there is no clauses.yaml beside the pack to check ids against")
        return
    known = load_clauses(catalogue)
    for clause, where in clauses_cited(pack):
        if clause not in known:
            yield Finding("error", where, f"there is no clause {clause}")
    rules = [(rule.code, rule.clauses) for rule in pack.clocks]
    rules += [(notice.code, notice.clauses) for notice in pack.notices]
    rules += [(task.code, task.clauses) for task in pack.tasks]
    for code, cited in rules:
        if not cited:
            yield Finding("warning", code, "a rule without a clause")


def _words(pack: Pack) -> Iterator[Finding]:
    for code, channels in pack.templates.items():
        for channel, words in channels.items():
            where = f"templates.{code}.{channel}"
            if "en" not in words:
                yield Finding("warning", where, "no English words")
            for lang, template in words.items():
                if channel != "sms":
                    continue
                context = {**_LONGEST, "city": pack.city.get(lang), "hotline": pack.hotline}
                length = len(template.render(context)[1])
                most = SMS_SEGMENTS * (SMS_SEGMENT if lang == "zh-hant" else 153)
                if length > most:
                    message = f"{length} characters; at most {most} in a text message"
                    yield Finding("error", f"{where}.{lang}", message)
    digests = {
        action.notify.template
        for rule in pack.clocks
        for strike in rule.strikes
        for action in strike.do
        if action.notify is not None and action.notify.digest
    }
    for code in sorted(digests):
        for lang, template in pack.templates[code].get("email", {}).items():
            if "cases" not in template.placeholders or not template.line:
                yield Finding("error", f"templates.{code}.email.{lang}", "a digest needs {cases} and a line")


def _world(pack: Pack) -> Iterator[Finding]:
    try:
        world = sample_world(pack)
    except PackError as error:
        yield _refusal(error)
        return
    agencies = {agency.code for agency in world.agencies}
    city = bool(pack.items)  # an office that sends nobody out has no table of items, and no departments
    for missing in sorted((_AGENCIES if city else _OFFICE) - agencies):
        yield Finding("error", "sample/world.yaml", f"the agency {missing} is missing")
    for missing in sorted(_ITEMS - set(pack.items) if city else ()):
        yield Finding("error", "items.csv", f"the item {missing} is missing")
    for item in pack.items.values():
        if item.agency not in agencies:
            yield Finding("error", f"items.{item.code}", f"no agency {item.agency} in the sample world")
    posts = world.posts
    addressed = [to for rule in pack.notices for to in rule.to]
    for to in addressed:
        if to.startswith("post:") and to.removeprefix("post:") not in posts:
            yield Finding("error", "notices", f"no post {to.removeprefix('post:')} in the sample world")


def _unused(pack: Pack) -> Iterator[Finding]:
    used = {rule.template for rule in pack.notices}
    used |= {
        action.notify.template
        for rule in pack.clocks
        for strike in rule.strikes
        for action in strike.do
        if action.notify is not None
    }
    for code in pack.templates:
        if code not in used:
            yield Finding("warning", f"templates.{code}", "no rule uses these words")


# --- what differs --------------------------------------------------------------------------------


# What follows from the files and is no rule of its own.
_DERIVED = ("digest", "path", "form", "sources.", "referred")


class Difference(NamedTuple):
    """One value that differs between two packs; None where it is absent."""

    key: str
    before: Any
    after: Any


def diff_packs(before: Pack, after: Pack) -> list[Difference]:
    """Every value that differs, by its dotted key. Rules are compared by their codes, not their places."""
    a, b = flatten(before), flatten(after)
    return [
        Difference(key, a.get(key), b.get(key))
        for key in dict.fromkeys([*a, *b])
        if not _same(a.get(key), b.get(key)) and not key.startswith(_DERIVED)
    ]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one: a limit is the same in any writing, `1 日` and `1 days`."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return bool(one == other)
    if not (as_typed(one)[:1].isdecimal() and as_typed(other)[:1].isdecimal()):
        return False
    try:
        return bool(read_due(one) == read_due(other))
    except ValueError:
        return False


def flatten(pack: Pack) -> dict[str, Any]:
    """Every value of a pack by its dotted key, as plain words."""
    flat: dict[str, Any] = {}

    def lay(value: Any, key: str) -> None:
        if isinstance(value, BaseModel):
            short = type(value).__name__ == "Limit"
            if short:
                flat[key] = str(value)
            else:
                for name in type(value).model_fields:
                    lay(getattr(value, name), f"{key}.{name}" if key else name)
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                lay(inner, f"{key}.{name}")
        elif isinstance(value, list | tuple) and any(isinstance(inner, BaseModel) for inner in value):
            for n, inner in enumerate(value):
                lay(inner, f"{key}.{_label(inner, n)}")
        elif isinstance(value, time):
            flat[key] = f"{value:%H:%M}"
        elif isinstance(value, tuple) and value and all(isinstance(inner, time) for inner in value):
            flat[key] = ", ".join(f"{inner:%H:%M}" for inner in value)
        else:
            flat[key] = value

    lay(pack, "")
    return flat


def _label(value: Any, n: int) -> str:
    if type(value).__name__ == "Road":
        return f"{value.name}@{value.district}"
    return str(getattr(value, "code", None) or getattr(value, "event", None) or n)
