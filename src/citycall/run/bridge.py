"""Django's WSGI application under an ASGI server: one way into a thread and one way back for a request.

The body of an ordinary request is read before the thread begins, and its answer is written when the thread
has ended, so the two sides do not wait for each other in between. A large body is read by the application
itself, if it wants it at all; a large answer is sent piece by piece.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

from a2wsgi.wsgi import Body, build_environ

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

READ_AHEAD = 1024 * 1024  # bodies up to this size are read before the thread begins
# Requests that work at once, and for how many seconds one counts. More of them at once in one process take
# the interpreter from each other with every statement: the same work, and some wait three times as long.
AT_ONCE, COUNTS = 2, 0.25
HELD_BACK = 1024 * 1024  # answers up to this size are written as one


@dataclass
class _Answer:
    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    rest: Iterator[bytes] | None = None
    whole: Any = None  # what is to be closed when the rest was sent


class Bridge:
    """The ASGI application."""

    def __init__(self, application: WsgiApplication, threads: int) -> None:
        self.application = application
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.counts = COUNTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        length = _length(scope)
        if length > READ_AHEAD:
            body: Any = Body(loop, cast(Any, receive))
        else:
            read = await _read(receive) if length else b""
            if read is None:
                return  # the client went away
            body = io.BytesIO(read)
        environ = cast("dict[str, Any]", build_environ(cast(Any, scope), body))
        run = contextvars.copy_context().run
        answer = await self._in_turn(run, environ)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.body})
            return
        try:
            await send({"type": "http.response.body", "body": answer.body, "more_body": True})
            while piece := await loop.run_in_executor(self.threads, run, _next, answer.rest):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await loop.run_in_executor(self.threads, run, _close, answer.whole)

    async def _in_turn(self, run: Callable[..., Any], environ: dict[str, Any]) -> _Answer:
        """The answer, when it is this request's turn. One that takes long lets the next go beside it."""
        loop = asyncio.get_running_loop()
        await self.turns.acquire()
        leaves = loop.call_later(self.counts, self.turns.release)
        try:
            return await loop.run_in_executor(self.threads, run, self._call, environ)
        finally:
            if not leaves.cancelled() and leaves.when() > loop.time():
                leaves.cancel()
                self.turns.release()

    def _call(self, environ: dict[str, Any]) -> _Answer:
        """In the thread: run the application, and take its answer as far as it is small."""
        answer = _Answer()

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            answer.status = int(status[:3])
            answer.headers = [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ]

        found = self.application(environ, start)
        try:
            pieces, size = [], 0
            rest = iter(found)
            for piece in rest:
                pieces.append(piece)
                size += len(piece)
                if size > HELD_BACK:
                    answer.rest, answer.whole = rest, found
                    break
            answer.body = b"".join(pieces)
        finally:
            if answer.rest is None:
                _close(found)
        return answer


def _next(pieces: Iterator[bytes]) -> bytes:
    """The next piece that is not empty; empty at the end."""
    return next((piece for piece in pieces if piece), b"")


def _close(found: Any) -> None:
    close = getattr(found, "close", None)
    if close is not None:
        close()


def _length(scope: Scope) -> int:
    """How long the body is said to be; Django reads none of a body that does not say."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _read(receive: Receive) -> bytes | None:
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    pieces = [body]
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)
