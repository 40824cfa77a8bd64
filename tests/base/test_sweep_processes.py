"""Two processes sweep, one is killed with SIGKILL in the middle of a batch: every timer exactly once."""

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from citycall.base import audit, clock, timers
from citycall.base.events import Event
from citycall.base.timers import State, Timer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

RUNNING, DUE = 2000, 1000


def start(pause: float) -> "subprocess.Popen[str]":
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database.get("PORT"):
        url += f"&port={database['PORT']}"
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("sweeper.py")), str(pause)],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "citycall.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_exactly_once_though_one_is_killed() -> None:
    now = clock.now()
    timers.set_timers(
        Timer(
            due=now + (timedelta(days=1) if number >= DUE else -timedelta(seconds=DUE - number)),
            handler="toys.counted",
            subject_kind="toy",
            subject_id=number,
        )
        for number in range(RUNNING)
    )
    killed, other = start(pause=0.2), start(pause=0.05)
    go(killed)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "struck\n"  # one batch is done, it is within the next
    go(other)
    killed.kill()
    killed.communicate()
    other.communicate(timeout=60)
    assert (killed.returncode, other.returncode) == (-9, 0)
    while timers.sweep():  # what the dying connection still held
        pass

    struck = Counter(Event.objects.filter(kind="toy.struck").values_list("subject_id", flat=True))
    due = set(Timer.objects.filter(state=State.STRUCK).values_list("id", flat=True))
    assert len(due) == DUE
    assert struck == Counter(due)
    assert Timer.objects.filter(state=State.PENDING).count() == RUNNING - DUE
    while audit.chain():
        pass
    assert audit.verify().ok
