"""Templates of a policy pack, filled in. Only plain names are replaced: no code, no attributes.

    {name}                 the value; `{name:when}`, `{name:date}`, `{name:time}` write an instant for people
    {#cases} ... {/cases}  repeated for each matter of the notice (a digest has several, others one)
    {count}                how many matters
    {{ and }}              the braces themselves
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from citycall.base import clock

_BLOCK = re.compile(r"\{#cases\}\n?(.*?)\{/cases\}\n?", re.DOTALL)
_FIELD = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)(?::(when|date|time))?\}|[{}]")
MADE_HERE = frozenset({"count", "recipient_name"})


class RenderError(Exception):
    """A template names something that the notice does not have, or is not well formed."""


def render(text: str, cases: Sequence[Mapping[str, Any]], lang: str, **extra: Any) -> str:
    """Fill `text` in for one or more matters; the first one's fields serve outside the block."""
    common = {**cases[0], "count": len(cases), **extra}

    def block(found: re.Match[str]) -> str:
        return "".join(_fill(found.group(1), {**common, **case}, lang) for case in cases)

    parts: list[str] = []
    position = 0
    for found in _BLOCK.finditer(text):
        parts += [_fill(text[position : found.start()], common, lang), block(found)]
        position = found.end()
    parts.append(_fill(text[position:], common, lang))
    return "".join(parts)


def placeholders(text: str) -> set[str]:
    """The names that a template needs from the notice's context. RenderError when it is not well formed."""
    names: set[str] = set()
    for found in _FIELD.finditer(_BLOCK.sub(lambda m: m.group(1), text)):
        if found.group(1):
            names.add(found.group(1))
        elif found.group() in "{}":
            raise RenderError(f"a single brace at {found.start()}: {text[found.start() : found.start() + 20]!r}")
    return names - MADE_HERE


def _fill(text: str, values: Mapping[str, Any], lang: str) -> str:
    def field(found: re.Match[str]) -> str:
        name, form = found.group(1), found.group(2)
        if name is None:
            if len(found.group()) == 2:
                return found.group()[0]
            raise RenderError(f"a single brace: {text[found.start() : found.start() + 20]!r}")
        if name not in values:
            raise RenderError(f"{{{name}}} is not in the notice's context")
        value = values[name]
        if form:
            return _instant(value, form, lang)
        return "" if value is None else str(value)

    return _FIELD.sub(field, text)


def _instant(value: Any, form: str, lang: str) -> str:
    if not value:
        return ""
    try:
        at = clock.local(value if isinstance(value, datetime) else datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise RenderError(f"{value!r} is not an instant") from error
    hour = f"{at:%H:%M}"
    if form == "time":
        return hour
    day = f"{at.day} {at:%B %Y}" if lang.startswith("en") else f"{at.year - 1911}年{at.month}月{at.day}日"
    return day if form == "date" else f"{day} {hour}"
