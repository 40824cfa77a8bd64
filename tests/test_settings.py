"""What an installation is told by its environment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest


def run_apart(coroutine: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: a browser test in this process keeps a loop going in ours."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [(["10.0.0.5"], "203.0.113.9"), (["10.0.0.0/8"], "203.0.113.9"), (["127.0.0.1"], "10.0.0.5")],
)
def test_whom_a_named_proxy_forwards_for_is_believed(settings: Any, proxies: list[str], seen: str) -> None:
    from citycall.run.web import configuration

    settings.CITYCALL_PROXIES = proxies
    config = configuration()
    clients: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        clients.append(scope["client"][0])

    config.app = application
    config.load()
    scope = {
        "type": "http",
        "client": ("10.0.0.5", 4711),
        "headers": [(b"x-forwarded-for", b"203.0.113.9")],
        "scheme": "http",
    }
    run_apart(config.loaded_app(scope, None, None))
    assert clients == [seen]


def test_every_setting_from_the_environment_is_documented() -> None:
    root = Path(__file__).parents[1]
    named = set(re.findall(r'"(CITYCALL_[A-Z_]+)"', (root / "src/citycall/settings.py").read_text("utf-8")))
    told = (root / "docs/operations.md").read_text("utf-8")
    assert named
    assert [name for name in sorted(named) if f"`{name}`" not in told] == []
