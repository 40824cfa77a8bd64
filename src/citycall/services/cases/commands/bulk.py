"""One act on many cases: each by its own command, in one transaction, and taken back by one press.

Every case is done or refused by itself, as if it had been alone; the locks are taken in the order of the
cases, so that two people who pick the same ones wait for each other and never in a circle. Taking back writes
the opposite event on each case on which nobody has acted since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import Code, RowId
from citycall.base.events import Event, record
from citycall.base.notices import Notice
from citycall.services.cases import requests
from citycall.services.cases.acts.checks import REMINDERS
from citycall.services.cases.commands.allotment import ALLOTTERS, allot
from citycall.services.cases.commands.completion import Date
from citycall.services.cases.commands.inputs import OneLine
from citycall.services.cases.commands.petitions import CLERKS, register
from citycall.services.cases.commands.requests import make_request, withdraw_request
from citycall.services.cases.commands.tracking import remind
from citycall.services.cases.lifecycle import advance, pack_for
from citycall.services.cases.models import BulkAct, Case, CaseRequest, Status

MOST = 200
DOERS = sorted({*CLERKS, *ALLOTTERS, *REMINDERS, *requests.ASKING})
# As long as somebody sees that it was the wrong press; later it is a new act with a reason of its own.
UNDO_WITHIN = timedelta(minutes=10)
# A reminder that has gone out cannot be taken back: those of a bulk act wait for the press that undoes it.
HELD_BACK = timedelta(minutes=1)
ENDED = frozenset({Status.CLOSED, Status.WITHDRAWN, Status.RELEASED, Status.MERGED})


class Bulk(Input):
    """Which act on which cases.

    `post`: to whom they go. `text`: what the agency is told, or why it should join. `agencies` and the rest:
    who joins, and the consent and memo that the pack's rule may ask for.
    """

    act: Code
    cases: Annotated[tuple[RowId, ...], Field(min_length=1, max_length=MOST)]
    post: Code | None = None
    text: Annotated[str, Field(max_length=500)] = ""
    agencies: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    consent_level: Code | None = None
    consent_person: Annotated[str, OneLine, Field(max_length=80)] = ""
    consent_date: Date | None = None
    memo: Annotated[tuple[Any, ...], Field(max_length=5)] = ()


class OneDone(BaseModel):
    case: int
    number: str


class OneRefused(OneDone):
    code: str
    message: str


class BulkDone(BaseModel):
    """`bulk` is the key by which it is taken back; 0 where nothing was done."""

    bulk: int
    done: list[OneDone]
    refused: list[OneRefused]


@dataclass(frozen=True)
class Sort:
    """An act that may be done to many: by which command a case is, what is kept of before, how it ends."""

    code: str
    command: Callable[[Case], Any]
    given: Callable[[Bulk, Case], dict[str, Any]]
    undo: Callable[[Context, Case, Mapping[str, Any]], None]
    before: tuple[str, ...] = ()
    held: bool = False


def command_of_allotting(case: Case) -> Any:
    """Where a clerk registers petitions, the first is that (分文掛號); otherwise a handler is named."""
    kind = pack_for(case).kinds[case.kind]
    first = case.registered_at is None and kind.next_status("case.registered", case.status) is not None
    return register if first else allot


def _unallot(ctx: Context, case: Case, kept: Mapping[str, Any]) -> None:
    before = {name: kept["before"][name] for name in ("taken_by", "taken_post")}
    if kept["command"] == register.name:
        # That the clerk has accepted it remains a fact; it waits to be registered again.
        before |= {"registered_at": None, "registered_by": None}
        advance(ctx, case, "case.registration_undone", set=before)
    else:
        advance(ctx, case, "case.allotment_undone", set=before)


def joining_rule(case: Case) -> str:
    """The request by which further agencies join such a case (加分、併會); empty where there is none."""
    rules = requests.rules_of(pack_for(case), case.kind)
    return next((rule.code for rule in rules if rule.effect == "join"), "")


def _asking_to_join(data: Bulk, case: Case) -> dict[str, Any]:
    rule = joining_rule(case)
    if not rule:
        raise Refused("wrong_kind", _("這類案件沒有加分或併會。"), status=409)
    for upload in data.memo:
        upload.seek(0)  # the same memo goes with each case
    asked = {"rule": rule, "reason": data.text, "agencies": data.agencies, "memo": data.memo}
    consent = {"consent_person": data.consent_person, "consent_date": data.consent_date}
    return {**asked, **consent, "consent_level": data.consent_level}


def _unjoin(ctx: Context, case: Case, kept: Mapping[str, Any]) -> None:
    asked = CaseRequest.objects.filter(case=case, agency__in=ctx.actor.agencies(), effect="join")
    last = asked.order_by("-id").first()
    if last is None or last.state != CaseRequest.State.PENDING:
        raise Refused("already_decided", _("加分或併會已經生效，不能整批復原。"), status=409)
    withdraw_request(ctx, {"case": case.pk, "case_request": last.pk, "reason": _("整批作業復原")})


def _unremind(ctx: Context, case: Case, kept: Mapping[str, Any]) -> None:
    told = Notice.objects.filter(about_kind="case", about_id=case.pk, caused_by=kept["event"])
    waiting = list(told.select_for_update().order_by("id"))
    if any(notice.state != Notice.State.PENDING for notice in waiting):
        raise Refused("already_sent", _("催辦通知已經送出，無法收回。"), status=409)
    told.update(state=Notice.State.CALLED_OFF)
    advance(ctx, case, "case.reminder_withdrawn")


SORTS = {
    sort.code: sort
    for sort in (
        Sort(
            "allot",
            command_of_allotting,
            lambda data, case: {"post": data.post},
            _unallot,
            before=("taken_by", "taken_post"),
        ),
        Sort("join", lambda case: make_request, _asking_to_join, _unjoin),
        Sort("remind", lambda case: remind, lambda data, case: {"text": data.text}, _unremind, held=True),
    )
}


def sort_of(code: str) -> Sort:
    if code not in SORTS:
        message = _("沒有這種可以一次對多件案件做的動作。")
        raise Refused("invalid", message, fields={"act": message}, status=422)
    return SORTS[code]


_EVENTS = {
    "allot": ("case.registered", "case.allotted"),
    "join": ("case.requested",),
    "remind": ("case.reminded",),
}


def why_said(act: str, case: Case, why: Refused) -> str:
    """Why it is not done, for a list: where the status stands in the way, what must come before."""
    if why.code != "wrong_status":
        return why.message
    if case.status in ENDED:
        return _("案件已結束：%(status)s。") % {"status": Status(case.status).label}
    kind = pack_for(case).kinds[case.kind]
    for event, said in (("case.acknowledged", _("須先簽收。")), ("case.registered", _("須先分文掛號。"))):
        then = kind.next_status(event, case.status)
        if then not in (None, case.status) and any(
            kind.next_status(one, then) is not None for one in _EVENTS[act] if then is not None
        ):
            return said
    return _("案件目前為「%(status)s」，這個階段不能做。") % {"status": Status(case.status).label}


@command("cases.bulk", who=DOERS, keyed=True)
def bulk(ctx: Context, data: Bulk) -> BulkDone:
    """Do one thing to many cases (分案、催辦): each is done or refused by itself, all in one transaction."""
    sort = sort_of(data.act)
    if sort.code == "allot" and data.post is None:
        message = _("請選擇承辦人。")
        raise Refused("invalid", message, fields={"post": message}, status=422)
    done: list[dict[str, Any]] = []
    refused: list[OneRefused] = []
    numbers: dict[int, str] = {}
    for case in _locked(data.cases):
        numbers[case.pk] = case.number
        chosen = sort.command(case)
        before = {name: getattr(case, name) for name in sort.before}
        try:
            chosen(ctx, {"case": case.pk, **sort.given(data, case)})
        except Refused as why:
            said = why_said(sort.code, case, why)
            refused.append(OneRefused(case=case.pk, number=case.number, code=why.code, message=said))
        else:
            done.append({"case": case.pk, "command": chosen.name, "before": before})
    missing = set(data.cases) - numbers.keys()
    if missing and not numbers:
        raise Refused("not_found", _("查無此案件，請確認案號。"), status=404)
    kept = BulkAct()
    if done:
        last = _last_events([one["case"] for one in done])
        for one in done:
            one["event"] = last[one["case"]]
        if sort.held:
            _hold_back(ctx, done)
        values = {"act": sort.code, "staff_id": ctx.actor.staff_id, "at": ctx.now, "done": done}
        values |= {"refused": [one.model_dump() for one in refused], "undone_at": None, "kept": []}
        record(ctx, kept, "bulk_act.done", set=values)
    ctx.audit("bulk_act", kept.pk or 0, act=sort.code, done=len(done), refused=len(refused))
    return BulkDone(
        bulk=kept.pk or 0,
        done=[OneDone(case=one["case"], number=numbers[one["case"]]) for one in done],
        refused=refused,
    )


class UndoBulk(Input):
    bulk: RowId


@command("cases.undo_bulk", who=DOERS, keyed=True)
def undo_bulk(ctx: Context, data: UndoBulk) -> BulkDone:
    """Take back what one press has done to many cases, within ten minutes, by whoever did it.

    Case by case: where somebody has acted since, it stays (``acted_since``); so does a reminder once it is
    sent.
    """
    made = BulkAct.objects.select_for_update().filter(pk=data.bulk, staff_id=ctx.actor.staff_id).first()
    if made is None or ctx.actor.staff_id is None:
        raise Refused("not_found", _("找不到這次整批作業。"), status=404)
    if made.undone_at is not None:
        raise Refused("already_undone", _("這次整批作業已經復原。"), status=409)
    if ctx.now > made.at + UNDO_WITHIN:
        minutes = int(UNDO_WITHIN.total_seconds() // 60)
        message = _("已超過 %(n)s 分鐘，不能整批復原；請逐件處理。") % {"n": minutes}
        raise Refused("too_late", message, status=409)
    sort = sort_of(made.act)
    kept = {one["case"]: one for one in made.done}
    acted = _acted_since(kept)
    done: list[OneDone] = []
    refused: list[OneRefused] = []
    for case in _locked(kept):
        try:
            if case.pk in acted:
                raise Refused("acted_since", _("之後已有人處理本案，未復原。"), status=409)
            with ctx.run.undone_on_error(), transaction.atomic():
                sort.undo(ctx, case, kept[case.pk])
        except Refused as why:
            refused.append(OneRefused(case=case.pk, number=case.number, code=why.code, message=why.message))
        else:
            done.append(OneDone(case=case.pk, number=case.number))
    left = [one.model_dump() for one in refused]
    record(ctx, made, "bulk_act.undone", set={"undone_at": ctx.now, "kept": left})
    ctx.audit("bulk_act", made.pk, act=made.act, done=len(done), refused=len(refused))
    return BulkDone(bulk=made.pk, done=done, refused=refused)


def _locked(ids: Any) -> list[Case]:
    """These cases, locked in the order of their numbers: whoever else wants several takes the same order."""
    return list(Case.objects.select_for_update().filter(pk__in=sorted(set(ids))).order_by("pk"))


def _events(ids: Any) -> Any:
    return Event.objects.filter(subject_kind="case", subject_id__in=list(ids))


def _last_events(ids: Any) -> dict[int, int]:
    found = _events(ids).order_by("subject_id", "-id").distinct("subject_id")
    return dict(found.values_list("subject_id", "id"))


def _acted_since(kept: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Cases on which a person has acted after it; what clocks do by themselves does not count."""
    if not kept:
        return set()
    after = min(one["event"] for one in kept.values())
    later = _events(kept).filter(id__gt=after).exclude(actor_kind="system")
    return {case for case, event in later.values_list("subject_id", "id") if event > kept[case]["event"]}


def _hold_back(ctx: Context, done: list[dict[str, Any]]) -> None:
    ctx.run.flush()
    told = Notice.objects.filter(about_kind="case", caused_by__in=[one["event"] for one in done])
    told.filter(state=Notice.State.PENDING, digest_key=None).update(due_at=ctx.now + HELD_BACK)
