"""`citycall policy`: check packs, show one, compare two."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from citycall.policy.check import check_pack, diff_packs, flatten
from citycall.policy.load import load_pack
from citycall.policy.model import Pack
from citycall.policy.rules import ClockRule, Strike
from citycall.policy.shelf import document, packs_in
from citycall.policy.soundness import unread
from citycall.policy.source import PackError
from citycall.policy.telling import cited, difference_lines, readings_lines, settings_lines

PACK = click.Path(path_type=Path)
_CASE = re.compile(r"[A-Za-z]{1,3}[0-9]{7}-?[0-9]{6,}")
# How a case is shown (number, language, as JSON): set by the program, since this room knows no cases.
show_case: Callable[[str, str, bool], None] | None = None


@click.group()
def policy() -> None:
    """Check, show and compare policy packs (folders with a pack.yaml)."""


@policy.command()
@click.argument("packs", nargs=-1, required=True, type=PACK)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--unread", "tell_unread", is_flag=True, help="Name values that no rule takes over yet.")
def check(packs: tuple[Path, ...], strict: bool, tell_unread: bool) -> None:
    """Check PACKS: schema, names, clause ids, words, what is not served. Exits 1 when one has an error."""
    bad = False
    for path in packs:
        findings = check_pack(path)
        for finding in findings:
            click.echo(f"{finding.level}: {finding.where}: {finding.message}", err=finding.level == "error")
        failed = any(finding.level == "error" or strict for finding in findings)
        bad = bad or failed
        if not failed:
            pack = load_pack(path)
            click.echo(
                f"ok: {pack.code} {pack.version} ({pack.status}): {len(pack.items)} items, "
                f"{len(pack.clocks)} clocks, {len(pack.notices)} notices, {len(pack.settings)} settings"
            )
            for value in unread(pack) if tell_unread else ():
                click.echo(f"unread: {value}")
    if bad:
        sys.exit(1)


@policy.command("list")
@click.argument("folder", type=PACK, default=Path("policies"))
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def list_packs(folder: Path, lang: str) -> None:
    """The packs of FOLDER: whose they are, their version and status, their document and its editions."""
    found = False
    for one in packs_in(folder):
        found = True
        if isinstance(one, PackError):
            click.echo(f"error: {one}", err=True)
            continue
        click.echo(f"{one.code} {one.version}  {one.status}  {one.name.get(lang)}")
        for line in document(one, _today(one), lang):
            click.echo(f"  {line}")
    if not found:
        raise click.ClickException(f"There is no policy pack in {folder}.")


@policy.command()
@click.argument("what", metavar="PACK|CASE")
@click.option("--json", "as_json", is_flag=True, help="Every value by its key.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def show(what: str, as_json: bool, lang: str) -> None:
    """Show what PACK says, with the clauses; or of the case with the number CASE why it is due when it is."""
    if show_case is not None and _CASE.fullmatch(what.strip()) and not Path(what).exists():
        show_case(what, lang, as_json)
        return
    if not (Path(what) / "pack.yaml").is_file() and not Path(what).is_dir():
        raise click.ClickException(
            f"{what} is neither the folder of a pack (policies/newtaipei) nor the number of a case."
        )
    one = _load(Path(what))
    if as_json:
        click.echo(json.dumps(flatten(one), ensure_ascii=False, indent=2, default=str))
        return
    for line in describe(one, lang):
        click.echo(line)


@policy.command()
@click.argument("before", type=PACK)
@click.argument("after", type=PACK)
@click.option("--json", "as_json", is_flag=True, help="Every value that differs, by its key.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def diff(before: Path, after: Path, as_json: bool, lang: str) -> None:
    """What differs between two packs: settings by topic, then all else. Exits 1 when anything does."""
    one, other = _load(before), _load(after)
    differences = diff_packs(one, other)
    if as_json:
        rows = [difference._asdict() for difference in differences]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    for line in () if as_json else difference_lines(one, other, lang):
        click.echo(line)
    if differences:
        sys.exit(1)


def describe(pack: Pack, lang: str = "zh") -> list[str]:
    """A pack in lines that people read."""
    lines = [f"{pack.name.get(lang)}  {pack.code} {pack.version}  {pack.status}  sha256:{pack.digest[:12]}"]
    lines += document(pack, _today(pack), lang)
    for kind in pack.kinds.values():
        lines.append(f"\n{kind.name.get(lang)} ({kind.code})  {cited(kind.clauses)}")
        for name, stage in kind.stages.items():
            bounds = "".join(
                f" {word} {limit}" for word, limit in (("≥", stage.min), ("≤", stage.max)) if limit
            )
            lines.append(f"  {name}: {stage.limit}{bounds}  {cited(stage.clauses)}")
    lines.append("")
    for rule in pack.clocks:
        lines += _clock(rule, lang)
    lines.append("")
    for notice in pack.notices:
        lines.append(
            f"{notice.on} → {', '.join(notice.to)}: {notice.template} "
            f"({', '.join(notice.channels)})  {cited(notice.clauses)}"
        )
    lines.append("")
    for item in pack.items.values():
        flags = " ".join(sorted(item.flags()))
        sample = "樣本" if item.sample and lang == "zh" else "sample" if item.sample else ""
        lines.append(
            f"{item.code}  {item.name.get(lang)}  {item.agency}  {item.stage1.words(lang)} / "
            f"{item.stage2_max.words(lang)}  {flags} {sample}".rstrip()
        )
    lines.append("")
    lines += settings_lines(pack, lang)
    lines.append("")
    lines += readings_lines(pack, lang)
    return lines


def _clock(rule: ClockRule, lang: str) -> list[str]:
    limit = rule.limit if isinstance(rule.limit, str) else rule.limit.words(lang)
    lines = [f"{rule.name.get(lang)} ({rule.code}): {rule.start.on} + {limit}  {cited(rule.clauses)}"]
    return lines + [f"  {strike.code}: {_when(strike)}  {cited(strike.clauses)}" for strike in rule.strikes]


def _when(strike: Strike) -> str:
    when = strike.when
    for word, limit in (
        ("limit +", when.after_limit),
        ("limit -", when.before_limit),
        ("start +", when.after_start),
    ):
        if limit is not None:
            return f"{word} {limit}"
    if when.on_day is not None:
        day = when.on_day
        return (
            f"day {day.days} {'before' if day.before else 'after'} {day.before or day.after}, {day.at:%H:%M}"
        )
    daily = ", ".join(f"{at:%H:%M}" for at in when.daily_at)
    return f"daily {daily} after {when.from_}" if daily else f"at {when.at}"


def _today(pack: Pack) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(pack.timezone)).date()


def _load(path: Path) -> Pack:
    try:
        return load_pack(path)
    except PackError as error:
        raise click.ClickException(str(error)) from None
