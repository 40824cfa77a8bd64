"""Real processes on the test's database, and ways to wait for what they do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections


def database_url() -> str:
    """The address of the database that the tests of this process use."""
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    return url + (f"&port={database['PORT']}" if database.get("PORT") else "")


def environment(url: str, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "citycall.settings",
        "CITYCALL_LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def worker(log: Path, url: str | None = None, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`citycall worker`, ended when the block is left, if it still lives."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "citycall.cli", "worker"],
            env=environment(url or database_url(), **more),
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        end(process)


@contextmanager
def web(log: Path, url: str, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """One web process and its port, when it answers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    os.set_inheritable(listener.fileno(), True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "citycall.run.web", f"--fd={listener.fileno()}"],
            env=environment(url, **more),
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
        )
    try:
        yield process, listener.getsockname()[1]
    finally:
        listener.close()
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(5)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)


def until(true: Callable[[], Any], seconds: float = 30, every: float = 0.05) -> Any:
    """What `true` gives as soon as it is something."""
    stop = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < stop, "did not happen in time"
        time.sleep(every)
    return found


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Carry these out at the same moment, each in a thread and with a connection of its own.

    What each gave, or the exception that it ended with.
    """
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(10)
            results[number] = act()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return results
