"""Timers: rows with a due time. A sweep strikes each due one exactly once, however many workers sweep.

A timer is marked struck in the same transaction as its effects; a worker that dies in the middle has done
nothing. One that cannot be struck is set aside (`broken`) and never blocks the others.

A handler must lock the rows it is about and look whether its clock still runs: a command that stops a clock
does not wait for a sweep that is just striking it.
"""

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, TypeAlias

from django.db import InterfaceError, OperationalError, models, transaction
from django.utils.functional import cached_property

from citycall.base import clock
from citycall.base.commands.context import Context, background, current
from citycall.base.encoding import jsonable
from citycall.base.rows import FEW

log = logging.getLogger("citycall.timers")


class State(models.TextChoices):
    PENDING = "pending"
    STRUCK = "struck"
    CANCELLED = "cancelled"
    BROKEN = "broken"


class Timer(models.Model):
    """Something to be done at an instant: by which handler, about which row, with what payload."""

    id = models.BigAutoField(primary_key=True)
    due = models.DateTimeField()
    handler = models.TextField()
    subject_kind = models.TextField()
    subject_id = models.BigIntegerField()
    payload = models.JSONField(default=dict)
    state = models.TextField(choices=State.choices, default=State.PENDING)
    struck_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        indexes = (
            models.Index(
                fields=["due", "id"], condition=models.Q(state="pending"), name="base_timer_pending"
            ),
            models.Index(
                fields=["subject_kind", "subject_id"],
                condition=models.Q(state="pending"),
                name="base_timer_subject",
            ),
            models.Index(fields=["id"], condition=models.Q(state="broken"), name="base_timer_broken"),
        )

    def __str__(self) -> str:
        return f"{self.handler} {self.subject_kind}:{self.subject_id} {self.state}"

    @cached_property
    def lateness(self) -> timedelta:
        return (self.struck_at or clock.now()) - self.due


# A handler takes all timers of one batch and may give back new timers to set (the next of a daily one).
# A timer that it finds pointless (its clock was stopped) it marks `timer.state = State.CANCELLED`.
Handler: TypeAlias = Callable[[Context, list[Timer]], Iterable[Timer] | None]

_handlers: dict[str, tuple[Handler, bool]] = {}


def timer_handler(name: str, *, batch: bool = True) -> Callable[[Handler], Handler]:
    """Register what strikes timers of this name. With `batch=False` it gets them one at a time.

    Handlers live in a room's `timers` or `commands` module, which the sweep imports by itself.
    """

    def register(function: Handler) -> Handler:
        if name in _handlers and _handlers[name][0].__qualname__ != function.__qualname__:
            raise ValueError(f"two timer handlers are called {name}")
        _handlers[name] = (function, batch)
        return function

    return register


def handlers() -> tuple[str, ...]:
    return tuple(sorted(_handlers))


def set_timers(timers: Iterable[Timer]) -> list[Timer]:
    """Insert timers: a few with the closing statement of the running command, many in one of their own."""
    made = list(timers)
    for timer in made:
        timer.payload = jsonable(timer.payload)
    running = current()
    if running is not None and len(made) <= FEW:
        running.run.insert(made)
        return made
    return Timer.objects.bulk_create(made, batch_size=1000) if made else []


def cancel(
    subject_kind: str, subject_id: int, *, handler: str | None = None, payload: dict[str, Any] | None = None
) -> int:
    """Cancel the pending timers of a row (of one handler; whose payload contains this). How many.

    One that a sweep is just striking is passed over instead of waited for, so the two cannot deadlock;
    its handler sees that the clock was stopped.
    """
    pending = Timer.objects.filter(subject_kind=subject_kind, subject_id=subject_id, state=State.PENDING)
    if handler is not None:
        pending = pending.filter(handler=handler)
    if payload is not None:
        pending = pending.filter(payload__contains=jsonable(payload))
    free = pending.select_for_update(skip_locked=True).values("id")
    with transaction.atomic(savepoint=False):
        return Timer.objects.filter(id__in=free).update(state=State.CANCELLED)


def next_due() -> datetime | None:
    """When the next pending timer is due."""
    return (
        Timer.objects.filter(state=State.PENDING).order_by("due", "id").values_list("due", flat=True).first()
    )


@dataclass(slots=True)
class Lateness:
    """How late the sweeps of this process have been since `take` was last asked."""

    struck: int = 0
    worst: timedelta = timedelta(0)

    def note(self, timers: Sequence[Timer], now: datetime) -> None:
        self.struck += len(timers)
        self.worst = max([self.worst, *(now - timer.due for timer in timers)])

    def take(self) -> "Lateness":
        taken = Lateness(self.struck, self.worst)
        self.struck, self.worst = 0, timedelta(0)
        return taken


lateness = Lateness()

# Another transaction was in the way (deadlock, serialization, lock timeout, statement timeout): nothing is
# wrong with the timer, the next sweep takes it.
_GONE_ASIDE = frozenset({"40P01", "40001", "55P03", "57014"})
_NO_SERVER = ("08", "53", "57P", "58")  # the server is away or out of means: not the timer's fault


def sweep(limit: int = 200, until: datetime | None = None) -> int:
    """Strike due timers, oldest first, one batch in one transaction; how many were dealt with.

    `until` (default: now) is the latest due time taken. Safe with any number of sweepers at once.
    """
    now = clock.now()
    with transaction.atomic():
        due = list(
            Timer.objects.filter(state=State.PENDING, due__lte=until or now)
            .order_by("due", "id")
            .select_for_update(skip_locked=True)[:limit]
        )
        if not due:
            return 0
        struck: list[Timer] = []
        broken: list[Timer] = []
        for handler, group in groupby(due, key=lambda timer: timer.handler):
            for batch in _batches(handler, list(group)):
                _strike(handler, batch, now, struck, broken)
        _mark(struck, broken, now)
    lateness.note(struck, now)
    return len(struck) + len(broken)


def _batches(handler: str, timers: list[Timer]) -> Iterable[list[Timer]]:
    known = _find(handler)
    return [timers] if known is None or known[1] else [[timer] for timer in timers]


def _find(handler: str) -> tuple[Handler, bool] | None:
    if handler not in _handlers:
        from citycall.base.worker import autoload

        autoload()
    return _handlers.get(handler)


def _strike(
    handler: str, batch: list[Timer], now: datetime, struck: list[Timer], broken: list[Timer]
) -> None:
    """The batch as one; if that fails, each by itself, and what still fails is set aside."""
    try:
        _call(handler, batch, now)
        struck += batch
        return
    except Exception as error:
        if server_is_away(error):
            raise
        if len(batch) > 1:
            log.warning(
                "timers %s: a batch of %d failed, striking one by one: %r", handler, len(batch), error
            )
            for timer in batch:
                timer.state = State.PENDING
                _strike(handler, [timer], now, struck, broken)
            return
        if gone_aside(error):
            return  # stays pending for the next sweep
        timer = batch[0]
        timer.error = "".join(traceback.format_exception(error, limit=-8))[-4000:]
        broken.append(timer)
        log.error("timer %d (%s) cannot be struck and is set aside: %r", timer.pk, timer, error)


def _call(handler: str, batch: list[Timer], now: datetime) -> None:
    known = _find(handler)
    if known is None:
        raise LookupError(f"no timer handler is called {handler}")
    with background(f"timer:{handler}", now=now) as ctx:
        if len(batch) == 1:
            ctx.audit(batch[0].subject_kind, batch[0].subject_id)
        ctx.detail["timers"] = [timer.pk for timer in batch]
        following = known[0](ctx, batch)
        if following is not None:
            set_timers(following)


def _mark(struck: list[Timer], broken: list[Timer], now: datetime) -> None:
    for state in (State.STRUCK, State.CANCELLED):
        cancelled = state == State.CANCELLED
        ids = [timer.pk for timer in struck if (timer.state == State.CANCELLED) == cancelled]
        if ids:
            Timer.objects.filter(pk__in=ids).update(state=state, struck_at=now)
    for timer in broken:
        Timer.objects.filter(pk=timer.pk).update(state=State.BROKEN, struck_at=now, error=timer.error)


def gone_aside(error: Exception) -> bool:
    """Whether another transaction was in the way, and nothing is wrong with what was asked."""
    return getattr(error.__cause__, "sqlstate", None) in _GONE_ASIDE


def server_is_away(error: Exception) -> bool:
    """Whether this failed for want of a database server, and not by what was asked of it."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(_NO_SERVER)


def mend(timer_id: int) -> bool:
    """Give a broken timer another chance, when its cause was removed."""
    return bool(
        Timer.objects.filter(pk=timer_id, state=State.BROKEN).update(
            state=State.PENDING, struck_at=None, error=""
        )
    )
