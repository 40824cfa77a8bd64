"""Where published case files wait before they are replayed. Nothing here is a fact of this government.

The rows are copies of what another system published; the rehearsal reads them and drives the
ordinary commands with them, in a database of its own.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Standing(models.TextChoices):
    """How far a case had come in the system that published it, in our words."""

    DRAFT = "draft", _("建立中")
    ESTABLISHED = "established", _("已成案")
    ACKNOWLEDGED = "acknowledged", _("已簽收")
    COMPLETED = "completed", _("已辦畢")
    CLOSED = "closed", _("已結案")


class ImportedCase(models.Model):
    """One case as published, understood through a mapping; found again by source and number."""

    source = models.CharField(max_length=40)
    number = models.CharField(max_length=40)
    received_at = models.DateTimeField()
    established_at = models.DateTimeField(null=True)
    item = models.CharField(max_length=64)
    item_name = models.CharField(max_length=80)
    agency_name = models.CharField(max_length=80, blank=True)
    district_name = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=200)
    description = models.TextField()
    reporter_name = models.CharField(max_length=80, blank=True)
    reporter_phone = models.CharField(max_length=40, blank=True)
    standing = models.CharField(max_length=16, choices=Standing)
    finding = models.CharField(max_length=16, blank=True)
    result = models.TextField(blank=True)
    digest = models.CharField(max_length=32)
    file = models.CharField(max_length=200)
    line = models.PositiveIntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["source", "number"], name="imported_case_once"),)
        indexes = (models.Index(fields=["source", "received_at"], name="imported_case_time"),)

    def __str__(self) -> str:
        return f"{self.source}:{self.number}"


class ImportedStep(models.Model):
    """One standing of a case at a time.

    A ``sighting`` says only that the case was seen so, not since when: between two sightings that
    differ lies a change whose time is known, and before the first of them nothing is.
    """

    case = models.ForeignKey(ImportedCase, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    standing = models.CharField(max_length=16, choices=Standing)
    agency_name = models.CharField(max_length=80, blank=True)
    sighting = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "at", "standing"], name="imported_step_once"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.standing}"
