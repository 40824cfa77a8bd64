"""Parts of the rules in words: kinds of case, clocks and their strikes, tasks, items, plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citycall.people.roles import ROLES
from citycall.policy import ClockRule, Item, Limit, Pack, Strike
from citycall.policy import words as policy_words
from citycall.policy.deadlines import read_due
from citycall.policy.kinds import CaseKind
from citycall.policy.requests import RECEIVED, RequestRule, Window
from citycall.policy.tasks import TaskRule
from citycall.web.oversight.labels.keys import KEYS, PARTS
from citycall.web.oversight.labels.values import ASKED, HAPPENINGS, MARKS, VALUES
from citycall.web.story import role_name
from citycall.web.story_words import EVENTS, NOTICES
from citycall.web.ui.words import named


def event_name(kind: str) -> str:
    """What an event of a case is called, or what else is told of."""
    if kind in EVENTS:
        return str(EVENTS[kind][0])
    return (
        str(HAPPENINGS[kind])
        if kind in HAPPENINGS
        else policy_words.word(policy_words.EVENTS, kind).get(_lang())
    )


def notice_name(template: str) -> str:
    """What a notice is about, by its template."""
    return str(NOTICES.get(template, template))


def events_named(kinds: Iterable[str]) -> str:
    return "、".join(map(event_name, kinds))


def roles_named(roles: Iterable[str]) -> str:
    return "、".join(map(role_name, roles))


def _lang() -> str:
    return get_language() or "zh-hant"


def kind_lines(kind: CaseKind) -> Iterator[str]:
    stages = {"first": _("第一階段"), "second": _("第二階段"), "ordinary": _("一般案件")}
    sources = {"item.stage1": _("依服務項目表"), "event.limit": _("依核准的天數")}
    yield _("案號開頭：%(prefix)s") % {"prefix": kind.number_prefix}
    for code, stage in kind.stages.items():
        limit = (
            sources.get(stage.limit, stage.limit)
            if isinstance(stage.limit, str)
            else limit_words(stage.limit)
        )
        bounds = "～".join(limit_words(one) for one in (stage.min, stage.max) if one is not None)
        yield f"{stages[code]}：{limit}{f'（{bounds}）' if bounds else ''}"
    for category in kind.categories:
        own = kind.category_limit(category.code)
        if own is not None:
            yield f"{named(category.name)}：{limit_words(own)}"
    if kind.identity.required:
        yield _("受理需要：%(parts)s") % {"parts": words_of(kind.identity.required)}
    if kind.completion.requires:
        yield _("辦畢須登錄：%(parts)s") % {"parts": words_of(kind.completion.requires)}
    if kind.completion.approved_by:
        yield _("結果須核定：%(roles)s") % {"roles": roles_named(kind.completion.approved_by)}
    if kind.grade_b is not None:
        yield _("B 等級最長 %(limit)s") % {"limit": limit_words(kind.grade_b.most)}


def clock_lines(pack: Pack, rule: ClockRule) -> Iterator[str]:
    sources = {
        "item.stage1": _("服務項目的第一階段時限"),
        "kind.ordinary": _("案件種類的一般時限"),
        "kind.category": _("陳情類別的時限"),
        "event.limit": _("核准的期限"),
        "event.until": _("所定的日期"),
    }
    limit = sources.get(rule.limit, rule.limit) if isinstance(rule.limit, str) else limit_words(rule.limit)
    starts = event_name(rule.start.on)
    if rule.start.rounds:
        starts += "（" + "、".join(f"{at:%H:%M}" for at in rule.start.rounds) + "）"
    yield _("%(event)s起算，%(limit)s") % {"event": starts, "limit": limit}
    yield _("停止於：%(events)s") % {"events": events_named(rule.stop)}
    for strike in rule.strikes:
        yield f"{strike_when(strike)}：{strike_does(pack, strike)}"


def strike_when(strike: Strike) -> str:
    """When a clock strikes, in words."""
    when = strike.when
    if when.at is not None:
        return _("期限屆滿") if when.at == "limit" else _("起算時")
    for limit, said in (
        (when.after_limit, _("期限屆滿後 %(limit)s")),
        (when.before_limit, _("期限前 %(limit)s")),
        (when.after_start, _("起算後 %(limit)s")),
    ):
        if limit is not None:
            return said % {"limit": limit_words(limit)}
    if when.on_day is not None:
        day = when.on_day
        if day.before is not None:
            said = _("期限前第 %(n)s 日 %(at)s")
        else:
            said = _("起算後第 %(n)s 日 %(at)s") if day.after == "start" else _("期限後第 %(n)s 日 %(at)s")
        return said % {"n": day.days, "at": f"{day.at:%H:%M}"}
    return _("每日 %(at)s") % {"at": "、".join(f"{at:%H:%M}" for at in when.daily_at)}


def strike_does(pack: Pack, strike: Strike) -> str:
    done = []
    for action in strike.do:
        if action.mark is not None:
            done.append(str(MARKS.get(action.mark, action.mark)))
        elif action.task is not None:
            found = next((task.name for task in pack.tasks if task.code == action.task), None)
            done.append(_("列待辦「%(task)s」") % {"task": named(found) if found else action.task})
        elif action.notify is not None:
            done.append(told(action.notify.channels, action.notify.to))
    return "；".join(done)


def told(channels: Iterable[str], to: Iterable[str]) -> str:
    """By which ways whom."""
    ways = words_of(channels)
    return _("以%(channels)s通知%(to)s") % {"channels": ways, "to": roles_named(to)}


def request_lines(pack: Pack, rule: RequestRule, agencies: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Who may ask for what, until when, with what, and who decides."""

    def where(code: str) -> str:
        own = {"case": _("案件的權責機關"), "any": ""}
        return own[code] if code in own else named(agencies.get(code, (code, code)))

    asks = {"owner": where(rule.asked_in), "roles": roles_named(rule.asked_by)}
    yield _("由%(owner)s的%(roles)s提出") % asks
    for window in rule.windows:
        yield _window(pack, window)
    if rule.windows:
        yield _("逾期不受理") if rule.late == "refuse" else _("逾期註記")
    if rule.refused_by:
        yield _("至少 %(n)s 個機關主張非其權責時") % {"n": rule.refused_by}
    if rule.asks:
        yield _("須登錄：%(parts)s") % {"parts": "、".join(str(ASKED[part]) for part in rule.asks)}
    if rule.consents:
        yield _("同意層級：%(levels)s") % {"levels": "、".join(named(one.name) for one in rule.consents)}
    if rule.grounds:
        yield _("事由：%(grounds)s") % {"grounds": "、".join(named(one.name) for one in rule.grounds)}
    if rule.most is not None:
        yield _("最多展延：%(limit)s") % {"limit": limit_words(rule.most)}
    if rule.direct:
        yield _("提出即生效")
    elif rule.decided_in == "any":
        yield _("由%(roles)s決定") % {"roles": roles_named(rule.decided_by)}
    else:
        decides = {"owner": where(rule.decided_in), "roles": roles_named(rule.decided_by)}
        yield _("由%(owner)s的%(roles)s決定") % decides
    if rule.blocks:
        yield _("未填報完前不能：%(events)s") % {"events": events_named(rule.blocks)}


def _window(pack: Pack, window: Window) -> str:
    if window.until is not None:
        return _("期限：%(clock)s屆滿前") % {"clock": named(pack.clock(window.until).name)}
    assert window.within is not None
    given = {"limit": limit_words(window.within)}
    if window.after != RECEIVED:
        return _("期限：%(clock)s起算後%(limit)s內") % {
            **given,
            "clock": named(pack.clock(window.after).name),
        }
    if window.site_inspection:
        return _("期限：收案後%(limit)s內，需現場勘查者") % given
    return _("期限：收案後%(limit)s內") % given


def task_lines(task: TaskRule, agencies: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    owner = (
        _("案件的權責機關")
        if task.owed_by == "case"
        else named(agencies.get(task.owed_by, (task.owed_by,) * 2))
    )
    yield _("由%(owner)s的%(roles)s辦理") % {"owner": owner, "roles": roles_named(task.roles)}
    if task.on:
        yield _("%(events)s時產生") % {"events": events_named(task.on)}
    if task.limit is not None:
        yield _("時限：%(limit)s") % {"limit": limit_words(task.limit)}
    if task.blocks:
        yield _("未辦完前不能：%(events)s") % {"events": events_named(task.blocks)}


def item_lines(item: Item) -> Iterator[str]:
    yield _("第一階段 %(first)s；第二階段最多 %(second)s") % {
        "first": limit_words(item.stage1), "second": limit_words(item.stage2_max),
    }  # fmt: skip
    flags = {"public_safety": _("公共安全"), "resources": _("資源"), "evidence": _("須附證明")}
    if item.flags():
        yield "、".join(flags[name] for name in sorted(item.flags()))
    if item.active_from is not None or item.active_until is not None:
        yield f"{item.active_from or ''} ～ {item.active_until or ''}"


# --- values ----------------------------------------------------------------------------------------------


def limit_words(limit: Any) -> str:
    """A limit or deadline in the reader's language."""
    return str(limit.words(_lang())) if hasattr(limit, "words") else str(limit if limit is not None else "—")


def plain(value: Any) -> Any:
    """A value as YAML writes it: tuples as lists, limits and times as text."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def brief(value: Any) -> str:
    """A value in one line, for a comparison or where nothing says it in words."""
    match value:
        case None | "":
            return "—"
        case True:
            return _("是")
        case False:
            return _("否")
        case list() | tuple() | set() | frozenset():
            return "、".join(brief(inner) for inner in value) or "—"
        case dict():
            return "；".join(f"{_key(name)}：{brief(inner)}" for name, inner in value.items())
        case str():
            return word_of(value)
    return limit_words(value)


def _key(name: str) -> str:
    return str(KEYS.get(name) or PARTS.get(name) or word_of(name))


def words_of(codes: Iterable[str]) -> str:
    """Several words of the rules in a row."""
    return "、".join(map(word_of, codes))


def word_of(text: str) -> str:
    """A word of the rules as people say it: a limit, role, channel, event or choice; any other as it is."""
    if text in EVENTS:
        return event_name(text)
    if text in ROLES:
        return role_name(text)
    for table in (policy_words.RECIPIENTS, policy_words.CHANNELS):
        if text in table:
            return table[text].get(_lang())
    for names in (VALUES, HAPPENINGS, NOTICES, MARKS):
        if text in names:
            return str(names[text])
    if text[:1].isdecimal():
        try:
            found = read_due(text)
        except ValueError:
            return text
        return limit_words(found) if isinstance(found, Limit) else text
    return text
