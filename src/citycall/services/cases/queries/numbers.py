"""Whom at an agency the call centre telephones: before an urgent case is entered, and in an outage."""

from __future__ import annotations

from citycall.base.policies import in_force
from citycall.people.queries import IntakeNumber, intake_numbers
from citycall.policy.kinds import CaseKind


def telephone_numbers(kind: CaseKind, agency: str) -> list[IntakeNumber]:
    """Who is told of a case of this kind by telephone, with their numbers (NT-5-3a, TP-5-5-5a)."""
    return intake_numbers(agency, kind.telephone_notice.rings)


def outage_numbers() -> list[IntakeNumber]:
    """Who is told by telephone while nothing can be sent, at every agency (NT-5-4-3a)."""
    said = in_force()[1].value("system-fallback")
    return intake_numbers(roles=said.telephone_to) if said and said.telephone_to else intake_numbers()
