"""The list of special callers, and who looked at it."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.base import private
from citycall.base.private import EncryptedTextField
from citycall.services.calls.models.calls import Call


class SpecialCaller(models.Model):
    """A number on the list, or proposed for it (NT-7-3a). It has no effect before it is approved.

    It ends on `until`; without an end it is looked at again on `review_on`.
    """

    SUBJECT_KIND = "special_caller"

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待核定")
        APPROVED = "approved", _("已核定")
        DECLINED = "declined", _("不同意")
        ENDED = "ended", _("已移除")

    phone = EncryptedTextField()
    phone_hash = models.CharField(max_length=64)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State)
    proposed_at = models.DateTimeField()
    proposed_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)
    decided_post = models.CharField(max_length=96, blank=True)
    decision = models.TextField(blank=True)
    until = models.DateField(null=True)
    review_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["phone_hash"],
                condition=Q(state__in=["proposed", "approved"]),
                name="one_special_entry_per_number",
            ),
            models.CheckConstraint(
                name="special_approved_by_somebody",
                condition=~Q(state="approved")
                | (Q(decided_at__isnull=False) & (Q(until__isnull=False) | Q(review_on__isnull=False))),
            ),
        )
        indexes = (models.Index(fields=["state", "-id"], name="special_state"),)

    def __str__(self) -> str:
        return f"{self.pk}:{self.state}"

    @property
    def masked_phone(self) -> str:
        return private.mask_phone(self.phone)


class SpecialView(models.Model):
    """Somebody saw the list, or one entry of it because that number rang (NT-7-3a). Never changed."""

    entry = models.ForeignKey(SpecialCaller, on_delete=models.PROTECT, null=True, related_name="views")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, related_name="special_views")
    staff_id = models.BigIntegerField(null=True)
    post = models.CharField(max_length=96, blank=True)
    purpose = models.CharField(max_length=200)
    entries = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        triggers = (pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),)
        indexes = (models.Index(fields=["-at"], name="special_view_at"),)

    def __str__(self) -> str:
        return f"{self.post}: {self.purpose}"
