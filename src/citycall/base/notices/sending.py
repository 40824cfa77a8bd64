"""Sending what is in the outbox.

Where a channel only writes to our own database (recording, screen), claiming, sending and marking are one
transaction. Where a message leaves the house there are three steps: claim (committed), send, mark as sent. A
worker killed in between leaves a row in `sending`; after `LEASE` another takes it up again, knowing that an
answer is missing, and the gateway's own memory of the key decides whether a second message goes out.

Notices with the same `digest_key`, post, channel and template that are due together go as one message. It is
held back while timers are still to be struck that were due when its first notice was written: they may have
more to say, and a recipient is dunned once a day (NT-5-4-5a).
A notice without anybody to go to waits and says why; it never blocks the others.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Min, Q

from citycall.base import channels, clock, policies, timers
from citycall.base.channels.protocol import Message, Outcome
from citycall.base.notices.model import Notice
from citycall.base.notices.outcomes import Batch, Letter, apply, mark, put_off, rests, short
from citycall.base.notices.recipients import Recipient, Unresolved, resolve
from citycall.base.notices.rendering import RenderError, render_with_lines

log = logging.getLogger("citycall.notices")

LEASE = timedelta(minutes=5)
# A batch that leaves the house is kept small, so that it is over well before its lease.
OUTSIDE_AT_ONCE = 20
GROUPS_AT_ONCE = 50
# A digest does not wait longer than this for timers that nobody strikes.
DIGEST_WAITS = timedelta(minutes=10)
FINISH_TRIES = 3


def send_due(limit: int = 200) -> int:
    """Send what is due; returns how many notices were dealt with (sent, put off or given up)."""
    return _recover(limit) + _send_digests() + _send_singles(limit)


def next_due() -> datetime | None:
    """When the next pending notice is due."""
    pending = Notice.objects.filter(state=Notice.State.PENDING)
    found: datetime | None = pending.aggregate(first=Min("due_at"))["first"]
    return found


def wake(to_post: str) -> None:
    """Make this post's waiting notices due now: somebody has come to stand there."""
    Notice.objects.filter(
        state=Notice.State.PENDING, to_post=to_post, attempts__gt=0, due_at__gt=clock.now()
    ).update(due_at=clock.now())


def retry(ids: Sequence[int]) -> int:
    """Take up again what failed for a reason that has been put right (a template, an address)."""
    return Notice.objects.filter(
        pk__in=ids, state__in=[Notice.State.FAILED, Notice.State.UNDELIVERABLE]
    ).update(state=Notice.State.PENDING, due_at=clock.now(), reason="", attempts=0)


# --- claiming -----------------------------------------------------------------------------------


def _send_singles(limit: int) -> int:
    def claim() -> list[Notice]:
        return list(
            Notice.objects.select_for_update(skip_locked=True)
            .filter(state=Notice.State.PENDING, digest_key=None, due_at__lte=clock.now())
            .order_by("due_at", "pk")[:limit]
        )

    return _deal(claim, together=False)


def _send_digests() -> int:
    now = clock.now()
    # Asked before the notices are read: what a timer struck since then has to say is among them.
    unstruck = timers.next_due()
    due = Notice.objects.filter(state=Notice.State.PENDING, digest_key__isnull=False, due_at__lte=now)
    kinds = due.order_by().values_list("to_post", "party_id", "channel", "template", "digest_key")
    groups = kinds.annotate(first=Min("created_at"))
    if unstruck is not None and unstruck <= now:
        groups = groups.filter(Q(first__lt=unstruck) | Q(first__lte=now - DIGEST_WAITS))
    done = 0
    for post, party, channel, template, digest, _first in list(groups[:GROUPS_AT_ONCE]):
        done += _send_digest(post, party, channel, template, str(digest))
    return done


def _send_digest(post: str | None, party: int | None, channel: str, template: str, digest: str) -> int:
    lock = hashlib.sha256(f"notice {post} {party} {channel} {template} {digest}".encode()).digest()[:8]

    def claim() -> list[Notice]:
        # One worker per digest, so that it is never sent as two halves.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(lock, "big", signed=True)])
            if not cursor.fetchone()[0]:
                return []
        return list(
            Notice.objects.select_for_update()
            .filter(
                state=Notice.State.PENDING,
                to_post=post,
                party_id=party,
                channel=channel,
                template=template,
                digest_key=digest,
                due_at__lte=clock.now(),
            )
            .order_by("pk")
        )

    return _deal(claim, together=True)


def _recover(limit: int) -> int:
    """What a lost worker had in hand goes back to the pending, with the missing answer on record."""
    lapsed = (
        Notice.objects.select_for_update(skip_locked=True)
        .filter(state=Notice.State.SENDING, claimed_at__lt=clock.now() - LEASE)
        .order_by("claimed_at")
    )
    with transaction.atomic():
        rows = list(lapsed[:limit])
        for row in rows:
            row.state, row.due_at = Notice.State.PENDING, clock.now()
            row.uncertain_since = row.uncertain_since or row.claimed_at
            row.reason = "the sender was lost before it had an answer"
        Notice.objects.bulk_update(rows, ["state", "due_at", "uncertain_since", "reason"])
    if rows:
        log.warning("%d notices taken up again from a lost sender", len(rows))
    return len(rows)


# --- dealing with what was claimed --------------------------------------------------------------


def _deal(claim: Callable[[], list[Notice]], *, together: bool) -> int:
    try:
        return _deal_once(claim, together=together)
    except OperationalError:
        raise  # the database is away or busy: everything is rolled back and comes again
    except Exception:
        log.exception("a batch of notices failed; its notices are tried one by one")
    with transaction.atomic():
        ids = [row.pk for row in claim()]
    for pk in ids:
        _deal_alone(pk)
    return len(ids)


def _deal_alone(pk: int) -> None:
    def claim() -> list[Notice]:
        row = Notice.objects.select_for_update(skip_locked=True).filter(pk=pk, state=Notice.State.PENDING)
        return list(row)

    try:
        _deal_once(claim, together=False)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("notice %s is set aside", pk)
        Notice.objects.filter(pk=pk).update(state=Notice.State.FAILED, reason=short(error))


def _deal_once(claim: Callable[[], list[Notice]], *, together: bool) -> int:
    outside: list[Batch] = []
    now = clock.now()
    with transaction.atomic():
        rows = claim()
        if not rows:
            return 0
        changed: list[Notice] = []
        batches = _prepare(rows, now, together, changed)
        for batch in batches:
            channel = channels.channel(batch.channel)
            if channels.is_down(batch.channel) or rests(batch.channel, now):
                for letter in batch.letters:
                    for row in letter.notices:
                        put_off(row, now, "the channel is down")
                        changed.append(row)
            elif channel.transactional:
                changed += apply(batch, channel.send([letter.message for letter in batch.letters]), now)
            else:
                taken = Batch(batch.channel, batch.letters[:OUTSIDE_AT_ONCE])
                for letter in taken.letters:
                    for row in letter.notices:
                        row.state, row.claimed_at = Notice.State.SENDING, now
                        changed.append(row)
                outside.append(taken)
        mark(changed)
    for batch in outside:
        outcomes = channels.channel(batch.channel).send([letter.message for letter in batch.letters])
        _finish(batch, outcomes)
    return len(changed)


def _finish(batch: Batch, outcomes: Sequence[Outcome]) -> None:
    """The message is out: this must be written down, so a busy database is asked again."""
    rows = apply(batch, outcomes, clock.now())
    for attempt in range(1, FINISH_TRIES + 1):
        try:
            with transaction.atomic():
                mark(rows)
            return
        except OperationalError:
            if attempt == FINISH_TRIES or connection.in_atomic_block:
                raise  # the lease will lapse, and the channel's own memory then decides
            log.warning("what became of %d messages is written again", len(rows))
            connection.close_if_unusable_or_obsolete()


def _prepare(rows: list[Notice], now: datetime, together: bool, changed: list[Notice]) -> list[Batch]:
    """Addresses and words. Rows for which there are none are changed at once."""
    recipients = resolve(rows, now)
    groups: list[tuple[Recipient, list[Notice]]] = []
    for row in rows:
        found = recipients.get(row.pk, Unresolved("nobody is known there"))
        if isinstance(found, Recipient):
            if together and groups:
                groups[0][1].append(row)
            else:
                groups.append((found, [row]))
        elif found.for_good:
            row.state, row.reason = Notice.State.UNDELIVERABLE, found.reason
            changed.append(row)
        else:
            put_off(row, now, found.reason)
            changed.append(row)
    batches: dict[str, Batch] = {}
    for recipient, group in groups:
        try:
            message, lines = _message(group, recipient)
        except Exception as error:
            if not isinstance(error, RenderError):
                log.exception("notice %s cannot be written", group[0].pk)
            for row in group:
                row.state, row.reason = Notice.State.FAILED, short(error)
                changed.append(row)
            continue
        batches.setdefault(group[0].channel, Batch(group[0].channel)).letters.append(
            Letter(group, message, recipient, lines)
        )
    return list(batches.values())


def _message(group: list[Notice], recipient: Recipient) -> tuple[Message, list[str] | None]:
    first = group[0]
    pack = policies.pack_of(first.policy_version_id) if first.policy_version_id else policies.in_force()[1]
    extra = {"person": recipient.name, "portal_url": settings.CITYCALL_URL}
    contexts = [{**extra, **row.context} for row in group]
    language = recipient.lang or "zh-hant"
    subject, body, lines = render_with_lines(pack, first.template, first.channel, language, contexts)
    key = first.key
    if len(group) > 1:
        members = "\n".join(sorted(row.key for row in group))
        key = f"digest:{hashlib.sha256(members.encode()).hexdigest()}"
    uncertain = [row.uncertain_since for row in group if row.uncertain_since is not None]
    message = Message(recipient.address, subject, body, key, min(uncertain, default=None))
    return message, lines if len(group) > 1 else None
