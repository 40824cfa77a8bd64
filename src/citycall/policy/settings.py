"""Settings and readings: what governments differ in, said once, and referred to by the rules.

A setting is the value of one variation point. Any rule of the pack may take it over by reference instead of
repeating it: `{setting: overdue-dunning.at}` in a YAML file stands for the value at that path, and
`{reading: missed-dunning.runs}` for that of a reading. So one place is changed, compared and rehearsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from citycall.policy.basics import Clauses, Rule
from citycall.policy.source import Key, PackError, Source
from citycall.policy.text import Text


class Setting(Rule):
    """The value of one variation point, in words too, with the clauses that give it. None: not stated."""

    value: Any = None
    says: Text | None = None
    clauses: Clauses = ()
    reading: str | None = None
    sample: bool = False


class Reading(Rule):
    """How an open place of a document is read: a named value, the clauses it is about, and why."""

    value: dict[str, Any] = Field(default_factory=dict)
    says: Text
    clauses: Clauses = ()


REFERENCES = {"setting": "settings", "reading": "readings"}


def resolve(raw: dict[str, Any], source: Source) -> dict[str, str]:
    """Put values in the place of the references to them; returns which was taken where.

    Both are dotted: `clocks.sign_off.limit` (rules by their codes) is `settings.sign-off.limit`. Raises
    PackError where a reference points at nothing.
    """
    used: dict[str, str] = {}
    for name in [name for name in raw if name not in ("settings", "readings")]:
        raw[name] = _resolved(raw[name], raw, source, (name,), (name,), used)
    return used


def _resolved(
    value: Any,
    raw: Mapping[str, Any],
    source: Source,
    key: Key,
    named: tuple[str, ...],
    used: dict[str, str],
) -> Any:
    if isinstance(value, dict):
        if len(value) == 1:
            word, path = next(iter(value.items()))
            if word in REFERENCES and isinstance(path, str):
                found = _looked_up(REFERENCES[word], path, raw, source, key)
                used[".".join(named)] = f"{REFERENCES[word]}.{path}"
                return found
        return {
            name: _resolved(inner, raw, source, (*key, name), (*named, str(name)), used)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _resolved(inner, raw, source, (*key, n), (*named, _code(inner, n)), used)
            for n, inner in enumerate(value)
        ]
    return value


def _code(value: Any, n: int) -> str:
    code = value.get("code") if isinstance(value, dict) else None
    return code if isinstance(code, str) else str(n)


def _looked_up(table: str, path: str, raw: Mapping[str, Any], source: Source, key: Key) -> Any:
    slug, *steps = path.split(".")
    entry = raw.get(table, {}).get(slug)
    where = source.where(key[:1] if key[:1] == ("pack",) else _marked(source, key))
    told = ".".join(map(str, key))
    if not isinstance(entry, dict):
        raise PackError(*where, told, f"there is no {table.removesuffix('s')} {slug!r}")
    found = entry.get("value")
    for step in steps:
        if not isinstance(found, dict) or step not in found:
            raise PackError(*where, told, f"the {table.removesuffix('s')} {slug!r} has no {step!r}")
        found = found[step]
    return found


def _marked(source: Source, key: Key) -> Key:
    for length in range(len(key), 0, -1):
        if key[:length] in source.marks:
            return key[:length]
    return ()
