"""Why a clock is due when it is, in words: the rule and its clause, the start, the limit, the days left out.

Pure: everything comes from the pack, the facts of the start and the closures that the caller names. `explain`
says how a clock comes to its due instant, whether it runs, has stopped or would only be started.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from citycall.policy import words
from citycall.policy.calendars import Calendar, Closure, Part
from citycall.policy.clauses import find_clauses, load_clauses
from citycall.policy.clocks import due_at, first_strikes, limit_of, limit_text, next_strike, started_at
from citycall.policy.deadlines import ByDay, Due
from citycall.policy.items import Item
from citycall.policy.kinds import CaseKind
from citycall.policy.limits import Limit
from citycall.policy.model import Pack
from citycall.policy.rules import Action, ClockRule, Strike
from citycall.policy.source import PackError
from citycall.policy.text import Text
from citycall.policy.variation_points import POINTS, READINGS

Why = Literal["weekend", "holiday", "closure"]

_WORKING = frozenset({"working_days", "working_hours", "half_days"})
_MICROSECOND = timedelta(microseconds=1)
_MOST_DAYS = 4000  # days that are looked through
_SHOWN = 12  # days off that are told one by one


@dataclass(frozen=True)
class Cited:
    """A clause that gives the rule, in the document's own words where the catalogue is at hand."""

    id: str
    quote: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Days in a row, or a half of one, that did not count, and why."""

    first: date
    last: date
    why: Why
    name: Text
    part: Part = "all"


@dataclass(frozen=True)
class Coming:
    """One strike of the clock: when, what it does, and the clauses that ask for it."""

    code: str
    at: datetime
    says: Text
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a clock is due when it is. `sentences` say all of it, in order; the rest is the same as data."""

    rule: str
    name: Text
    clauses: tuple[Cited, ...]
    started_by: str
    happened_at: datetime
    starts_at: datetime
    limit: str
    limit_says: Text
    limit_from: Text
    left_out: tuple[LeftOut, ...]
    due: datetime
    strikes: tuple[Coming, ...]
    sentences: tuple[Text, ...]


def explain(
    pack: Pack,
    rule: ClockRule,
    *,
    kind: CaseKind,
    item: Item | None,
    happened_at: datetime,
    facts: Mapping[str, Any],
    closures: Iterable[Closure] = (),
    district: str | None = None,
    reasons: Mapping[date, Text] | None = None,
    due: datetime | None = None,
    after: datetime | None = None,
) -> Explanation:
    """Why the clock that `rule` starts at the event of `happened_at` is due when it is; raises LimitError.

    `facts`: the data of the event that started it. `closures`: the declared ones that count for the case,
    with `reasons` by day in the words of who declared them. `due`: the due instant on record, where it may
    differ from what the rules give today (a changed limit). `after`: only strikes to come after this instant
    are told.
    """
    cal = pack.calendar(closures, district)
    starts = started_at(rule, happened_at, facts, cal)
    counted = due_at(rule, item, kind, starts, facts, cal)
    ends = counted if due is None else due.astimezone(UTC)
    limit = limit_of(rule, item, kind, facts)
    text = limit_text(rule, item, kind, facts)
    says = _limit_says(limit)
    source = _source(pack, rule, item, kind, facts)
    cited = _cited(pack, rule.clauses)
    left_out = _left_out(cal, limit, starts, ends, reasons or {})
    strikes = _strikes(pack, rule, starts, ends, cal, after)
    return Explanation(
        rule=rule.code,
        name=rule.name,
        clauses=cited,
        started_by=rule.start.on,
        happened_at=happened_at.astimezone(UTC),
        starts_at=starts.astimezone(UTC),
        limit=text,
        limit_says=says,
        limit_from=source,
        left_out=left_out,
        due=ends,
        strikes=strikes,
        sentences=(
            *_rule_said(rule, cited),
            _start_said(rule, happened_at, starts, cal),
            _limit_said(says, source, limit, cal),
            *_left_out_said(left_out),
            *_made_up_said(cal, limit, starts, ends),
            *_due_said(counted, ends, cal),
            *_strikes_said(strikes),
        ),
    )


# --- the rule, its start, its limit ---------------------------------------------------------------


def _cited(pack: Pack, clauses: Iterable[str]) -> tuple[Cited, ...]:
    catalogue = find_clauses(pack.path) if pack.path else None
    try:
        known = load_clauses(catalogue) if catalogue is not None else {}
    except PackError:
        known = {}
    return tuple(Cited(id, known[id].quote if id in known else "") for id in clauses)


def _rule_said(rule: ClockRule, cited: tuple[Cited, ...]) -> Iterable[Text]:
    ids = "、".join(clause.id for clause in cited)
    if not ids:
        yield Text(zh=f"適用規則：{rule.name.zh}。", en=f"The rule: {rule.name.en}.")
        return
    en = ", ".join(clause.id for clause in cited)
    yield Text(zh=f"適用規則：{rule.name.zh}（{ids}）。", en=f"The rule: {rule.name.en} ({en}).")
    for clause in cited:
        if clause.quote:
            inner = clause.quote.replace("「", "『").replace("」", "』")
            yield Text(zh=f"{clause.id}：「{inner}」", en=f"{clause.id}: “{clause.quote}”")


def _start_said(rule: ClockRule, happened_at: datetime, starts: datetime, cal: Calendar) -> Text:
    event = words.word(words.EVENTS, rule.start.on)
    happened, begins = (words.instant_words(cal.local(at)) for at in (happened_at, starts))
    if starts == happened_at:
        return Text(zh=f"{begins.zh}{event.zh}，自此起算。", en=f"It runs from {begins.en}, when {event.en}.")
    zh, en = f"{happened.zh}{event.zh}；", f"On {happened.en}, {event.en}; "
    if rule.start.rounds:
        rounds = [f"{at:%H:%M}" for at in sorted(rule.start.rounds)]
        days = ("每工作日", "on working days") if rule.start.working_days else ("每日", "every day")
        zh += f"{days[0]}{'、'.join(rounds)}收文，"
        en += f"rounds are at {' and '.join(rounds)} {days[1]}, "
    elif rule.start.at:
        fact = words.word(words.FACTS, rule.start.at)
        zh, en = zh + f"依{fact.zh}時間，", en + f"by the time of {fact.en}, "
    return Text(zh=f"{zh}自{begins.zh}起算。", en=f"{en}it runs from {begins.en}.")


def _limit_says(limit: Due | None) -> Text:
    if limit is None:
        return Text(zh="指定之時間", en="the time that was set")
    return Text(zh=limit.words("zh"), en=limit.words("en"))


def _source(pack: Pack, rule: ClockRule, item: Item | None, kind: CaseKind, facts: Mapping[str, Any]) -> Text:
    """Where the limit comes from: the rule, a setting, the item, the kind of case, or the event."""
    match rule.limit:
        case "item.stage1" if item is not None:
            sample = ("（樣本）", " (a sample row)") if item.sample else ("", "")
            return Text(
                zh=f"服務項目「{item.name.zh}」之第1階段時限{sample[0]}",
                en=f"the first stage of the item “{item.name.en}”{sample[1]}",
            )
        case "kind.category":
            for one in kind.categories:
                if one.code == facts.get("category") and kind.category_limit(one.code) is not None:
                    at = f"kinds.{kind.code}"
                    found = _taken(
                        pack,
                        f"{at}.categories.{one.code}.limit" if one.limit else f"{at}.category_limits",
                    )
                    own = Text(zh=f"陳情類別「{one.name.zh}」", en=f"the category “{one.name.en}”")
                    return _with(own, found)
            return _with(_ordinary(kind), _taken(pack, f"kinds.{kind.code}.stages.ordinary.limit"))
        case "kind.ordinary":
            return _with(_ordinary(kind), _taken(pack, f"kinds.{kind.code}.stages.ordinary.limit"))
        case "event.limit" | "event.until":
            event = words.word(words.EVENTS, rule.start.on)
            return Text(zh=f"「{event.zh}」時所定", en=f"what was set when {event.en}")
    found = _taken(pack, f"clocks.{rule.code}.limit")
    return found or Text(zh="規則本身", en="the rule itself")


def _ordinary(kind: CaseKind) -> Text:
    return Text(zh=f"案件種類「{kind.name.zh}」之一般時限", en=f"the ordinary limit of “{kind.name.en}”")


def _with(own: Text, setting: Text | None) -> Text:
    if setting is None:
        return own
    return Text(zh=f"{own.zh}，即{setting.zh}", en=f"{own.en}, which is {setting.en}")


def _taken(pack: Pack, key: str) -> Text | None:
    """The setting or reading that a value of the pack is taken from, by its topic."""
    path = pack.sources.get(key)
    if path is None:
        return None
    table, slug = path.split(".")[:2]
    point = POINTS.get(slug) if table == "settings" else READINGS.get(slug)
    topic = point.topic if point is not None else Text(zh=slug, en=slug)
    if table == "readings":
        return Text(zh=f"解讀「{topic.zh}」", en=f"the reading “{topic.en}”")
    entry = pack.settings.get(slug)
    sample = ("（樣本）", " (a sample)") if entry is not None and entry.sample else ("", "")
    return Text(zh=f"設定「{topic.zh}」{sample[0]}", en=f"the setting “{topic.en}”{sample[1]}")


def _limit_said(says: Text, source: Text, limit: Due | None, cal: Calendar) -> Text:
    counting = _counting(limit, cal)
    return Text(
        zh=f"時限：{says.zh}，出自{source.zh}" + (f"；{counting.zh}。" if counting else "。"),
        en=f"The limit: {says.en}, from {source.en}" + (f"; {counting.en}." if counting else "."),
    )


def _counting(limit: Due | None, cal: Calendar) -> Text | None:
    if not isinstance(limit, Limit):
        return None
    if limit.unit != "half_days":
        return words.COUNTING[limit.unit]
    hours = f"{cal.half_day.total_seconds() / 3600:g}"
    if cal.half_day_counts == "clock":
        return Text(zh=f"半日為{hours}小時，日夜連續計算", en=f"half a day is {hours} hours, day and night")
    pause = ("扣除", "not counted") if cal.half_day_deducts_pause else ("不扣除", "counted")
    return Text(
        zh=f"半日為{hours}小時上班時間，午休{pause[0]}",
        en=f"half a day is {hours} hours of office time, the pause {pause[1]}",
    )


# --- the days ---------------------------------------------------------------------------------------


def _counted_days(cal: Calendar, limit: Due | None, starts: datetime, ends: datetime) -> list[date]:
    """The days over which working time was counted; none where every day counts."""
    if isinstance(limit, Limit):
        if limit.unit not in _WORKING or (limit.unit == "half_days" and cal.half_day_counts == "clock"):
            return []
    elif not isinstance(limit, ByDay) or limit.which == "same day":
        return []
    first, last = cal.local(starts).date(), cal.local(ends - _MICROSECOND).date()
    length = min((last - first).days, _MOST_DAYS)
    return [first + timedelta(days=n) for n in range(length + 1)]


def _left_out(
    cal: Calendar, limit: Due | None, starts: datetime, ends: datetime, reasons: Mapping[date, Text]
) -> tuple[LeftOut, ...]:
    found: list[LeftOut] = []
    halves = isinstance(limit, Limit) and limit.unit in ("working_hours", "half_days")
    for day in _counted_days(cal, limit, starts, ends):
        one = _why(cal, day, reasons, halves=halves)
        if one is None:
            continue
        last = found[-1] if found else None
        joined = (
            last is not None
            and last.last + timedelta(days=1) == day
            and (last.why, last.name, last.part) == (one.why, one.name, one.part)
        )
        if joined and last is not None:
            found[-1] = replace(last, last=day)
        else:
            found.append(one)
    return tuple(found)


def _why(cal: Calendar, day: date, reasons: Mapping[date, Text], *, halves: bool) -> LeftOut | None:
    closed = reasons.get(day) or Text(zh="停止上班", en="offices closed")
    if cal.is_official_day(day):
        parts = cal.closed_parts(day)
        if not cal.is_working_day(day):
            return LeftOut(day, day, "closure", closed)
        if halves and parts:
            part: Part = "morning" if "morning" in parts else "afternoon"
            return LeftOut(day, day, "closure", closed, part)
        return None
    name = words.holiday_name(cal.country, day)
    if name is not None:
        return LeftOut(day, day, "holiday", name)
    return LeftOut(day, day, "weekend", Text(zh="週末", en="weekend"))


def _left_out_said(left_out: tuple[LeftOut, ...]) -> Iterable[Text]:
    if not left_out:
        return
    shown = [_day_off(one) for one in left_out[:_SHOWN]]
    rest = sum((one.last - one.first).days + 1 for one in left_out[_SHOWN:])
    zh, en = "、".join(one.zh for one in shown), "; ".join(one.en for one in shown)
    if rest:
        zh, en = f"{zh}，及其後{rest}日", f"{en}; and {rest} days more"
    yield Text(zh=f"不計：{zh}。", en=f"Not counted: {en}.")


def _day_off(one: LeftOut) -> Text:
    first, last = words.day_words(one.first), words.day_words(one.last)
    part = {"all": ("", ""), "morning": ("上午", ", morning"), "afternoon": ("下午", ", afternoon")}[one.part]
    if one.first == one.last:
        zh, en = f"{first.zh}{part[0]}", f"{first.en}{part[1]}"
    else:
        zh, en = f"{first.zh}至{last.zh}", f"{first.en} to {last.en}"
    return Text(zh=f"{zh}{one.name.zh}", en=f"{en} ({one.name.en})")


def _made_up_said(cal: Calendar, limit: Due | None, starts: datetime, ends: datetime) -> Iterable[Text]:
    """Saturdays and Sundays that are working days (補行上班日)."""
    days = [
        words.day_words(day)
        for day in _counted_days(cal, limit, starts, ends)
        if day.weekday() >= 5 and cal.is_working_day(day)
    ]
    if days:
        said = words.listed(days[:_SHOWN])
        yield Text(zh=f"{said.zh}為補行上班日，計入。", en=f"Counted as make-up working days: {said.en}.")


def _due_said(counted: datetime, ends: datetime, cal: Calendar) -> Iterable[Text]:
    said = words.instant_words(cal.local(ends), end=True)
    yield Text(zh=f"因此於{said.zh}到期。", en=f"So it is due on {said.en}.")
    if counted != ends:
        other = words.instant_words(cal.local(counted), end=True)
        yield Text(
            zh=f"依目前的規則與停班紀錄計算為{other.zh}；紀錄上的期限曾另行調整。",
            en=f"The rules and closures known now give {other.en}; the limit on record was set otherwise.",
        )


# --- the strikes ------------------------------------------------------------------------------------


def _strikes(
    pack: Pack, rule: ClockRule, starts: datetime, due: datetime, cal: Calendar, after: datetime | None
) -> tuple[Coming, ...]:
    found = []
    for code, first in first_strikes(rule, starts, due, cal):
        strike = rule.strike(code)
        at: datetime | None = first
        if after is not None and first <= after:
            at = next_strike(strike, after, due, cal)
        if at is not None:
            found.append(Coming(code, at, _strike_says(pack, strike, at, due, cal), strike.clauses))
    return tuple(sorted(found, key=lambda one: one.at))


def _strike_says(pack: Pack, strike: Strike, at: datetime, due: datetime, cal: Calendar) -> Text:
    done = [_action_says(pack, action) for action in strike.do]
    when = words.instant_words(cal.local(at), end=at == due)
    zh, en = "、".join(one.zh for one in done), " and ".join(one.en for one in done)
    if strike.when.daily:
        working = strike.when.working_days
        zh += "，之後每工作日一次" if working else "，之後每日一次"
        en += ", and then every working day" if working else ", and then every day"
    return Text(zh=f"{when.zh}：{zh}", en=f"{when.en}: {en}")


def _action_says(pack: Pack, action: Action) -> Text:
    if action.mark is not None:
        marks = {"overdue": Text(zh="列為逾限", en="marked overdue")}
        return marks.get(action.mark, Text(zh=f"註記「{action.mark}」", en=f"marked “{action.mark}”"))
    if action.task is not None:
        names = {task.code: task.name for task in pack.tasks}
        name = names.get(action.task) or Text(zh=action.task, en=action.task)
        return Text(zh=f"列出待辦「{name.zh}」", en=f"the task “{name.en}” is opened")
    assert action.notify is not None
    to = words.listed([words.word(words.RECIPIENTS, one) for one in action.notify.to])
    by = words.listed([words.word(words.CHANNELS, one) for one in action.notify.channels])
    return Text(zh=f"以{by.zh}通知{to.zh}", en=f"{to.en} told by {by.en}")


def _strikes_said(strikes: tuple[Coming, ...]) -> Iterable[Text]:
    for one in strikes:
        ids = f"（{'、'.join(one.clauses)}）" if one.clauses else ""
        cited = f" ({', '.join(one.clauses)})" if one.clauses else ""
        yield Text(zh=f"{one.says.zh}{ids}。", en=f"{one.says.en}{cited}.")
