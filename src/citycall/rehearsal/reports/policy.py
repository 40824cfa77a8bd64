"""Reports on the rules themselves: their document, their editions, their settings and their items."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings

from citycall.base import clock, policies
from citycall.people.founding import may_begin_with
from citycall.policy import Pack
from citycall.policy.shelf import packs_in
from citycall.rehearsal.expect.reports import Row, report
from citycall.services.cases.models import Case


@report("policy")
def policy(day: Any = None, case: int | None = None) -> Row:
    """The document behind the rules and its edition in force on a day; of a case, on the day of its start.

    KM-0a, KM-0b, NT-0a, NT-0b, TP-0a, TP-0b, HR-0.
    """
    if case is None:
        return _row(policies.in_force()[1], clock.today() if day is None else _day(day))
    found = Case.objects.get(pk=case)
    return _row(policies.pack_of(found.policy_version_id), clock.local(found.established_at).date())


@report("policies")
def known_policies() -> list[Row]:
    """The list of rule-sets that this software ships, each with its status (TP-0b)."""
    found = packs_in(settings.CITYCALL_POLICIES)
    return [_row(pack, clock.today()) for pack in found if isinstance(pack, Pack)]


@report("may_begin")
def may_begin() -> Row:
    """Whether a government may begin with these rules today, ended ones as a template (TP-0b)."""
    pack = policies.in_force()[1]
    return {"code": pack.code, "applies": pack.applies_on(clock.today()), "may_begin": may_begin_with(pack)}


def _row(pack: Pack, day: date) -> Row:
    edition = pack.edition_on(day)
    return {
        "code": pack.code,
        "owner": pack.name.zh,
        "title": pack.title,
        "issued": pack.issued,
        "document": pack.editions[0].document if pack.editions else None,
        "status": pack.status,
        "ends": pack.ends,
        "ended_by": pack.ended_by,
        "applies": pack.applies_on(day),
        "edition": edition.document if edition else None,
        "edition_since": edition.since if edition else None,
        "approved_by": list(pack.approved_by),
        "approved_in": pack.approved_in or pack.managing_unit,
    }


@report("setting")
def setting(slug: str, day: Any = None, case: int | None = None) -> Row:
    """A setting: what it says in words, its clauses and its fields; of a case, as it was for that one."""
    if case is not None:
        pack = policies.pack_of(Case.objects.get(pk=case).policy_version_id)
    else:
        version = policies.version_at(_noon(day)) if day is not None else policies.in_force()[0]
        if version is None:
            return {"slug": slug}
        pack = policies.pack_of(version.pk)
    found = pack.settings[slug]
    value = found.value if isinstance(found.value, dict) else {"value": found.value}
    words = {"says_zh": found.says.zh, "says_en": found.says.en} if found.says else {}
    return {"slug": slug, **words, "clauses": list(found.clauses), "sample": found.sample, **value}


@report("item_table")
def item_table() -> list[Row]:
    """The items that an operator may choose from today, with agency and limits (KM-2-4a, TP-6-1)."""
    return [
        {
            "item": item.code,
            "name": item.name.zh,
            "kind": item.kind,
            "agency": item.agency,
            "stage1": str(item.stage1),
            "stage2": str(item.stage2_max),
            "sample": item.sample,
        }
        for item in policies.in_force()[1].items_on(clock.today())
    ]


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _noon(value: Any) -> datetime:
    return datetime.combine(_day(value), datetime.min.time(), clock.TAIPEI).replace(hour=12)
