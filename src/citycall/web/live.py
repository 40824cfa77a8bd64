"""/live: Server-Sent Events for the screens of staff, without a thread each.

One LISTEN connection in each web process; each screen a set of topics. A signal says only what has changed,
so those that wait for a slow screen are a set as well: it cannot grow beyond the topics that there are, and
past `MOST` of them one `refresh` says the same. Nothing is kept for a screen that is away: it is told to
refresh when it comes.

Events: `refresh` (read everything again), `signal` (data: topics, separated by spaces), `out` (signed out).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest

from citycall.base import live
from citycall.base.commands import Actor
from citycall.people.models import Staff
from citycall.people.queries import actor_of
from citycall.services.cases.queries.sight import looks_over

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HEARTBEAT = float(os.environ.get("CITYCALL_LIVE_HEARTBEAT", "15"))
CHECK_SESSION = float(os.environ.get("CITYCALL_LIVE_CHECK_SESSION", "60"))
MOST = 64
OUT = b"event: out\ndata: \n\n"
RECONNECT = (0.2, 0.5, 1.0, 2.0, 5.0)

CALL_ROLES = frozenset({"operator", "lead"})
# Besides those who look over the agencies, these see something of every one.
EVERYWHERE = frozenset({"operator", "admin"})


# -- who listens ---------------------------------------------------------------------------------------------


def topics_of(actor: Actor) -> frozenset[str]:
    """What this person's screens are told. `agency:*` stands for every agency."""
    topics = {f"staff:{actor.staff_id}"}
    roles = actor.roles()
    if roles & CALL_ROLES:
        topics.add("calls")
    if roles & EVERYWHERE or looks_over(actor):
        topics.add("agency:*")
    else:
        topics |= {f"agency:{agency}" for agency in actor.agencies()}
    return frozenset(topics)


# Two are enough: each answer is one or two short queries, once a minute for each screen.
_threads = ThreadPoolExecutor(2, thread_name_prefix="live")


def _topics_of_session(key: str) -> frozenset[str] | None:
    """What this session's screens are told now; None when it has ended. In a thread: sessions are rows."""
    close_old_connections()
    try:
        request = HttpRequest()
        engine = import_module(settings.SESSION_ENGINE)
        request.session = engine.SessionStore(key)
        user = get_user(request)
        if not isinstance(user, Staff) or user.must_change_password:
            return None
        return topics_of(actor_of(user, via="web"))
    finally:
        close_old_connections()


async def _ask(key: str) -> frozenset[str] | None:
    return await asyncio.get_running_loop().run_in_executor(_threads, _topics_of_session, key)


def _session_key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies: SimpleCookie = SimpleCookie()
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
            found = cookies.get(settings.SESSION_COOKIE_NAME)
            return found.value if found else ""
    return ""


# -- the hub -------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Screen:
    """One open stream: what it wants, and what it has not been told yet."""

    topics: frozenset[str]
    waiting: set[str] = field(default_factory=set)
    refresh: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, topic: str) -> bool:
        return topic in self.topics or f"{topic.partition(':')[0]}:*" in self.topics

    def tell(self, topic: str) -> None:
        if len(self.waiting) >= MOST:
            self.tell_refresh()
        elif not self.refresh:
            self.waiting.add(topic)
        self.news.set()

    def tell_refresh(self) -> None:
        self.refresh = True
        self.waiting.clear()
        self.news.set()

    def take(self) -> bytes:
        """What is to be sent now; empty when nothing is."""
        self.news.clear()
        if self.refresh:
            self.refresh = False
            return b"event: refresh\ndata: \n\n"
        if not self.waiting:
            return b""
        topics, self.waiting = " ".join(sorted(self.waiting)), set()
        return f"event: signal\ndata: {topics}\n\n".encode()


class Hub:
    """Hands the signals of one database connection to the screens of this process."""

    def __init__(self) -> None:
        self.screens: set[Screen] = set()
        self.listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, screen: Screen) -> None:
        self.screens.add(screen)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="citycall live")

    def remove(self, screen: Screen) -> None:
        self.screens.discard(screen)

    def hand_out(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for screen in self.screens:
                if screen.wants(topic):
                    screen.tell(topic)

    async def _listen(self) -> None:
        """For as long as there are screens. After a break all refresh: signals may have been missed."""
        failures = 0
        while self.screens:
            try:
                connection = await live.aconnect()
            except (psycopg.Error, OSError) as error:
                wait = RECONNECT[min(failures, len(RECONNECT) - 1)]
                failures += 1
                log.warning("live: no connection to the database, again in %s s: %s", wait, error)
                await asyncio.sleep(wait)
                continue
            failures = 0
            try:
                self.listening.set()
                for screen in self.screens:
                    screen.tell_refresh()
                await self._pass_on(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("live: the database connection broke: %s", error)
            finally:
                self.listening.clear()
                await connection.close()

    async def _pass_on(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while self.screens:
            # A pause in the signals, so that a connection that died silently is found out.
            async for notification in connection.notifies(timeout=HEARTBEAT):
                self.hand_out([notification.payload])
            await connection.execute("SELECT 1")


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()
_closing: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Event] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def close_all() -> None:
    """End every stream of this loop, so that a server which is told to stop need not wait for them."""
    loop = asyncio.get_running_loop()
    _closing.setdefault(loop, asyncio.Event()).set()
    if loop in _hubs:
        for screen in _hubs[loop].screens:
            screen.news.set()


# -- the stream ----------------------------------------------------------------------------------------------


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application at /live."""
    if scope["path"] != "/live":
        await _answer(send, 404)
        return
    if scope["method"] not in {"GET", "HEAD"}:
        await _answer(send, 405)
        return
    key = _session_key(scope)
    topics = await _ask(key) if key else None
    if topics is None:
        # Not 401: a browser's EventSource cannot tell that from a server in trouble, and would come again.
        await _start(send)
        await send({"type": "http.response.body", "body": OUT})
        return
    await _start(send)
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": b""})
        return
    await _stream(Screen(topics), key, receive, send)


async def _stream(screen: Screen, key: str, receive: Receive, send: Send) -> None:
    center, loop = hub(), asyncio.get_running_loop()
    closing = _closing.setdefault(loop, asyncio.Event())
    gone = asyncio.create_task(_gone(receive))
    gone.add_done_callback(lambda _: screen.news.set())
    checked = loop.time()
    center.add(screen)
    try:
        if center.listening.is_set():
            screen.news.set()
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
        while not gone.done() and not closing.is_set():
            try:
                async with asyncio.timeout(min(HEARTBEAT, max(checked + CHECK_SESSION - loop.time(), 0.01))):
                    await screen.news.wait()
                body = screen.take()
            except TimeoutError:
                body = b": \n\n"
            if loop.time() - checked >= CHECK_SESSION:
                checked = loop.time()
                if not await _still(screen, key):
                    await send({"type": "http.response.body", "body": body + OUT})
                    return
            if body and not gone.done():
                await send({"type": "http.response.body", "body": body, "more_body": True})
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})
    except OSError:
        pass  # the screen went away while we wrote
    finally:
        center.remove(screen)
        gone.cancel()


async def _still(screen: Screen, key: str) -> bool:
    """Whether the session goes on; posts may have changed hands since, so its topics are read again."""
    try:
        topics = await _ask(key)
    except Exception:
        log.exception("live: a session could not be checked")
        return True
    if topics is None:
        return False
    if topics != screen.topics:
        screen.topics = topics
        screen.tell_refresh()
    return True


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send, status: int = 200) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
