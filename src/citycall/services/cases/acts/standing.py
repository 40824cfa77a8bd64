"""A case as somebody who would act on it finds it, and what may stand in the way.

A check looks at a ``Standing`` and gives the refusal that the command would give, or None. It asks the
database only for what is not known yet: the case page, which has read everything, lays it in with ``knows``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base import clock, reading
from citycall.base.commands import Actor, ActorPost, Refused, effective_who, may, not_permitted
from citycall.base.notices import Notice
from citycall.policy import Pack
from citycall.policy.kinds import CaseKind
from citycall.services.cases import followers, requests, tasks
from citycall.services.cases.models import (
    Case,
    CaseClock,
    CaseJoin,
    CasePosition,
    CaseReply,
    CaseRequest,
    CaseTask,
    Incident,
    PhoneRecord,
    PhoneTask,
    PoliceReferral,
    ReplyDraft,
    StageRequest,
    Status,
)

M = TypeVar("M", bound=Model)
REPLY_SENT = "cases.reply_sent"  # what a notice sets off when the citizen has it
LOST = (Notice.State.FAILED, Notice.State.UNDELIVERABLE)
# Roles and agency of a post that may; no roles: those of the command, no agency: wherever it is.
Way = tuple[tuple[str, ...] | None, str | None]


@dataclass
class Standing:
    """Who would act, on which case, under which rules, when; `given`: what the command was given."""

    actor: Actor
    case: Case
    pack: Pack
    now: datetime = field(default_factory=clock.now)
    given: Any = None

    @cached_property
    def kind(self) -> CaseKind:
        return self.pack.kinds[self.case.kind]

    @cached_property
    def open_tasks(self) -> list[CaseTask]:
        return self._open(CaseTask)

    @cached_property
    def phone_task(self) -> PhoneTask | None:
        return next(iter(self._open(PhoneTask)), None)

    @cached_property
    def phone_records(self) -> list[PhoneRecord]:
        return self._of(PhoneRecord)

    @cached_property
    def drafts(self) -> list[ReplyDraft]:
        return self._of(ReplyDraft)

    @property
    def open_draft(self) -> ReplyDraft | None:
        return next((one for one in self.drafts if one.state == ReplyDraft.State.OPEN), None)

    @cached_property
    def replies(self) -> list[CaseReply]:
        return self._of(CaseReply)

    @cached_property
    def clocks(self) -> list[CaseClock]:
        return requests.clocks_of(self.case)

    @cached_property
    def incidents(self) -> list[Incident]:
        return self._of(Incident)

    @property
    def false_report(self) -> Incident | None:
        """That it was reported in another's name, where the case was cancelled for that."""
        found = [one for one in self.incidents if one.kind == Incident.Kind.NOT_REPORTED]
        return found[-1] if found else None

    @cached_property
    def referrals(self) -> list[PoliceReferral]:
        """The false reports among its incidents whose prosecution was asked for."""
        return self._of(PoliceReferral) if self.false_report is not None else []

    @cached_property
    def related(self) -> list[Case]:
        """The cases that were recorded anew from this one."""
        return reading.rows(Case, "WHERE row.related_to_id = %s ORDER BY row.id", self.case.pk)

    @cached_property
    def pending_request(self) -> StageRequest | None:
        return next(iter(self._open(StageRequest, StageRequest.State.PENDING)), None)

    @cached_property
    def requests(self) -> list[CaseRequest]:
        """Everything that was asked for about the case."""
        return requests.asked_about(self.case)

    @property
    def pending(self) -> list[CaseRequest]:
        """What of it waits for a decision."""
        return [one for one in self.requests if one.state == CaseRequest.State.PENDING]

    @cached_property
    def joins(self) -> list[CaseJoin]:
        return self._of(CaseJoin)

    @cached_property
    def positions(self) -> list[CasePosition]:
        """The parties to its disputes, and what they said."""
        disputes = [one.pk for one in self.requests if one.effect == "dispute"]
        if not disputes:
            return []
        return reading.rows(CasePosition, "WHERE row.request_id = ANY(%s) ORDER BY row.id", disputes)

    @cached_property
    def message_lost(self) -> bool:
        """Whether the message to the citizen was given up: no such number, no such address."""
        return Notice.objects.filter(
            about_kind="case", about_id=self.case.pk, on_sent=REPLY_SENT, state__in=LOST
        ).exists()

    def _of(self, model: type[M]) -> list[M]:
        """What belongs to the case, in the order in which it was written."""
        return reading.rows(model, "WHERE row.case_id = %s ORDER BY row.id", self.case.pk)

    def _open(self, model: type[M], state: str = "open") -> list[M]:
        """What belongs to the case and is in this state, in the order in which it was written."""
        rest = "WHERE row.case_id = %s AND row.state = %s ORDER BY row.id"
        return reading.rows(model, rest, self.case.pk, str(state))

    def knows(self, **facts: Any) -> Standing:
        """Lay in what was read already."""
        self.__dict__.update(facts)
        return self

    def asked(self, name: str) -> Any:
        """What the command was given under this name; None when nothing was given yet."""
        return getattr(self.given, name, None)


Check = Callable[[Standing], Refused | None]


@dataclass(frozen=True)
class Who:
    """Which posts may act on this very case, beyond the roles of the command; in words for the documents."""

    words: str
    ways: Callable[[Standing], Sequence[Way]]

    def post(self, at: Standing, who: Sequence[str]) -> ActorPost | None:
        """The first post of the actor that may; None when there is none."""
        for roles, agency in self.ways(at):
            for post in at.actor.posts:
                fits = "staff" in who if roles is None else False
                if (fits or post.role in (who if roles is None else roles)) and agency in (None, post.agency):
                    return post
        return None

    def refuses(self, at: Standing, command: str) -> Refused | None:
        if at.actor.kind == "system":
            return None if may(at.actor, command) else not_permitted()
        who = effective_who(command)
        if at.actor.kind == "citizen" and "citizen" in who:
            return None
        return None if may(at.actor, command) and self.post(at, who) is not None else not_permitted()


def own_agency(at: Standing) -> list[Way]:
    return [(None, at.case.agency)]


def anywhere(at: Standing) -> list[Way]:
    return [(None, None)]


OWN = Who("a post of the case's agency", own_agency)
ANYWHERE = Who("wherever the post is", anywhere)


def moves(event: str) -> Check:
    """The pack's table of moves allows the event in the present status, and nothing owed holds it up."""

    def check(at: Standing) -> Refused | None:
        if at.kind.next_status(event, at.case.status) is None:
            return wrong_status(at.case)
        return held_up(at, event)

    return check


def wrong_status(case: Case) -> Refused:
    return Refused(
        "wrong_status",
        _("案件目前為「%(status)s」，不能執行這個動作。請重新整理頁面查看最新狀態。")
        % {"status": Status(case.status).label},
        info={"status": case.status},
    )


def held_up(at: Standing, event: str) -> Refused | None:
    """Where something comes before this event: ``has_followers``, ``task_open`` or ``joined_owe``."""
    waited_for = followers.held_up(at.pack, at.case, event)
    if waited_for is not None:
        return waited_for
    held = {rule.code: rule for rule in tasks.rules_of(at.pack, at.case.kind) if event in rule.blocks}
    task = next((one for one in at.open_tasks if one.code in held), None) if held else None
    if task is not None:
        return owed_first(held[task.code].name.get(get_language()), task.code)
    if any(event in rule.blocks for rule in at.pack.requests):
        return requests.held_up(at.pack, at.case, event, at.joins)
    return None


def owed_first(name: str, code: str) -> Refused:
    return Refused("task_open", _("請先完成「%(task)s」。") % {"task": name}, info={"task": code})


def first_refusal(at: Standing, checks: Iterable[Check]) -> Refused | None:
    for check in checks:
        refused = check(at)
        if refused is not None:
            return refused
    return None
