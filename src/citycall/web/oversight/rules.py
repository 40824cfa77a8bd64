"""The rules as people read them: each entry of a pack in words, with its clauses and their quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.conf import settings as program
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from citycall.oversight.items import LABELS
from citycall.policy import NoticeRule, Pack, PackError
from citycall.policy.clauses import Clause, find_clauses, load_clauses
from citycall.policy.rewrite import written
from citycall.policy.text import language
from citycall.policy.variation_points import POINTS, READINGS
from citycall.web.oversight.labels.keys import KEYS, PARTS
from citycall.web.oversight.rule_words import (
    brief,
    clock_lines,
    event_name,
    item_lines,
    kind_lines,
    notice_name,
    plain,
    request_lines,
    task_lines,
    told,
    word_of,
)
from citycall.web.story_words import EVENTS, NOTICES
from citycall.web.ui.words import named

TOPICS: dict[str, Promise] = {
    "settings": lazy("設定"),
    "kinds": lazy("案件種類"),
    "clocks": lazy("期限與稽催"),
    "notices": lazy("通知"),
    "tasks": lazy("待辦"),
    "requests": lazy("申請與決定"),
    "items": lazy("服務項目"),
    "readings": lazy("解讀"),
}
# What a key of the rules belongs to when two versions are compared: beside the topics, these.
OTHER_TOPICS: dict[str, Promise] = {
    "templates": lazy("通知用語"),
    "districts": lazy("行政區"),
    "roads": lazy("道路"),
    "clock_calendar": lazy("辦公時間與日曆"),
    "editions": lazy("修正沿革"),
    "may": lazy("權限"),
    "head": lazy("基本資料"),
}
CAPABILITIES: dict[str, Promise] = {
    "calls": lazy("來電"),
    "transfer-callback": lazy("轉接與回電"),
    "faq": lazy("常見問答"),
    "directory": lazy("通訊錄與職務"),
    "agency-notices": lazy("機關通報話務中心"),
    "case-intake": lazy("受理"),
    "petition": lazy("陳情"),
    "urgent-report": lazy("通報"),
    "dispatch": lazy("派工"),
    "fast-service": lazy("快速服務"),
    "clocks-deadlines": lazy("期限與稽催"),
    "notify": lazy("通知"),
    "reassignment": lazy("改分與解除列管"),
    "duplicates-abuse": lazy("重複與不實反映"),
    "sign-language": lazy("手語視訊"),
    "surveys": lazy("滿意度"),
    "spot-check": lazy("測試與查核"),
    "reports": lazy("報表"),
    "privacy-audit": lazy("個資"),
    "quality-programme": lazy("獎懲與品質"),
    "operations": lazy("系統維運"),
    "counter-queue": lazy("臨櫃"),
    "policy": lazy("規則"),
}


@dataclass(frozen=True)
class Entry:
    """One rule as it is read."""

    code: str
    title: str
    lines: tuple[str, ...]
    clauses: tuple[tuple[str, str], ...] = ()  # id and quote
    group: str = ""
    value: str = ""
    badges: tuple[tuple[str, str], ...] = ()
    used_by: tuple[str, ...] = ()
    edits: bool = False

    def says(self, wanted: str) -> bool:
        """Whether the words that somebody looks for are in it."""
        text = " ".join(
            (self.code, self.title, *self.lines, self.value, self.group, *(c for c, _q in self.clauses))
        )
        return all(word in text.casefold() for word in wanted.casefold().split())


@dataclass(frozen=True)
class Topic:
    """Entries of one sort, under headings."""

    code: str
    title: str
    groups: list[tuple[str, list[Entry]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(entries) for _heading, entries in self.groups)


def topic(pack: Pack, code: str, agencies: Mapping[str, tuple[str, str]], wanted: str = "") -> Topic:
    """One topic of the rules, narrowed to what has these words."""
    found = [entry for entry in _ENTRIES[code](pack, agencies) if not wanted or entry.says(wanted)]
    groups: dict[str, list[Entry]] = {}
    for entry in found:
        groups.setdefault(entry.group, []).append(entry)
    return Topic(code, str(TOPICS[code]), list(groups.items()))


def quotes(pack: Pack) -> Mapping[str, Clause]:
    """The clauses of the published documents, where the catalogue is at hand."""
    for folder in (pack.path, str(program.CITYCALL_POLICIES)):
        try:
            found = find_clauses(folder) if folder else None
            if found is not None:
                return load_clauses(found)
        except (PackError, OSError):
            continue
    return {}


def cited(ids: Iterable[str], known: Mapping[str, Clause]) -> tuple[tuple[str, str], ...]:
    return tuple((one, known[one].quote if one in known else "") for one in dict.fromkeys(ids))


# --- settings and readings -------------------------------------------------------------------------------


def _settings(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known = quotes(pack)
    used = _users(pack, "settings")
    groups = {
        slug: str(CAPABILITIES.get(point.capability, point.capability)) for slug, point in POINTS.items()
    }
    for slug in dict.fromkeys((*POINTS, *pack.settings)):
        one = pack.settings.get(slug)
        silent = one is None or one.value is None
        said = named(one.says) if one is not None and one.says else ""
        badges = [(_("本文未載"), "neutral")] if silent else []
        if one is not None and one.sample:
            badges.append((_("示範值"), "warn"))
        lines = [said] if said else [] if silent else [brief(one.value if one else None)]
        if one is not None and one.reading and _for_the_reader(one.reading):
            lines.append(one.reading)
        yield Entry(
            code=slug,
            title=named(POINTS[slug].topic) if slug in POINTS else slug,
            lines=tuple(lines),
            clauses=cited(one.clauses if one else (), known),
            group=groups.get(slug, _("其他")),
            value="" if silent or one is None else written(plain(one.value)),
            badges=tuple(badges),
            used_by=tuple(used.get(slug, ())),
            edits=True,
        )


def _for_the_reader(text: str) -> bool:
    """Whether a remark that a pack has in one language is in the reader's."""
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
    return chinese == (language(get_language()) != "en")


def _readings(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known, used = quotes(pack), _users(pack, "readings")
    for slug, one in pack.readings.items():
        yield Entry(
            code=slug,
            title=named(READINGS[slug].topic) if slug in READINGS else slug,
            lines=(named(one.says),),
            clauses=cited(one.clauses, known),
            value=written(plain(one.value)),
            used_by=tuple(used.get(slug, ())),
            edits=True,
        )


def _users(pack: Pack, table: str) -> dict[str, list[str]]:
    """Which rules take a setting over: slug -> where."""
    found: dict[str, list[str]] = {}
    for where, path in pack.sources.items():
        kind, slug = path.split(".")[:2]
        if kind == table:
            said = place_named(pack, where, brief=True)
            if said not in found.setdefault(slug, []):
                found[slug].append(said)
    return found


def needed_parts(pack: Pack, table: str, slug: str) -> dict[str, list[str]]:
    """The parts of a value that rules take over, each with those rules; "" is the value as a whole."""
    found: dict[str, list[str]] = {}
    for where, path in pack.sources.items():
        kind, code, *steps = path.split(".")
        if (kind, code) == (table, slug):
            said = place_named(pack, where, brief=True)
            rules = found.setdefault(steps[0] if steps else "", [])
            if said not in rules:
                rules.append(said)
    return found


def place_named(pack: Pack, key: str, *, brief: bool = False) -> str:
    """A place in the rules by its dotted key, in words as far as they have names; in brief, which rule."""
    head, _dot, rest = key.removeprefix("pack.").partition(".")
    label = str({**TOPICS, **OTHER_TOPICS}.get(head, _("基本資料")))
    code, _dot, inner = rest.partition(".")
    names: dict[str, Mapping[str, Any]] = {
        "kinds": {one.code: one.name for one in pack.kinds.values()},
        "clocks": {one.code: one.name for one in pack.clocks},
        "tasks": {one.code: one.name for one in pack.tasks},
        "requests": {one.code: one.name for one in pack.requests},
        "items": {one.code: one.name for one in pack.items.values()},
        "settings": {slug: point.topic for slug, point in POINTS.items()},
        "readings": {slug: point.topic for slug, point in READINGS.items()},
        "notices": {one.code: (notice_title(one),) * 2 for one in pack.notices},
        "districts": {one.code: one.name for one in pack.districts},
    }
    known = names.get(head, {})
    if head in TOPICS or head in ("roads", "districts"):
        parts = [label, named(known[code]) if code in known else code]
    elif head == "templates":
        found = key.removeprefix("templates.")
        template = next((one for one in NOTICES if found == one or found.startswith(f"{one}.")), "")
        parts = [label, notice_name(template) if template else code]
        inner = found.removeprefix(template).removeprefix(".") if template else inner
    else:
        parts = [label, *([] if head in OTHER_TOPICS else [_step(head)])]
        inner = rest
        if brief and head in OTHER_TOPICS and code:
            parts.append(_step(code))
    if inner and not brief:
        parts += list(_inner(pack, inner))
    # A key and the code within it may be called the same: said once.
    return " › ".join(part for part, _same in groupby(parts) if part)


def _inner(pack: Pack, inner: str) -> Iterator[str]:
    """The keys within a rule as they are called; a code of the rules by its name, any other as it is."""
    steps = inner.split(".")
    categories = {one.code: one.name for kind in pack.kinds.values() for one in kind.categories}
    while steps:
        step = steps.pop(0)
        if f"{step}.{steps[0] if steps else ''}" in EVENTS:
            yield event_name(f"{step}.{steps.pop(0)}")
        elif step in pack.kinds:
            yield named(pack.kinds[step].name)
        elif step in categories:
            yield named(categories[step])
        elif step.isdecimal():
            yield _("第 %(n)s 項") % {"n": int(step) + 1}
        else:
            yield _step(step)


def _step(step: str) -> str:
    """What one key is called."""
    return str(PARTS.get(step) or LABELS.get(step) or KEYS.get(step) or word_of(step))


def value_named(pack: Pack, key: str, value: Any, agencies: Mapping[str, tuple[str, str]]) -> str:
    """A value by what its key says it is: an agency, a kind of case, otherwise in words."""
    last = key.rpartition(".")[2]
    if last in _OF_AGENCIES and isinstance(value, str) and value in agencies:
        return named(agencies[value])
    if last in _OF_KINDS:
        codes = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
        if codes and all(one in pack.kinds for one in codes):
            return "、".join(named(pack.kinds[one].name) for one in codes)
    return brief(value)


_OF_AGENCIES = frozenset(
    {
        "agency",
        "owed_by",
        "asked_in",
        "decided_in",
        "approved_in",
        "managing_unit",
        "by_agency",
        "closed_by_agency",
    }
)
_OF_KINDS = frozenset({"kind", "kinds"})


# --- rules -----------------------------------------------------------------------------------------------


def _kinds(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known = quotes(pack)
    for kind in pack.kinds.values():
        clauses = [*kind.clauses, *kind.identity.clauses, *kind.completion.clauses, *kind.reply.clauses]
        clauses += [clause for stage in kind.stages.values() for clause in stage.clauses]
        yield Entry(kind.code, named(kind.name), tuple(kind_lines(kind)), cited(clauses, known))


def _clocks(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known = quotes(pack)
    for rule in pack.clocks:
        kinds = "、".join(named(pack.kinds[code].name) for code in rule.kinds if code in pack.kinds)
        clauses = [*rule.clauses, *(clause for strike in rule.strikes for clause in strike.clauses)]
        yield Entry(
            rule.code, named(rule.name), tuple(clock_lines(pack, rule)), cited(clauses, known), group=kinds
        )


def _notices(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known = quotes(pack)
    for rule in pack.notices:
        yield Entry(
            rule.code, notice_title(rule), (told(rule.channels, rule.to),), cited(rule.clauses, known)
        )


def notice_title(rule: NoticeRule) -> str:
    """When a notice goes out and what it is about: 成案：新案請簽收."""
    return "：".join(dict.fromkeys((event_name(rule.on), notice_name(rule.template))))


def _tasks(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known = quotes(pack)
    for task in pack.tasks:
        yield Entry(
            task.code, named(task.name), tuple(task_lines(task, agencies)), cited(task.clauses, known)
        )


def _requests(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    known = quotes(pack)
    for rule in pack.requests:
        kinds = "、".join(named(pack.kinds[code].name) for code in rule.kinds if code in pack.kinds)
        badges = ((_("示範資料"), "warn"),) if rule.sample else ()
        lines = tuple(request_lines(pack, rule, agencies))
        cites = cited(rule.clauses, known)
        yield Entry(rule.code, named(rule.name), lines, cites, group=kinds, badges=badges)


def _items(pack: Pack, agencies: Mapping[str, tuple[str, str]]) -> Iterator[Entry]:
    for item in pack.items.values():
        agency = named(agencies.get(item.agency, (item.agency, item.agency)))
        badges = ((_("示範資料"), "warn"),) if item.sample else ()
        yield Entry(item.code, named(item.name), tuple(item_lines(item)), group=agency, badges=badges)


_ENTRIES: dict[str, Callable[[Pack, Mapping[str, tuple[str, str]]], Iterator[Entry]]] = {
    "settings": _settings,
    "kinds": _kinds,
    "clocks": _clocks,
    "notices": _notices,
    "tasks": _tasks,
    "requests": _requests,
    "items": _items,
    "readings": _readings,
}
