"""The result of a case as it is read: what the pack words is said in the reader's language."""

from __future__ import annotations

from django.utils.translation import get_language

from citycall.base.policies import pack_of
from citycall.policy.answers import Named
from citycall.services.cases.models import Case


def unprocessed_result(ground: Named, reason: str) -> str:
    """What is kept as the result of a petition left unprocessed (NT-5-2-5a, TP-5-6a)."""
    return f"{_kept_before(ground)}{reason}"


def _kept_before(ground: Named) -> str:
    return f"不予處理（{ground.name.zh}）："


def result_said(case: Case) -> str:
    """The result; of a petition left unprocessed its ground in the reader's language."""
    rule = pack_of(case.policy_version_id).kinds[case.kind].unprocessed
    ground = rule.ground(case.unprocessed_ground) if rule is not None else None
    if ground is None or not (get_language() or "").startswith("en"):
        return case.result
    before = _kept_before(ground)
    if not case.result.startswith(before):
        return case.result
    return f"Not processed ({ground.name.get('en')}): {case.result.removeprefix(before)}"
