"""What is known of each imported case: when it came, and which steps of the agency were really seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from citycall.base import clock
from citycall.policy import Pack, PackError, load_pack
from citycall.rehearsal import times
from citycall.rehearsal.models import ImportedCase, ImportedStep, Standing

_ORDER = (Standing.DRAFT, Standing.ESTABLISHED, Standing.ACKNOWLEDGED, Standing.COMPLETED, Standing.CLOSED)
_RANK = {standing.value: rank for rank, standing in enumerate(_ORDER)}


class ReplayError(Exception):
    """The replay cannot begin."""


@dataclass(slots=True)
class Story:
    """One case. `steps` are changes whose time is known; `unknown` names standings reached at no known time.

    `at` is None for a case that was never established as far as was seen.
    """

    case: ImportedCase
    at: datetime | None
    steps: list[tuple[datetime, str]] = field(default_factory=list)
    unknown: frozenset[str] = frozenset()


@dataclass
class Wanted:
    """Which staged cases to live through, under which pack."""

    pack: Pack
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None

    @classmethod
    def read(
        cls, policy: str, source: str | None, since: str | None, until: str | None, limit: int | None
    ) -> Wanted:
        """From what was typed on the command line."""
        try:
            return cls(load_pack(_folder(policy)), source, _instant(since), _instant(until), limit)
        except PackError as error:
            raise ReplayError(str(error)) from error

    def stories(self) -> list[Story]:
        """The staged cases with their steps, in the order in which they came."""
        cases = ImportedCase.objects.order_by("received_at", "id")
        if self.source:
            cases = cases.filter(source=self.source)
        if self.since:
            cases = cases.filter(received_at__gte=self.since)
        if self.until:
            cases = cases.filter(received_at__lt=self.until)
        chosen = list(cases[: self.limit] if self.limit else cases)
        seen: dict[int, list[ImportedStep]] = defaultdict(list)
        few = len(chosen) <= 10_000
        steps = ImportedStep.objects.order_by("at", "id")
        if few:
            steps = steps.filter(case_id__in=[case.pk for case in chosen])
        for step in steps.iterator(chunk_size=5000):
            seen[step.case_id].append(step)
        return [story_of(case, seen.get(case.pk, [])) for case in chosen]


def story_of(case: ImportedCase, seen: list[ImportedStep]) -> Story:
    """Sightings are turned into changes; what happened before the first of them has no known time."""
    sightings = [step for step in seen if step.sighting]
    changes = [(step.at, step.standing) for step in seen if not step.sighting]
    changes += [
        (later.at, later.standing)
        for earlier, later in pairwise(sightings)
        if earlier.standing != later.standing
    ]
    changes.sort(key=lambda change: change[0])
    reached = max([_RANK[case.standing], *(_RANK[step.standing] for step in seen)])
    begun = [at for at, standing in changes if standing == Standing.ESTABLISHED]
    established = min([at for at in (case.established_at, *begun) if at is not None], default=None)
    if established is None and reached >= _RANK[Standing.ESTABLISHED]:
        established = changes[0][0] if changes else case.received_at
    if established is None:
        return Story(case, None)
    established = max(established, case.received_at)
    known = {standing for _at, standing in changes}
    if Standing.CLOSED in known:
        known.add(Standing.COMPLETED)  # what was released had been done
    unknown = frozenset(
        standing
        for standing in (Standing.ACKNOWLEDGED.value, Standing.COMPLETED.value)
        if reached >= _RANK[standing] and standing not in known
    )
    steps = [
        (max(at, established), standing)
        for at, standing in changes
        if _RANK[standing] > _RANK[Standing.ESTABLISHED]
    ]
    return Story(case, established, steps, unknown)


def _folder(policy: str) -> Path:
    given = Path(policy)
    if (given / "pack.yaml").is_file():
        return given
    found = Path(getattr(settings, "CITYCALL_POLICIES", "policies")) / policy
    if not (found / "pack.yaml").is_file():
        raise ReplayError(_("找不到規則包：%s") % policy)
    return found


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            return times.parse(text, clock.TAIPEI)
        except times.NotATime:
            raise ReplayError(_("「%s」不是看得懂的時間") % text) from None
    return datetime.combine(day, time(), tzinfo=clock.TAIPEI)
