"""The sample cases of a pack: the last days lived through by the ordinary commands, on the virtual clock.

So a first start shows screens with something on them: cases in every state, some late, one row of groundless
reports. `sample/cases.yaml` of the pack lists them; a pack without one starts empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from citycall.base import channels, clock
from citycall.base.channels.recording import RecordingChannel
from citycall.base.commands import execute
from citycall.people.queries import actor_for_post
from citycall.policy import Pack
from citycall.policy.world import SampleCitizen, World
from citycall.rehearsal import lines
from citycall.rehearsal.timeline import Timeline

OUTWARD = ("email", "sms", "egov")
Fate = Literal[
    "established",
    "signed",
    "signed_late",
    "in_progress",
    "second_stage_asked",
    "second_stage",
    "withdrawn",
    "phone_reply_waits",
    "closed",
    "closed_late",
    "unfounded",
]
Step = tuple[int, str, str, dict[str, Any]]  # minutes after the case was taken, command, post, input


class SampleCase(BaseModel):
    """One case: how long ago, what was said by whom, and what became of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    hours: float
    item: str
    said: str
    address: str
    by: str
    reply_by: str | None = None
    fate: Fate


@dataclass(frozen=True)
class Act:
    """One step of one case at its instant."""

    at: datetime
    case: int
    command: str
    post: str
    given: dict[str, Any]


def establish(folder: Path, world: World, pack: Pack) -> None:
    """Live through the last days up to now; nothing leaves the house."""
    path = folder / "sample" / "cases.yaml"
    if not path.is_file():
        return
    cases = _read(path)
    end = clock.now()
    before = end if clock.is_virtual() else None
    acts = sorted(_acts(cases, world, pack, end), key=lambda act: act.at)
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
    for act in acts:
        timeline.move(act.at)
        begins = act.command == "cases.establish"
        given = act.given if begins else {"case": made[act.case], **act.given}
        result = execute(act.command, actor_for_post(act.post, via="cli"), given)
        if begins:
            made[act.case] = result.case
    timeline.move(end)


def _read(path: Path) -> list[SampleCase]:
    document = lines.read(path)
    try:
        return TypeAdapter(list[SampleCase]).validate_python(document.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise document.error(list(first["loc"]), str(first["msg"])) from error


def _acts(cases: list[SampleCase], world: World, pack: Pack, end: datetime) -> Iterator[Act]:
    citizens = {citizen.code: citizen for citizen in world.citizens}
    for index, case in enumerate(cases):
        citizen = citizens[case.by]
        begin = end - timedelta(hours=case.hours)
        yield Act(
            begin, index, "cases.establish", f"call_centre.operator{index % 2 + 1}", _taken(case, citizen)
        )
        for minutes, command, post, given in _steps(case.fate, pack.items[case.item].agency, citizen):
            at = begin + timedelta(minutes=minutes)
            if at <= end:
                yield Act(at, index, command, post, given)


def _taken(case: SampleCase, citizen: SampleCitizen) -> dict[str, Any]:
    told = {name: getattr(citizen, name) for name in ("name", "phone", "email")}
    return {
        "item": case.item,
        "description": case.said,
        "place": {"address": case.address},
        "reporter": {name: value for name, value in told.items() if value},
        "reply_by": case.reply_by,
    }


def _steps(fate: Fate, agency: str, citizen: SampleCitizen) -> Iterator[Step]:
    """What follows the establishing."""
    window, handler = f"{agency}.intake_window", f"{agency}.handler1"
    if fate == "established":
        return
    yield 17 if fate == "signed_late" else 6, "cases.acknowledge", window, {}
    if fate == "signed":
        return
    if fate == "withdrawn":
        said = {"reason": "not_reported_by_holder", "note": "手機持有人來電表示未反映"}
        yield 40, "cases.withdraw", "call_centre.operator2", {**said, "phone": citizen.phone or ""}
        return
    yield 25, "cases.take", handler, {}
    if fate in ("in_progress", "signed_late"):
        yield 80, "cases.add_finding", handler, {"text": "已到場勘查，安排機具及材料。"}
    elif fate in ("second_stage", "second_stage_asked"):
        reason = "現場勘查須開挖，無法即時處理"
        yield 90, "cases.request_stage", handler, {"to": "second", "days": 7, "reason": reason}
        if fate == "second_stage":
            consent = {"approve": True, "reason": "已附勘查照片，同意改列第2階段"}
            yield 130, "cases.decide_stage", "call_centre.lead", consent
    elif fate == "unfounded":
        result = "到場查察，未發現違規或不當情事。"
        yield 150, "cases.complete", handler, {"finding": "no_violation", "result": result}
    else:
        done = {"finding": "resolved", "result": "已派員到場處理完成。"}
        if fate == "closed_late":
            done |= {"late_reason": "待自來水公司關閉制水閥。", "prevention": "列管汰換該路段老舊管線。"}
        yield 400 if fate == "closed_late" else 150, "cases.complete", handler, done
