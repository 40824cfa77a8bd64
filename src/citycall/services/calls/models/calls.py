"""Calls to the hotline, as the desk sees them. The telephone itself is an adapter of a later floor."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.base.private import EncryptedTextField


class Call(models.Model):
    """One call: offered, answered by an operator, ended. The caller's number is personal data."""

    SUBJECT_KIND = "call"

    class Status(models.TextChoices):
        RINGING = "ringing", _("來電中")
        ANSWERED = "answered", _("通話中")
        ENDED = "ended", _("已結束")
        MISSED = "missed", _("未接")

    phone = EncryptedTextField(blank=True, default="")
    phone_hash = models.CharField(max_length=64, null=True)
    simulated = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status)
    offered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    operator = models.BigIntegerField(null=True)
    operator_post = models.CharField(max_length=96, blank=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["offered_at"], condition=Q(status="ringing"), name="call_ringing"),
            models.Index(fields=["operator", "-offered_at"], name="call_operator"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["operator"], condition=Q(status="answered"), name="one_call_per_operator"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk}:{self.status}"
