"""Keeping the terms of cases: with each step that changes how one is found, and for those that have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from citycall.base.commands import Context
from citycall.services.cases import terms
from citycall.services.cases.models import OPEN_STATUSES, Case, CaseTerms

BATCH = 1000
_NEW = (
    "INSERT INTO cases_caseterms (case_id, terms) VALUES (%s, %s)"
    " ON CONFLICT (case_id) DO UPDATE SET terms = EXCLUDED.terms"
)


def keep(ctx: Context, case: Case, changes: Mapping[str, Any], *, new: bool, was_open: bool) -> None:
    """Write the terms of a case anew when this step changed them. A new case's go with the last statement."""
    if new:
        ctx.run.insert([CaseTerms(case_id=case.pk, terms=terms.keyed(case, OPEN_STATUSES))])
        return
    ended = "status" in changes and not (was_open and case.status in OPEN_STATUSES)
    if ended or terms.touched(changes):
        if ctx.run.inserts:
            ctx.run.flush()  # the terms of a case that this very command has taken
        _write([case])


def fill(after: int = 0, upto: int | None = None) -> int:
    """Give terms to cases that have none (written by an older release, or copied in). How many it gave."""
    made = 0
    while True:
        missing = (
            Case.objects.filter(pk__gt=after)
            .extra(where=["NOT EXISTS (SELECT 1 FROM cases_caseterms t WHERE t.case_id = cases_case.id)"])  # nosec B610
            .order_by("pk")
        )
        if upto is not None:
            missing = missing.filter(pk__lte=upto)
        cases = list(missing[:BATCH])
        if not cases:
            return made
        _write(cases)
        made, after = made + len(cases), cases[-1].pk


def _write(cases: Iterable[Case]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_NEW, [(case.pk, terms.keyed(case, OPEN_STATUSES)) for case in cases])
