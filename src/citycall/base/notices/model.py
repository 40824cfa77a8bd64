"""The outbox: one row per notice and channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction
from django.db.models import Q

from citycall.base import clock, live
from citycall.base.commands.context import current
from citycall.base.rows import FEW


class Notice(models.Model):
    """Something that a post or a citizen is to be told, by one channel."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        UNDELIVERABLE = "undeliverable"
        CALLED_OFF = "called_off"

    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    to_post = models.CharField(max_length=80, null=True, blank=True)
    party_id = models.BigIntegerField(null=True, blank=True)
    role = models.CharField(max_length=40, blank=True)
    template = models.CharField(max_length=80)
    channel = models.CharField(max_length=10)
    lang = models.CharField(max_length=10, blank=True)
    policy_version_id = models.BigIntegerField(null=True, blank=True)
    context = models.JSONField(default=dict)
    state = models.CharField(max_length=13, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # Since when an attempt is without an answer: it may have arrived.
    uncertain_since = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=200, unique=True)
    digest_key = models.CharField(max_length=120, null=True, blank=True)
    on_sent = models.CharField(max_length=60, null=True, blank=True)
    subject = models.TextField(blank=True)
    body = models.TextField(blank=True)
    sent_to_masked = models.CharField(max_length=120, blank=True)
    sent_to_staff = models.BigIntegerField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.JSONField(default=dict)
    caused_by = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "base"
        db_table = "base_notice"
        indexes = (
            models.Index(
                fields=["due_at", "id"],
                name="base_notice_due",
                condition=Q(state="pending", digest_key__isnull=True),
            ),
            models.Index(
                fields=["to_post", "channel", "template", "digest_key", "due_at"],
                name="base_notice_digest",
                condition=Q(state="pending", digest_key__isnull=False),
            ),
            models.Index(fields=["claimed_at"], name="base_notice_claimed", condition=Q(state="sending")),
            models.Index(fields=["about_kind", "about_id"], name="base_notice_about"),
            models.Index(
                fields=["created_at"],
                name="base_notice_trouble",
                condition=Q(state__in=["failed", "undeliverable"]),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(to_post__isnull=False) ^ Q(party_id__isnull=False),
                name="base_notice_one_recipient",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "sms", "egov", "screen"]), name="base_notice_channel"
            ),
        )

    def __str__(self) -> str:
        return f"{self.template} {self.channel} {self.to_post or '#' + str(self.party_id)} {self.state}"


def queue(notices: Sequence[Notice]) -> None:
    """Put notices into the outbox, in the transaction of what caused them. A known key is left alone.

    `created_at` and `due_at` default to now. The objects do not get their ids. A few are written with the
    closing statement of the running command.
    """
    if not notices:
        return
    now = clock.now()
    for notice in notices:
        # Django leaves a column that was not given at None, whatever its type says.
        given: tuple[datetime | None, datetime | None] = (notice.created_at, notice.due_at)
        notice.created_at = now if given[0] is None else given[0]
        notice.due_at = now if given[1] is None else given[1]
    running = current()
    if running is not None and len(notices) <= FEW:
        running.run.insert(notices, ignore_known=True)
    else:
        Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=500)
    live.wake_worker()


def call_off(
    about_kind: str, about_id: int, *, on_sent: str | None = None, template: str | None = None
) -> int:
    """Call off what is still to be said of a row (by one template; with one thing that follows). How many.

    One that a sender has in hand is passed over instead of waited for: it goes out.
    """
    pending = Notice.objects.filter(about_kind=about_kind, about_id=about_id, state=Notice.State.PENDING)
    if on_sent is not None:
        pending = pending.filter(on_sent=on_sent)
    if template is not None:
        pending = pending.filter(template=template)
    free = pending.select_for_update(skip_locked=True).values("id")
    with transaction.atomic(savepoint=False):
        return Notice.objects.filter(id__in=free).update(state=Notice.State.CALLED_OFF)
