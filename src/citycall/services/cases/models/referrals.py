"""False reports handed to the police, and how those matters went on there."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from citycall.services.cases.models.case import Case
from citycall.services.cases.models.repeats import Incident


class PoliceReferral(models.Model):
    """One false report that whoever was wronged by it wants prosecuted (NT-8-3a).

    ``asked`` by them; ``referred`` by the commission with date, police unit and document number; from then on
    its state is followed until the police or the court are done with it.
    """

    SUBJECT_KIND = "police_referral"

    class State(models.TextChoices):
        ASKED = "asked", _("已請求追究，待移送")
        REFERRED = "referred", _("已移送警察機關")
        ACCEPTED = "accepted", _("警察機關已受理")
        TRANSFERRED = "transferred", _("已移送地檢署")
        INDICTED = "indicted", _("已起訴")
        NOT_INDICTED = "not_indicted", _("不起訴")
        ENDED = "ended", _("已結束")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="police_referrals")
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="police_referral")
    state = models.CharField(max_length=16, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField(null=True)
    asked_call_id = models.BigIntegerField(null=True)
    note = models.TextField(blank=True)
    referred_on = models.DateField(_("移送日期"), null=True)
    referred_by = models.BigIntegerField(null=True)
    police_unit = models.CharField(_("警察單位"), max_length=120, blank=True)
    reference = models.CharField(_("公文文號"), max_length=80, blank=True)
    state_on = models.DateField(null=True)
    state_note = models.TextField(blank=True)
    evidence_at = models.DateTimeField(null=True)
    evidence_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = (models.Index(fields=["state", "-id"], name="police_referral_state"),)

    def __str__(self) -> str:
        return f"{self.case_id}:{self.state}"
