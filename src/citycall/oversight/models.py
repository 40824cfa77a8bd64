"""What the steering office records over the services: reviews of delays and of items."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from citycall.base.policies import PolicyVersion


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


class PolicyChange(models.Model):
    """A change of the rules, from the first draft to the day it takes effect (KM-10-3b, KM-10-6b, AE-10).

    `edits` is what it changes (`oversight.edits`), `base` the version it was made on. Approved, it is the
    version `version`; until then it binds nobody.
    """

    SUBJECT_KIND = "policy_change"

    class State(models.TextChoices):
        DRAFT = "draft", _("草案")
        SUBMITTED = "submitted", _("待核定")
        APPROVED = "approved", _("已核定")
        REFUSED = "refused", _("未獲核定")
        WITHDRAWN = "withdrawn", _("已撤回")

    title = models.CharField(_("修正事項"), max_length=120)
    note = models.TextField(_("修正理由"), blank=True)
    base = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    edits = models.JSONField(default=dict)
    effective_from = models.DateTimeField(_("生效日"), null=True)  # none: as soon as it is approved
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    proposed_by = models.BigIntegerField(null=True)
    proposed_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    submitted_by = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)
    decided_post = models.CharField(max_length=96, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    withdrawn_by = models.BigIntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    version = models.OneToOneField(PolicyVersion, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(models.F("state"), models.F("id").desc(), name="policy_change_state"),)
        constraints = (
            models.CheckConstraint(
                name="policy_change_approved_is_a_version",
                condition=~models.Q(state="approved") | models.Q(version__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.title}"

    @property
    def seen(self) -> str:
        """What a decision says of what was read before it (`DecideChange.seen`)."""
        return self.submitted_at.isoformat() if self.submitted_at else ""
