"""What somebody owes a case beside its clocks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case


class PhoneTask(models.Model):
    """A telephone reply that the handler owes the citizen (NT-5-4-4c)."""

    SUBJECT_KIND = "phone_task"

    class State(models.TextChoices):
        OPEN = "open", _("待回電")
        DONE = "done", _("已回電")
        CANCELLED = "cancelled", _("已取消")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="phone_tasks")
    agency = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="one_open_phone_task"),
        )
        indexes = (models.Index(fields=["agency"], condition=Q(state="open"), name="phone_task_open"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.state}"


class CaseTask(models.Model):
    """Something owed to a case beside its clocks, as the pack's task rule ``code`` says (``policy.tasks``).

    A telephone notice that must be recorded (KM-7-1b), a delivery that failed (NT-4-1-2), a dunning to be
    passed on (TP-6-3-4c). ``agency`` owes it; what was entered stands in the fields that the rule asks for.
    """

    SUBJECT_KIND = "case_task"

    class State(models.TextChoices):
        OPEN = "open", _("待辦")
        DONE = "done", _("已辦")
        CANCELLED = "cancelled", _("毋庸辦理")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    code = models.CharField(max_length=32)
    agency = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    note = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.BigIntegerField(null=True)
    person = models.CharField(_("接洽人員"), max_length=80, blank=True)
    at = models.DateTimeField(_("時間"), null=True)
    text = models.TextField(_("內容"), blank=True)
    reference = models.CharField(_("文號"), max_length=80, blank=True)
    date = models.DateField(_("日期"), null=True)
    authority = models.CharField(_("機關"), max_length=120, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case", "code"], condition=Q(state="open"), name="one_open_task_of_a_code"
            ),
        )
        indexes = (
            models.Index(fields=["agency", "due_at"], condition=Q(state="open"), name="case_task_open"),
            models.Index(fields=["case", "code"], name="case_task_case"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}:{self.code}:{self.state}"
