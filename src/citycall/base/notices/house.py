"""Words of the house itself, for what concerns its own offices and no government's rules speak of.

A pack that has a template of the same name goes before. Rooms add theirs when the program starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # reading the rules takes half a second, which a process that starts others does not have
    from citycall.policy.rules import Template

Words = Mapping[str, Mapping[str, Mapping[str, str]]]  # channel -> language -> subject, body
_templates: dict[str, Words] = {}


def add(code: str, words: Words) -> None:
    """The words of a notice by channel and language; Traditional Chinese must be among them."""
    _templates[code] = words


def known() -> dict[str, Words]:
    """Every notice that the house has words for."""
    return dict(_templates)


def template(code: str, channel: str, lang: str) -> Template:
    """The template for a channel and language; raises KeyError where the house has none."""
    by_language = _templates[code][channel]
    return _made(code, channel, "en" if lang.startswith("en") and "en" in by_language else "zh-hant")


@cache
def _made(code: str, channel: str, lang: str) -> Template:
    from citycall.policy.rules import Template

    return Template.model_validate(dict(_templates[code][channel][lang]))
