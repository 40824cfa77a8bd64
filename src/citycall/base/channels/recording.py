"""The recording channel: keeps in our own database what would have been sent.

Only sample governments and rehearsals use it. It takes part in the sender's transaction, so a message is
recorded exactly when its notice is marked as sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models

from citycall.base import clock
from citycall.base.channels.protocol import Message, Outcome, Receipt
from citycall.base.private import EncryptedTextField


class RecordedMessage(models.Model):
    """One message that a sample government would have sent."""

    channel = models.CharField(max_length=10)
    key = models.CharField(max_length=200, unique=True)
    to = EncryptedTextField()
    subject = models.TextField(blank=True)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        app_label = "base"
        db_table = "base_recorded_message"

    def __str__(self) -> str:
        return f"{self.channel} {self.key}"


@dataclass(frozen=True)
class RecordingChannel:
    """Stands in for one real channel."""

    name: str
    transactional: bool = True

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        now = clock.now()
        RecordedMessage.objects.bulk_create(
            [
                RecordedMessage(channel=self.name, key=m.key, to=m.to, subject=m.subject, body=m.body, at=now)
                for m in messages
            ],
            ignore_conflicts=True,
        )
        return [Receipt(reference=f"recorded:{m.key}", recorded=True) for m in messages]
