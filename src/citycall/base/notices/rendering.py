"""A pack's template filled in for one matter, or for all of a digest.

The notice's context holds plain JSON. Two shapes are written in the reader's language: an instant
("2026-03-02T06:00:00Z") as a local date and time (where a limit
ends at midnight: 24:00), and {"zh": ..., "en": ...} as the one that fits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from citycall.base import clock
from citycall.base.notices import house

if TYPE_CHECKING:
    from citycall.policy import Pack
    from citycall.policy.rules import Template

# Names of what ends a limit: midnight is 24:00 of the day before.
_DUES = frozenset({"due", "sign_off_due", "contact_due"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


class RenderError(Exception):
    """The pack has no such template, or the template names something that the notice does not have."""


def render(
    pack: Pack, code: str, channel: str, lang: str, contexts: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """Subject and body. Outside the lines of a digest the first matter's values stand for all."""
    subject, body, _lines = render_with_lines(pack, code, channel, lang, contexts)
    return subject, body


def render_with_lines(
    pack: Pack, code: str, channel: str, lang: str, contexts: Sequence[Mapping[str, Any]]
) -> tuple[str, str, list[str]]:
    """Subject, body, and what a digest says of each of its matters."""
    try:
        template: Template | None = pack.template(code, channel, lang)
    except KeyError:
        template = _of_the_house(code, channel, lang)
    if template is None:
        raise RenderError(f"the pack has no template {code} for {channel}")
    own = {"city": pack.city.get(lang), "hotline": pack.hotline}
    written = [
        {**own, **{name: _written(value, lang, due=name in _DUES) for name, value in c.items()}}
        for c in contexts
    ]
    missing = template.placeholders - written[0].keys() - {"cases"}
    if missing:
        raise RenderError(f"{code}: {{{sorted(missing)[0]}}} is not in the notice's context")
    lines = [template.render_line(values) for values in written]
    subject, body = template.render({"cases": "\n".join(lines), **written[0]})
    return subject, body, lines


def _of_the_house(code: str, channel: str, lang: str) -> Template | None:
    try:
        return house.template(code, channel, lang)
    except KeyError:
        return None


def _written(value: Any, lang: str, *, due: bool = False) -> Any:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        at = datetime.fromisoformat(value)
        if lang.startswith("en"):
            day, hour = clock.due_parts(at) if due else (clock.local(at).date(), f"{clock.local(at):%H:%M}")
            return f"{day:%-d %B %Y} {hour}"
        return clock.roc_due(at) if due else clock.roc_datetime(at)
    if isinstance(value, Mapping) and "zh" in value:
        return value.get("en" if lang.startswith("en") else "zh") or value["zh"]
    return value
