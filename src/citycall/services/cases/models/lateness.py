"""Why cases were late, and when none could be sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from citycall.services.cases.models.case import Case


class DelayAnalysis(models.Model):
    """Why a case was late, found by the agency's evaluator (NT-5-4-8b)."""

    SUBJECT_KIND = "delay_analysis"

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="delay_analysis")
    agency = models.CharField(max_length=64)
    cause = models.CharField(max_length=32)
    text = models.TextField()
    analysed_by = models.BigIntegerField(null=True)
    analysed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["agency", "analysed_at"], name="delay_agency"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.cause}"


class Outage(models.Model):
    """A time in which cases could not be sent by the system (NT-5-4-3a/b)."""

    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    declared_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(models.Value(1), condition=Q(until__isnull=True), name="one_open_outage"),
        )

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M}"
