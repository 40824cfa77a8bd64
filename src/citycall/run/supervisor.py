"""`citycall run`: the database, two web processes and a worker, started, watched and stopped together."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from citycall.run.datadir import DataDir
from citycall.run.embedded import EmbeddedError, EmbeddedPostgres
from citycall.run.processes import Child, spawn

log = logging.getLogger("citycall.run")

WEB_PROCESSES = 2


class CannotRun(Exception):
    """It cannot start; the message says why and what to do."""


@dataclass
class Supervisor:
    data: DataDir
    host: str
    port: int
    _signals: int = 0
    _web: list[Child] = field(default_factory=list)
    _worker: Child | None = None
    _database: Child | None = None
    _wake: tuple[int, int] = (-1, -1)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def run(self) -> None:
        """Serve until asked to end."""
        try:
            self.data.root.mkdir(parents=True, exist_ok=True)
            self.data.lock.touch()
        except OSError as error:
            raise CannotRun(f"the data directory {self.data.root} cannot be used: {error.strerror}") from None
        with self._only_one(), self._listen() as listener, self._heed_signals():
            embedded = None
            if not os.environ.get("DATABASE_URL"):
                embedded = EmbeddedPostgres(self.data.postgres, self.data.socket_dir)
            try:
                self._begin(embedded, listener)
                self._watch()
            finally:
                self._end()

    # -- beginning ---------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        with self.data.lock.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise CannotRun(
                    f"CityCall runs already on {self.data.root}: {lock.read().strip() or 'it is starting'}"
                ) from None
            lock.truncate(0)
            lock.write(f"{self.url}, process {os.getpid()}\n")
            lock.flush()
            yield
            lock.truncate(0)

    @contextlib.contextmanager
    def _listen(self) -> Iterator[socket.socket]:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family, backlog=2048)
        except (OSError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                reason = f"port {self.port} is in use by another program; try --port {self.port + 1}"
            else:
                reason = f"cannot listen at {self.url}: {error}"
            raise CannotRun(reason) from None
        with listener:
            self.port = listener.getsockname()[1]
            yield listener

    @contextlib.contextmanager
    def _heed_signals(self) -> Iterator[None]:
        """A signal is counted and wakes the loop; nothing else happens inside a handler."""
        self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count_signal)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)

    def _count_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _begin(self, embedded: EmbeddedPostgres | None, listener: socket.socket) -> None:
        if embedded is not None:
            try:
                self._database = Child(
                    "the database", embedded.spawn, ask=signal.SIGINT, force=signal.SIGQUIT, patience=30
                )
                self._database.adopt(embedded.start())
                embedded.make_database()
            except EmbeddedError as error:
                raise CannotRun(str(error)) from None
        prepared = self._prepare()
        if prepared is None or self._signals:
            return
        self._serve(listener)
        self._greet(prepared)

    def _environment(self) -> dict[str, str]:
        defaults = {
            "CITYCALL_URL": self.url,
            "CITYCALL_HOSTS": ",".join(dict.fromkeys([self.host, "127.0.0.1", "localhost", "[::1]"])),
            "DJANGO_SETTINGS_MODULE": "citycall.settings",
            "PYTHONUNBUFFERED": "1",
        }
        return defaults | dict(os.environ) | {"CITYCALL_DATA": str(self.data.root)}

    def _prepare(self) -> dict[str, Any] | None:
        """Schema, keys, sample. None when it was asked to end meanwhile."""
        ours, theirs = os.pipe()
        process = spawn(
            ["citycall.run.prepare", f"--answer-fd={theirs}"], env=self._environment(), keep=[theirs]
        )
        os.close(theirs)
        with os.fdopen(ours, encoding="utf-8") as answers:
            while process.poll() is None and not self._signals:
                self._sleep(1.0)
            if self._signals:
                process.terminate()
                process.wait()
                return None
            text = answers.read()
        if not text:
            raise CannotRun("the database could not be prepared; the reason is above")
        answer: dict[str, Any] = json.loads(text)
        if "refusal" in answer:
            raise CannotRun(answer["refusal"])
        return answer

    def _serve(self, listener: socket.socket) -> None:
        ready, tell = os.pipe()
        fd, environment = listener.fileno(), self._environment()
        os.set_blocking(ready, False)

        def web(*extra: str) -> Any:
            keep = [fd, tell] if extra else [fd]
            return spawn(["citycall.run.web", f"--fd={fd}", *extra], env=environment, keep=keep)

        self._web = [Child(f"web process {number}", web) for number in range(1, WEB_PROCESSES + 1)]
        for child in self._web:
            child.adopt(web(f"--ready-fd={tell}"))
        self._worker = Child(
            "the worker", lambda: spawn(["citycall.cli", "worker"], env=environment), patience=20
        )
        self._worker.look_after()
        os.close(tell)
        try:
            while not self._signals:  # until one of them serves, or all have failed
                with contextlib.suppress(BlockingIOError):
                    os.read(ready, 1)
                    return
                self._sleep(0.02)
        finally:
            os.close(ready)

    def _greet(self, prepared: dict[str, Any]) -> None:
        if self._signals:
            return
        lines = ["", f"  CityCall · {prepared['government']}", f"  {self.url}", f"  data: {self.data.root}"]
        if prepared["sample"]:
            lines += ["", "  Sample accounts (this sample only):"]
            lines += ["    " + "  ".join(account.values()) for account in prepared["accounts"]]
        print("\n".join([*lines, "", "  Ctrl-C stops it; the data is kept.", ""]), flush=True)

    # -- watching and ending -----------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._signals:
            everyone = [self._database, *self._web, self._worker]
            waits = [wait for child in everyone if child and (wait := child.look_after()) is not None]
            self._sleep(min(waits, default=60.0))

    def _sleep(self, seconds: float) -> None:
        """Until a signal comes (one of a child's end too), at most so long."""
        select.select([self._wake[0]], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake[0], 1024)

    def _asked_again(self) -> bool:
        return self._signals > 1

    @staticmethod
    def _never() -> bool:
        return False

    def _end(self) -> None:
        """The web first, then the worker, the database last. A second signal hurries the first two."""
        asked, began = self._signals, time.monotonic()
        if asked:
            print("stopping ...", file=sys.stderr, flush=True)
        for stage in (self._web, [self._worker], [self._database]):
            present = [child for child in stage if child is not None]
            for child in present:
                child.ask_to_end()
            for child in present:
                child.wait_to_end(hurry=self._never if child is self._database else self._asked_again)
        if asked:
            took = time.monotonic() - began
            print(f"stopped in {took:.1f} s; the data is in {self.data.root}", file=sys.stderr, flush=True)
