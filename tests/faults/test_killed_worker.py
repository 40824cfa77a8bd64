"""A worker is killed with SIGKILL while it sends, and while it strikes: nothing lost, nothing done twice."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import transaction
from tests.faults.processes import database_url, kill, until, worker
from tests.guards.worlds import LAMP, as_post

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("world"), pytest.mark.xdist_group("faults")]

CASES = 20


def establish(number: int = CASES) -> list[int]:
    """Cases of citizens who left an e-mail address, so that everything goes through the mail server."""
    from citycall.base.commands import execute

    operator = as_post("call_centre.operator1")
    reporter = {"name": "張文華", "email": "citizen@example.com"}
    given = {**LAMP, "reporter": reporter, "reply_by": "email"}
    return [execute("cases.establish", operator, given).case for _ in range(number)]


class MailServer:
    """Takes a while for each letter; counts all that arrive by their Message-ID."""

    def __init__(self) -> None:
        self.arrived: Counter[str] = Counter()
        self.some = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> MailServer:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        self.arrived[letter["Message-ID"]] += 1
        if sum(self.arrived.values()) >= 7:
            self.some.set()
        await asyncio.sleep(0.02)
        return "250 taken"


def test_killed_while_sending(tmp_path: Path) -> None:
    """Every letter arrives; one that came a second time has the same Message-ID, and its receipt says so."""
    from citycall.base import audit
    from citycall.base.notices import Notice

    establish()
    wanted = 2 * CASES  # to the agency's window and to the citizen
    assert Notice.objects.filter(channel="email", state="pending").count() == wanted
    with MailServer() as mail:
        with worker(tmp_path / "log", CITYCALL_SMTP_URL=mail.url) as process:
            assert mail.some.wait(30), (tmp_path / "log").read_text()
            kill(process)
        in_hand = set(Notice.objects.filter(state="sending").values_list("pk", flat=True))
        assert in_hand, "it was killed while it held some"
        # Five minutes pass, after which what it held is anybody's again.
        Notice.objects.filter(state="sending").update(
            claimed_at=Notice.objects.first().created_at - timedelta(hours=1)
        )  # type: ignore[union-attr]
        with worker(tmp_path / "log", CITYCALL_SMTP_URL=mail.url):
            until(lambda: not Notice.objects.exclude(state="sent").exists())
    assert Notice.objects.count() == wanted
    receipts = dict(Notice.objects.values_list("pk", "receipt"))
    by_id = {receipt["reference"]: pk for pk, receipt in receipts.items()}
    assert mail.arrived.keys() == by_id.keys()
    twice = {by_id[letter] for letter, number in mail.arrived.items() if number > 1}
    assert twice <= in_hand
    assert max(mail.arrived.values()) <= 2
    assert all(receipts[pk]["sent_again"] for pk in twice)
    assert not [pk for pk, receipt in receipts.items() if receipt.get("sent_again") and pk not in in_hand]
    while audit.chain():
        pass
    assert audit.verify().ok


def test_killed_while_striking(tmp_path: Path) -> None:
    """In the middle of a batch of real clocks: the batch is undone, and struck once by who comes after."""
    from citycall.base import audit, clock, events, timers
    from citycall.base.events import Event
    from citycall.base.notices import Notice
    from citycall.base.timers import Timer
    from citycall.services.cases.models import Case

    now = clock.now()
    with clock.at(now - timedelta(days=2)):
        cases = establish()
    due = Timer.objects.filter(state="pending", due__lte=now).count()
    assert due == 3 * CASES  # sign-off, limit, first dunning at six
    log = tmp_path / "log"
    with transaction.atomic():
        list(Case.objects.select_for_update().filter(pk=cases[-1]))  # the worker comes to wait here
        with worker(log) as process:
            until(_somebody_waits)
            kill(process)
    until(lambda: not _somebody_waits())
    assert Timer.objects.filter(state="pending", due__lte=now).count() == due, "the whole batch is undone"
    assert not Case.objects.filter(overdue=True).exists()
    with worker(log):
        until(lambda: not Timer.objects.filter(state="pending", due__lte=clock.now()).exists())
        until(lambda: not Notice.objects.exclude(state="sent").exists())
        until(lambda: not audit.chain() and audit.verify().waiting == 0)
    overdue = Counter(Event.objects.filter(kind="case.overdue").values_list("subject_id", flat=True))
    assert overdue == Counter(cases)
    assert not Timer.objects.filter(state="broken").exists()
    struck = Counter(
        Timer.objects.filter(state="struck").values_list("subject_id", "payload__clock", "payload__strike")
    )
    assert set(struck.values()) == {1}
    assert len(struck) == due
    seconds = Notice.objects.filter(template="fast.unacknowledged").values_list("about_id", flat=True)
    assert Counter(seconds) == Counter(cases)
    dunned = Notice.objects.filter(template="fast.overdue").values_list("about_id", "to_post")
    assert set(Counter(dunned).values()) == {1}
    assert len(dunned) == 3 * CASES  # supervisor, window, evaluator
    for case in Case.objects.all():
        assert events.differences(case) == {}
        assert case.overdue
    assert timers.sweep() == 0
    assert audit.verify().ok


def _somebody_waits() -> Any:
    """Another process waits for a lock in this database."""
    # On a connection of its own: within a transaction the server shows the same picture again and again.
    with psycopg.connect(database_url(), autocommit=True) as own:
        found = own.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        ).fetchone()
    return found and found[0]
