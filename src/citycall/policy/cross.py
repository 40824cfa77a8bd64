"""What must hold between the parts of a pack: every name that a rule uses is there."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from citycall.policy.basics import is_code
from citycall.policy.model import Pack
from citycall.policy.rules import NotifyAction
from citycall.policy.source import Key

Problem = tuple[Key, str]


def cross_check(pack: Pack) -> Problem | None:
    """The first name or bound that does not hold, with its key; None when all do."""
    return next(problems(pack), None)


def problems(pack: Pack) -> Iterator[Problem]:
    """Everything that does not hold between the parts of a pack."""
    yield from _head(pack)
    yield from _places(pack)
    yield from _items(pack)
    yield from _kinds(pack)
    yield from _clocks(pack)
    yield from _notices(pack)
    yield from _templates(pack)


def _head(pack: Pack) -> Iterator[Problem]:
    if not is_code(pack.code):
        yield ("code",), "expected small letters, digits, dots, dashes, underscores"
    try:
        ZoneInfo(pack.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield ("timezone",), f"{pack.timezone!r} is not a time zone"


def _places(pack: Pack) -> Iterator[Problem]:
    codes: set[str] = set()
    for n, district in enumerate(pack.districts):
        if district.code in codes:
            yield ("districts", n), f"the district {district.code} stands here twice"
        codes.add(district.code)
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
        findings = {choice.code for choice in kind.findings}
        if kind.unfounded is not None:
            if kind.unfounded.becomes not in pack.kinds:
                yield (*key, "unfounded", "becomes"), f"there is no kind of case {kind.unfounded.becomes!r}"
            for finding in kind.unfounded.findings:
                if finding not in findings:
                    yield (*key, "unfounded", "findings"), f"there is no finding {finding!r}"
        reached = {kind.begins} | {move.to for move in kind.moves if move.to}
        for n, move in enumerate(kind.moves):
            for status in move.from_:
                if status not in reached:
                    yield (*key, "moves", n, "from"), f"no move leads to the status {status!r}"


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
        codes = [strike.code for strike in rule.strikes]
        for m, strike in enumerate(rule.strikes):
            if codes.count(strike.code) > 1:
                yield (*key, "strikes", m, "code"), f"the code {strike.code!r} stands here twice"
            for o, action in enumerate(strike.do):
                if action.notify is not None:
                    at = (*key, "strikes", m, "do", o, "notify")
                    yield from _addressed(pack, action.notify, at)


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
        if not is_code(role) or (to != role and "." not in role):
            yield (*key, "to"), f"{to!r} is neither a role, reporter, nor post:AGENCY.POST"


def _templates(pack: Pack) -> Iterator[Problem]:
    for code, channels in pack.templates.items():
        for channel, words in channels.items():
            if "zh-hant" not in words:
                yield ("templates", code, channel), "the words in zh-hant are missing"
