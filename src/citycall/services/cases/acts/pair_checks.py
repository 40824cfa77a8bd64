"""What stands in the way of acts on two cases: the other one is named, and says no less than this one."""

from __future__ import annotations

from django.utils.translation import gettext as _

from citycall.base import reading
from citycall.base.commands import Refused, effective_who, not_permitted
from citycall.base.policies import pack_of
from citycall.people.queries import parties_of_same_person
from citycall.policy.kinds import Merge
from citycall.services.cases.acts.checks import MERGES
from citycall.services.cases.acts.standing import Standing, moves
from citycall.services.cases.models import Case
from citycall.services.cases.near import Spot, same_place


def _case(number: int | None) -> Case | None:
    found = reading.rows(Case, "WHERE row.id = %s", number) if number is not None else []
    return found[0] if found else None


def _other(at: Standing, other: Case) -> Standing:
    """The same person at the other case."""
    return Standing(at.actor, other, pack_of(other.policy_version_id), at.now)


def _named(field: str, code: str, message: str, status: int = 409) -> Refused:
    return Refused(code, message, fields={field: message}, status=status)


def merges(at: Standing) -> Refused | None:
    """Cases of this kind are merged; the one that is named is open, of the same place and matter."""
    rule, into = at.kind.merge, at.asked("into")
    if rule is None:
        return Refused("not_merged_here", _("依規定，這類案件不併案；請個別辦理。"), status=409)
    if into is None:
        return None
    main = _case(into)
    if main is None:
        return _named("into", "not_found", _("查無此案件。"), 404)
    there = _other(at, main)
    if at.actor.kind != "system" and MERGES.post(there, effective_who("cases.merge")) is None:
        return not_permitted()
    return _may_be_one(there, rule, at.case) or moves("case.report_joined")(there)


def _may_be_one(there: Standing, rule: Merge, case: Case) -> Refused | None:
    """Where the two are not the same place and matter, or the order or the time is wrong (TP-6-8-1)."""
    main, item = there.case, there.pack.items.get(there.case.item)
    if main.pk == case.pk:
        return _named("into", "same_case", _("不能併入自己。"))
    if main.merged_into_id is not None:
        other = Case.objects.values_list("number", flat=True).get(pk=main.merged_into_id)
        message = _("該案已併入 %(number)s，請改併入那一件。") % {"number": other}
        return _named("into", "merged_already", message)
    if main.pk > case.pk:
        return _named("into", "newer_case", _("只能併入較早成案的案件。"))
    if main.kind != case.kind or not case.cause_group or main.cause_group != case.cause_group:
        return _named("into", "other_matter", _("兩件的事由不同，不能併案。"))
    if not same_place(Spot.of(main, item), Spot.of(case, item)):
        return _named("into", "other_place", _("兩件的地點不同，不能併案。"))
    if rule.within_open_limit and main.due_at is not None and case.established_at > main.due_at:
        return _named("into", "limit_past", _("前案的辦理時限已過，後到的通報請個別辦理。"))
    return None


def parts(at: Standing) -> Refused | None:
    """It was merged into a case that may still say that a report left it."""
    main = _case(at.case.merged_into_id)
    if main is None:
        return Refused("not_merged", _("這件案件沒有併入其他案件。"), status=409)
    return moves("case.report_parted")(_other(at, main))


def repeats(at: Standing) -> Refused | None:
    """The one that is named is an earlier petition of the same person (TP-5-6a)."""
    named = at.asked("earlier")
    if named is None:
        return None
    earlier = _case(named)
    if earlier is None or earlier.kind != at.case.kind:
        return _named("earlier", "not_found", _("查無此案件。"), 404)
    if earlier.pk == at.case.pk:
        return _named("earlier", "same_case", _("不能與自己為同一事由。"))
    if at.case.party_id is None or earlier.party_id not in parties_of_same_person(at.case.party_id):
        return _named("earlier", "other_person", _("兩件並非同一陳情人，不是迭次陳情。"))
    if earlier.pk > at.case.pk:
        return _named("earlier", "newer_case", _("請選擇較早的案件。"))
    return None
