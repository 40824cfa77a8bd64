"""What an agency asks for and somebody else decides."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case, Stage


class StageRequest(models.Model):
    """An agency's application for the second stage or the ordinary limit (NT-5-4-1c, NT-5-4-7)."""

    SUBJECT_KIND = "stage_request"

    class State(models.TextChoices):
        PENDING = "pending", _("待審核")
        APPROVED = "approved", _("同意")
        REFUSED = "refused", _("不同意")
        LAPSED = "lapsed", _("毋庸審核")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="stage_requests")
    to = models.CharField(max_length=16, choices=Stage)
    days = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    requested_by = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    old_stage = models.CharField(max_length=16, blank=True)
    old_due = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="pending"), name="one_pending_stage_request"
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id}→{self.to}"
