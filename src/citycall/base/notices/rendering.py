"""A pack's template filled in for one matter, or for all of a digest.

The notice's context holds plain JSON. Two shapes are written in the reader's language: an instant
("2026-03-02T06:00:00Z") as a local date and time, and {"zh": ..., "en": ...} as the one that fits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from citycall.base import clock

if TYPE_CHECKING:
    from citycall.policy import Pack

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


class RenderError(Exception):
    """The pack has no such template, or the template names something that the notice does not have."""


def render(
    pack: Pack, code: str, channel: str, lang: str, contexts: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """Subject and body. Outside the lines of a digest the first matter's values stand for all."""
    try:
        template = pack.template(code, channel, lang)
    except KeyError:
        raise RenderError(f"the pack has no template {code} for {channel}") from None
    written = _all_written(pack, lang, contexts)
    missing = template.placeholders - written[0].keys() - {"cases"}
    if missing:
        raise RenderError(f"{code}: {{{sorted(missing)[0]}}} is not in the notice's context")
    lines = "\n".join(template.render_line(values) for values in written)
    return template.render({"cases": lines, **written[0]})


def render_lines(
    pack: Pack, code: str, channel: str, lang: str, contexts: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What a digest says of each of its matters."""
    template = pack.template(code, channel, lang)
    return [template.render_line(values) for values in _all_written(pack, lang, contexts)]


def _all_written(pack: Pack, lang: str, contexts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    own = {"city": pack.city.get(lang), "hotline": pack.hotline}
    return [{**own, **{name: _written(value, lang) for name, value in c.items()}} for c in contexts]


def _written(value: Any, lang: str) -> Any:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        at = datetime.fromisoformat(value)
        if lang.startswith("en"):
            return f"{clock.local(at):%-d %B %Y %H:%M}"
        return clock.roc_datetime(at)
    if isinstance(value, Mapping) and "zh" in value:
        return value.get("en" if lang.startswith("en") else "zh") or value["zh"]
    return value
