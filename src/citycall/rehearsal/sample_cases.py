"""The sample cases of a pack: the last weeks lived through by the ordinary commands, on the virtual clock.

So a first start shows screens with something on them, and last month has cases to try new rules on: cases of
every kind in every state, some late, some that lie over past working days. `sample/cases.yaml` of the pack
lists them (`sample_form`); a pack without one starts empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from citycall.base import channels, clock
from citycall.base.channels.recording import RecordingChannel
from citycall.base.commands import execute
from citycall.people.queries import actor_for_post
from citycall.policy import Pack
from citycall.policy.world import SampleCitizen, World
from citycall.rehearsal import moments, sample_form
from citycall.rehearsal.sample_form import SampleCase, SampleCases
from citycall.rehearsal.timeline import Timeline

OUTWARD = ("email", "sms", "egov")
UNNAMED = "未具名民眾"
TOLD_BEFORE = timedelta(minutes=2)  # a case that was told by telephone is entered so long after the call


@dataclass(frozen=True)
class Act:
    """One step of one case at its instant."""

    at: datetime
    case: int
    command: str
    post: str
    given: dict[str, Any]


def establish(folder: Path, world: World, pack: Pack) -> None:
    """Live through the last weeks up to now; nothing leaves the house."""
    path = folder / "sample" / "cases.yaml"
    if not path.is_file():
        return
    end = clock.now()
    before = end if clock.is_virtual() else None
    listed = sample_form.read(path, {citizen.code for citizen in world.citizens})
    acts = sorted(_acts(listed, world, pack, end), key=lambda act: act.at)
    for name in OUTWARD:
        channels.set_channel(name, RecordingChannel(name))
    try:
        _live(acts, end)
    finally:
        for name in OUTWARD:
            channels.set_channel(name, None)
        if before is None:
            clock.clear_virtual()
        else:
            clock.set_virtual(before)


def _live(acts: list[Act], end: datetime) -> None:
    if not acts:
        return
    timeline = Timeline(acts[0].at)
    made: dict[int, int] = {}
    asked: dict[int, int] = {}
    for act in acts:
        timeline.move(act.at)
        begins = act.command == "cases.establish"
        given = act.given if begins else {"case": made[act.case], **act.given}
        if given.get("case_request") == sample_form.REQUEST:
            given["case_request"] = asked[act.case]
        result = execute(act.command, actor_for_post(act.post, via="cli"), given)
        if begins:
            made[act.case] = result.case
        if act.command == "cases.make_request":
            asked[act.case] = result.case_request
    timeline.move(end)


def _acts(listed: SampleCases, world: World, pack: Pack, end: datetime) -> Iterator[Act]:
    citizens = {citizen.code: citizen for citizen in world.citizens}
    zone, calendar = ZoneInfo(pack.timezone), pack.calendar()
    for index, case in enumerate(listed.cases):
        citizen = citizens[case.by]
        begin = sample_form.begun(case.at, end, zone, calendar)
        yield Act(
            begin,
            index,
            "cases.establish",
            f"call_centre.operator{index % 2 + 1}",
            _taken(case, citizen, begin),
        )
        agency = pack.items[case.item].agency if case.item else case.agency
        for step in listed.steps(case.fate):
            at = moments.moment(step.at, begin, zone, calendar).astimezone(zone)
            if at > end:
                break  # it has not come to this yet
            post = step.post if "." in step.post else f"{agency}.{step.post}"
            yield Act(at, index, step.do, post, sample_form.filled(step.given, at, _names(citizen)))


def _names(citizen: SampleCitizen) -> dict[str, str]:
    return {"name": citizen.name or UNNAMED, "phone": citizen.phone or ""}


def _taken(case: SampleCase, citizen: SampleCitizen, begin: datetime) -> dict[str, Any]:
    told = {name: getattr(citizen, name) for name in ("name", "phone", "email")}
    given: dict[str, Any] = {
        "kind": case.kind,
        "item": case.item,
        "agency": case.agency,
        "category": case.category,
        "description": case.said,
        "reporter": {name: value for name, value in told.items() if value},
        "reply_by": case.reply_by,
    }
    if case.address:
        given["place"] = {"address": case.address}
    if case.told:
        given |= {"notified_person": case.told, "notified_at": begin - TOLD_BEFORE}
    return given
