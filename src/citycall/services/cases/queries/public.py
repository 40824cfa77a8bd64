"""What the citizen may see of a case, and nothing else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import normalize

from citycall.base.events import Event
from citycall.base.policies import pack_of
from citycall.people.queries import agency_names
from citycall.policy import Pack, PlaceError
from citycall.services.cases.models import Case, CaseTask, ReplyDraft, Status
from citycall.services.cases.queries.lists import district_name, item_name
from citycall.services.cases.results import result_said


@dataclass(frozen=True)
class PublicStep:
    """One line of progress that the citizen may see."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class PublicReply:
    """A written reply as it went out: in full, with its number and whom to ask (NT-5-2-3c)."""

    at: datetime
    content: str
    document_number: str
    handler_name: str
    handler_phone: str


@dataclass(frozen=True)
class PublicCase:
    """What the citizen may see of a case, and nothing else: no person, no telephone, no house number."""

    number: str
    status: str
    kind: Any
    item: Any
    agency: tuple[str, str]
    district: Any
    place: str
    established_at: datetime
    due_at: datetime | None
    stage: str
    steps: tuple[PublicStep, ...]
    result: str
    finding: Any
    replies: tuple[PublicReply, ...] = ()
    may_ask_again: bool = False
    asked_again_at: datetime | None = None  # the citizen has asked for it; nobody has decided yet


ASKED_AGAIN = "case.reopening_asked"
PUBLIC_STEPS = (
    "case.established",
    "case.acknowledged",
    "case.registered",
    "case.passed_down",
    "case.taken",
    "case.reassigned",
    "case.extended",
    "case.stage_changed",
    "case.graded_b",
    "case.completed",
    "case.approved",
    "case.replied",
    "case.closed",
    ASKED_AGAIN,
    "case.reopened",
    "case.withdrawn",
    "case.released",
    "case.merged",
    "case.unmerged",
)


def code_fits(case: Case, code: str) -> bool:
    """Whether this is the case's look-up code, however it is spaced (``820 770``, ``８２０７７０``)."""
    bare = "".join(normalize("NFKC", code).split()).replace("-", "")
    return secrets.compare_digest(case.lookup_code.encode(), bare.encode())


def public_view(case_id: int) -> PublicCase:
    """What the citizen may see of a case that they have looked up (``cases.look_up``, NT-5-4-2f)."""
    case = Case.objects.get(pk=case_id)
    pack = pack_of(case.policy_version_id)
    steps = Event.objects.filter(subject_kind="case", subject_id=case.pk, kind__in=PUBLIC_STEPS).order_by(
        "id"
    )
    kind = pack.kinds[case.kind]
    led_by = case.merged_into if case.merged_into_id is not None else case
    done = led_by is not None and led_by.status in (Status.COMPLETED, Status.CLOSED)
    told = tuple(PublicStep(event.kind, event.at) for event in steps)
    may_ask = kind.reopening is not None and case.status == Status.CLOSED
    asked_at = _asked_again_at(case, told) if may_ask else None
    return PublicCase(
        number=case.number,
        status=case.status,
        kind=kind.name,
        item=item_name(pack, case),
        agency=agency_names().get(case.agency, (case.agency, case.agency)),
        district=district_name(pack, case),
        place=_road_of(pack, case),
        established_at=case.established_at,
        due_at=case.due_at,
        stage=case.stage,
        steps=told,
        result=result_said(case) if done else "",
        replies=_replies(case) if done else (),
        may_ask_again=may_ask and asked_at is None,
        asked_again_at=asked_at,
        finding=next((one.name for one in kind.findings if one.code == case.finding), None) if done else None,
    )


def _asked_again_at(case: Case, steps: tuple[PublicStep, ...]) -> datetime | None:
    """When reopening was asked for, as long as nobody has decided on it."""
    open_ = CaseTask.objects.filter(case=case, code="reopening", state=CaseTask.State.OPEN)
    asked = [step.at for step in steps if step.kind == ASKED_AGAIN]
    return asked[-1] if asked and open_.exists() else None


def _replies(case: Case) -> tuple[PublicReply, ...]:
    drafts = ReplyDraft.objects.filter(case=case, state=ReplyDraft.State.ISSUED).exclude(way="phone")
    return tuple(
        PublicReply(one.issued_at, one.content, one.document_number, one.handler_name, one.handler_phone)
        for one in drafts.order_by("-id")
        if one.issued_at is not None
    )


def _road_of(pack: Pack, case: Case) -> str:
    """The road alone: the house number may be the reporter's own."""
    try:
        return pack.place(case.address, case.district or None).road or ""
    except PlaceError:
        return ""
