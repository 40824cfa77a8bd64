"""The reply that the agency writes: drafted, put up with the result, sent when it is approved."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case
from citycall.services.cases.models.replies import CaseReply


class ReplyDraft(models.Model):
    """One written reply of a case (擬復), with what its letter or message says (NT-5-2-3c, TP-5-5-2b).

    `way_reason`: why it goes another way than the citizen asked for (NT-5-2-3a). At most one of a case is
    open; once it has gone out it is kept as it was, and a case that is opened again begins another.
    """

    SUBJECT_KIND = "reply_draft"

    class State(models.TextChoices):
        OPEN = "open", _("擬稿")
        ISSUED = "issued", _("已發出")
        VOID = "void", _("未發出")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reply_drafts")
    state = models.CharField(_("狀態"), max_length=8, choices=State)
    way = models.CharField(_("回覆方式"), max_length=8, choices=CaseReply.Way)
    way_reason = models.CharField(_("改用其他方式之理由"), max_length=500, blank=True)
    title = models.CharField(_("主旨"), max_length=200, blank=True)
    content = models.TextField(_("回覆內容"), blank=True)
    handler_name = models.CharField(_("承辦人"), max_length=80, blank=True)
    handler_phone = models.CharField(_("聯絡電話"), max_length=40, blank=True)
    document_number = models.CharField(_("發文文號"), max_length=80, blank=True)
    reply_date = models.DateField(_("回復日期"), null=True)
    grade = models.CharField(_("處理等級"), max_length=32, blank=True)
    written_by = models.BigIntegerField(null=True)
    written_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="reply_draft_one_open"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}:{self.state}"
