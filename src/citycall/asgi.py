"""The web process: Django in a fixed pool of threads, and live updates beside it without a thread each."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any, cast

from django.db import connection

from citycall.base import private
from citycall.run.bridge import Bridge
from citycall.wsgi import application as django_application

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

private.keys()  # without the keys of this installation there is nothing to serve

# Each thread keeps one database connection, so this is also the number of connections of one process.
THREADS = int(os.environ.get("CITYCALL_WEB_THREADS", "8"))

_pages: AsgiApplication = Bridge(cast(Any, django_application), THREADS)
_live: AsgiApplication | None = None


def _live_application() -> AsgiApplication:
    global _live
    if _live is None:
        _live = import_module("citycall.web.live").application
    return _live


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"] == "/live" or scope["path"].startswith("/live/"):
        await _live_application()(scope, receive, send)
    else:
        await _pages(scope, receive, send)


def _check_installation() -> None:
    """Nothing is served by an installation that is not in order, however its web process was started."""
    from citycall.people import sample_guard

    try:
        sample_guard.check_installation()
    finally:
        connection.close()


def _keep_what_is_loaded() -> None:
    """What was imported stays: only what pages leave behind is looked through, and seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await asyncio.to_thread(_check_installation)
                _keep_what_is_loaded()
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
