"""Virtual time that passes, and the worker that does at each instant what falls due then."""

from __future__ import annotations

from datetime import datetime

from citycall.base import audit, clock, notices, portions, timers

ROUNDS = 500  # at one instant; more than that is work that makes itself due again and again


class Stuck(RuntimeError):
    """Work at one instant that never comes to an end."""


class Timeline:
    """Time stands still until it is moved; what falls due on the way happens at its own instant, in order."""

    def __init__(self, start: datetime) -> None:
        clock.set_virtual(start)
        self.worker = True

    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def owes_work(self) -> bool:
        """Whether long work was asked for at this instant that the worker will do at once."""
        return self.worker and not portions.settled()

    def move(self, to: datetime, *, arrive: bool = True) -> None:
        """Let time pass. With `arrive=False` what is due at the very instant of arrival is left undone."""
        if to > self.now:
            self._work_off()
        while self.worker:
            due = self._next()
            if due is None or due >= to:
                break
            if due > self.now:
                clock.set_virtual(due)
            self._work_off()
        clock.set_virtual(to)
        if arrive:
            self._work_off()
        self._chain()

    def work(self, *, send: bool = True) -> None:
        """One worker at this instant, until nothing is due: sending, long work, timers, the audit chain.

        What was done at this instant has its answer sent, and a closure has moved limits, before a limit at
        the same instant strikes.
        """
        self._work_off(send=send)
        self._chain()

    def _work_off(self, *, send: bool = True) -> None:
        if not self.worker:
            return
        for _ in range(ROUNDS):
            if self._idle(send):  # asking is cheaper than a round in which everybody looks for work
                break
            done = notices.send_due() if send else 0
            done += portions.work_off()
            done += timers.sweep(limit=1000)
            if not done:
                break
        else:
            raise Stuck(f"at {clock.local(self.now):%Y-%m-%d %H:%M} there is always more to do")

    def _idle(self, send: bool) -> bool:
        dues = (timers.next_due(), notices.next_due() if send else None)
        return all(due is None or due > self.now for due in dues) and portions.settled()

    def _chain(self) -> None:
        while self.worker and audit.chain():
            pass

    @staticmethod
    def _next() -> datetime | None:
        return min((due for due in (timers.next_due(), notices.next_due()) if due is not None), default=None)
