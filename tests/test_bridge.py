"""Django under the ASGI server: bodies and answers of every size pass whole, and nothing is read in vain."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from citycall.run.bridge import AT_ONCE, READ_AHEAD, Bridge

Headers = list[tuple[bytes, bytes]]


def run_apart(coroutine: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: a browser test in this process keeps a loop going in ours."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


def talk(application: Any, pieces: list[bytes], headers: Headers | None = None) -> tuple[Any, bytes, int]:
    """One request in `pieces`; gives the start of the answer, its body, and how many pieces were read."""
    read = 0
    answers: list[Any] = []
    length = [(b"content-length", str(sum(map(len, pieces))).encode())] if headers is None else headers
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/a",
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(b"host", b"x"), *length],
        "server": ("x", 80),
        "client": ("127.0.0.1", 5),
    }

    async def receive() -> Any:
        nonlocal read
        if read == len(pieces):
            return {"type": "http.disconnect"}
        read += 1
        return {"type": "http.request", "body": pieces[read - 1], "more_body": read < len(pieces)}

    async def send(message: Any) -> None:
        answers.append(message)

    run_apart(Bridge(application, 2)(scope, receive, send))
    body = b"".join(answer.get("body", b"") for answer in answers[1:])
    assert not answers or not answers[-1].get("more_body")
    return (answers[0] if answers else None), body, read


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("201 Created", [("Content-Type", "text/plain"), ("X-Length", environ.get("CONTENT_LENGTH", ""))])
    return [environ["wsgi.input"].read()]


def test_a_body_in_pieces_arrives_whole() -> None:
    start, body, _read = talk(echo, [b"abc", b"", b"def"])
    assert start["status"] == 201
    assert (b"x-length", b"6") in start["headers"]
    assert body == b"abcdef"


def test_a_large_body_is_read_by_the_application_itself() -> None:
    pieces = [b"x" * 500_000] * 4
    assert talk(echo, pieces)[1] == b"".join(pieces)


def test_a_large_body_that_nobody_wants_is_not_read() -> None:
    def refuse(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("413 Too Large", [])
        return [b"no"]

    start, body, read = talk(refuse, [b"x" * READ_AHEAD, b"y"])
    assert (start["status"], body, read) == (413, b"no", 0)


def test_a_large_answer_comes_in_pieces_and_is_closed_at_its_end() -> None:
    closed = []

    class Pieces:
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(5):
                yield b"z" * 700_000
                yield b""
                assert not closed

        def close(self) -> None:
            closed.append(True)

    def large(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return Pieces()

    assert talk(large, [b""])[1] == b"z" * 3_500_000
    assert closed == [True]


def test_without_a_length_there_is_no_body() -> None:
    assert talk(echo, [b"abc"], headers=[])[1] == b""


def test_a_client_that_went_away_is_not_answered() -> None:
    start, _body, _read = talk(echo, [], headers=[(b"content-length", b"10")])
    assert start is None


class Held:
    """An application whose requests last until they are let go; counts how many work at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.count = threading.Lock()
        self.working = self.most = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self.count:
            self.working += 1
            self.most = max(self.most, self.working)
        self.go.wait(20)
        with self.count:
            self.working -= 1
        start("200 OK", [])
        return [b""]


def several(held: Held, counts: float, wanted: int) -> list[int]:
    """Six requests at once; let go when so many work. The statuses of their answers."""
    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"", "http_version": "1.1",
        "headers": [(b"host", b"x")], "server": ("x", 80), "client": ("127.0.0.1", 5),
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def all_of_them() -> None:
        bridge = Bridge(held, 8)
        bridge.counts = counts
        asked = [asyncio.ensure_future(bridge(scope, receive, send)) for _ in range(6)]
        while held.working < wanted:
            await asyncio.sleep(0)
        held.go.set()
        await asyncio.gather(*asked)
        assert bridge.turns._value == AT_ONCE, "every turn was given back once"

    run_apart(all_of_them())
    return statuses


def test_few_requests_work_at_once() -> None:
    held = Held()
    assert several(held, 3600, AT_ONCE) == [200] * 6
    assert held.most == AT_ONCE


def test_who_takes_long_lets_the_next_go_beside() -> None:
    held = Held()
    assert several(held, 0, 6) == [200] * 6
    assert held.most == 6
