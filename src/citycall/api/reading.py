"""Cases as the API shows them: no personal data; a page of them is one query."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AwareDatetime, Field

from citycall.base.commands import Actor, Refused, may
from citycall.base.policies import pack_of
from citycall.services.cases.acts import possible_acts
from citycall.services.cases.acts.stale import last_seen
from citycall.services.cases.models import Case
from citycall.services.cases.queries import CaseFilter, newest

PAGE = 50
LARGEST_PAGE = 200
_FIELDS = (
    "id",
    "number",
    "kind",
    "status",
    "stage",
    "item",
    "agency",
    "district",
    "address",
    "description",
    "category",
    "channel",
    "established_at",
    "notified_at",
    "notified_person",
    "due_at",
    "overdue",
    "acknowledged_at",
    "acknowledged_late",
    "registered_at",
    "registered_late",
    "grade",
    "planned_end",
    "submitted_at",
    "completed_at",
    "done_at",
    "finding",
    "result",
    "closed_at",
    "withdrawn_at",
)

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,24}")
Word = Annotated[str, Field(max_length=64, pattern=r"^[\w.\-]*$")]


class CaseOut(Schema):
    """A case. Who reported it is not part of it."""

    id: int
    number: str
    kind: str
    status: str
    stage: str
    item: str
    agency: str
    district: str
    address: str
    description: str
    category: str
    channel: str
    established_at: datetime
    notified_at: datetime | None
    notified_person: str
    due_at: datetime | None
    overdue: bool
    acknowledged_at: datetime | None
    acknowledged_late: bool
    registered_at: datetime | None
    registered_late: bool
    grade: str
    planned_end: date | None
    submitted_at: datetime | None
    completed_at: datetime | None
    done_at: datetime | None
    finding: str
    result: str
    closed_at: datetime | None
    withdrawn_at: datetime | None


class ActOut(Schema):
    """Something that this token's post may do with the case. `reason`, `message`: why not now."""

    code: str
    command: str
    possible: bool
    reason: str | None
    message: str | None


class CaseRead(CaseOut):
    """One case, with what may be done with it now. `seen` is its state, for `If-Match` (also the ETag)."""

    seen: int
    acts: list[ActOut]


class CasePage(Schema):
    """Newest first. `next` is the `cursor` of the page that follows, null on the last."""

    cases: list[CaseOut]
    next: str | None


class Wanted(Schema):
    """Which cases; everything given must hold."""

    status: Word = ""
    item: Word = ""
    agency: Word = ""
    district: Word = ""
    q: str = Field(
        "", max_length=100, description="words of description, place and result, or the beginning of a number"
    )
    since: AwareDatetime | None = Field(None, description="established at this instant or later")
    cursor: str = Field("", max_length=64)
    limit: int = Field(PAGE, ge=1, le=LARGEST_PAGE)


def visible_to(actor: Actor) -> QuerySet[Case]:
    """Whoever may take cases sees all of them; anybody else those of their own agency."""
    if may(actor, "cases.establish"):
        return Case.objects.all()
    return Case.objects.filter(agency__in=actor.agencies())


def _named(actor: Actor, number: str) -> QuerySet[Case]:
    if not _NUMBER.fullmatch(number):
        raise no_such_case()
    return visible_to(actor).filter(number=number)


def one(actor: Actor, number: str) -> dict[str, Any]:
    """One case by its number, and the acts of the lifecycle table that are this actor's."""
    case = _named(actor, number).first()
    if case is None:
        raise no_such_case()
    told = _told({name: getattr(case, name) for name in _FIELDS}, actor.agencies())
    return {**told, "seen": last_seen(case.pk), "acts": _acts(actor, case)}


def _acts(actor: Actor, case: Case) -> list[dict[str, Any]]:
    return [
        {
            "code": one.act.code,
            "command": one.act.command,
            "possible": one.possible,
            "reason": one.refused.code if one.refused else None,
            "message": one.refused.message if one.refused else None,
        }
        for one in possible_acts(actor, case, pack_of(case.policy_version_id))
        if one.permitted
    ]


def _told(case: dict[str, Any], own: Collection[str]) -> dict[str, Any]:
    """A result that is not approved yet is the agency's own: nobody else reads it (NT-5-3g)."""
    if case["completed_at"] is None and case["agency"] not in own:
        case |= {"result": "", "finding": ""}
    return case


def id_of(actor: Actor, number: str) -> int:
    """The key of a case that this actor may see: what may be done with it is the command's to say."""
    found = _named(actor, number).values_list("pk", flat=True).first()
    if found is None:
        raise no_such_case()
    return found


def page(actor: Actor, wanted: Wanted) -> dict[str, Any]:
    """The newest cases that fit, from where the cursor stands."""
    own = actor.agencies()
    reach = None if may(actor, "cases.establish") else own
    if wanted.agency:
        reach = frozenset({wanted.agency}) if reach is None else reach & {wanted.agency}
    filters = {name: getattr(wanted, name) for name in ("status", "item", "district", "q", "since")}
    before = _position(wanted.cursor) if wanted.cursor else None
    found = newest(CaseFilter(agencies=reach, before_id=before, **filters), wanted.limit + 1)
    ids = found.ids[: wanted.limit]
    rows = {row[0]: row for row in Case.objects.filter(pk__in=ids).values_list(*_FIELDS)}
    more = ids[-1] if len(found.ids) > wanted.limit else found.upto
    return {
        "cases": [_told(dict(zip(_FIELDS, rows[pk], strict=True)), own) for pk in ids if pk in rows],
        "next": _cursor(more) if more is not None else None,
    }


def no_such_case() -> Refused:
    return Refused("not_found", _("查無這個案號的案件。"), status=404)


def _cursor(case: int) -> str:
    return base64.urlsafe_b64encode(str(case).encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    try:
        found = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = int(found.decode("ascii"))
    except (binascii.Error, ValueError):
        position = -1
    if not 0 < position < 2**63:
        message = _("這不是上一頁所給的 cursor。")
        raise Refused("invalid", message, fields={"cursor": message}, status=422)
    return position
