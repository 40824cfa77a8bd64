"""What anybody who has the number and the code sees on the public page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from citycall.base.commands import citizen, execute
from citycall.rehearsal.expect.form import Expectation, Story, Unfit, Unmet, differences, kind, show
from citycall.services.cases import queries


class Lookup(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    number: str
    code: str


@kind
class Portal(Expectation):
    """`portal: {number: $c.number, code: $c.lookup_code}` with `has`, `hides`, or `count: 0` for nothing."""

    kind: ClassVar[str] = "portal"
    portal: Lookup
    has: dict[str, Any] | None = None
    hides: list[str] | None = None
    count: int | None = Field(default=None, ge=0, le=1)

    def fit(self) -> None:
        if not self.has and not self.hides and self.count is None:
            raise Unfit("without has, hides or count this could never fail", ("portal",))
        if self.count == 0 and (self.has or self.hides):
            raise Unfit("`count: 0` leaves nothing to look at", ("count",))

    def verify(self, story: Story) -> Iterator[Unmet]:
        number, code = str(story.resolve(self.portal.number)), str(story.resolve(self.portal.code))
        # The way of the public page itself, with its guard against guessing.
        found = execute("cases.look_up", citizen(via="rehearsal"), {"number": number, "code": code})
        view = queries.public_view(found.case) if found.case is not None else None
        if view is None:
            if self.count != 0:
                yield Unmet(f"the portal shows {number}", "nothing is shown")
            return
        seen = plain(view)
        if self.count == 0:
            yield Unmet("the portal shows nothing", show(story, seen))
            return
        yield from differences(story, self.has or {}, seen, "the portal")
        words = list(_words(seen))
        for hidden in self.hides or ():
            text = str(story.resolve(hidden))
            if text in seen or any(text in word for word in words):
                yield Unmet(f"the portal hides {text}", show(story, seen))


def plain(view: Any) -> dict[str, Any]:
    """A view object as a mapping."""
    if dataclasses.is_dataclass(view) and not isinstance(view, type):
        return dataclasses.asdict(view)
    if isinstance(view, BaseModel):
        return view.model_dump()
    return dict(view)


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif value is not None:
        yield str(value)
