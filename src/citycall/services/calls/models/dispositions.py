"""How a matter of a call ended without a case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from citycall.services.calls.models.calls import Call


class Disposition(models.Model):
    """One matter of a call that became no case: it is another's business, or it was not accepted.

    Of an outside matter: which authority the caller was told, with the contact details given, or which body
    was notified, whom and when (KM-2-4c, KM-7-6a, KM-7-6b). Of one not accepted: the ground and the law it
    stands on (TP-5-1a, TP-6-2b, NT-8-2b). Nothing runs after it, and no agency has it.
    """

    SUBJECT_KIND = "disposition"

    class Outcome(models.TextChoices):
        OUTSIDE = "outside", _("非本府權責")
        NOT_ACCEPTED = "not_accepted", _("不予受理")

    class Way(models.TextChoices):
        TELL = "tell_contact", _("告知權責機關及聯絡方式")
        REDIAL = "redial", _("請民眾改撥")
        FIND = "help_find", _("協助查明權責機關")
        NOTIFY = "notify_outside", _("通知相關單位處理")

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="dispositions")
    kind = models.CharField(max_length=16, blank=True)  # of case it would have been; empty for an enquiry
    outcome = models.CharField(max_length=16, choices=Outcome)
    matter = models.TextField(blank=True)
    ground = models.CharField(max_length=32, blank=True)
    ground_words = models.TextField(blank=True)
    way = models.CharField(max_length=16, choices=Way, blank=True)
    authority = models.CharField(max_length=32, blank=True)
    authority_name = models.CharField(max_length=120, blank=True)
    contact = models.CharField(max_length=300, blank=True)
    person = models.CharField(max_length=80, blank=True)
    notified_at = models.DateTimeField(null=True)
    identity_check_id = models.BigIntegerField(null=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)
    policy_version_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=["outcome", "-id"], name="disposition_outcome"),)

    def __str__(self) -> str:
        return f"{self.call_id}:{self.outcome}"
