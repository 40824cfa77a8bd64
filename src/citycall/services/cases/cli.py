"""`citycall policy show CASE_NUMBER`: why it is due then; `citycall lifecycle`, `citycall index`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from citycall.base import clock
from citycall.base.encoding import jsonable
from citycall.base.events import Event
from citycall.base.policies import PolicyVersion, pack_of
from citycall.policy.source import PackError
from citycall.services.cases import indexing
from citycall.services.cases.models import Case, CaseClock
from citycall.services.cases.queries import by_number
from citycall.services.cases.queries.why import WhyDue, version_said, why_due

PACKS = ("kinmen", "newtaipei", "taipei", "household_office", "enforcement_branch")
GOVERNMENTS = tuple(Path("policies", name) for name in PACKS)


@click.command()
def index() -> None:
    """Give their search terms to the cases that have none: copied in, or written by an older release."""
    click.echo(f"{indexing.fill()} cases")


def show_case(number: str, lang: str, *, as_json: bool) -> None:
    """Tell why each limit of a case is what it is."""
    case = by_number(number)
    if case is None:
        raise click.ClickException(f"there is no case {number}")
    clocks = list(CaseClock.objects.filter(case=case).order_by("id"))
    events = list(Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("id"))
    whys, version = why_due(case, clocks, events), version_said(case)
    if as_json:
        click.echo(json.dumps(jsonable(_data(case, version, whys, lang)), ensure_ascii=False, indent=2))
        return
    for line in _lines(case, version, whys, lang):
        click.echo(line)


def _lines(case: Case, version: PolicyVersion, whys: list[WhyDue], lang: str) -> Iterator[str]:
    pack, english = pack_of(case.policy_version_id), lang == "en"
    item = pack.items.get(case.item)
    about = [pack.kinds[case.kind].name.get(lang), item.name.get(lang) if item else "", case.agency]
    yield f"{case.number}  {'  '.join(filter(None, about))}"
    known = version.since is not None and version.since <= case.established_at
    since = f"{clock.local(version.since):%Y-%m-%d}" if version.since and known else ""
    if english:
        kept = f" ({since})" if since else ""
        yield f"rules: {pack.name.en} {version.version}{kept}, those that the case was established under"
    else:
        kept = f"（{since} 起生效）" if since else ""
        yield f"規則：{pack.name.zh} {version.version}{kept}；本案依成案時的版本"
    for why in whys:
        state = why.clock.state if english else why.clock.get_state_display()
        day, hour = clock.due_parts(why.clock.due)
        due = f"{'due' if english else '期限'} {day.isoformat()} {hour}"
        yield ""
        yield f"{why.name.get(lang)} ({why.clock.code})  {due}  {state}"
        yield from (f"  - {said.get(lang)}" for said in why.sentences)
    if not whys:
        yield "no clock" if english else "沒有計時"


def _data(case: Case, version: PolicyVersion, whys: list[WhyDue], lang: str) -> dict[str, Any]:
    return {
        "case": case.number,
        "kind": case.kind,
        "item": case.item,
        "agency": case.agency,
        "due_at": case.due_at,
        "policy": {"code": version.code, "version": version.version, "effective_from": version.since},
        "clocks": [_clock(why, lang) for why in whys],
    }


def _clock(why: WhyDue, lang: str) -> dict[str, Any]:
    said = why.explanation
    found: dict[str, Any] = {
        "rule": why.clock.code,
        "name": why.name.get(lang),
        "sets_due": why.sets_due,
        "state": why.clock.state,
        "due": why.clock.due,
        "stopped_at": why.clock.stopped_at,
        "stopped_by": why.clock.stopped_by,
        "moved": [
            {"at": one.at, "old_due": one.before, "new_due": one.after, "closure": one.closure,
             "reason": one.reason, "withdrawn": one.withdrawn}
            for one in why.moved
        ],
        "why": [one.get(lang) for one in why.sentences],
    }  # fmt: skip
    if said is not None:
        found |= {
            "clauses": [{"id": one.id, "quote": one.quote} for one in said.clauses],
            "started_by": said.started_by,
            "happened_at": said.happened_at,
            "starts_at": said.starts_at,
            "limit": said.limit,
            "limit_from": said.limit_from.get(lang),
            "left_out": [
                {
                    "first": one.first,
                    "last": one.last,
                    "part": one.part,
                    "why": one.why,
                    "name": one.name.get(lang),
                }
                for one in said.left_out
            ],
            "strikes": [
                {"code": one.code, "at": one.at, "does": one.says.get(lang), "clauses": list(one.clauses)}
                for one in said.strikes
            ],
        }
    return found


def _folder(pack: str) -> Path:
    """The folder of a pack that was named by its code or its path."""
    named = Path("policies", pack)
    return named if not Path(pack, "pack.yaml").is_file() and (named / "pack.yaml").is_file() else Path(pack)


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK_OR_PATH]...")
@click.option("--kind", default="", help="This kind of case only.")
@click.option("--diagram", is_flag=True, help="The state diagram alone (Mermaid).")
@click.option("--markdown", "as_markdown", is_flag=True, help="All of it, as docs/lifecycle.md has it.")
def lifecycle(packs: tuple[str, ...], kind: str, diagram: bool, as_markdown: bool) -> None:
    """The life of a case under PACKS: every move, who may make it, what it needs and what it causes."""
    from citycall.policy.load import load_pack
    from citycall.services.cases.acts import document

    try:
        found = [load_pack(path) for path in [_folder(pack) for pack in packs] or GOVERNMENTS]
    except PackError as error:
        raise click.ClickException(str(error)) from None
    if as_markdown:
        click.echo(document.markdown(found), nl=False)
        return
    for pack in found:
        kinds = [one for one in pack.kinds.values() if kind in ("", one.code)]
        if not kinds:
            raise click.ClickException(f"{pack.code} has no kind {kind}: it has {', '.join(pack.kinds)}")
        for one in kinds:
            click.echo(f"{pack.code}: {one.code}  {one.name.zh}")
            lines = document.diagram(one)[1:-1] if diagram else document.table(pack, one)
            for line in lines:
                click.echo(line)
            click.echo("")
