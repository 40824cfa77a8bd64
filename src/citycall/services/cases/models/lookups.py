"""Public look-ups that failed."""

from __future__ import annotations

from django.db import models


class LookupFailure(models.Model):
    """A public look-up with a wrong number or code, kept for a day so that codes cannot be guessed."""

    number = models.CharField(max_length=24)
    ip = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["number", "at"], name="lookup_number"),
            models.Index(fields=["ip", "at"], name="lookup_ip"),
        )

    def __str__(self) -> str:
        return self.number
