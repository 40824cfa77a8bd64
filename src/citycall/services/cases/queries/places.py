"""What is known of a place and a cause: open cases, measures, groundless reports."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from citycall.base.policies import in_force
from citycall.services.cases.models import OPEN_STATUSES, Case, Prevention, Status, UnfoundedLetter
from citycall.services.cases.queries.lists import CaseRow, rows_of


def preventions_at(cause_group: str, addr_key: str) -> list[Prevention]:
    """Measures entered for this cause at this place (NT-5-4-9b)."""
    return list(Prevention.objects.filter(cause_group=cause_group, addr_key=addr_key).order_by("-id"))


def barred(cause_group: str, addr_key: str) -> bool:
    """Whether the commission holds a letter about this matter: it is not taken as fast (NT-5-4-10b)."""
    # On the way of every new case, so not by way of the ORM, whose making of it costs ten times its running.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM cases_unfoundedletter"
            " WHERE cause_group = %s AND addr_key = %s AND state = %s)",
            [cause_group, addr_key, UnfoundedLetter.State.RECEIVED.value],
        )
        return bool(cursor.fetchone()[0])


def letter_about(cause_group: str, addr_key: str) -> UnfoundedLetter | None:
    """The letter that the commission holds about this matter, with what it proposes (TP-6-8-2a)."""
    received = UnfoundedLetter.State.RECEIVED
    found = UnfoundedLetter.objects.filter(cause_group=cause_group, addr_key=addr_key, state=received)
    return found.first() if addr_key else None


def open_here(cause_group: str, addr_key: str) -> list[CaseRow]:
    """Open cases of the same cause at the same place, to show while a new one is typed."""
    if not addr_key:
        return []
    found = Case.objects.filter(cause_group=cause_group, addr_key=addr_key, status__in=OPEN_STATUSES)
    return rows_of(list(found.order_by("-id")[:5]))


def unfounded_streak(cause_group: str, addr_key: str, kind: str) -> list[Case]:
    """The last closed cases of a place and cause, newest first, that were all found groundless."""
    rule = in_force()[1].kinds[kind].unfounded
    streak: list[Case] = []
    if rule is None or not addr_key:
        return streak
    found = Case.objects.filter(kind=kind, cause_group=cause_group, addr_key=addr_key, status=Status.CLOSED)
    for case in found.order_by("-closed_at", "-id")[: rule.in_a_row]:
        if case.finding not in rule.findings:
            break
        streak.append(case)
    return streak


def letters(agencies: Collection[str] | None, states: Collection[str]) -> list[UnfoundedLetter]:
    """Letters about groundless reports, newest first (NT-5-4-10a)."""
    found = UnfoundedLetter.objects.filter(state__in=list(states)).select_related("last_case")
    if agencies is not None:
        found = found.filter(agency__in=list(agencies))
    return list(found.order_by("-id")[:200])
