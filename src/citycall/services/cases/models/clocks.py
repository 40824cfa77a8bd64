"""The limits of a case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case


class CaseClock(models.Model):
    """One running or finished limit of a case, as the pack's clock rule ``code`` computed it."""

    class State(models.TextChoices):
        RUNNING = "running", _("計時中")
        STOPPED = "stopped", _("已停止")

    case = models.ForeignKey(
        Case,
        on_delete=models.PROTECT,
        related_name="clocks",
        db_index=False,  # the index by case and code serves as well
    )
    code = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    due = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    late = models.BooleanField(default=False)
    # What the due time was computed from, to be computed anew: the limit as written (`6 working_days`).
    limit = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta:
        indexes = (models.Index(fields=["case", "code"], name="clock_case_code"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.code}"
