"""Reports by name: what a screen or a statistic of the government shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from citycall.rehearsal.expect.form import (
    Expectation,
    Story,
    Unfit,
    Unmet,
    counted,
    differences,
    kind,
    same,
    show,
)

Row = dict[str, Any]
Report = Callable[..., Row | list[Row]]
REPORTS: dict[str, Report] = {}


def report(name: str) -> Callable[[Report], Report]:
    """Enter a report under the name that stories use."""

    def enter(function: Report) -> Report:
        REPORTS[name] = function
        return function

    return enter


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)
    name: str
    given: dict[str, Any] = Field(alias="with", default_factory=dict)


@kind
class Reported(Expectation):
    """`report: {name: role_defects}` with `has`, or for a list `count`, `includes`, `excludes`."""

    kind: ClassVar[str] = "report"
    report: Asked
    has: dict[str, Any] | None = None
    count: int | None = Field(default=None, ge=0)
    includes: list[dict[str, Any]] | None = None
    excludes: list[dict[str, Any]] | None = None

    def fit(self) -> None:
        from citycall.rehearsal.reports import enter_all

        enter_all()
        if self.report.name not in REPORTS:
            raise Unfit(
                f"there is no report {self.report.name!r}; there are {', '.join(sorted(REPORTS))}",
                ("report",),
            )
        if not self.has and self.count is None and not self.includes and not self.excludes:
            raise Unfit("without has, count, includes or excludes this could never fail", ("report",))
        for rows in (self.includes, self.excludes):
            if rows is not None and not all(rows):
                raise Unfit("an empty row fits everything", ("report",))

    def verify(self, story: Story) -> Iterator[Unmet]:
        name = self.report.name
        given = {key: story.resolve(value, key) for key, value in self.report.given.items()}
        found = REPORTS[name](**given)
        if isinstance(found, Mapping):
            yield from differences(story, self.has or {}, found, f"the report {name}")
            rows = [dict(found)]
        else:
            rows = found
            for row in rows:
                yield from differences(story, self.has or {}, row, f"each row of the report {name}")
            if self.has and not rows:
                yield Unmet(f"rows in the report {name}", "none")
        if self.count is not None and not counted(self.count, len(rows)):
            yield Unmet(f"{self.count} rows in the report {name}", f"{len(rows)}: {show(story, rows)}")
        for wanted in self.includes or ():
            if not any(_fits(story, wanted, row) for row in rows):
                yield Unmet(f"the report {name} includes {show(story, wanted)}", show(story, rows))
        for unwanted in self.excludes or ():
            if any(_fits(story, unwanted, row) for row in rows):
                yield Unmet(f"the report {name} does not include {show(story, unwanted)}", show(story, rows))


def _fits(story: Story, wanted: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    unknown = [key for key in wanted if key not in row]
    if unknown:
        raise Unfit(f"the report has no column {', '.join(unknown)}; it has {', '.join(row)}", ("report",))
    return all(same(story, value, row[key], key) for key, value in wanted.items())
