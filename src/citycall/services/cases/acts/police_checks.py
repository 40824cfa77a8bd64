"""Who hands a false report to the police, and follows it (NT-8-3a)."""

from __future__ import annotations

from collections.abc import Sequence

from citycall.services.cases.acts.standing import Standing, Way, Who

REFERRING = ("director", "evaluator")


def _commission(at: Standing) -> Sequence[Way]:
    return ((at.pack.intake.prosecution.referred_by or REFERRING, at.pack.managing_unit),)


REFERS = Who("the managing unit", _commission)
