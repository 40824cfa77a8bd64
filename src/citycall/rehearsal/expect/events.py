"""What happened to a matter, by the kinds of its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from citycall.base.events import Event
from citycall.rehearsal.expect.form import Expectation, Story, Unfit, Unmet, kind, listed


class EventFilters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    of: str = Field(pattern=r"^\$")
    include: list[str] = []
    exclude: list[str] = []


@kind
class Events(Expectation):
    """`events: {of: $c, include: [...], exclude: [...]}`."""

    kind: ClassVar[str] = "events"
    events: EventFilters

    def fit(self) -> None:
        if not self.events.include and not self.events.exclude:
            raise Unfit("without include or exclude this could never fail", ("events",))

    def verify(self, story: Story) -> Iterator[Unmet]:
        subject_kind, subject_id = story.subject(self.events.of)
        rows = Event.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("pk")
        found = list(rows.values_list("kind", flat=True))
        for asked in self.events.include:
            if asked not in found:
                yield Unmet(f"an event {asked} of {self.events.of}", listed(found, 30))
        for asked in self.events.exclude:
            story.known_event(asked)
            if asked in found:
                yield Unmet(f"no event {asked} of {self.events.of}", listed(found, 30))
