"""What became of messages: written back to their notices, and what follows from it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction

from citycall.base import channels, clock, private, timers
from citycall.base.channels.protocol import ChannelDown, Message, Outcome, Receipt, Undeliverable
from citycall.base.commands import Context, autoload
from citycall.base.encoding import dumps
from citycall.base.notices.model import Notice
from citycall.base.notices.recipients import Recipient
from citycall.base.notices.rendering import RenderError
from citycall.base.timers import Timer

log = logging.getLogger("citycall.notices")

BACK_OFF = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
)

FOLLOWED = "notices.followed"
MOST_SAID = 200  # of what a gateway answered

OnSent = Callable[[Sequence[Notice]], None]
_on_sent: dict[str, OnSent] = {}
# A channel that did not answer is left alone for a while, in this process.
_resting: dict[str, datetime] = {}


def on_sent(name: str) -> Callable[[OnSent], OnSent]:
    """Register what is done when notices naming it are marked as sent.

    In the same transaction, unless it fails: then a timer does it later. It opens the `background` that its
    audit entry needs, and must bear to be called for what was done meanwhile in another way.
    """

    def register(function: OnSent) -> OnSent:
        _on_sent[name] = function
        return function

    return register


@dataclass
class Letter:
    """One message for one notice, or for all of a digest; `lines` is then what it says of each.

    A row of a digest keeps its own line and not the whole letter: a thousand matters in one letter would
    otherwise be written a thousand times a thousand.
    """

    notices: list[Notice]
    message: Message
    recipient: Recipient
    lines: list[str] | None = None


@dataclass
class Batch:
    """Messages of one channel that go together."""

    channel: str
    letters: list[Letter] = field(default_factory=list)


def forget_rest() -> None:
    """Try every channel again at once (it was given back; tests)."""
    _resting.clear()


def apply(batch: Batch, outcomes: Sequence[Outcome], now: datetime) -> list[Notice]:
    """Put what the channel answered into the rows; `mark` writes them.

    Gateways repeat the address in their answers; staff read these, so none is kept in them.
    """
    rows: list[Notice] = []
    for letter, outcome in zip(batch.letters, outcomes, strict=True):
        said = outcome.detail if isinstance(outcome, Receipt) else outcome.reason
        said = private.mask_within(said, letter.message.to, letter.recipient.masked)[:MOST_SAID]
        for number, row in enumerate(letter.notices):
            row.claimed_at = None
            row.subject = letter.message.subject
            row.body = letter.lines[number] if letter.lines else letter.message.body
            row.sent_to_masked, row.sent_to_staff = letter.recipient.masked, letter.recipient.staff_id
            if isinstance(outcome, Receipt):
                row.attempts += 1
                row.state, row.sent_at, row.reason = Notice.State.SENT, now, ""
                row.receipt = replace(outcome, detail=said).as_json()
            elif isinstance(outcome, Undeliverable):
                row.attempts += 1
                row.state, row.reason = Notice.State.UNDELIVERABLE, said
            else:
                row.state = Notice.State.PENDING
                if outcome.uncertain:
                    row.uncertain_since = row.uncertain_since or now
                put_off(row, now, said)
            rows.append(row)
        if isinstance(outcome, ChannelDown) and not outcome.only_this:
            _rest(batch.channel, now)
    return rows


def put_off(row: Notice, now: datetime, reason: str) -> None:
    """Later, and after each time later still; at last every hour, for ever."""
    row.due_at = now + BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)]
    row.attempts += 1
    row.reason = reason[:300]


def _rest(channel: str, now: datetime) -> None:
    if not channels.channel(channel).transactional:
        _resting[channel] = now + BACK_OFF[0]


def rests(channel: str, now: datetime) -> bool:
    """Whether this channel has just failed to answer and is left alone."""
    until = _resting.get(channel)
    return until is not None and now < until <= now + BACK_OFF[0]


_COLUMNS: tuple[tuple[str, str], ...] = (
    ("state", "text"),
    ("reason", "text"),
    ("due_at", "timestamptz"),
    ("claimed_at", "timestamptz"),
    ("attempts", "int"),
    ("uncertain_since", "timestamptz"),
    ("subject", "text"),
    ("body", "text"),
    ("sent_to_masked", "text"),
    ("sent_to_staff", "bigint"),
    ("sent_at", "timestamptz"),
    ("receipt", "jsonb"),
)
_UPDATE = (
    "UPDATE base_notice n SET {set} FROM unnest(%s::bigint[], {arrays}) AS v(id, {names}) WHERE n.id = v.id"  # nosec B608
).format(
    set=", ".join(f"{name} = v.{name}" for name, _ in _COLUMNS),
    arrays=", ".join(f"%s::{kind}[]" for _, kind in _COLUMNS),
    names=", ".join(name for name, _ in _COLUMNS),
)


def mark(rows: list[Notice]) -> None:
    """Write what became of these rows, and run what they asked for when sent. One statement for the rows."""
    if not rows:
        return
    columns: list[list[Any]] = [[row.pk for row in rows]]
    for name, _kind in _COLUMNS:
        values = [getattr(row, name) for row in rows]
        columns.append([dumps(value) for value in values] if name == "receipt" else values)
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, columns)
    _follow([row for row in rows if row.state == Notice.State.SENT])


def _follow(sent: list[Notice]) -> None:
    """What follows is done with the marking where it can be.

    Where it cannot, the message is out all the same and stays marked as sent; a timer does the rest later.
    """
    for name, rows in _by_follower(sent).items():
        try:
            with transaction.atomic():
                _on_sent[name](rows)
        except Exception as error:
            if timers.server_is_away(error):
                raise
            log.warning("after sending, %s failed for %d notices: %s", name, len(rows), short(error))
            now = clock.now()
            timers.set_timers(
                Timer(
                    due=now,
                    handler=FOLLOWED,
                    subject_kind="notice",
                    subject_id=row.pk,
                    payload={"notice": row.pk, "on_sent": name},
                )
                for row in rows
            )


@timers.timer_handler(FOLLOWED)
def follow_later(ctx: Context, batch: list[Timer]) -> None:
    """What could not follow when the message went out. The sweep tries each by itself when all fail."""
    wanted = [timer.payload["notice"] for timer in batch]
    for name, rows in _by_follower(Notice.objects.filter(pk__in=wanted).order_by("pk")).items():
        _on_sent[name](rows)


def _by_follower(sent: Iterable[Notice]) -> dict[str, list[Notice]]:
    by_name: dict[str, list[Notice]] = defaultdict(list)
    for row in sent:
        if row.on_sent:
            by_name[row.on_sent].append(row)
    if by_name:
        autoload()  # what follows is registered by the rooms' commands
    return by_name


def short(error: Exception) -> str:
    """An error in one line, for people."""
    if isinstance(error, DatabaseError | RenderError):
        return private.mask_within(str(error).split("\n", 1)[0])[:300]
    return private.mask_within(f"{type(error).__name__}: {error}")[:300]
