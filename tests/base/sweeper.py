"""A process that sweeps timers, for the test that kills one: says `struck` after every batch."""

from __future__ import annotations

import sys
import time

import django

django.setup()

from citycall.base import events, timers  # noqa: E402
from citycall.base.commands import Context  # noqa: E402


@timers.timer_handler("toys.counted")
def strike(ctx: Context, batch: list[timers.Timer]) -> None:
    events.record_many(ctx, [events.Change(timer, "toy.struck") for timer in batch])
    time.sleep(float(sys.argv[1]))


timers._find = lambda handler: timers._handlers.get(handler)  # type: ignore[assignment]  # no other room is needed
print("ready", flush=True)
sys.stdin.readline()
while timers.sweep(limit=50):
    print("struck", flush=True)
