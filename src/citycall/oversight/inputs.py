"""What the commands that change the rules take, and what they answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from citycall.base.commands import Input
from citycall.base.commands.inputs import Code, RowId
from citycall.oversight import tables
from citycall.services.cases.commands.inputs import Instant

Words = Annotated[str, Field(max_length=2000)]


def _cell(value: Any) -> Any:
    """A cell as the table keeps it: also from programs that send numbers, days, yes or no as such."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float | date) else value


Cell = Annotated[str, BeforeValidator(_cell), Field(max_length=tables.LONGEST_CELL)]
File = Annotated[str, Field(max_length=400_000)]


class ValueChange(Input):
    """A setting or a reading with its new value; its words, where they change too."""

    slug: Code
    value: Any = None
    zh: Words | None = None
    en: Words | None = None


class ItemRow(Input):
    """A row of the table of items: its code, and the cells that change; all of them for a new item."""

    code: Cell
    name_zh: Cell | None = None
    name_en: Cell | None = None
    kind: Cell | None = None
    agency: Cell | None = None
    cause_group: Cell | None = None
    stage1: Cell | None = None
    stage2_max: Cell | None = None
    public_safety: Cell | None = None
    resources: Cell | None = None
    evidence: Cell | None = None
    handler: Cell | None = None
    place_kinds: Cell | None = None
    keywords: Cell | None = None
    radius_m: Cell | None = None
    active_from: Cell | None = None
    active_until: Cell | None = None
    sample: Cell | None = None


class ProposeChange(Input):
    """A draft, new or (`change`) to be gone on with; what is given is added to what it holds.

    `rows`: the number that each row of `items` had in the file it came from. `complete`: items that are not
    among the rows end. `drop`: what the draft is no longer to change (`settings.SLUG`, `items.CODE`).
    """

    change: RowId | None = None
    title: Annotated[str, Field(max_length=120)] = ""
    note: Annotated[str, Field(max_length=4000)] | None = None
    effective_from: Instant | None = None
    at_once: bool = False
    document: Annotated[str, Field(max_length=120)] | None = None
    settings: list[ValueChange] = Field(default_factory=list, max_length=100)
    readings: list[ValueChange] = Field(default_factory=list, max_length=100)
    items: list[ItemRow] = Field(default_factory=list, max_length=tables.MOST_ROWS)
    rows: list[int] = Field(default_factory=list, max_length=tables.MOST_ROWS)
    complete: bool = False
    files: dict[Code, File] = Field(default_factory=dict, max_length=12)
    drop: list[Annotated[str, Field(max_length=140)]] = Field(default_factory=list, max_length=500)


class OfChange(Input):
    change: RowId


class WithdrawChange(OfChange):
    reason: Annotated[str, Field(max_length=2000)] = ""


class DecideChange(OfChange):
    """`seen`: when what was read before the decision had been submitted."""

    approve: bool
    seen: AwareDatetime | None = None
    reason: Annotated[str, Field(max_length=2000)] = ""


class AddItem(Input):
    """A row of the table of items; limits as ``4 hours`` or ``1 days``."""

    code: Code
    name_zh: Annotated[str, Field(min_length=1, max_length=40)]
    name_en: Annotated[str, Field(min_length=1, max_length=80)]
    agency: Code
    stage1: Annotated[str, Field(max_length=20)]
    stage2_max: Annotated[str, Field(max_length=20)]
    active_from: date
    keywords: Annotated[str, Field(max_length=400)] = ""
    public_safety: bool = False
    resources: bool = False


class Changed(BaseModel):
    """A change and where it stands; `version` once it is approved."""

    change: int
    state: str
    version: int | None = None
    conflicts: list[str] = Field(default_factory=list)


class ItemAdded(BaseModel):
    item: str
    change: int
    state: str
    policy_version: int | None = None
