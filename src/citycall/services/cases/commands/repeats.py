"""Reports of one place and cause that are found groundless again and again (NT-5-4-10a, NT-5-4-10b)."""

from __future__ import annotations

from typing import Annotated

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Context, Input, Refused, command
from citycall.base.commands.inputs import RowId
from citycall.base.events import record
from citycall.services.cases.lifecycle import advance, pack_for
from citycall.services.cases.models import Case, Status, UnfoundedLetter


def note_finding(ctx: Context, case: Case) -> None:
    """After a close: offer the letter when the pack's number of groundless findings in a row is reached.

    Counted are the closed cases of the same kind, cause and place, newest first; a finding of another
    sort sets the count back (ambiguity "Three in a row").
    """
    rule = pack_for(case).kinds[case.kind].unfounded
    if rule is None or not case.addr_key or case.finding not in rule.findings:
        return
    _one_at_a_time(case)
    letters = UnfoundedLetter.objects.filter(cause_group=case.cause_group, addr_key=case.addr_key)
    revoked = letters.aggregate(last=Max("revoked_at"))["last"]
    closed = Case.objects.filter(
        kind=case.kind, cause_group=case.cause_group, addr_key=case.addr_key, status=Status.CLOSED
    )
    if revoked is not None:
        closed = closed.filter(closed_at__gt=revoked)
    last = list(closed.order_by("-closed_at", "-id").values_list("finding", flat=True)[: rule.in_a_row])
    if len(last) < rule.in_a_row or any(finding not in rule.findings for finding in last):
        return
    if letters.exclude(state=UnfoundedLetter.State.REVOKED).exists():
        return
    letter = UnfoundedLetter()
    record(
        ctx,
        letter,
        "unfounded_letter.offered",
        set={
            "agency": case.agency,
            "item": case.item,
            "cause_group": case.cause_group,
            "addr_key": case.addr_key,
            "address": case.address,
            "last_case": case,
            "state": UnfoundedLetter.State.OFFERED,
            "offered_at": ctx.now,
        },
        agencies=[case.agency],
    )
    advance(ctx, case, "case.letter_offered", info={"letter": letter.pk, "in_a_row": rule.in_a_row})


def revoke_unreceived(ctx: Context, case: Case) -> None:
    """A case that is opened again breaks the row: a letter about it that nobody has received is withdrawn."""
    waiting = (UnfoundedLetter.State.OFFERED, UnfoundedLetter.State.SENT)
    for letter in UnfoundedLetter.objects.select_for_update().filter(last_case=case, state__in=waiting):
        record(
            ctx,
            letter,
            "unfounded_letter.revoked",
            set={"state": UnfoundedLetter.State.REVOKED, "revoked_at": ctx.now},
            agencies=[letter.agency],
        )


def _one_at_a_time(case: Case) -> None:
    """Two cases of one place and cause that close together offer one letter, the second sees the first's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"letter {case.cause_group} {case.addr_key}"],
        )


class LetterDone(BaseModel):
    letter: int
    state: str


CONDITIONS = "accept_with_conditions"


class SendLetter(Input):
    """The agency's reasons, signed by name; where the pack asks for them the facts and what is proposed."""

    letter: RowId
    reasons: Annotated[str, Field(min_length=4, max_length=2000)]
    facts: Annotated[str, Field(max_length=4000)] = ""
    proposal: Annotated[str, Field(max_length=32)] = ""
    conditions: Annotated[str, Field(max_length=2000)] = ""


@command(
    "cases.send_unfounded_letter",
    who=("intake_window", "window", "supervisor", "head", "section_chief"),
    clauses=("NT-5-4-10a", "TP-6-8-2a"),
)
def send_unfounded_letter(ctx: Context, data: SendLetter) -> LetterDone:
    """The agency gives its reasons to the commission (NT-5-4-10a), where the pack says so with the facts and
    the proposal not to accept the matter any more, or only under conditions (TP-6-8-2a).
    """
    letter = _locked(data.letter)
    ctx.require_agency(letter.agency)
    _expect(letter, UnfoundedLetter.State.OFFERED)
    _complete(letter, data)
    record(
        ctx,
        letter,
        "unfounded_letter.sent",
        set={
            "state": UnfoundedLetter.State.SENT,
            "reasons": data.reasons,
            "facts": data.facts,
            "proposal": data.proposal,
            "conditions": data.conditions if data.proposal == CONDITIONS else "",
            "signed_by": ctx.actor.staff_id,
            "sent_at": ctx.now,
        },
        agencies=[letter.agency],
    )
    case = Case.objects.select_for_update().get(pk=letter.last_case_id)
    advance(ctx, case, "case.letter_sent", info={"letter": letter.pk}, data={"reason": data.reasons})
    ctx.audit("unfounded_letter", letter.pk)
    return LetterDone(letter=letter.pk, state=letter.state)


def _complete(letter: UnfoundedLetter, data: SendLetter) -> None:
    """Facts, proposal and conditions are there where the pack's letter holds them (TP-6-8-2a)."""
    case = letter.last_case
    rule = pack_for(case).kinds[case.kind].unfounded
    decisions = rule.decisions if rule is not None else ()
    wrong = {}
    if decisions and len(data.facts.strip()) < 4:
        wrong["facts"] = _("請敘明處理事實經過。")
    if decisions and data.proposal not in decisions:
        wrong["proposal"] = _("請選擇建議：不予受理，或有條件受理。")
    if not decisions and data.proposal:
        wrong["proposal"] = _("依規定，函復只須敘明理由。")
    if data.proposal == CONDITIONS and len(data.conditions.strip()) < 2:
        wrong["conditions"] = _("有條件受理者，請敘明條件。")
    if wrong:
        raise Refused("invalid", next(iter(wrong.values())), fields=wrong, status=422)


class ReceiveLetter(Input):
    letter: RowId
    accept: bool = True


def _letter_to(ctx: Context, letter: UnfoundedLetter) -> str:
    """The agency that such letters go to, as the pack of the last case says."""
    case = letter.last_case
    rule = pack_for(case).kinds[case.kind].unfounded
    return rule.letter_to if rule else ctx.pack.managing_unit


@command(
    "cases.receive_unfounded_letter",
    who=("evaluator", "director"),
    clauses=("NT-5-4-10b", "TP-6-8-2a", "TP-6-8-2b"),
)
def receive_unfounded_letter(ctx: Context, data: ReceiveLetter) -> LetterDone:
    """The commission has the letter: from now the same matter becomes a petition. Or it sends it back."""
    letter = _locked(data.letter)
    ctx.require_role("evaluator", "director", agency=_letter_to(ctx, letter))
    _expect(letter, UnfoundedLetter.State.SENT)
    record(
        ctx,
        letter,
        "unfounded_letter.received" if data.accept else "unfounded_letter.returned",
        set={
            "state": UnfoundedLetter.State.RECEIVED if data.accept else UnfoundedLetter.State.OFFERED,
            "received_at": ctx.now if data.accept else None,
        },
        agencies=[letter.agency],
    )
    if data.accept:
        case = Case.objects.select_for_update().get(pk=letter.last_case_id)
        advance(ctx, case, "case.letter_received", info={"letter": letter.pk})
    ctx.audit("unfounded_letter", letter.pk, accept=data.accept)
    return LetterDone(letter=letter.pk, state=letter.state)


class RevokeLetter(Input):
    letter: RowId
    reason: Annotated[str, Field(min_length=2, max_length=1000)]


@command("cases.revoke_unfounded_letter", who=("evaluator", "director"), clauses=("NT-5-4-10b",))
def revoke_unfounded_letter(ctx: Context, data: RevokeLetter) -> LetterDone:
    """The matter may be reported as fast again; the count begins anew."""
    letter = _locked(data.letter)
    ctx.require_role("evaluator", "director", agency=_letter_to(ctx, letter))
    record(
        ctx,
        letter,
        "unfounded_letter.revoked",
        set={"state": UnfoundedLetter.State.REVOKED, "revoked_at": ctx.now},
        info={"reason": data.reason},
        agencies=[letter.agency],
    )
    ctx.audit("unfounded_letter", letter.pk, reason=data.reason)
    return LetterDone(letter=letter.pk, state=letter.state)


def _locked(pk: int) -> UnfoundedLetter:
    letter = UnfoundedLetter.objects.select_for_update().filter(pk=pk).first()
    if letter is None:
        raise Refused("not_found", _("查無此函復紀錄。"), status=404)
    return letter


def _expect(letter: UnfoundedLetter, state: str) -> None:
    if letter.state != state:
        raise Refused(
            "wrong_status",
            _("這件函復目前為「%(state)s」，不能執行這個動作。")
            % {"state": UnfoundedLetter.State(letter.state).label},
            status=409,
        )
