"""What an operator is shown before a case is taken, and what is left where none was."""

from __future__ import annotations

from citycall.base import clock
from citycall.base.policies import in_force
from citycall.base.private import normalise_phone, phone_hash
from citycall.people.queries import agency_names
from citycall.rehearsal.expect.reports import Row, report
from citycall.services.calls import queries as calls
from citycall.services.cases import queries as cases


@report("authorities")
def authorities(words: str = "") -> list[Row]:
    """The outside authorities that a few words point at, with the contact details to give (KM-7-6b)."""
    return [
        {"code": one.code, "name": one.name.zh, "phone": one.phone, "contact": one.contact}
        for one in in_force()[1].find_authorities(words)
    ]


@report("grounds")
def grounds(kind: str = "") -> list[Row]:
    """The grounds on which a matter may be refused (TP-5-1a, TP-6-2b)."""
    return [
        {"code": code, "name": one.name.zh, "law": one.law.zh if one.law else ""}
        for code, one in in_force()[1].intake.grounds_of(kind or None).items()
    ]


@report("earlier_cases")
def earlier_cases(phone: str) -> list[Row]:
    """What the desk shows at once of a number that rings: its cases with their agency (NT-7-2a)."""
    names = agency_names()
    return [
        {
            "case": row.case.pk,
            "number": row.case.number,
            "status": row.case.status,
            "agency": row.case.agency,
            "agency_name": names.get(row.case.agency, ("", ""))[0],
        }
        for row in cases.earlier_of_phone(phone)
    ]


@report("special_now")
def special_now(phone: str) -> list[Row]:
    """The entry of the special list that has effect for a number now; none for a proposal (NT-7-3a)."""
    found = calls.special_now(phone_hash(normalise_phone(phone)), clock.today())
    return [{"entry": found.pk, "until": found.until, "review_on": found.review_on}] if found else []
