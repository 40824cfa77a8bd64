"""Trained models of the classification, each a version; the newest is asked."""

from __future__ import annotations

from django.db import models


class Classifier(models.Model):
    """One training: when, on what, how often it was right on what it had not seen, and the weights."""

    trained_at = models.DateTimeField()
    trained_on = models.CharField(max_length=200)
    reports = models.PositiveIntegerField()
    accuracy = models.JSONField(default=dict)
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"#{self.pk} {self.trained_at:%Y-%m-%d} {self.trained_on}"
