"""What somebody asks for about a case and somebody else decides; who joins a case; what is in dispute."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case, Stage


class StageRequest(models.Model):
    """An agency's application for the second stage or the ordinary limit (NT-5-4-1c, NT-5-4-7)."""

    SUBJECT_KIND = "stage_request"

    class State(models.TextChoices):
        PENDING = "pending", _("待審核")
        APPROVED = "approved", _("同意")
        REFUSED = "refused", _("不同意")
        LAPSED = "lapsed", _("毋庸審核")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="stage_requests")
    to = models.CharField(max_length=16, choices=Stage)
    days = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    requested_by = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    old_stage = models.CharField(max_length=16, blank=True)
    old_due = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="pending"), name="one_pending_stage_request"
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id}→{self.to}"


class CaseRequest(models.Model):
    """Something asked for about a case, as the pack's request rule ``code`` says (``policy.requests``).

    Another agency, a further one, release from tracking, a later limit, a ruling (KM-7-5a, KM-7-5b, KM-10-2,
    NT-5-2-2a, TP-5-3-0, TP-5-4, TP-6-6-0). ``agency`` asked; ``owner`` decides (empty: wherever the deciding
    role sits). ``linked_to``: the request whose ground opened this dispute (TP-6-6-5).
    """

    SUBJECT_KIND = "case_request"

    class State(models.TextChoices):
        PENDING = "pending", _("待決定")
        APPROVED = "approved", _("同意")
        REFUSED = "refused", _("不同意")
        WITHDRAWN = "withdrawn", _("已撤回")
        LAPSED = "lapsed", _("毋庸決定")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="requests")
    code = models.CharField(max_length=32)
    effect = models.CharField(max_length=16)
    agency = models.CharField(_("申請機關"), max_length=64)
    owner = models.CharField(_("決定機關"), max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.TextField(_("理由"))
    ground = models.CharField(_("事由"), max_length=32, blank=True)
    proposed = models.JSONField(_("建議機關"), default=list)
    late = models.BooleanField(_("逾期申請"), default=False)
    window_end = models.DateTimeField(_("申請期限"), null=True)
    site_inspection = models.BooleanField(_("需現場勘查"), default=False)
    consent_level = models.CharField(_("同意層級"), max_length=32, blank=True)
    consent_person = models.CharField(_("同意人員"), max_length=80, blank=True)
    consent_date = models.DateField(_("同意日期"), null=True)
    files = models.JSONField(_("簽陳"), default=list)
    authority = models.CharField(_("府外權責機關"), max_length=120, blank=True, db_default="")
    place = models.CharField(_("地點"), max_length=200, blank=True)
    attempt_at = models.DateTimeField(_("聯繫時間"), null=True)
    attempt = models.CharField(_("聯繫情形"), max_length=500, blank=True)
    until = models.DateField(_("展延至"), null=True)
    linked_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="linked")
    requested_by = models.BigIntegerField(null=True)
    requested_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(_("決定理由"), blank=True)
    decided_agencies = models.JSONField(_("決定機關別"), default=list)
    old_agency = models.CharField(max_length=64, blank=True)
    old_due = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case", "code"], condition=Q(state="pending"), name="one_pending_request_of_a_code"
            ),
        )
        indexes = (
            models.Index(fields=["owner", "id"], condition=Q(state="pending"), name="case_request_pending"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}:{self.code}:{self.state}"


class CaseJoin(models.Model):
    """A further agency of a case (加分、併會), and its own answer (NT-5-2-2b, TP-5-3-0)."""

    SUBJECT_KIND = "case_join"

    class State(models.TextChoices):
        OPEN = "open", _("待填報")
        DONE = "done", _("已填報")
        ENDED = "ended", _("毋庸填報")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="joins")
    code = models.CharField(max_length=32)
    agency = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    joined_at = models.DateTimeField(_("加分時間"))
    finding = models.CharField(_("查處情形"), max_length=32, blank=True, db_default="")
    text = models.TextField(_("辦理結果"), blank=True)
    answered_at = models.DateTimeField(_("填報時間"), null=True)
    answered_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "agency"], name="one_join_of_an_agency"),)
        indexes = (models.Index(fields=["agency", "case"], name="case_join_agency"),)

    def __str__(self) -> str:
        return f"{self.case_id}+{self.agency}"


class CasePosition(models.Model):
    """What a party to a dispute says of who is responsible (TP-5-4)."""

    SUBJECT_KIND = "case_position"

    request = models.ForeignKey(CaseRequest, on_delete=models.PROTECT, related_name="positions")
    agency = models.CharField(max_length=64)
    text = models.TextField(_("主張"), blank=True)
    stated_at = models.DateTimeField(null=True)
    stated_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["request", "agency"], name="one_position_of_a_party"),)

    def __str__(self) -> str:
        return f"{self.request_id}:{self.agency}"
