"""The result of a case as it is read: what the pack words is said in the reader's language."""

from __future__ import annotations

from django.utils.translation import get_language

from citycall.base.policies import pack_of
from citycall.policy import Pack
from citycall.policy.answers import Named
from citycall.services.cases.models import Case


def unprocessed_result(ground: Named, reason: str) -> str:
    """What is kept as the result of a petition left unprocessed (NT-5-2-5a, TP-5-6a)."""
    return f"{_kept_before(ground)}{reason}"


def _kept_before(ground: Named) -> str:
    return f"不予處理（{ground.name.zh}）："


def result_said(case: Case) -> str:
    """The result; of a petition left unprocessed its ground in the reader's language."""
    if not case.unprocessed_ground or not (get_language() or "").startswith("en"):
        return case.result
    return _in_english(pack_of(case.policy_version_id), case)


def result_told(pack: Pack, case: Case) -> dict[str, str] | str:
    """The same for a message, which is written in the language of whoever it goes to."""
    english = _in_english(pack, case)
    return case.result if english == case.result else {"zh": case.result, "en": english}


def _in_english(pack: Pack, case: Case) -> str:
    rule = pack.kinds[case.kind].unprocessed
    ground = rule.ground(case.unprocessed_ground) if rule is not None else None
    if ground is None or not case.result.startswith(_kept_before(ground)):
        return case.result
    return f"Not processed ({ground.name.get('en')}): {case.result.removeprefix(_kept_before(ground))}"
