"""A client that costs next to nothing: requests made beforehand, one kept connection for each caller."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Spoken:
    """What came of a run."""

    latencies: list[float] = field(default_factory=list)  # milliseconds
    statuses: dict[int, int] = field(default_factory=dict)
    last: bytes = b""


class Line:
    """One connection to the server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, request: bytes) -> tuple[int, bytes]:
        self.socket.sendall(request)
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        while len(body) < length:
            body += self._more()
        self._rest = body[length:]
        return int(head[9:12]), body[:length]

    def _more(self) -> bytes:
        found = self.socket.recv(65536)
        if not found:
            raise ConnectionError("the server closed the connection")
        return found


def request(method: str, path: str, token: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(port: int, clients: int, count: int, seconds: float, make: Callable[[int], bytes]) -> Spoken:
    """`count` requests by so many clients at once, for at most `seconds`."""
    spoken, lock = Spoken(), threading.Lock()
    until = time.perf_counter() + seconds
    numbers = iter(range(count))

    def call() -> None:
        line, last = Line(port), b""
        latencies: list[float] = []
        statuses: dict[int, int] = {}
        while time.perf_counter() < until:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            asked = make(number)
            begun = time.perf_counter()
            status, last = line.ask(asked)
            latencies.append((time.perf_counter() - begun) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
        with lock:
            spoken.latencies += latencies
            spoken.last = last or spoken.last
            for status, times in statuses.items():
                spoken.statuses[status] = spoken.statuses.get(status, 0) + times

    threads = [threading.Thread(target=call) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spoken
