"""The story of a case, for staff: its events, notices and telephone records in one order of time.

Desk and inbox both tell it with these words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.base.events import Event
from citycall.base.notices import Notice
from citycall.base.private import mask_name
from citycall.people.models import Post
from citycall.people.queries import agency_names
from citycall.policy.kinds import Choice
from citycall.services.cases.models import CaseClock, PhoneRecord, ReplyBy, Stage
from citycall.services.cases.queries import CaseDetail
from citycall.services.cases.queries.why import why_due
from citycall.web import story_closures, story_petitions, story_requests
from citycall.web.story_words import CHANNELS, EVENTS, NOTICE_STATES, NOTICES, ROLES
from citycall.web.ui.templatetags.ui import Entry
from citycall.web.ui.words import named

_OF_A_TASK = frozenset({"case.task_opened", "case.task_done", "case.task_cancelled"})
POST = "post:"  # a pack may name one post instead of a role


@dataclass(frozen=True)
class Sent:
    """One message about a case: what it says, to whom, by which way, and whether it is out."""

    about: str
    to: str
    channel: str
    state: str
    kind: str
    at: datetime | None
    text: str
    citizen: bool


def sent_notices(detail: CaseDetail) -> list[Sent]:
    """What was sent about a case, those to the citizen first."""
    posts = _posts_of(detail)
    sent = [_sent(notice, detail, posts) for notice in detail.notices]
    return sorted(sent, key=lambda one: not one.citizen)


def _sent(notice: Notice, detail: CaseDetail, posts: Mapping[str, str]) -> Sent:
    state, kind = NOTICE_STATES[notice.state]
    to = notice.sent_to_masked
    if notice.party_id and not to and detail.party is not None:
        by_mail = notice.channel == "email"
        to = detail.party.masked_email if by_mail else detail.party.masked_phone
    named_post = notice.role.removeprefix(POST) if notice.role.startswith(POST) else ""
    of = agency_names().get(named_post.partition(".")[0]) if named_post else detail.row.agency
    agency = "" if notice.party_id or of is None else named(of)
    return Sent(
        about=str(NOTICES.get(notice.template, notice.template)),
        to=" ".join(filter(None, (agency, role_name(notice.role, posts), to if notice.party_id else ""))),
        channel=str(CHANNELS.get(notice.channel, notice.channel)),
        state=str(state),
        kind=kind,
        at=notice.sent_at,
        text=notice.body or notice.reason,
        citizen=bool(notice.party_id),
    )


def role_name(role: str, posts: Mapping[str, str] | None = None) -> str:
    """What a role is called, or the one post that a pack names; its own code when nobody has named it."""
    if role.startswith(POST):
        code = role.removeprefix(POST)
        known = (post_names([code]) if posts is None else posts).get(code)
        return known or str(ROLES.get(code.rpartition(".")[2], code))
    if role.startswith("joined:"):
        return _("加分機關%(role)s") % {"role": role_name(role.partition(":")[2])}
    if role.startswith("former:"):
        return _("原機關%(role)s") % {"role": role_name(role.partition(":")[2])}
    return str(ROLES.get(role, role))


def post_names(codes: Iterable[str]) -> dict[str, str]:
    """What posts are called, by their codes; one query, none when there is nothing to ask."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    rows = Post.objects.filter(pk__in=wanted).values_list("code", "name_zh", "name_en")
    return {code: named((zh or code, en or zh or code)) for code, zh, en in rows}


def _posts_of(detail: CaseDetail) -> dict[str, str]:
    """The posts that the story of a case names because no person stands there."""
    told = (notice.role.removeprefix(POST) for notice in detail.notices if notice.role.startswith(POST))
    acted = (event.post for event in detail.events if event.staff_id not in detail.names)
    return post_names({*told, *acted})


def choice_name(choices: tuple[Choice, ...], code: str) -> str:
    """The name of a choice of the pack; the code itself when the pack no longer has it."""
    return next((named(one.name) for one in choices if one.code == code), code)


def timeline(detail: CaseDetail) -> list[Entry]:
    """The whole course of a case, the newest last."""
    posts = _posts_of(detail)
    # A decision comes before what it changed, though both are of one instant.
    events = sorted(detail.events, key=lambda event: (event.at, event.kind == "case.stage_changed"))
    entries = [_event(event, detail, posts) for event in events]
    entries += _together([_notice(notice, posts) for notice in detail.notices])
    return sorted(entries, key=lambda entry: entry.at)


def _together(entries: list[Entry]) -> list[Entry]:
    """One line for the same message to several people at the same time."""
    lines: dict[tuple[datetime, str, str], Entry] = {}
    for entry in entries:
        key = (entry.at.replace(second=0, microsecond=0), entry.title, entry.text)
        if key in lines:
            who = "、".join((lines[key].who, entry.who.removeprefix("→ ")))
            entry = replace(lines[key], who=who)
        lines[key] = entry
    return list(lines.values())


def _event(event: Event, detail: CaseDetail, posts: Mapping[str, str]) -> Entry:
    title, kind = EVENTS.get(event.kind, (event.kind, "neutral"))
    tell = _TOLD.get(event.kind)
    text = tell(event, detail) if tell else ""
    if event.kind == "case.acknowledged" and event.set.get("acknowledged_late"):
        kind = "late"
    if event.kind in _OF_A_TASK:
        text = _task(event, detail)
    if event.kind == "case.stage_decided":
        kind = "done" if event.info.get("approved") else "warn"
    if event.kind == "case.request_decided":
        kind = story_requests.DECIDED.get(str(event.info.get("state")), ("", kind))[1]
    if event.kind == "case.requested" and event.info.get("late"):
        kind = "late"
    who = _("系統") if _by_itself(event, detail) else _who(event, detail.names, posts)
    return Entry(event.at, str(title), text, who, kind)


def _by_itself(event: Event, detail: CaseDetail) -> bool:
    """Whether a task was opened by a rule: who did what it follows from did not open it."""
    row = next((one for one in detail.tasks if one.task.pk == event.info.get("row")), None)
    return event.kind == "case.task_opened" and row is not None and row.task.opened_by is None


def _who(event: Event, names: Mapping[int, str], posts: Mapping[str, str]) -> str:
    if event.actor_kind == "system":
        return _("系統")
    if event.staff_id is None:
        return _("民眾") if event.actor_kind == "citizen" else posts.get(event.post, event.post)
    return names.get(event.staff_id) or posts.get(event.post, event.post)


def _notice(notice: Notice, posts: Mapping[str, str]) -> Entry:
    state, kind = NOTICE_STATES[notice.state]
    about = NOTICES.get(notice.template, notice.template)
    to = notice.sent_to_masked if notice.party_id and notice.sent_to_masked else ""
    title = _("%(channel)s%(state)s：%(about)s") % {
        "channel": CHANNELS.get(notice.channel, notice.channel),
        "state": state,
        "about": about,
    }
    who = f"{role_name(notice.role, posts)} {to}".strip()
    text = notice.reason if notice.state in ("failed", "undeliverable") else ""
    return Entry(
        notice.sent_at or notice.created_at, title, text, f"→ {who}", "neutral" if kind == "done" else kind
    )


def _established(event: Event, detail: CaseDetail) -> str:
    said = [_("系統異常後補登，時限自電話通報起算")] if event.set.get("entered_late") else []
    if event.set.get("notified_at"):
        said.append(story_petitions.told_by_phone(detail))
    way = ReplyBy(detail.case.reply_by).label
    return "\n".join([*said, _("希望回覆方式：%(way)s") % {"way": way}])


def _acknowledged(event: Event, detail: CaseDetail) -> str:
    return _("逾時簽收") if event.set.get("acknowledged_late") else ""


def _asked(event: Event, detail: CaseDetail) -> str:
    wanted = _stage(str(event.info.get("to", "")))
    days = event.info.get("days")
    if days:
        wanted = _("%(stage)s，%(days)s 日") % {"stage": wanted, "days": days}
    return "\n".join(filter(None, (wanted, str(event.info.get("reason", "")))))


def _decided(event: Event, detail: CaseDetail) -> str:
    verdict = _("同意") if event.info.get("approved") else _("不同意")
    return f"{verdict}\n{_asked(event, detail)}"


def _changed(event: Event, detail: CaseDetail) -> str:
    return _("%(old)s → %(new)s") % {
        "old": _stage(str(event.info.get("old_stage", ""))),
        "new": _stage(str(event.set.get("stage", ""))),
    }


def _completed(event: Event, detail: CaseDetail) -> str:
    kind = detail.pack.kinds[detail.case.kind]
    found = choice_name(kind.findings, str(event.set.get("finding", "")))
    said = [found, str(event.set.get("result", ""))]
    if event.set.get("late_reason"):
        said.append(_("逾期理由：%(why)s") % {"why": event.set["late_reason"]})
    return "\n".join(filter(None, said))


def _approved(event: Event, detail: CaseDetail) -> str:
    """What was submitted, told from its approval on: before, it is nobody's to tell (NT-5-3g)."""
    submitted = [one for one in detail.events if one.kind == "case.submitted" and one.pk < event.pk]
    return _completed(submitted[-1], detail) if submitted else ""


def _opened(event: Event, detail: CaseDetail) -> str:
    record = _record(event, detail)
    return record.reason if record else ""


def _recorded(event: Event, detail: CaseDetail) -> str:
    record = _record(event, detail)
    if record is None:
        return ""
    reached = _("已通話") if record.reached else _("未接通")
    spoken = _("受話人：%(name)s（%(reached)s）") % {"name": mask_name(record.callee), "reached": reached}
    return f"{spoken}\n{record.content}"


def _record(event: Event, detail: CaseDetail) -> PhoneRecord | None:
    return next((one for one in detail.phone_records if one.pk == event.info.get("record")), None)


def _replied(event: Event, detail: CaseDetail) -> str:
    by_hand = story_petitions.answered(event, detail)
    return by_hand or str(CHANNELS.get(str(event.info.get("by", "")), ""))


def _reopened(event: Event, detail: CaseDetail) -> str:
    said = [str(event.info.get("reason", ""))]
    if event.info.get("closed_too_early"):
        said.insert(0, _("未辦畢先結案，計入違規"))
    return "\n".join(said)


def _withdrawn(event: Event, detail: CaseDetail) -> str:
    kind = detail.pack.kinds[detail.case.kind]
    why = choice_name(kind.withdraw_reasons, str(event.set.get("withdraw_reason", "")))
    return "\n".join(filter(None, (why, str(event.info.get("note", "")))))


def _analysed(event: Event, detail: CaseDetail) -> str:
    kind = detail.pack.kinds[detail.case.kind]
    return choice_name(kind.delay_causes, str(event.info.get("cause", "")))


def _task(event: Event, detail: CaseDetail) -> str:
    """Which task, and what it was about or what was entered."""
    rule = next((one for one in detail.pack.tasks if one.code == event.info.get("task")), None)
    name = named(rule.name) if rule is not None else str(event.info.get("task", ""))
    row = next((one for one in detail.tasks if one.task.pk == event.info.get("row")), None)
    if row is None or event.kind == "case.task_cancelled":
        return name
    task = row.task
    said = (
        (task.note,)
        if event.kind == "case.task_opened"
        else (task.person, task.authority, task.reference, task.text)
    )
    return "\n".join(filter(None, (name, "，".join(filter(None, said)))))


def _closed(event: Event, detail: CaseDetail) -> str:
    why = event.info.get("no_contact")
    return _("無法聯絡民眾：%(why)s") % {"why": why} if why else ""


def _released(event: Event, detail: CaseDetail) -> str:
    rule = detail.pack.kinds[detail.case.kind].release
    ground = str(event.info.get("ground", ""))
    said = choice_name(rule.grounds if rule is not None else (), ground) if ground else ""
    return "\n".join(filter(None, (said, str(event.info.get("reason", "")))))


def _field(name: str) -> Callable[[Event, CaseDetail], str]:
    return lambda event, detail: str(event.info.get(name) or event.set.get(name) or "")


def _stage(code: str) -> str:
    return str(Stage(code).label) if code in Stage.values else code


def _merged(event: Event, detail: CaseDetail) -> str:
    """The other case, by its number, and why they were parted."""
    info = event.info
    said = (info.get("main") or info.get("number"), info.get("reason"))
    return "\n".join(str(one) for one in said if one)


_TOLD: dict[str, Callable[[Event, CaseDetail], str]] = {
    "case.established": _established,
    "case.acknowledged": _acknowledged,
    "case.finding_added": _field("text"),
    "case.photo_added": _field("caption"),
    "case.stage_requested": _asked,
    "case.stage_decided": _decided,
    "case.stage_changed": _changed,
    "case.completed": _completed,
    "case.approved": _approved,
    "case.phone_opened": _opened,
    "case.phone_recorded": _recorded,
    "case.replied": _replied,
    "case.closed": _closed,
    "case.reported_back": _field("text"),
    "case.reminded": _field("text"),
    "case.released": _released,
    "case.reopened": _reopened,
    "case.withdrawn": _withdrawn,
    "case.merged": _merged,
    "case.carried_over": _merged,
    "case.unmerged": _merged,
    "case.report_joined": _merged,
    "case.report_parted": _merged,
    "case.main_moved": _merged,
    "case.repeat_linked": _merged,
    "case.due_changed": story_closures.due_changed,
    "case.delay_explained": _field("late_reason"),
    "case.delay_analysed": _analysed,
    "case.prevention_added": _field("text"),
    **story_petitions.TOLD,
    **story_requests.TOLD,
}


class ClockLine(NamedTuple):
    """A clock of a case as its page tells it: its name, limit and clauses, and why it is due then."""

    clock: CaseClock
    name: str
    why: str
    sentences: tuple[str, ...]


def clock_lines(detail: CaseDetail) -> list[ClockLine]:
    """Every clock of a case with the answer to "Why is this due then?" in the reader's language."""
    whys = {one.clock.pk: one for one in why_due(detail.case, detail.clocks, detail.events)}
    language = get_language()
    return [
        ClockLine(
            one,
            *clock_reason(detail, one.code),
            tuple(said.get(language) for said in whys[one.pk].sentences) if one.pk in whys else (),
        )
        for one in detail.clocks
    ]


def clock_reason(detail: CaseDetail, code: str) -> tuple[str, str]:
    """What a clock is called, and why it runs: its limit and the clauses it comes from."""
    rule = detail.pack.clock(code)
    language = get_language() or "zh-hant"
    item = detail.pack.items.get(detail.case.item)
    words = ""
    if not isinstance(rule.limit, str):
        words = rule.limit.words(language)
    elif rule.limit == "item.stage1" and item is not None:
        words = item.stage1.words(language)
    return named(rule.name), "，".join(filter(None, (words, "、".join(rule.clauses))))
