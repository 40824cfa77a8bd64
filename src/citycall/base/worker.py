"""The worker: strikes timers, sends notices, does long work, chains the audit trail. As many as wanted.

Each duty has a thread and a connection of its own, so a slow mail server delays no timer. A duty wakes when
PostgreSQL notifies `citycall_work`, and looks by itself twice a second.
"""

import gc
import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec

import psycopg
from django.apps import apps
from django.db import InterfaceError, OperationalError, close_old_connections, connection, models

from citycall.base import audit, clock, live, portions, timers
from citycall.base.commands import door, idempotency

log = logging.getLogger("citycall.worker")

POLL = 0.5
LONGEST_WAIT = 5.0
BEAT_EVERY = timedelta(seconds=10)
SILENT_AFTER = timedelta(seconds=60)

_loaded = False

# What must be in order before a worker works; each raises when it is not. Rooms add theirs when ready.
on_start: list[Callable[[], None]] = []


class WorkerBeat(models.Model):
    """A sign of life of a worker process, and how it was doing since the last one."""

    worker = models.TextField(primary_key=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    struck = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    chained = models.BigIntegerField(default=0)
    worst_lateness_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.worker


@dataclass(frozen=True, slots=True)
class Health:
    """What an operator of the system wants to know at a glance."""

    workers: int
    oldest_overdue: timedelta | None
    broken: int
    aside: int  # of long work: jobs and portions
    held_up: int  # sessions whose open transactions keep long work from beginning
    worst_lateness: timedelta | None

    @property
    def ok(self) -> bool:
        late = self.oldest_overdue is not None and self.oldest_overdue > SILENT_AFTER
        return self.workers > 0 and not (self.broken or self.aside or self.held_up or late)


def health() -> Health:
    now = clock.now()
    due = timers.next_due()
    beats = list(WorkerBeat.objects.filter(beat_at__gte=now - SILENT_AFTER))
    broken = timers.Timer.objects.filter(state=timers.State.BROKEN).count()
    return Health(
        workers=len(beats),
        oldest_overdue=now - due if due is not None and due < now else None,
        broken=broken,
        aside=portions.broken(),
        held_up=len(portions.held_up()),
        worst_lateness=timedelta(milliseconds=max(b.worst_lateness_ms for b in beats)) if beats else None,
    )


def autoload() -> None:
    """Import every room's commands and timers, so that all handlers are registered."""
    global _loaded
    if _loaded:
        return
    door.autoload()
    for config in apps.get_app_configs():
        module = f"{config.name}.timers"
        if config.name.startswith("citycall.") and config.name != "citycall.base" and find_spec(module):
            import_module(module)
    _loaded = True


def send_due() -> int:
    from citycall.base import notices

    return notices.send_due()


@dataclass
class Duty:
    """Something to do again and again: the function gives how much it did; nothing lets it wait."""

    name: str
    work: Callable[[], int]
    every: float = POLL
    done: int = 0
    woken: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. The server may go and come back; an error is logged and tried again later."""
        pause = 0.0
        while not stop.is_set():
            try:
                close_old_connections()
                did = self.work()
                self.done += did
                pause = 0.0 if did else self.every
            except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
                pause = min(max(pause, 0.1) * 2, LONGEST_WAIT)
                log.warning("%s: database: %s; again in %.1f s", self.name, str(error).strip(), pause)
                connection.close()
            except Exception:
                pause = min(max(pause, 0.5) * 2, LONGEST_WAIT)
                log.exception("%s failed; again in %.1f s", self.name, pause)
                connection.close()
            if pause and not stop.is_set():
                self.woken.wait(pause)
                self.woken.clear()
        connection.close()


def duties() -> list[Duty]:
    return [
        Duty("timers", timers.sweep),
        Duty("notices", send_due),
        Duty("jobs", portions.work_off),
        Duty("audit", audit.chain, every=1.0),
    ]


def run_once() -> dict[str, int]:
    """Do all that can be done now, once over; how much of each."""
    autoload()
    for check in on_start:
        check()
    done = {duty.name: 0 for duty in duties()}
    for duty in duties():
        while did := duty.work():
            done[duty.name] += did
    return done


def run_forever(stop: threading.Event | None = None) -> None:
    """Work until `stop` is set; the batch that is being worked on is finished first."""
    stop = stop or threading.Event()
    autoload()
    gc.collect()
    gc.freeze()  # what was imported stays; only what work leaves behind is looked through
    _look_before(stop)
    active = duties()
    threads = [
        threading.Thread(target=duty.run, args=(stop,), name=f"citycall-{duty.name}") for duty in active
    ]
    for thread in threads:
        thread.start()
    log.info("worker started: %s", ", ".join(duty.name for duty in active))
    try:
        _watch(active, stop)
    finally:
        stop.set()
        for duty in active:
            duty.woken.set()
        for thread in threads:
            thread.join()
        connection.close()
        log.info("worker ended")


def _look_before(stop: threading.Event) -> None:
    """Ask `on_start`, as soon as there is a database to ask."""
    pause = 0.1
    for check in on_start:
        while not stop.is_set():
            try:
                check()
                break
            except (OperationalError, InterfaceError) as error:
                pause = min(pause * 2, LONGEST_WAIT)
                log.warning("starting: database: %s; again in %.1f s", str(error).strip(), pause)
                connection.close()
                stop.wait(pause)


def _watch(active: list[Duty], stop: threading.Event) -> None:
    """Listen for work, give signs of life; whatever happens to the connection, the duties go on polling."""
    beat = _Beat(active)
    pause = 0.1
    while not stop.is_set():
        try:
            with live.connect(live.WORK_CHANNEL) as own:
                pause = 0.1
                while not stop.is_set():
                    beat.give()
                    for _ in own.notifies(timeout=POLL, stop_after=1):
                        for duty in active:
                            duty.woken.set()
        except (OperationalError, InterfaceError, psycopg.Error) as error:
            pause = min(pause * 2, LONGEST_WAIT)
            log.warning("listening: %s; again in %.1f s", str(error).strip(), pause)
            connection.close()
            stop.wait(pause)


class _Beat:
    """Writes this worker's sign of life now and then, and once an hour tidies what has outlived its time."""

    def __init__(self, active: list[Duty]) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.active = active
        self.started_at = clock.now()
        self.last: datetime | None = None
        self.tidied: datetime | None = None

    def give(self) -> None:
        now = clock.now()
        if self.last is not None and now - self.last < BEAT_EVERY:
            return
        done = {duty.name: duty.done for duty in self.active}
        late = timers.lateness.take()
        WorkerBeat.objects.update_or_create(
            worker=self.worker,
            defaults={
                "started_at": self.started_at,
                "beat_at": now,
                "struck": done["timers"],
                "sent": done["notices"],
                "chained": done["audit"],
                "worst_lateness_ms": round(late.worst.total_seconds() * 1000),
            },
        )
        self.last = now
        if late.worst > timedelta(seconds=5):
            log.warning("timers struck up to %.1f s late", late.worst.total_seconds())
        if self.tidied is None or now - self.tidied > timedelta(hours=1):
            idempotency.forget_old(now)
            WorkerBeat.objects.filter(beat_at__lt=now - timedelta(days=7)).delete()
            self.tidied = now
