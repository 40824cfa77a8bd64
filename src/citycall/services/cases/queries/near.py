"""What may be the same: open cases near a place, and the other matters of one person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from citycall.base import clock
from citycall.base.policies import pack_of
from citycall.people.queries import parties_of_same_person
from citycall.policy.alike import alike, pairs_of
from citycall.policy.items import Item
from citycall.services.cases import near
from citycall.services.cases.models import Case
from citycall.services.cases.near import SIMILAR, Match, Spot
from citycall.services.cases.queries.lists import CaseRow, rows_of

SAME_MATTER = 0.25  # petitions without item and place: the share of word pairs from which one asks "again?"
OTHERS = 20


@dataclass(frozen=True)
class NearRow:
    """An open case that may be the same, with why it is offered."""

    row: CaseRow
    match: Match

    @property
    def case(self) -> Case:
        return self.row.case

    @property
    def reasons(self) -> list[str]:
        return self.match.reasons


def near_spot(spot: Spot, most: int = 5) -> list[NearRow]:
    """Open cases near a place, likeliest first, while a report is being typed (TP-6-8-1)."""
    return _with_rows(near.find(spot, clock.now(), most=most), None)


def near_case(case: Case, agencies: Collection[str] | None = None, most: int = 5) -> list[NearRow]:
    """Open cases established before this one that it may repeat; only those that these agencies may see."""
    pack = pack_of(case.policy_version_id)
    spot = Spot.of(case, pack.items.get(case.item))
    return _with_rows(near.find(spot, case.established_at, before=case.pk, most=most), agencies)


def _with_rows(found: list[Match], agencies: Collection[str] | None) -> list[NearRow]:
    cases = Case.objects.in_bulk([match.case_id for match in found])
    kept = [
        match
        for match in found
        if match.case_id in cases and (agencies is None or cases[match.case_id].agency in agencies)
    ]
    rows = {row.case.pk: row for row in rows_of([cases[match.case_id] for match in kept])}
    return [NearRow(rows[match.case_id], match) for match in kept]


@dataclass(frozen=True)
class OfPerson:
    """Another matter of the same person: whether it may be the same one again, and why."""

    row: CaseRow
    repeat: bool
    reasons: tuple[str, ...]

    @property
    def case(self) -> Case:
        return self.row.case


def others_of_person(case: Case) -> list[OfPerson]:
    """Earlier matters of the person who brings this one, possible repeats first (TP-5-6a, TP-5-6b).

    The person is known by the telephone number or the e-mail address, as keyed hashes. A matter is taken for
    the same where cause and place agree, or the words do; the agency decides.
    """
    if case.party_id is None:
        return []
    same = parties_of_same_person(case.party_id)
    earlier = Case.objects.filter(party_id__in=same, kind=case.kind, pk__lt=case.pk).order_by("-id")[:OTHERS]
    item = pack_of(case.policy_version_id).items.get(case.item)
    words = pairs_of(case.description)
    found = []
    for row in rows_of(list(earlier)):
        why = _why_same(case, row.case, item, words)
        found.append(OfPerson(row, bool(why), tuple(why)))
    return sorted(found, key=lambda one: (not one.repeat, -one.case.pk))


def _why_same(case: Case, other: Case, item: Item | None, words: frozenset[str]) -> list[str]:
    likeness = alike(words, pairs_of(other.description))
    here = bool(case.addr_key) and near.same_place(Spot.of(case, item), Spot.of(other, item))
    cause = bool(case.cause_group) and case.cause_group == other.cause_group
    said = []
    if cause and here:
        said += [_("同一事項"), _("同一地點")]
    elif likeness >= SAME_MATTER and not (case.cause_group and other.cause_group and not cause):
        said += [_("內容用語相近")]
    if said and cause and here and likeness >= SIMILAR:
        said.append(_("用語相近"))
    return said
