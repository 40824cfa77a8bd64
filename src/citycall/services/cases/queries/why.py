"""Why a case is due when it is: every clock of it in words, with the clause, and how its limit was moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from citycall.base import clock
from citycall.base.closures import Closure, Stand, closed_for
from citycall.base.events import Event
from citycall.base.policies import PolicyVersion, pack_of
from citycall.policy import LimitError, Pack
from citycall.policy.basics import matches
from citycall.policy.explain import Explanation, explain
from citycall.policy.rules import ClockRule
from citycall.policy.text import Text
from citycall.policy.words import day_words, instant_words
from citycall.services.cases.models import Case, CaseClock
from citycall.services.cases.recompute import DUE_CHANGED


@dataclass(frozen=True)
class Moved:
    """A limit that was counted anew: when, from which to which instant, and for which closure."""

    at: datetime
    before: datetime
    after: datetime
    closure: int | None
    withdrawn: bool
    reason: str
    day: date | None


@dataclass(frozen=True)
class WhyDue:
    """One clock of a case: its explanation, where the rules give one, and each time it was moved."""

    clock: CaseClock
    name: Text
    sets_due: bool
    explanation: Explanation | None
    moved: tuple[Moved, ...]

    @property
    def sentences(self) -> list[Text]:
        """All of it in words, in order."""
        return [*(self.explanation.sentences if self.explanation else ()), *map(_moved_said, self.moved)]


def why_due(case: Case, clocks: Sequence[CaseClock], events: Sequence[Event]) -> list[WhyDue]:
    """Each clock of a case and why it is due then, that which sets the case's limit first; two statements."""
    pack = pack_of(case.policy_version_id)
    closures = _closures(case, clocks, events)
    standing = [row for row in closures.values() if row.withdrawn_at is None]
    days = closed_for(pack, [Stand.of(row) for row in standing], case.district, case.agency)
    reasons = {
        row.day: Text(zh=f"停止上班（{row.reason}）", en=f"offices closed ({row.reason})") for row in standing
    }
    rules = {rule.code: rule for rule in pack.clocks}
    found = []
    for nth, one in _numbered(clocks):
        rule = rules.get(one.code)
        if rule is None:
            continue
        began = _began(rule, one, nth, events)
        said = _said(pack, rule, case, one, began, days, reasons) if began is not None else None
        moved = tuple(_moves(one, events, closures))
        found.append(WhyDue(one, rule.name, rule.sets_due, said, moved))
    return sorted(found, key=lambda why: (not why.sets_due, why.clock.state != "running", -why.clock.pk))


def version_said(case: Case) -> PolicyVersion:
    """The version of the rules that a case keeps, without its files."""
    return PolicyVersion.objects.defer("files").get(pk=case.policy_version_id)


def _said(
    pack: Pack,
    rule: ClockRule,
    case: Case,
    one: CaseClock,
    began: Event,
    days: Iterable[Any],
    reasons: Mapping[date, Text],
) -> Explanation | None:
    facts = {**began.set, **began.info, "category": case.category}
    if rule.limit == "event.limit" and one.limit:
        facts["limit"] = one.limit
    if rule.limit == "event.until":
        facts["until"] = one.due
    try:
        return explain(
            pack,
            rule,
            kind=pack.kinds[case.kind],
            item=pack.items.get(case.item),
            happened_at=began.at,
            facts=facts,
            closures=days,
            district=case.district or None,
            reasons=reasons,
            due=one.due,
            after=clock.now(),
        )
    except (LimitError, ValueError):
        return None


def _numbered(clocks: Sequence[CaseClock]) -> list[tuple[int, CaseClock]]:
    """Each clock with which of its name it is: a second second stage was started by the second such event."""
    counts: dict[str, int] = {}
    found = []
    for one in sorted(clocks, key=lambda clock: clock.pk):
        found.append((counts.get(one.code, 0), one))
        counts[one.code] = counts.get(one.code, 0) + 1
    return found


def _began(rule: ClockRule, one: CaseClock, nth: int, events: Sequence[Event]) -> Event | None:
    """The event that started a clock."""
    starting = [
        event
        for event in events
        if event.kind == rule.start.on
        and matches(rule.start.where, rule.start.unless, {**event.set, **event.info})
    ]
    if not starting:
        starting = [event for event in events if event.kind == rule.start.on]
    if nth < len(starting):
        return starting[nth]
    before = [event for event in starting if event.at <= one.started_at]
    return before[-1] if before else starting[0] if starting else None


# --- limits that were moved ------------------------------------------------------------------------------


def _closures(case: Case, clocks: Sequence[CaseClock], events: Sequence[Event]) -> dict[int, Closure]:
    """The closures in the time of these clocks, and those for which their limits were moved."""
    named = {event.info.get("closure") for event in events if event.kind == DUE_CHANGED}
    found: dict[int, Closure] = {}
    if clocks:
        first = clock.local(min(one.started_at for one in clocks)).date()
        last = clock.local(max(one.due for one in clocks)).date()
        found = {row.pk: row for row in Closure.objects.filter(day__range=(first, last), withdrawn_at=None)}
    missing = {pk for pk in named if isinstance(pk, int)} - found.keys()
    if missing:
        found |= {row.pk: row for row in Closure.objects.filter(pk__in=missing)}
    return found


def _moves(one: CaseClock, events: Sequence[Event], closures: Mapping[int, Closure]) -> Iterable[Moved]:
    """Each time this clock was counted anew, in the order of time."""
    told: list[Moved] = []
    for event in events:
        if event.kind != DUE_CHANGED or event.at < one.started_at:
            continue
        for part in (event.info, *event.info.get("also", ())):
            if part.get("clock") != one.code:
                continue
            closure = closures.get(event.info.get("closure") or 0)
            told.append(
                Moved(
                    at=event.at,
                    before=datetime.fromisoformat(part["old_due"]),
                    after=datetime.fromisoformat(part["new_due"]),
                    closure=closure.pk if closure else None,
                    withdrawn=bool(event.info.get("withdrawn")),
                    reason=closure.reason if closure else str(event.info.get("reason", "")),
                    day=closure.day if closure else None,
                )
            )
    return told


def _moved_said(moved: Moved) -> Text:
    at = instant_words(clock.local(moved.at).replace(second=0, microsecond=0))
    before, after = (instant_words(clock.local(one), end=True) for one in (moved.before, moved.after))
    day = day_words(moved.day) if moved.day else Text(zh="", en="offices")
    reason = (f"（{moved.reason}）", f" ({moved.reason})") if moved.reason else ("", "")
    did = ("撤回", "withdrawn") if moved.withdrawn else ("宣告", "declared")
    return Text(
        zh=f"{at.zh}因{did[0]}{day.zh}停止上班{reason[0]}重新計算：期限由{before.zh}改為{after.zh}。",
        en=f"Counted anew on {at.en} because a closure of {day.en} was {did[1]}{reason[1]}:"
        f" due on {after.en} instead of {before.en}.",
    )
