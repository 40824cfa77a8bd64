"""Toy commands and timer handlers, all called `toys.…`, are gone after the test that registered them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_toys_left() -> Iterator[None]:
    # Imported here: pytest reads this file before Django is set up.
    from citycall.base import policies, timers
    from citycall.base.commands import door

    policies.refresh()
    yield
    policies.refresh()
    for registry in (door._registry, timers._handlers):
        for name in [name for name in registry if name.startswith("toys.")]:
            del registry[name]  # type: ignore[attr-defined]
