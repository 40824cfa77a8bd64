"""What the steering office records over the services: reviews of delays and of items."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DelayReview(models.Model):
    """The commission's review of one agency's delays in one month (NT-5-4-8c)."""

    SUBJECT_KIND = "delay_review"

    class State(models.TextChoices):
        OPEN = "open", _("待改善")
        DONE = "done", _("已完成")

    agency = models.CharField(max_length=64)
    period = models.CharField(max_length=7)  # 2026-03
    finding = models.TextField()
    measure = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State)
    late_cases = models.PositiveIntegerField(default=0)
    reviewed_by = models.BigIntegerField(null=True)
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["agency", "period"], name="one_delay_review_per_month"),
        )
        indexes = (models.Index(fields=["state", "-reviewed_at"], name="delay_review_state"),)

    def __str__(self) -> str:
        return f"{self.agency} {self.period}"


class ItemReview(models.Model):
    """A regular review of one fast-service item with the figures it was based on (NT-5-4-1d)."""

    SUBJECT_KIND = "item_review"

    item = models.CharField(max_length=64)
    since = models.DateField()
    until = models.DateField()
    taken = models.PositiveIntegerField()
    closed = models.PositiveIntegerField()
    closed_in_time = models.PositiveIntegerField()
    conclusion = models.TextField()
    reviewed_by = models.BigIntegerField(null=True)
    reviewed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["item", "-reviewed_at"], name="item_review_item"),)

    def __str__(self) -> str:
        return f"{self.item} {self.since}–{self.until}"
