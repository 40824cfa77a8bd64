"""Reports of one place and matter again and again: measures, letters, false reports."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case


class Prevention(models.Model):
    """A measure against recurrence, tied to item and place (NT-5-4-9b)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="preventions")
    agency = models.CharField(max_length=64)
    cause_group = models.CharField(max_length=64)
    addr_key = models.CharField(max_length=200)
    text = models.TextField()
    added_by = models.BigIntegerField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["cause_group", "addr_key"], name="prevention_place"),)

    def __str__(self) -> str:
        return f"{self.cause_group}@{self.addr_key}"


class UnfoundedLetter(models.Model):
    """The agency's reasoned letter about a place reported in vain again and again (NT-5-4-10a/b).

    ``offered`` when the pack's number of findings in a row is reached, ``sent`` by the agency,
    ``received`` by the commission: from then the same matter becomes what the pack says.
    """

    SUBJECT_KIND = "unfounded_letter"

    class State(models.TextChoices):
        OFFERED = "offered", _("可函復")
        SENT = "sent", _("已函送研考會")
        RECEIVED = "received", _("研考會已收")
        REVOKED = "revoked", _("已取消")

    agency = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    cause_group = models.CharField(max_length=64)
    addr_key = models.CharField(max_length=200)
    address = models.CharField(max_length=200)
    last_case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="unfounded_letters")
    state = models.CharField(max_length=8, choices=State, default=State.OFFERED)
    reasons = models.TextField(blank=True)
    facts = models.TextField(_("處理事實經過"), blank=True, db_default="")
    proposal = models.CharField(_("建議"), max_length=32, blank=True, db_default="")
    conditions = models.TextField(_("受理條件"), blank=True, db_default="")
    signed_by = models.BigIntegerField(null=True)
    offered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["cause_group", "addr_key"],
                condition=~Q(state="revoked"),
                name="one_letter_per_place_and_cause",
            ),
        )
        indexes = (models.Index(fields=["agency", "state"], name="letter_agency_state"),)

    def __str__(self) -> str:
        return f"{self.cause_group}@{self.addr_key}:{self.state}"


class Incident(models.Model):
    """Something that must be looked into later: a report in another's name, a case closed too early.

    ``not_reported_by_holder`` is kept for false-report handling (NT-8-1b); ``closed_too_early``
    is a counted violation of the agency (NT-5-4-9c).
    """

    class Kind(models.TextChoices):
        NOT_REPORTED = "not_reported_by_holder", _("門號持有人未反映")
        CLOSED_EARLY = "closed_too_early", _("未辦畢先結案")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="incidents")
    agency = models.CharField(max_length=64)
    kind = models.CharField(max_length=32, choices=Kind)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=["kind", "at"], name="incident_kind"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.kind}"
