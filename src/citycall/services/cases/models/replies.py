"""What the citizen was told, and by which way."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from citycall.base.private import EncryptedTextField
from citycall.services.cases.models.case import Case


class PhoneRecord(models.Model):
    """Who telephoned the citizen, when, and what was said (NT-5-4-4d, NT-5-4-4e).

    ``staff_id`` opened the number at ``opened_at``; the record is complete once ``content`` is entered.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="phone_records")
    staff_id = models.BigIntegerField()
    caller = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    callee = EncryptedTextField(null=True, blank=True)
    at = models.DateTimeField(null=True)
    content = models.TextField(blank=True)
    reached = models.BooleanField(null=True)

    class Meta:
        indexes = (models.Index(fields=["case", "staff_id"], name="phone_case_staff"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.staff_id}"


class CaseReply(models.Model):
    """What the agency's people told the citizen themselves: by which way, when, with which words (KM-6-1d).

    A call for which the citizen's number was opened is a ``PhoneRecord``; here is what was answered by
    letter, message or otherwise. ``reference`` is the letter's number.
    """

    class Way(models.TextChoices):
        PHONE = "phone", _("電話")
        SMS = "sms", _("手機簡訊")
        LETTER = "letter", _("信函")
        EMAIL = "email", _("電子郵件")
        VISIT = "visit", _("當面")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="replies")
    way = models.CharField(_("回覆方式"), max_length=8, choices=Way)
    at = models.DateTimeField(_("回覆時間"))
    content = models.TextField(_("回覆內容"))
    reference = models.CharField(_("發文字號"), max_length=80, blank=True)
    staff_id = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField()
    draft_id = models.BigIntegerField(null=True)  # the `ReplyDraft` that went out

    def __str__(self) -> str:
        return f"{self.case_id}:{self.way}"
