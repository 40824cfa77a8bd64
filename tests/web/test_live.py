"""Live updates: the real stream, from a real server, on the real database."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from citycall.base import live as signals
from citycall.base.commands import Actor, ActorPost
from citycall.people.models import Holding, Staff
from citycall.web import live

from .conftest import BACKEND, MakeStaff
from .sample import sample_city

__all__ = ["sample_city"]

# -- who is told what ---------------------------------------------------------------------------------------


def actor(*posts: str) -> Actor:
    held = tuple(
        ActorPost(code, code.partition(".")[2].rstrip("0123456789"), code.partition(".")[0]) for code in posts
    )
    return Actor("staff", 7, "某人", held, "web")


@pytest.mark.parametrize(
    ("posts", "topics"),
    [
        (("works.handler1",), {"staff:7", "agency:works"}),
        (("works.handler1", "parks.window"), {"staff:7", "agency:works", "agency:parks"}),
        (("call_centre.operator1",), {"staff:7", "calls", "agency:*"}),
        (("research.evaluator",), {"staff:7", "agency:*"}),
        (("works.evaluator",), {"staff:7", "agency:works"}),
        ((), {"staff:7"}),
    ],
)
def test_everybody_is_told_of_their_own(posts: tuple[str, ...], topics: set[str], sample_city: None) -> None:
    assert live.topics_of(actor(*posts)) == topics


def test_a_star_stands_for_every_agency_and_nothing_else() -> None:
    screen = live.Screen(frozenset({"agency:*", "staff:7"}))
    assert screen.wants("agency:works")
    assert screen.wants("staff:7")
    assert not screen.wants("staff:8")
    assert not screen.wants("calls")


def test_a_slow_screen_is_told_to_refresh_and_holds_no_more() -> None:
    screen = live.Screen(frozenset({"agency:*"}))
    assert screen.take().startswith(b"event: refresh")
    assert screen.take() == b""
    screen.tell("agency:works")
    screen.tell("agency:works")
    assert screen.take() == b"event: signal\ndata: agency:works\n\n"
    for number in range(10_000):
        screen.tell(f"agency:{number}")
    assert len(screen.waiting) <= live.MOST
    assert screen.take().startswith(b"event: refresh")
    assert screen.take() == b""


# -- the stream ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from citycall.asgi import application

    threads = ThreadPoolExecutor(2)
    monkeypatch.setattr(live, "_threads", threads)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(application, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "an open stream held the server up"
    both = threading.Barrier(2)

    def close() -> None:
        both.wait(5)
        connections.close_all()

    for closed in [threads.submit(close) for _ in range(2)]:
        closed.result(5)
    threads.shutdown()


class Stream:
    """The events of one stream, read in a thread."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.events: list[tuple[str, str]] = []
        self.beats = 0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        name = ""
        try:
            for line in self.response.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name:
                    self.events.append((name, line.removeprefix("data: ")))
                    name = ""
                elif line.startswith(":"):
                    self.beats += 1
        except httpx.HTTPError:
            pass
        self.ended.set()

    def expect(self, count: int, patience: float = 5) -> list[tuple[str, str]]:
        until = time.monotonic() + patience
        while len(self.events) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.events) >= count, self.events
        return self.events

    def join(self) -> None:
        self._thread.join(5)


def session_of(staff: Staff) -> str:
    client = Client()
    client.force_login(staff, backend=BACKEND)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


@contextmanager
def stream(server: str, staff: Staff | None, cookie: str = "") -> Iterator[Stream]:
    cookie = cookie or (f"{settings.SESSION_COOKIE_NAME}={session_of(staff)}" if staff else "")
    headers = {"Cookie": cookie.encode("latin-1")} if cookie else {}
    with httpx.Client(timeout=20) as http, http.stream("GET", f"{server}/live", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        reader = Stream(response)
        yield reader
        response.close()
    reader.join()


def test_a_signal_arrives_at_those_whom_it_concerns(server: str, make_staff: MakeStaff) -> None:
    works, parks = make_staff("works.handler1"), make_staff("parks.handler1")
    with stream(server, works) as of_works, stream(server, parks) as of_parks:
        of_works.expect(1)
        of_parks.expect(1)
        began = time.monotonic()
        signals.send(["agency:works", "case:12", "staff:999"], wake=False)
        assert of_works.expect(2)[1] == ("signal", "agency:works")
        assert time.monotonic() - began < 1
        signals.send(["agency:parks", f"staff:{parks.pk}"], wake=False)
        of_parks.expect(2)
        told = {topic for name, data in of_parks.events if name == "signal" for topic in data.split()}
        assert told <= {"agency:parks", f"staff:{parks.pk}"}
        assert of_parks.events[0] == ("refresh", "")
        assert len(of_works.events) == 2


def test_one_connection_for_many_screens(server: str, make_staff: MakeStaff) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(make_staff('works.handler1'))}"
    count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN citycall' OR query = 'SELECT 1'"
    with stream(server, None, cookie) as one, stream(server, None, cookie) as two:
        one.expect(1)
        two.expect(1)
        with connection.cursor() as cursor:
            cursor.execute(f"{count} AND datname = current_database()")
            assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("cookie", ["", "sessionid=nonsense", "sessionid=\xff;;=", "a=b"])
def test_without_a_session_it_says_so_and_ends(server: str, cookie: str) -> None:
    with stream(server, None, cookie) as told:
        assert told.expect(1) == [("out", "")]
        assert told.ended.wait(5)


def test_other_methods_and_addresses(server: str) -> None:
    assert httpx.post(f"{server}/live").status_code == 405
    assert httpx.get(f"{server}/live/x").status_code == 404


def test_it_beats_and_ends_with_the_session(
    server: str, make_staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.1)
    monkeypatch.setattr(live, "CHECK_SESSION", 0.3)
    staff = make_staff("works.handler1")
    with stream(server, staff) as told:
        told.expect(1)
        time.sleep(0.5)
        assert told.beats >= 2
        Holding.objects.filter(staff=staff).delete()
        assert told.expect(2)[1] == ("refresh", ""), "the posts have changed: read everything again"
        Staff.objects.filter(pk=staff.pk).update(is_active=False)
        assert told.expect(3)[2] == ("out", "")
        assert told.ended.wait(5)


def test_after_a_break_of_the_database_everybody_refreshes(server: str, make_staff: MakeStaff) -> None:
    with stream(server, make_staff("works.handler1")) as told:
        told.expect(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND query IN ('LISTEN citycall', 'SELECT 1')"
            )
            assert cursor.rowcount >= 1
        assert told.expect(2)[1] == ("refresh", "")
        signals.send(["agency:works"], wake=False)
        assert told.expect(3)[2] == ("signal", "agency:works")


def test_a_stream_ends_when_the_server_is_told_to(server: str, make_staff: MakeStaff) -> None:
    with stream(server, make_staff("works.handler1")) as told:
        told.expect(1)
        # what `citycall.run.web` does at its shutdown, in the server's own loop
        loop = next(loop for loop in live._hubs if loop.is_running())
        loop.call_soon_threadsafe(_close_in_loop)
        assert told.ended.wait(5)


def _close_in_loop() -> None:
    live.close_all()


def test_what_is_listened_to_is_one_plain_connection(transactional_db: None) -> None:
    with signals.connect() as own:
        assert isinstance(own, psycopg.Connection)
        signals.send(["calls"], wake=False)
        got: Any = next(own.notifies(timeout=5))
        assert (got.channel, got.payload) == ("citycall", "calls")
