"""Who hands a false report to the police and follows it, and what comes first (NT-8-3a)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from citycall.base.commands import Refused
from citycall.services.cases.acts.standing import Standing, Way, Who
from citycall.services.cases.models import PoliceReferral

ENDED = (PoliceReferral.State.NOT_INDICTED, PoliceReferral.State.INDICTED, PoliceReferral.State.ENDED)
REFERRING = ("director", "evaluator")


def _commission(at: Standing) -> Sequence[Way]:
    return ((at.pack.intake.prosecution.referred_by or REFERRING, at.pack.managing_unit),)


REFERS = Who("the managing unit", _commission)


def false_report(at: Standing) -> Refused | None:
    """It was cancelled as reported in another's name, and nobody has asked for prosecution yet."""
    if not at.pack.intake.prosecution.on_request or at.false_report is None:
        message = _("只有經門號持有人表示未反映而撤案者，才能請求追究。")
        return Refused("not_false_report", message, status=409)
    if any(one.incident_id == at.false_report.pk for one in at.referrals):
        return Refused("already_asked", _("這一件已登錄請求追究。"), status=409)
    return None


def asked_for(at: Standing) -> Refused | None:
    """Who was wronged has asked for prosecution."""
    return None if at.referrals else Refused("not_asked", _("民眾尚未請求追究。"), status=409)


def to_refer(at: Standing) -> Refused | None:
    """It was not referred yet."""
    if asked_for(at) is None and at.referrals[-1].state != PoliceReferral.State.ASKED:
        return Refused("already_referred", _("這一件已經移送。"), status=409)
    return asked_for(at)


def to_follow(at: Standing) -> Refused | None:
    """It was referred, and police or court are not done with it."""
    refused = asked_for(at)
    if refused is None and at.referrals[-1].state == PoliceReferral.State.ASKED:
        return Refused("not_referred", _("尚未移送警察機關。"), status=409)
    if refused is None and at.referrals[-1].state in ENDED:
        return Refused("already_ended", _("這一件已經結束。"), status=409)
    return refused
