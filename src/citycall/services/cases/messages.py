"""Notices of a case: who is told of an event or of a strike, and with which facts.

Whom, by which channel and with which words is the pack's; here the case's facts are laid into the
notice. A notice holds no personal data: the citizen is named by ``party_id`` and resolved when it is
sent. Names of items, agencies and places are kept in both languages (``{"zh": ..., "en": ...}``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import product
from typing import Any

from django.conf import settings

from citycall.base import clock
from citycall.base.events import Event
from citycall.base.notices import Notice, queue
from citycall.people.queries import agency_names, posts_bearing, posts_in_roles, posts_of_others
from citycall.policy import Pack
from citycall.policy.notices import notices_for, reporter_channel
from citycall.policy.rules import APPROVER, AT_ANOTHER, NotifyAction, Strike
from citycall.services.cases.models import Case, CaseClock, CaseJoin, Status
from citycall.services.cases.results import result_told

REPORTER = "reporter"
OF_REPLY = ("content", "handler_name", "handler_phone", "document_number", "reply_date", "grade")


def context_of(pack: Pack, case: Case, **more: Any) -> dict[str, Any]:
    """The facts that a template may name; instants as ISO text, names in both languages."""
    item = pack.items.get(case.item)
    district = pack.district(case.district)
    name = item.name if item else pack.kinds[case.kind].name
    agency_zh, agency_en = agency_names().get(case.agency, (case.agency, case.agency))
    return {
        "number": case.number,
        "item": {"zh": name.zh, "en": name.en},
        "place": case.address,
        "district": {"zh": district.name.zh, "en": district.name.en} if district else "",
        "agency": {"zh": agency_zh, "en": agency_en},
        "description": case.description,
        "status": {"zh": str(Status(case.status).label), "en": case.status},
        "established_at": case.established_at.isoformat(),
        "due": case.due_at.isoformat() if case.due_at else "",
        "notified_at": case.notified_at.isoformat() if case.notified_at else "",
        "notified_person": case.notified_person,
        "planned_end": case.planned_end.isoformat() if case.planned_end else "",
        "result": result_told(pack, case),
        "authority": case.outside_authority,
        "reference": case.outside_reference,
        "letter_date": _day(case.outside_date),
        "task_name": "",
        **dict.fromkeys(OF_REPLY, ""),
        "other_agency": "",
        "hotline": pack.hotline,
        "city": {"zh": pack.city.zh, "en": pack.city.en},
        "portal_url": f"{settings.CITYCALL_URL}/track/",
        "link": f"{settings.CITYCALL_URL}/inbox/cases/{case.number}/",
        **more,
    }


def queue_for_event(
    pack: Pack,
    case: Case,
    event_kind: str,
    facts: Mapping[str, Any],
    *,
    event: Event,
    now: datetime,
) -> int:
    """Queue what the pack's notice rules ask for after an event; returns how many go to the citizen."""
    rules = notices_for(pack, case.kind, event_kind, facts_of(case, facts))
    if not rules:
        return 0
    context = context_of(pack, case, **{key: _json(value) for key, value in facts.items()})
    notices: list[Notice] = []
    told = 0
    for rule in rules:
        for to, channel in product(rule.to, rule.channels):
            ways: list[tuple[str | None, int | None, str, str]]
            if to != REPORTER:
                ways = [(post, None, to, channel) for post in posts_meant(pack, case, to, facts)]
            else:
                way = reporter_channel(
                    channel, mobile=case.has_mobile, email=case.has_email, reply_by=case.reply_by
                )
                ways = [(None, case.party_id, REPORTER, way)] if case.party_id and way else []
                told += len(ways)
            notices += [
                Notice(
                    about_kind="case",
                    about_id=case.pk,
                    to_post=post,
                    party_id=party,
                    role=role,
                    channel=by,
                    template=rule.template,
                    context={**context, "lookup_code": case.lookup_code} if party else context,
                    policy_version_id=case.policy_version_id,
                    key=f"event:{event.pk}:{rule.code}:{post or REPORTER}:{by}",
                    caused_by=event.pk,
                    on_sent=rule.on_sent,
                    created_at=now,
                    due_at=now,
                )
                for post, party, role, by in ways
            ]
    queue(notices)
    return told


def facts_of(case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the conditions of a pack's rules may ask of a case and of what has just happened to it."""
    return {
        "kind": case.kind,
        "item": case.item,
        "stage": case.stage,
        "status": case.status,
        "reply_by": case.reply_by,
        "finding": case.finding,
        "named": case.named,
        "agency": case.agency,
        **facts,
    }


def posts_meant(pack: Pack, case: Case, to: str, facts: Mapping[str, Any] | None = None) -> list[str]:
    """The posts that a rule names: one by its code, the handler, who approves, or a role of the agency.

    The handler is who took the case; until somebody does, the post that the item names, if it names one.
    Who approves is the first of the pack's approvers that the agency has, other than who submitted the result
    (at whichever post they stand): nobody approves their own. A role that no post bears yet is addressed all
    the same: the notice waits and shows as such.
    """
    if to.startswith("post:"):
        return [to.removeprefix("post:")]
    if to.startswith(AT_ANOTHER):  # of the agencies that join, or that had the case before
        which, _, role = to.partition(":")
        agencies = (facts or {}).get(which, ())
        return [post for code in agencies for post in posts_bearing(code, role) or [f"{code}.{role}"]]
    if to == APPROVER:
        return _approvers(pack, case)
    if to == "handler":
        if case.taken_post:
            return [case.taken_post]
        item = pack.items.get(case.item)
        return [f"{case.agency}.{item.handler}"] if item is not None and item.handler else []
    return posts_bearing(case.agency, to) or [f"{case.agency}.{to}"]


def _approvers(pack: Pack, case: Case) -> list[str]:
    submitter = () if case.submitted_by is None else (case.submitted_by,)
    nobodys = []
    for role in pack.kinds[case.kind].completion.approved_by:
        posts = posts_bearing(case.agency, role)
        others = posts_of_others(posts, submitter)
        if others:
            return others
        if not posts:
            nobodys.append(f"{case.agency}.{role}")
    return nobodys[:1]


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value  # an instant is a date too


def _single(to: str) -> bool:
    """Whether a recipient is found case by case, not by a role of the agency."""
    return to in ("handler", APPROVER) or to.startswith(("post:", *AT_ANOTHER))


def _day(day: date | None) -> dict[str, str] | str:
    return {"zh": clock.roc_date(day), "en": day.isoformat()} if day is not None else ""


_named: dict[tuple[str, str], frozenset[str]] = {}


def _named_in(pack: Pack, template: str) -> frozenset[str]:
    """The facts that a template names, in whatever channel and language."""
    key = (pack.digest, template)
    if key not in _named:
        texts = pack.templates.get(template, {})
        _named[key] = frozenset(
            name for languages in texts.values() for text in languages.values() for name in text.placeholders
        )
    return _named[key]


class Batch:
    """Notices of many strikes, written in one statement.

    A role that nobody holds is left out and shows among the agency's defects instead, so that dunning
    reaches those who are there (NT-5-4-6a).
    """

    def __init__(self, now: datetime, cases: Iterable[int] = ()) -> None:
        self.now = now
        self._cases = [*cases]
        self._owing: dict[int, list[str]] | None = None
        self.notices: list[Notice] = []
        self._posts: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self._contexts: dict[int, dict[str, Any]] = {}

    def add_strike(
        self, pack: Pack, case: Case, ticking: CaseClock, strike: Strike, due: datetime, action: NotifyAction
    ) -> None:
        """One strike's notices: one a recipient and channel, never twice for a day (NT-5-4-5a).

        Strikes of a group share a day's notice, so that two marks on one day tell once (TP-6-3-4b).
        """
        context = self._contexts.get(case.pk)
        if context is None:
            context = self._contexts[case.pk] = context_of(pack, case)
        named = _named_in(pack, action.template)
        context = {**context, "sign_off_due": ticking.due.isoformat(), "limit": ticking.due.isoformat()}
        # Dunning goes to several posts day after day: a row keeps what its template says and no more.
        context = {name: value for name, value in context.items() if name in named}
        day = clock.local(due).date().isoformat()
        about = f"clock:{ticking.pk}:{strike.code}:{due.isoformat()}"
        if strike.group is not None:
            about = f"group:{case.pk}:{strike.group}:{day}"
        for post, role in self._recipients(pack, case, action.to):
            for channel in action.channels:
                self.notices.append(
                    Notice(
                        about_kind="case",
                        about_id=case.pk,
                        to_post=post,
                        role=role,
                        template=action.template,
                        channel=channel,
                        context=context,
                        policy_version_id=case.policy_version_id,
                        key=f"{about}:{post}:{channel}",
                        digest_key=f"{action.template}:{day}" if action.digest else None,
                        created_at=self.now,
                        due_at=self.now,
                    )
                )

    def _recipients(self, pack: Pack, case: Case, to: tuple[str, ...]) -> list[tuple[str, str]]:
        roles = tuple(role for role in to if not _single(role))
        key = (case.agency, roles)
        if key not in self._posts:
            self._posts[key] = posts_in_roles(case.agency, roles)
        found = [(post, post.rsplit(".", 1)[-1]) for post in self._posts[key]]
        for word in to:
            if _single(word):
                facts = {"joined": self._joined(case)} if word.startswith(AT_ANOTHER) else None
                found += [(post, post.rsplit(".", 1)[-1]) for post in posts_meant(pack, case, word, facts)]
        return list(dict.fromkeys(found))

    def _joined(self, case: Case) -> list[str]:
        """The joined agencies that have not answered, of all these cases in one query (TP-5-3-0)."""
        if self._owing is None:
            self._owing = {}
            waiting = CaseJoin.objects.filter(case__in={*self._cases, case.pk}, state=CaseJoin.State.OPEN)
            for pk, agency in waiting.order_by("id").values_list("case_id", "agency"):
                self._owing.setdefault(pk, []).append(agency)
        return self._owing.get(case.pk, [])

    def queue(self) -> int:
        """Write them all; a notice whose key is known was written before and is left alone."""
        queue(self.notices)
        return len(self.notices)
