"""Words that still name what a draft has changed: the text says 3 個工作天, and the value is 5 working_days.

Read are amounts of time (3 個工作天, 三日, 10 minutes), times of day (18:00, 18時, 下午6時) and, for values
that are plain numbers, numbers. A text that names nothing of the kind is never doubted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from pydantic import BaseModel

from citycall.policy import Limit, Pack
from citycall.policy.deadlines import read_due
from citycall.policy.limits import SPOKEN, UNITS, as_typed, unit_named
from citycall.policy.text import LANGUAGES

_DIGITS = {digit: n for n, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "兩": 2}
_NUMBER = r"(?:[0-9]{1,9}|[一二三四五六七八九十兩]{1,3})"
_ENGLISH = "|".join(
    sorted((f"{unit.replace('_', ' ').removesuffix('s')}s?" for unit in UNITS), key=len, reverse=True)
)
_AMOUNT = re.compile(rf"({_NUMBER})\s*個?\s*({'|'.join(SPOKEN)}|{_ENGLISH})", re.IGNORECASE)
_OCLOCK = re.compile(
    rf"(上午|下午|晚上|中午)?\s*({_NUMBER})(?:[:：]([0-9]{{2}})|[時點](?!限|間|程)(半|[0-9]{{1,2}}分)?)"
)
_PLAIN = re.compile(rf"(?<![0-9:.]){_NUMBER}(?![0-9:.])")


@dataclass(frozen=True)
class Stale:
    """A text that names what is no longer so: where, what it says, what of that is old, what is so now."""

    place: str  # settings.SLUG, readings.NAME, clocks.CODE
    text: str
    named: tuple[str, ...]
    now: tuple[str, ...]
    language: str  # of the text: zh-hant, en


def stale(before: Pack, after: Pack) -> list[Stale]:
    """Every setting, reading and clock whose value a draft changes and whose words still name the old one."""
    found: list[Stale] = []
    for table in ("settings", "readings"):
        old, new = getattr(before, table), getattr(after, table)
        for slug, entry in new.items():
            was = old.get(slug)
            if was is None or was.value == entry.value or entry.says is None:
                continue
            found += _doubted(f"{table}.{slug}", entry.says, was.value, entry.value)
    clocks = {rule.code: rule for rule in before.clocks}
    for rule in after.clocks:
        known = clocks.get(rule.code)
        if known is not None and known.limit != rule.limit:
            found += _doubted(f"clocks.{rule.code}", rule.name, str(known.limit), str(rule.limit))
    return found


def _doubted(place: str, words: Any, old: Any, new: Any) -> Iterator[Stale]:
    was, now = set(_meant(old)), set(_meant(new))
    texts = {words.en: "en", words.zh: LANGUAGES[0]}  # one text for both counts once, as Chinese
    for text in dict.fromkeys((words.zh, words.en)):
        said = set(named_in(text))
        wrong = (said & was) - now
        numbers = {one for one in was - now if one.isdecimal()}
        wrong |= numbers & {str(_number(one)) for one in _PLAIN.findall(as_typed(text))}
        if wrong:
            yield Stale(place, text, tuple(sorted(wrong)), tuple(sorted(now - was)), texts[text])


def named_in(text: str) -> list[str]:
    """The amounts and times of day that a text names, as the rules write them."""
    typed = as_typed(text)
    found = [f"{_number(amount)} {_unit(unit)}" for amount, unit in _AMOUNT.findall(typed)]
    return found + [at for one in _OCLOCK.finditer(typed) if (at := _time(one))]


def _unit(word: str) -> str:
    return unit_named(word)


def _number(text: str) -> int:
    """12, 十二, 二十, 三: what a number means."""
    if text.isascii():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(str(_DIGITS.get(one, 0)) for one in text))
    return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)


def _time(found: re.Match[str]) -> str:
    part, hour, minute, more = found.groups()
    said = _number(hour) + (12 if part in ("下午", "晚上") and _number(hour) < 12 else 0)
    minutes = int(minute) if minute else 30 if more == "半" else int(more[:-1]) if more else 0
    return f"{said:02}:{minutes:02}" if said < 24 and minutes < 60 else ""


def _meant(value: Any) -> Iterator[str]:
    """The amounts, times of day and numbers of a value, as the rules write them."""
    match value:
        case Limit():
            yield str(value)
        case BaseModel():
            yield from _meant(value.model_dump())
        case Mapping():
            for inner in value.values():
                yield from _meant(inner)
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from _meant(inner)
        case bool() | None:
            return
        case time():
            yield f"{value:%H:%M}"
        case int():
            yield str(value)
        case str():
            yield from _written(value)


def _written(text: str) -> Iterator[str]:
    try:
        found = read_due(text)
    except ValueError:
        found = None
    if isinstance(found, Limit):
        yield str(found)
    else:
        yield from re.findall(r"\b[0-2][0-9]:[0-5][0-9]\b", text)
