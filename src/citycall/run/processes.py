"""Child processes that end with their parent and start again when they fail."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

log = logging.getLogger("citycall.run")

_PR_SET_PDEATHSIG = 1
_FIRST_WAIT, _LONGEST_WAIT, _STEADY_AFTER = 0.5, 30.0, 60.0


def dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends the child this signal when its parent is gone (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it went away in between
            os._exit(1)

    return arrange


@dataclass
class Child:
    """One process that is kept running: started again after a failure, later and later."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    ask: signal.Signals = signal.SIGTERM  # the signal that asks it to end
    force: signal.Signals = signal.SIGKILL  # the signal that makes it
    patience: float = 10  # seconds until it is made to
    process: subprocess.Popen[bytes] | None = None
    _started: float = 0
    _wait: float = _FIRST_WAIT
    _again_at: float | None = 0

    def look_after(self) -> float | None:
        """Start it if it should run and does not. Gives the seconds until it wants to be looked after."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            if now - self._started > _STEADY_AFTER:
                self._wait = _FIRST_WAIT
            log.error("%s %s; again in %.1f s", self.name, _how(self.process.returncode), self._wait)
            self.process, self._again_at = None, now + self._wait
            self._wait = min(self._wait * 2, _LONGEST_WAIT)
        if self.process is None and self._again_at is not None:
            if now < self._again_at:
                return self._again_at - now
            self.process, self._started, self._again_at = self.start(), now, None
        return None

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Look after a process that was started elsewhere."""
        self.process, self._started, self._again_at = process, time.monotonic(), None

    def ask_to_end(self) -> None:
        self._again_at = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.ask)

    def wait_to_end(self, hurry: Callable[[], bool]) -> None:
        """Wait until it ended; force it when the patience is over or when there is a hurry."""
        if self.process is None:
            return
        deadline = time.monotonic() + self.patience
        while self.process.poll() is None:
            if time.monotonic() > deadline or hurry():
                log.warning("%s did not end by itself and is made to", self.name)
                self.process.send_signal(self.force)
                self.process.wait()
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)
        self.process = None


def spawn(
    arguments: Sequence[str], *, env: dict[str, str], keep: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a Python process of ours, away from the terminal's Ctrl-C, that ends when we end."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        pass_fds=tuple(keep),
        process_group=0,
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
