"""`citycall mutants`: does a story notice when a rule of a pack is lost or shifted?"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from django.conf import settings
from django.utils import translation

from citycall.policy import PackError, load_pack
from citycall.policy.served import unserved
from citycall.policy.soundness import Finding, dead_rules
from citycall.policy.variation_points import POINTS, READINGS
from citycall.rehearsal import cli
from citycall.rehearsal.mutants import Mutant, Outcome, mutants, same_rules, unchanged
from citycall.rehearsal.runner import rehearse
from citycall.rehearsal.scenario import Scenario, ScenarioError
from citycall.rehearsal.scratch import Scratch, scratch


@click.command("mutants")
@click.argument("pack", metavar="PACK")
@click.option("--part", metavar="K/N", default="1/1", help="Only the K-th of N parts, to share the work.")
@click.option("--file", "only", metavar="NAME", help="Only mutants of this file, such as clocks.yaml.")
@click.option("--cited", is_flag=True, help="Ask only the stories that cite a clause of the changed rule.")
@click.option("--json", "as_json", is_flag=True, help="The outcome for programs.")
def command(pack: str, part: str, only: str | None, cited: bool, as_json: bool) -> None:
    """Take each rule out of PACK or shift it, and see which story fails; list those that none notices.

    Ends with 1 when a mutant survived, but for values of services that are not built yet.
    """
    folder = cli._pack(pack)
    number, of = _part(part)
    stories = [story for story in cli._load([cli._stories()]) if story.policy == folder.name]
    chosen = [one for one in mutants(folder) if only in (None, one.file)][number - 1 :: of]
    began = time.perf_counter()
    found: list[Outcome] = []
    with (
        cli._quiet(),
        cli._database(),
        translation.override(settings.LANGUAGE_CODE),
        scratch() as databases,
        click.progressbar(length=len(chosen), label=folder.name, file=sys.stderr) as bar,
    ):
        _all_hold(folder, stories, databases)
        for outcome in tried(folder, chosen, stories, databases, cited=cited):
            found.append(outcome)
            bar.update(1)
    count = Counter(one.verdict for one in found)
    if as_json:
        click.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
    else:
        for one in found:
            if one.verdict in ("survived", "unread"):
                click.echo(f"{one.verdict:<9} {one.mutant.name}  [{', '.join(one.mutant.clauses)}]")
        click.echo(
            f"{len(found)} mutants of {folder.name}: {count['noticed']} noticed by a story, "
            f"{count['refused']} refused by the checks, {count['same']} the same, "
            f"{count['survived']} survived, {count['unread']} of services that are not built yet "
            f"({time.perf_counter() - began:.0f} s, {len(stories)} stories)"
        )
    sys.exit(1 if count["survived"] else 0)


def tried(
    pack: Path, chosen: Sequence[Mutant], stories: Sequence[Scenario], databases: Scratch, *, cited: bool
) -> Iterator[Outcome]:
    """What becomes of each mutant; the stories of its clauses are asked first."""
    original = load_pack(pack)
    for mutant in chosen:
        with tempfile.TemporaryDirectory(prefix="citycall-mutant-") as place:
            folder = mutant.lay(pack, Path(place))
            try:
                changed = load_pack(folder)
            except PackError as error:
                yield Outcome(mutant, "refused", str(error))
                continue
            if same_rules(original, changed):
                yield Outcome(mutant, "same")
                continue
            if refused := _error(unserved(changed)):
                yield Outcome(mutant, "refused", refused)
                continue
            first = [story for story in stories if set(story.clauses) & set(mutant.clauses)]
            rest = [] if cited else [story for story in stories if story not in first]
            noticed = next((story for story in (*first, *rest) if _fails(story, databases, folder)), None)
            if noticed is not None:
                yield Outcome(mutant, "noticed", noticed.path.as_posix())
            elif refused := _error(dead_rules(changed)):
                yield Outcome(mutant, "refused", refused)
            else:
                yield Outcome(mutant, "unread" if _unread(mutant, original.referred) else "survived")


def _all_hold(pack: Path, stories: Sequence[Scenario], databases: Scratch) -> None:
    """A story that fails under a copy that says the same would seem to notice every change."""
    with tempfile.TemporaryDirectory(prefix="citycall-mutant-") as place:
        copy = unchanged(pack).lay(pack, Path(place))
        failing = [story.path.as_posix() for story in stories if _fails(story, databases, copy)]
    if failing:
        raise click.ClickException(f"these fail before anything is changed: {', '.join(failing)}")


def _error(findings: Iterable[Finding]) -> str:
    """The first thing for which `citycall policy check` refuses a pack; empty where there is none."""
    return next((f"{one.where}: {one.message}" for one in findings if one.level == "error"), "")


def _fails(story: Scenario, databases: Scratch, amended: Path) -> bool:
    try:
        return not rehearse(story, databases, amended=amended).held
    except ScenarioError:
        return True  # what the story speaks of is not there any more


def _unread(mutant: Mutant, read: frozenset[str]) -> bool:
    """Whether it shifts a value of a service that is not built: no rule takes it over, no code reads it."""
    if not mutant.path:
        return False
    table, slug, *parts = mutant.path.split(".")
    points = POINTS if table == "settings" else READINGS
    taken = any(mutant.path == path or mutant.path.startswith(f"{path}.") for path in read)
    point = points[slug]
    return not (taken or point.built or point.asked(".".join(parts)))


def _part(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise click.BadParameter("write it as 1/2", param_hint="--part")
    return int(number), int(of)


def _as_json(found: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [
        {
            "mutant": one.mutant.name,
            "clauses": list(one.mutant.clauses),
            "verdict": one.verdict,
            "by": one.by,
        }
        for one in found
    ]
