"""Looking for citizens by their number, and at their contact data outside any case."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, OptionalLine, RowId, command
from citycall.people import queries
from citycall.people.parties import LEAST_PURPOSE, Revealed, reveal


class Unmask(Input):
    party: RowId
    purpose: Annotated[str, Field(min_length=LEAST_PURPOSE, max_length=200)]
    about_kind: OptionalLine = ""
    about_id: RowId | None = None


@command("people.unmask", who=("lead",), clauses=("NT-5-4-4e",))
def unmask(ctx: Context, data: Unmask) -> Revealed:
    """Show a citizen's contact data for a stated purpose; who looked, when and why stays on record."""
    return reveal(ctx, data.party, data.purpose, about_kind=data.about_kind, about_id=data.about_id)


class FindByPhone(Input):
    phone: Annotated[str, Field(min_length=1, max_length=80, repr=False)]


class FoundParties(BaseModel):
    """Newest first; none for an unknown or impossible number."""

    parties: list[int]


@command("people.find_by_phone", who=("operator", "lead"))
def find_by_phone(ctx: Context, data: FindByPhone) -> FoundParties:
    """Find whose number this is, for a caller who asks how their cases stand; every search is on record."""
    found = queries.parties_by_phone(data.phone)
    ctx.audit("party", found[0] if found else "", parties=found[:20], count=len(found))
    return FoundParties(parties=found)
