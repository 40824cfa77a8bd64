"""The web process asks before it serves whether the installation is in order, however it was started."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured


def run_apart(coroutine: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: a browser test in this process keeps a loop going in ours."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


def started() -> list[dict[str, Any]]:
    from citycall.asgi import application

    said: list[dict[str, Any]] = []
    heard = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, Any]:
        return next(heard)

    async def send(message: Any) -> None:
        said.append(message)

    run_apart(application({"type": "lifespan"}, receive, send))
    return said


@pytest.mark.parametrize("well", [True, False])
def test_it_serves_only_where_the_installation_is_in_order(
    monkeypatch: pytest.MonkeyPatch, well: bool
) -> None:
    from citycall.people import sample_guard

    def check() -> None:
        if not well:
            raise ImproperlyConfigured("a real government on a sample's keys")

    monkeypatch.setattr(sample_guard, "check_installation", check)
    said = started()
    if well:
        assert [message["type"] for message in said] == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]
    else:
        assert said == [
            {"type": "lifespan.startup.failed", "message": "a real government on a sample's keys"}
        ]
