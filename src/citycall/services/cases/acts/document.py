"""The lifecycle table in words: for people who read it (`docs/lifecycle.md`) and for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from citycall.base.commands import commands
from citycall.policy import Pack
from citycall.policy.clocks import resumed_by, stopped_by
from citycall.policy.kinds import CaseKind, Move
from citycall.services.cases import tasks
from citycall.services.cases.acts.table import TABLE, CaseAct
from citycall.services.cases.models import Status

HEAD = """\
# The life of a case

Written by `citycall lifecycle --markdown` from the lifecycle table (`services/cases/acts/table.py`) and the
packs; a test keeps it in step. The buttons of the screens, the `acts` of the API's answers and the commands
themselves read the same table.

A command about a case is refused, in this order: `not_permitted` (no post of the person may), what stands in
its way, `wrong_status` (the pack's table of moves does not allow its event in the present status),
`task_open` (something is owed that comes before it), and at last what is wrong with what was entered.
"""


def markdown(packs: Iterable[Pack]) -> str:
    lines = [HEAD, "## Acts", "", *_acts(), ""]
    for pack in packs:
        lines += [f"## {pack.name.en}", ""]
        for kind in pack.kinds.values():
            lines += [f"### {pack.code}: {kind.name.en} ({kind.name.zh})", "", *diagram(kind), ""]
            lines += [*table(pack, kind), ""]
    return "\n".join(lines).rstrip() + "\n"


def _acts() -> Iterator[str]:
    known = commands()
    yield "| act | roles | whose | events | what stands in its way |"
    yield "|---|---|---|---|---|"
    for act in TABLE:
        roles = ", ".join(known[act.command].who)
        why = "; ".join(filter(None, (_said(check.__doc__) for check in act.checks)))
        events = ", ".join(map(short, act.events))
        yield f"| `{act.code}` | {roles} | {act.who.words} | {events} | {why} |"


def _said(doc: str | None) -> str:
    """The first sentence of a check; of the move there is nothing more to say."""
    return (doc or "").strip().splitlines()[0].rstrip(".") if doc else ""


def short(event: str) -> str:
    return event.removeprefix("case.")


def diagram(kind: CaseKind) -> list[str]:
    """A state diagram in Mermaid: what leads from one status to another."""
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    lines += [f"    {status}: {Status(status).label}" for status in kind.statuses]
    lines.append(f"    [*] --> {kind.begins}")
    for source, target in _edges(kind.moves):
        events = [short(one.event) for one in kind.moves if one.to == target and source in one.from_]
        lines.append(f"    {source} --> {target}: {', '.join(events)}")
    lines += [f"    {status} --> [*]" for status in ends(kind)]
    return [*lines, "```"]


def _edges(moves: Sequence[Move]) -> list[tuple[str, str]]:
    found = {(source, move.to): None for move in moves if move.to for source in move.from_}
    return [(source, target) for source, target in found if source != target]


def ends(kind: CaseKind) -> list[str]:
    """The statuses of which nothing is due any more, though something may lead out of them again."""
    return [status for status in kind.statuses if status in ("closed", "withdrawn", "released")]


def table(pack: Pack, kind: CaseKind) -> Iterator[str]:
    yield "| event | from | to | by | demands | causes |"
    yield "|---|---|---|---|---|---|"
    for row in rows(pack, kind):
        yield f"| {' | '.join(row)} |"


def rows(pack: Pack, kind: CaseKind) -> Iterator[tuple[str, ...]]:
    """Of each move: event, statuses, what follows, by which act and roles, what it needs and causes."""
    for move in kind.moves:
        acts = [act for act in TABLE if move.event in act.events]
        who = "; ".join(_by(act, pack) for act in acts) or "by itself"
        demands = ", ".join(dict.fromkeys(one for act in acts for one in act.demands(kind)))
        yield (
            short(move.event),
            ", ".join(move.from_),
            move.to or "",
            who,
            demands,
            "; ".join(causes(pack, kind, move.event)),
        )


def _by(act: CaseAct, pack: Pack) -> str:
    who = pack.may.get(act.command) or commands()[act.command].who
    return f"`{act.code}` ({', '.join(who)})"


def causes(pack: Pack, kind: CaseKind, event: str) -> Iterator[str]:
    """What the pack's rules let an event cause, each in a few words."""
    starts = [rule.code for rule in pack.clocks if kind.code in rule.kinds and rule.start.on == event]
    yield from _some("starts", starts)
    yield from _some("stops", [rule.code for rule in stopped_by(pack, kind.code, event)])
    again = {
        one.code
        for rule in pack.clocks
        for stop in rule.stop
        for one in resumed_by(pack, kind.code, event, stop)
        if one is rule
    }
    yield from _some("resumes", sorted(again))
    owed = tasks.rules_of(pack, kind.code)
    yield from _some("opens", [rule.code for rule in owed if event in rule.on])
    yield from _some("does", [rule.code for rule in owed if event in rule.done_by])
    yield from _some("ends", [rule.code for rule in owed if event in rule.cancelled_by])
    told = [to for rule in pack.notices if rule.on == event and kind.code in rule.kinds for to in rule.to]
    yield from _some("tells", list(dict.fromkeys(told)))
    yield from _some("waits for", [rule.code for rule in owed if event in rule.blocks])


def _some(word: str, codes: Sequence[str]) -> list[str]:
    return [f"{word} {', '.join(codes)}"] if codes else []
