"""Packs and what differs between them, in lines that people read: settings by topic, then the rest by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

from citycall.policy.check import diff_packs
from citycall.policy.model import Pack
from citycall.policy.settings import Reading, Setting
from citycall.policy.text import Text
from citycall.policy.variation_points import POINTS, READINGS

SILENT = Text(zh="文件未載", en="the document is silent")
SAMPLE = Text(zh="樣本", en="sample")
MISSING = Text(zh="無此設定", en="not stated here")


def settings_lines(pack: Pack, lang: str) -> Iterator[str]:
    """Every setting: its topic, what it says in words, its value, its clauses, and what takes it over."""
    users = _users(pack)
    for slug, setting in pack.settings.items():
        yield f"{_topic('settings', slug, lang)}  ({slug})  {cited(setting.clauses)}".rstrip()
        yield from (f"  {line}" for line in _said(setting, lang))
        yield from (f"  → {key}" for key in users.get(f"settings.{slug}", ()))


def readings_lines(pack: Pack, lang: str) -> Iterator[str]:
    """Every reading that the pack takes of a place its document leaves open."""
    users = _users(pack)
    for slug, reading in pack.readings.items():
        yield f"{_topic('readings', slug, lang)}  ({slug})  {cited(reading.clauses)}".rstrip()
        yield from (f"  {line}" for line in _said(reading, lang))
        yield from (f"  → {key}" for key in users.get(f"readings.{slug}", ()))


def difference_lines(before: Pack, after: Pack, lang: str) -> Iterator[str]:
    """What differs: settings and readings by topic with the rules that follow from them, then the rest."""
    differences = diff_packs(before, after)
    taken = {**_taken_by(before), **_taken_by(after)}
    told: set[str] = set()
    for table in ("settings", "readings"):
        for slug in dict.fromkeys([*getattr(before, table), *getattr(after, table)]):
            mine = [one for one in differences if one.key.startswith((f"{table}.{slug}.",))]
            if not mine:
                continue
            told |= {one.key for one in mine}
            yield f"{_topic(table, slug, lang)}  ({slug})"
            for sign, pack in (("-", before), ("+", after)):
                yield from _side(sign, getattr(pack, table).get(slug), lang)
            for one in differences:
                if _source_of(one.key, taken) == f"{table}.{slug}":
                    told.add(one.key)
                    yield f"  → {one.key}"
    rest = [one for one in differences if one.key not in told]
    for one in rest:
        yield one.key
        if one.before is not None:
            yield f"  - {plain(one.before, lang)}"
        if one.after is not None:
            yield f"  + {plain(one.after, lang)}"


def _taken_by(pack: Pack) -> dict[str, str]:
    """The setting or reading that a rule takes over, by the rule's key."""
    return {key.removeprefix("pack."): ".".join(path.split(".")[:2]) for key, path in pack.sources.items()}


def _source_of(key: str, taken: Mapping[str, str]) -> str | None:
    """The setting from which the value at a key comes, itself or what holds it."""
    steps = key.split(".")
    for length in range(len(steps), 0, -1):
        found = taken.get(".".join(steps[:length]))
        if found is not None:
            return found
    return None


def _side(sign: str, entry: Setting | Reading | None, lang: str) -> Iterator[str]:
    lines = [MISSING.get(lang)] if entry is None else list(_said(entry, lang))
    for n, line in enumerate(lines):
        yield f"  {sign if n == 0 else ' '} {line}"


def _said(entry: Setting | Reading, lang: str) -> Iterator[str]:
    """The value in words where the pack has them, and as it is written."""
    if entry.value is None:
        yield SILENT.get(lang)
        return
    if entry.says is not None:
        sample = isinstance(entry, Setting) and entry.sample
        mark = f"  ({SAMPLE.get(lang)})" if sample else ""
        yield f"{entry.says.get(lang)}{mark}"
    yield plain(entry.value, lang)
    if isinstance(entry, Setting) and entry.reading:
        yield entry.reading


def _topic(table: str, slug: str, lang: str) -> str:
    point = POINTS.get(slug) if table == "settings" else READINGS.get(slug)
    return slug if point is None else point.topic.get(lang)


def _users(pack: Pack) -> dict[str, list[str]]:
    """Which rules take over which setting."""
    users: dict[str, list[str]] = {}
    for key, source in _taken_by(pack).items():
        users.setdefault(source, []).append(key)
    return users


def cited(clauses: tuple[str, ...]) -> str:
    return f"[{', '.join(clauses)}]" if clauses else ""


def plain(value: object, lang: str = "zh") -> str:
    """A value in one line: words as they are, tables as `key: value`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_inner(inner, lang)}" for name, inner in value.items())
    return _inner(value, lang)


def _inner(value: Any, lang: str) -> str:
    if isinstance(value, Mapping):
        if set(value) == {"zh", "en"}:
            return Text.model_validate(value).get(lang)
        return "{" + plain(value, lang) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(inner, lang) for inner in value) + "]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
