"""Looking at a citizen's contact data outside any case."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from citycall.base.commands import Context, Input, OptionalLine, RowId, command
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
