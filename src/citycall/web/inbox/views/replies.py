"""The written reply on the case page: as it stands, as a letter to look at, and as one to put in the post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from citycall.base import clock
from citycall.base.commands import Actor, Refused, not_found
from citycall.base.files import ODT, PDF
from citycall.base.notices.rendering import render
from citycall.people.queries import parties
from citycall.policy.notices import notices_for
from citycall.services.cases import paper, writing
from citycall.services.cases.commands.writing import letter_of, open_letter
from citycall.services.cases.messages import context_of
from citycall.services.cases.models import CaseReply, ReplyDraft, Status
from citycall.services.cases.queries import CaseDetail
from citycall.web.access import staff_view
from citycall.web.inbox.access import INBOX_ROLES, READERS, can, case_for
from citycall.web.request import StaffRequest
from citycall.web.ui.words import named

ENDINGS = {"pdf": PDF, "odt": ODT}


@dataclass(frozen=True)
class ReplyLine:
    """The reply as whoever approves reads it: all of it, and the words in which a message brings it."""

    draft: ReplyDraft
    way: Any
    grade: str
    message: str
    is_letter: bool
    issued: bool
    may_mail: bool


def reply_lines(detail: CaseDetail, actor: Actor) -> list[ReplyLine]:
    """The replies of a case that count, the newest first."""
    kind = detail.pack.kinds[detail.case.kind]
    found = []
    for draft in reversed(detail.drafts):
        if draft.state == ReplyDraft.State.VOID:
            continue
        grade = kind.writing.grade(draft.grade) if kind.writing else None
        letter = draft.way == CaseReply.Way.LETTER
        found.append(
            ReplyLine(
                draft=draft,
                way=CaseReply.Way(draft.way).label,
                grade=named(grade.name) if grade else "",
                message=_message(detail, draft) if draft.state == ReplyDraft.State.OPEN else "",
                is_letter=letter,
                issued=draft.state == ReplyDraft.State.ISSUED,
                may_mail=letter
                and detail.party is not None
                and can(actor, "cases.open_letter", detail.case.agency),
            )
        )
    return found


def _message(detail: CaseDetail, draft: ReplyDraft) -> str:
    """What the citizen will read, as the pack's template has it; empty where no message goes."""
    kind = detail.pack.kinds[detail.case.kind]
    rules = notices_for(detail.pack, detail.case.kind, "case.reply_issued", {"way": draft.way})
    rule = next((one for one in rules if draft.way in one.channels), None)
    if rule is None:
        return ""
    facts = {**context_of(detail.pack, detail.case), **writing.facts_of(kind, draft), "lookup_code": "······"}
    subject, body = render(detail.pack, rule.template, draft.way, get_language() or "zh-hant", [facts])
    return "\n\n".join(filter(None, (subject, body)))


@require_safe
@staff_view(roles=READERS)
def letter(request: StaffRequest, number: str, form: str) -> HttpResponse:
    """The letter as it would be, or is: the citizen masked, and marked as a draft until it goes out."""
    case = case_for(request.actor, number)
    draft = letter_of(case)
    if draft is None or form not in ENDINGS:
        raise not_found()
    party = parties([case.party_id]).get(case.party_id or 0)
    sheet = paper.letter_of(
        _pack(case),
        case,
        draft,
        party.masked_name if party else "",
        now=draft.issued_at or clock.now(),
        preview=case.status not in (Status.COMPLETED, Status.CLOSED),
    )
    content = paper.as_pdf(sheet) if form == "pdf" else paper.as_odt(sheet)
    return _file(content, ENDINGS[form], f"{case.number}.{form}", inline=form == "pdf")


@require_POST
@staff_view(roles=INBOX_ROLES)
def mailed(request: StaffRequest, number: str) -> HttpResponse:
    """The letter with name and address, to be put in the post; opening them is on record (KM-6-1d)."""
    case = case_for(request.actor, number)
    opened = open_letter(request.actor, {"case": case.pk})
    draft = letter_of(case)
    if draft is None:
        raise Refused("no_letter", "", status=409)
    sheet = paper.letter_of(
        _pack(case),
        case,
        draft,
        opened.name,
        address=opened.address,
        now=draft.issued_at or clock.now(),
        preview=case.status not in (Status.COMPLETED, Status.CLOSED),
    )
    return _file(paper.as_pdf(sheet), PDF, f"{case.number}-mail.pdf", inline=False)


def _pack(case: Any) -> Any:
    from citycall.base.policies import pack_of

    return pack_of(case.policy_version_id)


def _file(content: bytes, mime: str, name: str, *, inline: bool) -> HttpResponse:
    how = "inline" if inline else "attachment"
    return HttpResponse(
        content,
        content_type=mime,
        headers={
            "Content-Disposition": f'{how}; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
