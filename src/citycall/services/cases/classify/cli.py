"""`citycall classify`: learn which item and agency a report is about, and say how often that is right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from citycall.services.cases.classify import evaluation, reading
from citycall.services.cases.classify.features import Report
from citycall.services.cases.classify.training import NumpyMissing, TooManyClasses, train

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LEAST = 200  # reports below which nothing can be learned


@click.group()
def classify() -> None:
    """Service items and agencies suggested from what was said and where, learned from closed cases."""


@classify.command("train")
@click.option("--file", "file", type=FILE, help="Learn from this CSV instead of the closed cases.")
@click.option(
    "--folds",
    type=click.IntRange(0, 50),
    default=5,
    show_default=True,
    help="Parts of the cross-validation; 0 for none.",
)
def train_(file: Path | None, folds: int) -> None:
    """Learn from the city's own closed cases, report the accuracy, and use the model from now on."""
    from citycall.base.commands import SYSTEM, execute
    from citycall.base.policies import in_force
    from citycall.services.cases.classify.store import known_items

    reports = _read(file) if file else reading.from_cases()
    names = reading.item_names()
    if file:
        codes = known_items(in_force()[1], {report.item for report in reports})
        strange = sum(report.item not in codes for report in reports)
        reports = [replace(report, item=codes[report.item]) for report in reports if report.item in codes]
        if strange:
            click.echo(f"{strange} reports left out: no item of the policy pack has that name", err=True)
    if len(reports) < LEAST:
        raise click.ClickException(f"{len(reports)} reports are too few to learn from (at least {LEAST})")
    try:
        found = evaluation.cross_validate(reports, folds, click.echo, names) if folds > 1 else None
        model = train(reports, names)
    except (NumpyMissing, TooManyClasses) as error:
        raise click.ClickException(str(error)) from None
    accuracy = found.report() if found else {}
    given = {
        "trained_on": str(file) if file else "closed cases",
        "reports": len(reports),
        "accuracy": accuracy,
        "data": model.to_bytes(),
    }
    kept = execute("cases.keep_classifier", SYSTEM, given)
    if found is not None:
        _tell(found, f"cross-validation in {folds} blocks of time, {len(reports)} reports")
    click.echo(f"model #{kept.version} is in use")


@classify.command()
@click.option("--train", "teach", type=FILE, help="CSV to learn from; else the closed cases.")
@click.option("--test", "ask", type=FILE, help="CSV to test on; else cross-validation.")
@click.option(
    "--folds", type=click.IntRange(2, 50), default=5, show_default=True, help="Parts of the cross-validation."
)
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
@click.option("--mistakes", type=click.IntRange(0), default=0, help="Show so many of the commonest mistakes.")
def evaluate(teach: Path | None, ask: Path | None, folds: int, as_json: bool, mistakes: int) -> None:
    """How often the first and one of the first three are right. Nothing is changed."""
    reports = _read(teach) if teach else reading.from_cases()
    names = None if teach else reading.item_names()
    asked = _read(ask) if ask else None  # what cannot be read is said before learning
    if len(reports) < LEAST:
        raise click.ClickException(f"{len(reports)} reports are too few to learn from (at least {LEAST})")
    try:
        if asked is not None:
            found = evaluation.test(train(reports, names), asked)
            how = f"trained on {len(reports)} reports, tested on others"
        else:
            found = evaluation.cross_validate(reports, folds, names=names)
            how = f"cross-validation in {folds} blocks of time, {len(reports)} reports"
    except (NumpyMissing, TooManyClasses) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(found.report()))
        return
    _tell(found, how)
    for name, accuracy in (("items", found.items), ("agencies", found.agencies)) if mistakes else ():
        click.echo(f"\n{name}: taken for")
        for (right, taken), count in accuracy.mistaken.most_common(mistakes):
            click.echo(f"  {count:5}  {right} -> {taken}")


@classify.command()
@click.argument("words")
@click.option("--address", default="")
@click.option("--district", default="")
def why(words: str, address: str, district: str) -> None:
    """What WORDS would be suggested as, and which words speak for it."""
    from citycall.services.cases.classify.store import current

    model = current()
    if model is None:
        raise click.ClickException("no model yet: citycall classify train")
    report = Report(words, address, district)
    for guess in model.items_for(report):
        click.echo(f"{guess.share:6.1%}  {guess.code}  {'、'.join(guess.words)}")
    for guess in model.agencies_for(report):
        click.echo(f"{guess.share:6.1%}  {guess.code}")


def _read(path: Path) -> list[Report]:
    try:
        read = reading.from_file(path)
    except (reading.FileError, OSError) as error:
        raise click.ClickException(f"{path}: {error}") from None
    if read.left_out:
        click.echo(
            f"{path.name}: {len(read.reports)} reports read, {read.left_out} rows left out"
            f" ({read.without_item} without an item, {read.without_description} without a description)",
            err=True,
        )
    return read.reports


def _tell(found: evaluation.Evaluation, how: str) -> None:
    click.echo(how)
    kinds = (("item", found.items, found.strange_items), ("agency", found.agencies, found.strange_agencies))
    for name, one, strange in kinds:
        if not one.asked:
            click.echo(f"  {name:7} not known of any report")
            continue
        click.echo(
            f"  {name:7} first {one.top_1:.2%} ({_between(one.first, one.asked)}), {one.first}"
            f"   among three {one.top_3:.2%} ({_between(one.among_three, one.asked)}), {one.among_three}"
            f"   of {one.asked}"
        )
        if strange:
            click.echo(f"          {strange} of them of one that the training never saw")
    click.echo(f"  {found.ms:.2f} ms a report; in brackets what would be seen 19 times in 20")


def _between(right: int, asked: int) -> str:
    low, high = evaluation.interval(right, asked)
    return f"{low:.1%} to {high:.1%}"
