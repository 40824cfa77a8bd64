"""What must hold between the parts of a pack: every name that a rule uses is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from citycall.policy.basics import is_code
from citycall.policy.deadlines import BeforeDay
from citycall.policy.kinds import CaseKind
from citycall.policy.limits import Limit
from citycall.policy.model import Pack
from citycall.policy.requests import ANYWHERE, EVENTS, RECEIVED
from citycall.policy.rules import AT_ANOTHER, ClockRule, NotifyAction
from citycall.policy.source import Key

Problem = tuple[Key, str]

EVENT = re.compile(r"^[a-z][a-z_]*\.[a-z][a-z_]*$")


def cross_check(pack: Pack) -> Problem | None:
    """The first name or bound that does not hold, with its key; None when all do."""
    return next(problems(pack), None)


def problems(pack: Pack) -> Iterator[Problem]:
    """Everything that does not hold between the parts of a pack."""
    yield from _head(pack)
    yield from _places(pack)
    yield from _items(pack)
    yield from _kinds(pack)
    yield from _tasks(pack)
    yield from _clocks(pack)  # before the requests, whose windows name clocks
    yield from _requests(pack)
    yield from _notices(pack)
    yield from _templates(pack)


def _head(pack: Pack) -> Iterator[Problem]:
    if not is_code(pack.code):
        yield ("code",), "expected small letters, digits, dots, dashes, underscores"
    try:
        ZoneInfo(pack.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield ("timezone",), f"{pack.timezone!r} is not a time zone"
    yield from _roles(("approved_by",), pack.approved_by)
    since = [edition.since for edition in pack.editions]
    for n, day in enumerate(since):
        if day in since[:n]:
            yield ("editions", n, "since"), f"two editions are in force from {day}"
        if pack.ends is not None and day >= pack.ends:
            yield ("editions", n, "since"), f"this edition begins when the document has ended ({pack.ends})"
    if pack.status == "repealed" and pack.ends is None:
        yield ("status",), "a repealed document needs `ends`, the first day on which it no longer applies"


def _roles(key: Key, roles: tuple[str, ...], *, needed: bool = True) -> Iterator[Problem]:
    if needed and not roles:
        yield key, "expected at least one role"
    for role in roles:
        if not is_code(role):
            yield key, f"{role!r} is not a role; expected small letters, as in section_chief"


def _places(pack: Pack) -> Iterator[Problem]:
    codes = {district.code for district in pack.districts}
    for n, road in enumerate(pack.roads):
        if road.district not in codes:
            yield ("roads", n), f"there is no district {road.district!r}"


def _items(pack: Pack) -> Iterator[Problem]:
    for code, item in pack.items.items():
        key: Key = ("items", code)
        if not is_code(code):
            yield key, "a code has small letters, digits, dots, dashes and underscores"
        kind = pack.kinds.get(item.kind)
        if kind is None:
            yield (*key, "kind"), f"there is no kind of case {item.kind!r}"
            continue
        for name, stage, limit in (
            ("stage1", "first", item.stage1),
            ("stage2_max", "second", item.stage2_max),
        ):
            rule = kind.stages.get(stage)  # type: ignore[call-overload]
            if rule is not None and not limit.within(rule.min, rule.max):
                yield (*key, name), f"{limit} is not between {rule.min} and {rule.max}"
        if item.active_from and item.active_until and item.active_until < item.active_from:
            yield (*key, "active_until"), "the item ends before it begins"


def _kinds(pack: Pack) -> Iterator[Problem]:
    for code, kind in pack.kinds.items():
        key: Key = ("kinds", code)
        offer = kind.identity.otherwise_offer
        if offer is not None and offer not in pack.kinds:
            yield (*key, "identity", "otherwise_offer"), f"there is no kind of case {offer!r}"
        if kind.begins_in not in kind.stages:
            yield (*key, "begins_in"), f"there is no stage {kind.begins_in!r}"
        if kind.release is not None and kind.release.becomes is not None:
            if kind.release.becomes not in pack.kinds:
                yield (*key, "release", "becomes"), f"there is no kind of case {kind.release.becomes!r}"
            if "case.converted" not in {move.event for move in kind.moves}:
                yield (*key, "release", "becomes"), "needs a move case.converted"
        findings = {choice.code for choice in kind.findings}
        if kind.unfounded is not None:
            if kind.unfounded.becomes not in pack.kinds:
                yield (*key, "unfounded", "becomes"), f"there is no kind of case {kind.unfounded.becomes!r}"
            for finding in kind.unfounded.findings:
                if finding not in findings:
                    yield (*key, "unfounded", "findings"), f"there is no finding {finding!r}"
        yield from _petition_rules(key, kind)
        yield from _answers(key, kind, pack)
        reached = {kind.begins} | {move.to for move in kind.moves if move.to}
        for n, move in enumerate(kind.moves):
            for status in move.from_:
                if status not in reached:
                    yield (*key, "moves", n, "from"), f"no move leads to the status {status!r}"


def _answers(key: Key, kind: CaseKind, pack: Pack) -> Iterator[Problem]:
    """What a kind says of the written reply, of leaving a matter unprocessed, of opening it again."""
    moves = {move.event for move in kind.moves}
    needed = {
        "writing": (kind.writing, ("case.reply_drafted", "case.reply_issued")),
        "unprocessed": (kind.unprocessed, ("case.not_processed",)),
        "reopening": (kind.reopening, ("case.reopening_asked",)),
    }
    for name, (rule, events) in needed.items():
        for event in events if rule is not None else ():
            if event not in moves:
                yield (*key, name), f"there is no move for {event}"
    if kind.unprocessed is not None:
        yield from _roles((*key, "unprocessed", "by"), kind.unprocessed.by)
    if kind.writing is None:
        return
    for part in kind.writing.later:
        if part not in kind.writing.requires:
            yield (*key, "writing", "later"), f"{part} is not among what is required"
    told = {
        rule.where.get("way")
        for rule in pack.notices
        if rule.on == "case.reply_issued" and kind.code in rule.kinds and rule.on_sent
    }
    for way in ("sms", "email"):
        if way in kind.writing.ways and way not in told:
            yield (*key, "writing", "ways"), f"no notice on case.reply_issued sends the reply by {way}"


def _petition_rules(key: Key, kind: CaseKind) -> Iterator[Problem]:
    """What a kind says of categories, approval, grade B and release."""
    moves = {move.event for move in kind.moves}
    codes = [category.code for category in kind.categories]
    for n, code in enumerate(codes):
        if code in codes[:n]:
            yield (*key, "categories", n, "code"), f"the code {code!r} stands here twice"
    for code in kind.category_limits:
        if code not in codes:
            yield (*key, "category_limits", code), f"there is no category {code!r}"
    if kind.usual_category is not None and kind.usual_category not in codes:
        yield (*key, "usual_category"), f"there is no category {kind.usual_category!r}"
    if kind.owner is not None and not is_code(kind.owner):
        yield (*key, "owner"), f"{kind.owner!r} is not an agency's code"
    if kind.completion.approved_by:
        yield from _roles((*key, "completion", "approved_by"), kind.completion.approved_by)
        for event in ("case.submitted", "case.approved", "case.returned"):
            if event not in moves:
                message = f"a result that must be approved needs a move {event}"
                yield (*key, "completion", "approved_by"), message
    yield from _roles((*key, "completion", "by"), kind.completion.by, needed=False)
    if kind.completion.report_first and "case.reported_back" not in moves:
        yield (*key, "completion", "report_first"), "needs a move case.reported_back"
    told = kind.completion.told_by_phone_requires
    if told is not None and kind.telephone_notice.when == "outage":
        message = "telephone_notice must be required or optional for this"
        yield (*key, "completion", "told_by_phone_requires"), message
    if kind.grade_b is not None:
        if not kind.grade_b.most.amount:
            yield (*key, "grade_b", "most"), "expected more than nothing"
        if "case.graded_b" not in moves:
            yield (*key, "grade_b"), "needs a move case.graded_b"
    if kind.release is not None:
        yield from _roles((*key, "release", "by"), kind.release.by)
        if not is_code(kind.release.by_agency):
            yield (*key, "release", "by_agency"), f"{kind.release.by_agency!r} is not an agency's code"
        grounds = [choice.code for choice in kind.release.grounds]
        for n, code in enumerate(grounds):
            if code in grounds[:n]:
                yield (*key, "release", "grounds", n, "code"), f"the code {code!r} stands here twice"
        if "case.released" not in moves:
            yield (*key, "release"), "needs a move case.released"
    for name in ("phone_agency", "closed_by_agency"):
        agency = getattr(kind.reply, name)
        if not is_code(agency):
            yield (*key, "reply", name), f"{agency!r} is not an agency's code (or `case`)"


def _has_ordinary(kind: CaseKind) -> bool:
    stage = kind.stages.get("ordinary")
    return stage is not None and isinstance(stage.limit, Limit)


def _clocks(pack: Pack) -> Iterator[Problem]:
    for n, rule in enumerate(pack.clocks):
        key: Key = ("clocks", n)
        for kind in rule.kinds:
            if kind not in pack.kinds:
                yield (*key, "kinds"), f"there is no kind of case {kind!r}"
        if rule.limit == "kind.ordinary":
            for kind in rule.kinds:
                if "ordinary" not in pack.kinds[kind].stages:
                    yield (*key, "limit"), f"the kind {kind!r} has no ordinary limit"
        if rule.limit == "kind.category":
            for kind in rule.kinds:
                one = pack.kinds[kind]
                if not _has_ordinary(one) and not (
                    one.categories and all(one.category_limit(category.code) for category in one.categories)
                ):
                    message = f"the kind {kind!r} has neither a limit for each category nor an ordinary limit"
                    yield (*key, "limit"), message
        if rule.start.working_days and not rule.start.rounds:
            yield (*key, "start", "working_days"), "this is about rounds; expected rounds beside it"
        codes = [strike.code for strike in rule.strikes]
        for m, strike in enumerate(rule.strikes):
            if codes.count(strike.code) > 1:
                yield (*key, "strikes", m, "code"), f"the code {strike.code!r} stands here twice"
            for o, action in enumerate(strike.do):
                at = (*key, "strikes", m, "do", o)
                if action.notify is not None:
                    yield from _addressed(pack, action.notify, (*at, "notify"))
                if action.task is not None:
                    yield from _opened(pack, rule, action.task, (*at, "task"))


def _opened(pack: Pack, rule: ClockRule, code: str, key: Key) -> Iterator[Problem]:
    task = next((one for one in pack.tasks if one.code == code), None)
    if task is None:
        yield key, f"there is no task {code!r}; expected one of tasks.yaml"
        return
    for kind in rule.kinds:
        if kind not in task.kinds:
            yield key, f"the task {code!r} is not for the kind of case {kind!r}"


def _tasks(pack: Pack) -> Iterator[Problem]:
    for n, rule in enumerate(pack.tasks):
        key: Key = ("tasks", n)
        for kind in rule.kinds:
            if kind not in pack.kinds:
                yield (*key, "kinds"), f"there is no kind of case {kind!r}"
        for name in ("on", "blocks", "done_by", "cancelled_by"):
            for event in getattr(rule, name):
                if not EVENT.match(event):
                    yield (*key, name), f"{event!r} is not an event; expected one such as case.completed"
        if isinstance(rule.limit, BeforeDay) and rule.limit.of is not None:
            yield (*key, "limit"), "a task knows no day of an event; expected an amount, a day or a date"
        if not is_code(rule.owed_by):
            yield (*key, "owed_by"), f"{rule.owed_by!r} is not an agency's code (or `case`)"
        yield from _roles((*key, "roles"), rule.roles)
        yield from _roles((*key, "opened_by"), rule.opened_by, needed=False)
        yield from _roles((*key, "rings"), rule.rings, needed=False)


def _requests(pack: Pack) -> Iterator[Problem]:
    """Somebody decides, every clock and dispute named is there, and the moves allow what follows."""
    disputes = {rule.code for rule in pack.requests if rule.effect == "dispute"}
    clocks = {rule.code: rule for rule in pack.clocks}
    for n, rule in enumerate(pack.requests):
        key: Key = ("requests", n)
        yield from _roles((*key, "asked_by"), rule.asked_by)
        yield from _roles((*key, "decided_by"), rule.decided_by, needed=not rule.direct)
        for name in ("asked_in", "decided_in"):
            if not is_code(getattr(rule, name)):
                yield (*key, name), f"{getattr(rule, name)!r} is not an agency's code"
        if rule.asked_in == ANYWHERE:
            yield (*key, "asked_in"), "expected an agency's code (or `case`)"
        for kind in rule.kinds:
            if kind not in pack.kinds:
                yield (*key, "kinds"), f"there is no kind of case {kind!r}"
                continue
            moves = {move.event for move in pack.kinds[kind].moves}
            for event in EVENTS[rule.effect]:
                if event not in moves:
                    yield (*key, "effect"), f"the kind {kind!r} needs a move {event}"
            for window in rule.windows:
                for code in {window.after, window.until} - {RECEIVED, None}:
                    if code not in clocks or kind not in clocks[str(code)].kinds:
                        yield (*key, "windows"), f"the kind {kind!r} has no clock {code!r}"
        for ground in rule.grounds:
            if ground.opens is not None and ground.opens not in disputes:
                yield (*key, "grounds"), f"there is no dispute {ground.opens!r} among the requests"
        if "consent" in rule.asks and not rule.consents:
            yield (*key, "consents"), "say whose consent counts"
        for event in rule.blocks:
            if not EVENT.match(event):
                yield (*key, "blocks"), f"{event!r} is not an event; expected one such as case.completed"


def _notices(pack: Pack) -> Iterator[Problem]:
    for n, rule in enumerate(pack.notices):
        key: Key = ("notices", n)
        for kind in rule.kinds:
            if kind not in pack.kinds:
                yield (*key, "kinds"), f"there is no kind of case {kind!r}"
        notify = NotifyAction(to=rule.to, template=rule.template, channels=rule.channels)
        yield from _addressed(pack, notify, key)


def _addressed(pack: Pack, notify: NotifyAction, key: Key) -> Iterator[Problem]:
    template = pack.templates.get(notify.template)
    if template is None:
        yield (*key, "template"), f"there is no template {notify.template!r}"
        return
    for channel in notify.channels:
        if channel in ("chosen", "contact"):
            if notify.to != ("reporter",):
                yield (*key, "channels"), f"only the reporter has a channel {channel!r}"
            wanted: tuple[str, ...] = ("sms", "email")
        else:
            wanted = (channel,)
        for one in wanted:
            if one not in template:
                yield (*key, "channels"), f"the template {notify.template!r} has no words for {one!r}"
    for to in notify.to:
        role = to.removeprefix("post:")
        if to.startswith(AT_ANOTHER) and is_code(to.partition(":")[2]):
            continue
        if not is_code(role) or (to != role and "." not in role):
            yield (*key, "to"), f"{to!r} is neither a role, reporter, nor post:AGENCY.POST"


def _templates(pack: Pack) -> Iterator[Problem]:
    for code, channels in pack.templates.items():
        for channel, words in channels.items():
            if "zh-hant" not in words:
                yield ("templates", code, channel), "the words in zh-hant are missing"
