"""The agency's work on a case: sign, take, note, photograph, complete; and how it closes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field

from citycall.base.commands import Context, Refused, background, command
from citycall.base.commands.inputs import Code
from citycall.base.events import record
from citycall.base.files import StoredFile, store
from citycall.base.notices import Notice, call_off, on_sent
from citycall.base.private import phone_hash
from citycall.people.queries import parties
from citycall.policy.kinds import CaseKind
from citycall.services.cases import writing
from citycall.services.cases.commands.completion import Complete, asked_of, check_completion
from citycall.services.cases.commands.inputs import Done, OfCase, WithReason, WithText
from citycall.services.cases.commands.repeats import note_finding, revoke_unreceived
from citycall.services.cases.lifecycle import advance, lapse_request, load_for_change, pack_for
from citycall.services.cases.models import (
    Case,
    CaseFile,
    Incident,
    PhoneTask,
    Prevention,
)

SIGNERS = ("intake_window", "window")
WORKERS = ("handler", "intake_window", "section_chief")
REPLY_SENT = "cases.reply_sent"


class Acknowledged(Done):
    acknowledged_at: datetime
    late: bool


@command("cases.acknowledge", who=SIGNERS, clauses=("NT-5-4-2d", "NT-5-4-4a"), keyed=True)
def acknowledge(ctx: Context, data: OfCase) -> Acknowledged:
    """The agency's appointed person signs for the case (NT-5-4-2d); whether in time is recorded."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    advance(
        ctx,
        case,
        "case.acknowledged",
        set={"acknowledged_at": ctx.now, "acknowledged_by": ctx.actor.staff_id},
    )
    ctx.audit("case", case.pk)
    return Acknowledged(**_done(case), acknowledged_at=ctx.now, late=case.acknowledged_late)


@command("cases.take", who=WORKERS, clauses=("NT-5-4-4a",), keyed=True)
def take(ctx: Context, data: OfCase) -> Done:
    """A handler takes the case as theirs. A program that does so takes it from nobody who has it."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    by = ctx.actor.staff_id or case.taken_by
    post = ctx.post_code if ctx.actor.staff_id or not case.taken_by else case.taken_post
    advance(ctx, case, "case.taken", set={"taken_by": by, "taken_post": post})
    ctx.audit("case", case.pk)
    return Done(**_done(case))


@command("cases.add_finding", who=WORKERS, clauses=("NT-5-4-4a",))
def add_finding(ctx: Context, data: WithText) -> Done:
    """A note of what was found or done on the spot."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    advance(ctx, case, "case.finding_added", info={"text": data.text})
    ctx.audit("case", case.pk)
    return Done(**_done(case))


class AddPhotos(OfCase):
    """Uploads (anything with ``name`` and ``read``), and what they show."""

    uploads: Annotated[tuple[Any, ...], Field(min_length=1, max_length=10)]
    caption: Annotated[str, Field(max_length=120)] = ""


@command("cases.add_photos", who=WORKERS, clauses=("NT-5-4-4a",), keyed=True)
def add_photos(ctx: Context, data: AddPhotos) -> Done:
    """Put photos or documents on the case: all of them, or none when one is refused."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    for upload in data.uploads:
        stored = keep_file(ctx, case, upload, data.caption)
        advance(ctx, case, "case.photo_added", info={"file": stored.pk, "caption": data.caption})
    ctx.audit("case", case.pk, files=len(data.uploads))
    return Done(**_done(case))


def keep_file(ctx: Context, case: Case, upload: Any, caption: str, field: str = "uploads") -> StoredFile:
    """Put one file on the case, for whoever may see the case."""
    stored = _stored(ctx, case, upload, field)
    CaseFile.objects.create(
        case=case, file_id=stored.pk, caption=caption, added_by=ctx.actor.staff_id, added_at=ctx.now
    )
    return stored


def _stored(ctx: Context, case: Case, upload: Any, field: str) -> StoredFile:
    """Keep one upload; a refusal names the file it is about."""
    try:
        return store(ctx, upload, about_kind="case", about_id=case.pk)
    except Refused as refused:
        if not refused.fields:
            name = "".join(filter(str.isprintable, str(upload.name)))[-60:]
            refused.fields[field] = f"{name}: {refused.message}"
        raise


@command(
    "cases.complete",
    who=WORKERS,
    clauses=(
        "NT-5-2-3b",
        "NT-5-3d",
        "NT-5-3e",
        "NT-5-4-4b",
        "NT-5-4-4c",
        "NT-5-4-8a",
        "NT-5-4-9a",
        "NT-5-4-9b",
        "NT-5-4-9c",
        "TP-5-5-2a",
        "TP-5-5-5b",
        "TP-5-5-6c",
    ),
    keyed=True,
)
def complete(ctx: Context, data: Complete) -> Done:
    """Record that the work is done. The case closes only when the citizen has been answered (NT-5-4-9a).

    Where the pack wants the result approved, it is submitted first and nobody is told (NT-5-2-3b, NT-5-3e,
    TP-5-5-2a).
    """
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    kind = pack_for(case).kinds[case.kind]
    if kind.completion.by:
        ctx.require_role(*kind.completion.by, agency=case.agency)
    done_at = data.done_at or ctx.now
    late = case.due_at is not None and ctx.now > case.due_at
    check_completion(kind, case, data, done_at, late, ctx.now)
    changes: dict[str, Any] = {"finding": data.finding, "result": data.result, "done_at": done_at}
    changes |= asked_of(kind.finding(data.finding), data)
    if late and data.late_reason:
        changes["late_reason"] = data.late_reason
    if data.prevention:
        _prevent(ctx, case, data.prevention)
    writing.put_up(ctx, case, kind, data.result)
    said = {"late": late, **({"no_reply": data.no_reply} if data.no_reply else {})}
    if kind.completion.approved_by:
        changes |= {"submitted_at": ctx.now, "submitted_by": ctx.actor.staff_id}
        advance(ctx, case, "case.submitted", set=changes, info=said)
        lapse_request(ctx, case)
    else:
        changes |= {"completed_at": ctx.now, "completed_by": ctx.actor.staff_id}
        step = advance(ctx, case, "case.completed", set=changes, info=said)
        lapse_request(ctx, case)
        completed(ctx, case, kind, told=step.told_reporter)
    ctx.audit("case", case.pk)
    return Done(**_done(case))


def completed(ctx: Context, case: Case, kind: CaseKind, *, told: int) -> None:
    """The result stands: the citizen was answered before, is written to, is rung, or reads a queued message.

    A written reply that still lacks something waits for it (TP-5-5-2b).
    """
    written = writing.go_out(ctx, case, kind)
    if written is writing.Went.WAITS:
        return
    if case.replied_at is not None:
        _close_by_itself(ctx, case, kind)
    elif written is writing.Went.OUT:
        return  # the message goes out by itself
    elif written is writing.Went.BY_PHONE or kind.reply.owes_call(case.reply_by, has_phone=case.has_phone):
        if PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN).exists():
            return  # the call is owed since the work was done, and a letter written after it changes nothing
        agency = kind.reply.phone_agency_of(case.agency)
        record(
            ctx,
            PhoneTask(),
            "phone_task.opened",
            set={
                "case": case,
                "agency": agency,
                "state": PhoneTask.State.OPEN,
                "opened_at": ctx.now,
                "done_at": None,
            },
            agencies=[agency],
        )
    elif told == 0:
        _answered(ctx, case, kind, told="")


@on_sent(REPLY_SENT)
def reply_sent(notices: Sequence[Notice]) -> None:
    """The citizen's message has gone out: the case is answered and closes (NT-5-4-4b, NT-5-4-9a)."""
    by_case = {notice.about_id: notice for notice in notices}
    with background(REPLY_SENT) as ctx:
        for case in Case.objects.select_for_update().filter(pk__in=by_case).order_by("pk"):
            kind = pack_for(case).kinds[case.kind]
            of_now = case.completed_at is not None and by_case[case.pk].created_at >= case.completed_at
            if of_now and kind.next_status("case.replied", case.status) is not None:
                writing.message_arrived(ctx, case)
                _answered(ctx, case, kind, told=by_case[case.pk].channel)


def _answered(ctx: Context, case: Case, kind: CaseKind, told: str) -> None:
    """Record the answer; close where the pack says that an answered case closes by itself."""
    if told:
        advance(ctx, case, "case.replied", set={"replied_at": ctx.now}, info={"by": told})
    _close_by_itself(ctx, case, kind)


def _close_by_itself(ctx: Context, case: Case, kind: CaseKind) -> None:
    if kind.reply.closes_when in ("replied", "completed") and not writing.owes_writing(case, kind):
        close_case(ctx, case)


def answered_by_phone(ctx: Context, case: Case) -> None:
    """The handler has reached the citizen by telephone (NT-5-4-4c)."""
    _answered(ctx, case, pack_for(case).kinds[case.kind], told="phone")


def close_case(ctx: Context, case: Case, **info: Any) -> None:
    """The end of a case; its finding counts from now."""
    advance(ctx, case, "case.closed", set={"closed_at": ctx.now}, info=info)
    note_finding(ctx, case)


class Reopen(WithReason):
    """Why, and whether the case had been closed before the work was finished."""

    closed_too_early: bool = False


_UNAPPROVED = dict.fromkeys(("submitted_at", "submitted_by", "approved_at", "approved_by"))

_PROCESSED = {"unprocessed_at": None, "unprocessed_by": None, "unprocessed_ground": ""}


@command("cases.reopen", who=("lead", "evaluator", "director"), clauses=("NT-5-4-9c",))
def reopen(ctx: Context, data: Reopen) -> Done:
    """Open a closed case again; one that was closed too early counts as a violation (NT-5-4-9c)."""
    case = load_for_change(data.case)
    if not ctx.actor.has("lead"):
        ctx.require_role("evaluator", "director", agency=ctx.pack.managing_unit)
    advance(
        ctx,
        case,
        "case.reopened",
        set={
            "closed_at": None,
            "completed_at": None,
            "replied_at": None,
            "reported_back_at": None,
            "reported_back_by": None,
            "reopened": case.reopened + 1,
            **(_PROCESSED if case.unprocessed_at is not None else {}),
            **(_UNAPPROVED if case.approved_at is not None else {}),
        },
        info={"reason": data.reason, "closed_too_early": data.closed_too_early},
    )
    if data.closed_too_early:
        Incident.objects.create(
            case=case,
            agency=case.agency,
            kind=Incident.Kind.CLOSED_EARLY,
            text=data.reason,
            at=ctx.now,
            recorded_by=ctx.actor.staff_id,
        )
    owe_nothing(ctx, case)
    revoke_unreceived(ctx, case)
    ctx.audit("case", case.pk, closed_too_early=data.closed_too_early)
    return Done(**_done(case))


def owe_nothing(ctx: Context, case: Case) -> None:
    """There is nothing to tell the citizen (any more, or not yet), neither by telephone nor by message."""
    call_off("case", case.pk, on_sent=REPLY_SENT)
    writing.void(ctx, case)
    for task in PhoneTask.objects.filter(case=case, state=PhoneTask.State.OPEN):
        record(
            ctx,
            task,
            "phone_task.cancelled",
            set={"state": PhoneTask.State.CANCELLED, "done_at": ctx.now},
            agencies=[task.agency],
        )


class AddPrevention(OfCase):
    text: Annotated[str, Field(min_length=2, max_length=1000)]


@command("cases.add_prevention", who=(*WORKERS, "supervisor"), clauses=("NT-5-4-9b",))
def add_prevention(ctx: Context, data: AddPrevention) -> Done:
    """A measure against recurrence; it is shown at later cases of the same place and cause (NT-5-4-9b)."""
    case = load_for_change(data.case)
    ctx.require_agency(case.agency)
    _prevent(ctx, case, data.text)
    advance(ctx, case, "case.prevention_added", info={"text": data.text})
    ctx.audit("case", case.pk)
    return Done(**_done(case))


def _prevent(ctx: Context, case: Case, text: str) -> None:
    Prevention.objects.create(
        case=case,
        agency=case.agency,
        cause_group=case.cause_group,
        addr_key=case.addr_key,
        text=text,
        added_by=ctx.actor.staff_id,
        added_at=ctx.now,
    )


class Withdraw(OfCase):
    """Why the case is taken back; ``phone`` is the number the caller rings from."""

    reason: Code
    phone: Annotated[str, Field(max_length=30)] = ""
    note: Annotated[str, Field(max_length=1000)] = ""


@command("cases.withdraw", who=("operator", "lead"), clauses=("NT-8-1b",), keyed=True)
def withdraw(ctx: Context, data: Withdraw) -> Done:
    """Cancel a case on the word of the number's holder (NT-8-1b); the agency is told.

    The caller must ring from, or name, the number that stands on the case: ``phone_mismatch`` otherwise.
    A report in another's name is kept for false-report handling.
    """
    case = load_for_change(data.case)
    reasons = {choice.code: choice for choice in pack_for(case).kinds[case.kind].withdraw_reasons}
    if data.reason not in reasons:
        message = _("請從清單中選擇撤案原因。")
        raise Refused("invalid", message, fields={"reason": message}, status=422)
    if reasons[data.reason].asks_phone and not _rings_from(case, data.phone):
        message = _("來電號碼與案件所留電話不符，不能撤案。")
        raise Refused("phone_mismatch", message, fields={"phone": message}, status=422)
    advance(
        ctx,
        case,
        "case.withdrawn",
        set={"withdrawn_at": ctx.now, "withdraw_reason": data.reason},
        info={"note": data.note},
        data={"reason": {"zh": reasons[data.reason].name.zh, "en": reasons[data.reason].name.en}},
    )
    owe_nothing(ctx, case)
    lapse_request(ctx, case)
    if reasons[data.reason].incident:
        Incident.objects.create(
            case=case,
            agency=case.agency,
            kind=data.reason,
            text=data.note,
            at=ctx.now,
            recorded_by=ctx.actor.staff_id,
        )
    ctx.audit("case", case.pk, reason=data.reason)
    return Done(**_done(case))


def _rings_from(case: Case, phone: str) -> bool:
    """Whether this is a telephone number of the case's reporter; numbers are compared by their keyed hash."""
    party = parties([case.party_id]).get(case.party_id or 0)
    if party is None or party.phone_hash is None:
        return False
    try:
        return party.phone_hash == phone_hash(phone)
    except ValueError:
        return False


def _done(case: Case) -> dict[str, Any]:
    return {"case": case.pk, "number": case.number, "status": case.status}
