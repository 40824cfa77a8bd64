"""Older packs read by newer software: what was renamed or moved, step by step (docs/adr/0009).

A pack says in `pack.yaml` which form its files have (`schema: 2`; 1 where it says nothing). The schema only
grows: a new key is no new form. Only where the meaning of a key moves does the number go up, and a step here
brings the older file to the newer form as it is read, so that packs frozen in a database stay readable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CURRENT = 2

Step = Callable[[dict[str, Any]], dict[str, Any]]


def upgraded(content: Any, file: str, schema: int) -> Any:
    """The content of a file (`settings`, `kinds`…) written in an older form, in the present one."""
    if not isinstance(content, dict):
        return content
    for form in range(schema + 1, CURRENT + 1):
        step = STEPS.get((form, file))
        if step is not None:
            content = step(content)
    return content


def _staffing_by_role(settings: dict[str, Any]) -> dict[str, Any]:
    """Form 2: `window-staffing` held numbers by role; now they are its `roles`, beside rank and so on."""
    entry = settings.get("window-staffing")
    if not isinstance(entry, dict):
        return settings
    value = entry.get("value")
    if not isinstance(value, dict) or not all(isinstance(count, int) for count in value.values()):
        return settings
    return {**settings, "window-staffing": {**entry, "value": {"roles": value}}}


STEPS: dict[tuple[int, str], Step] = {
    (2, "settings"): _staffing_by_role,
}
