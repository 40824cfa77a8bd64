"""False reports handed to the police when whoever was wronged by one asks for that (NT-8-3a)."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base import clock
from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import RowId
from citycall.base.events import record
from citycall.people.parties import LEAST_PURPOSE, reveal
from citycall.services.cases.acts.police_checks import REFERRING
from citycall.services.cases.commands.inputs import OfCase, OneLine
from citycall.services.cases.evidence import packed
from citycall.services.cases.lifecycle import advance, load_for_change
from citycall.services.cases.models import Case, Incident, PoliceReferral


class Referred(BaseModel):
    referral: int
    case: int
    number: str
    state: str


class AskProsecution(OfCase):
    """What the one wronged by the report says; on which call."""

    note: Annotated[str, Field(max_length=1000)] = ""
    call_id: RowId | None = None


@command("cases.ask_prosecution", who=("operator", "lead"), clauses=("NT-8-3a",), keyed=True)
def ask_prosecution(ctx: Context, data: AskProsecution) -> Referred:
    """The holder of the number wants the false reporter held liable; the commission is told.

    Refused: ``not_false_report`` where the case was not cancelled as reported in another's name,
    ``already_asked``.
    """
    case = load_for_change(data.case)
    incident = Incident.objects.filter(case=case, kind=Incident.Kind.NOT_REPORTED).latest("id")
    referral = PoliceReferral()
    record(
        ctx,
        referral,
        "police_referral.asked",
        set={
            "case": case,
            "incident": incident,
            "state": PoliceReferral.State.ASKED,
            "asked_at": ctx.now,
            "asked_by": ctx.actor.staff_id,
            "asked_call_id": data.call_id,
            "note": data.note,
        },
    )
    advance(
        ctx,
        case,
        "case.prosecution_asked",
        info={"referral": referral.pk, "note": data.note},
        data={"reason": data.note},
    )
    ctx.audit("police_referral", referral.pk)
    return _referred(referral, case)


class ReferToPolice(OfCase):
    """The letter to the police: its date and number, and the unit."""

    referred_on: date | None = None
    police_unit: Annotated[str, OneLine, Field(max_length=120)] = ""
    reference: Annotated[str, OneLine, Field(max_length=80)] = ""


@command("cases.refer_to_police", who=REFERRING, clauses=("NT-8-3a",), keyed=True)
def refer_to_police(ctx: Context, data: ReferToPolice) -> Referred:
    """The commission refers the matter to the police: date, police unit, document number (NT-8-3a)."""
    case, referral = _locked(data.case)
    today = clock.local(ctx.now).date()
    wrong: dict[str, str] = {}
    if data.referred_on is None or not clock.local(referral.asked_at).date() <= data.referred_on <= today:
        wrong["referred_on"] = _("請填寫移送日期，不早於民眾請求之日，不晚於今天。")
    if not data.police_unit:
        wrong["police_unit"] = _("請填寫受理的警察單位。")
    if not data.reference:
        wrong["reference"] = _("請填寫移送公文文號。")
    if wrong:
        raise Refused("invalid", _("請完整登錄移送資料。"), fields=wrong, status=422)
    fields = {
        "state": PoliceReferral.State.REFERRED,
        "referred_on": data.referred_on,
        "police_unit": data.police_unit,
        "reference": data.reference,
        "referred_by": ctx.actor.staff_id,
        "state_on": data.referred_on,
    }
    record(ctx, referral, "police_referral.referred", set=fields)
    told = {"unit": data.police_unit, "reference": data.reference, "date": data.referred_on}
    advance(ctx, case, "case.referred_to_police", info=told)
    ctx.audit("police_referral", referral.pk)
    return _referred(referral, case)


class FollowReferral(OfCase):
    """What became of it, since which day."""

    state: Literal["accepted", "transferred", "indicted", "not_indicted", "ended"]
    on: date
    note: Annotated[str, Field(max_length=1000)] = ""


@command("cases.follow_referral", who=REFERRING, clauses=("NT-8-3a",), keyed=True)
def follow_referral(ctx: Context, data: FollowReferral) -> Referred:
    """Keep how the police and the court go on with it (NT-8-3a)."""
    case, referral = _locked(data.case)
    if referral.state_on is not None and not referral.state_on <= data.on <= clock.local(ctx.now).date():
        message = _("日期不早於前一次登錄，不晚於今天。")
        raise Refused("invalid", message, fields={"on": message}, status=422)
    fields = {"state": data.state, "state_on": data.on, "state_note": data.note}
    record(ctx, referral, "police_referral.followed", set=fields)
    advance(ctx, case, "case.referral_followed", info={"state": data.state, "on": data.on})
    ctx.audit("police_referral", referral.pk, state=data.state)
    return _referred(referral, case)


class PackEvidence(OfCase):
    purpose: Annotated[str, Field(min_length=LEAST_PURPOSE, max_length=200)]


class Evidence(BaseModel):
    """The archive; its content is not kept with the answer, its digest is."""

    referral: int
    name: str
    digest: str
    files: list[str]
    content: bytes = Field(exclude=True, repr=False)


@command("cases.pack_evidence", who=REFERRING, clauses=("NT-8-3a",))
def pack_evidence(ctx: Context, data: PackEvidence) -> Evidence:
    """All that is known of the false report, packed for the hand-over: a ZIP with a manifest (NT-8-3a).

    It holds the contact data that was given, opened with the purpose on record; the commission only.
    """
    case, referral = _locked(data.case)
    shown = None
    if case.party_id is not None:
        shown = reveal(ctx, case.party_id, data.purpose, about_kind="case", about_id=case.pk)
    name, files, content = packed(case, referral, shown, made_at=ctx.now, made_by=ctx.actor.name)
    digest = hashlib.sha256(content).hexdigest()
    fields = {"evidence_at": ctx.now, "evidence_digest": digest}
    record(ctx, referral, "police_referral.packed", set=fields)
    advance(ctx, case, "case.evidence_packed", info={"digest": digest, "purpose": data.purpose})
    ctx.audit("police_referral", referral.pk, digest=digest)
    return Evidence(referral=referral.pk, name=name, digest=digest, files=files, content=content)


def _locked(case_id: int) -> tuple[Case, PoliceReferral]:
    """The case and its referral, locked; the lifecycle table has asked whether there is one."""
    case = load_for_change(case_id)
    return case, PoliceReferral.objects.select_for_update().filter(case=case).latest("id")


def _referred(referral: PoliceReferral, case: Case) -> Referred:
    return Referred(referral=referral.pk, case=case.pk, number=case.number, state=referral.state)
