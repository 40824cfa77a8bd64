"""Times said as people say them. `static/ui/clock.js` says the same words, from `clock_words()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.utils import dateformat
from django.utils.translation import get_language, gettext

from citycall.base import clock

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


Say = Callable[[str], str]


class _Book(dict[str, str]):
    """What was looked up for the readers of one language, while it was theirs."""

    def __missing__(self, words: str) -> str:
        self[words] = gettext(words)
        return self[words]


@dataclass(frozen=True)
class Reader:
    """Who reads: what says our words in their language, and whether that is Chinese.

    Asking which language is active takes ten times as long as saying a word, so a list asks once.
    """

    say: Say
    chinese: bool


@cache
def _reader(language: str) -> Reader:
    return Reader(_Book().__getitem__, language.startswith("zh"))


def reader() -> Reader:
    """Who reads now."""
    return _reader(get_language() or "zh-hant")


def named(value: Any, language: str = "") -> str:
    """A name that is kept in both languages, a pack's Text or a (zh, en) pair, in the reader's.

    With `language` where the caller has many names to say, and knows it.
    """
    if value is None:
        return ""
    language = language or get_language() or "zh-hant"
    if isinstance(value, tuple):
        return str(value[1] if language.startswith("en") else value[0])
    return str(value.get(language))


def span(length: timedelta, to: Reader | None = None) -> str:
    """`6 分鐘`, `2 小時 5 分`, `3 天`: rounded down, never more than two units."""
    _ = (to or reader()).say
    seconds = max(0, int(length.total_seconds()))
    if seconds >= 2 * _DAY:
        return _("{n} 天").format(n=seconds // _DAY)
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    if hours >= 6 or (hours and not minutes):
        return _("{n} 小時").format(n=hours)
    if hours:
        return _("{h} 小時 {m} 分").format(h=hours, m=minutes)
    if minutes:
        return _("{n} 分鐘").format(n=minutes)
    return _("{n} 秒").format(n=seconds)


def remaining(due: datetime, now: datetime, to: Reader | None = None) -> str:
    """`還有 6 分鐘` or `逾期 2 小時`."""
    to = to or reader()
    _ = to.say
    if due >= now:
        return _("還有 {span}").format(span=span(due - now, to))
    if now - due < timedelta(minutes=1):
        return _("剛逾期")
    return _("逾期 {span}").format(span=span(now - due, to))


def shifted(by: timedelta) -> str:
    """`提前 2 小時`, `延後 3 天`: how a limit moves."""
    words = gettext("延後 {span}") if by > timedelta() else gettext("提前 {span}")
    return words.format(span=span(abs(by)))


def clock_words() -> dict[str, str]:
    """What the scripts say, in this language."""
    return {
        "days": gettext("{n} 天"),
        "hours": gettext("{n} 小時"),
        "both": gettext("{h} 小時 {m} 分"),
        "minutes": gettext("{n} 分鐘"),
        "seconds": gettext("{n} 秒"),
        "left": gettext("還有 {span}"),
        "just": gettext("剛逾期"),
        "late": gettext("逾期 {span}"),
        "tooBig": gettext("超過 20 MB"),
        "signedOut": gettext("您已登出，這一頁輸入的內容還在。請在新分頁登入，再回到這裡繼續。"),
        "signIn": gettext("在新分頁登入"),
    }


def _reads_chinese() -> bool:
    return reader().chinese


# Within a document for the file, days have the year of the Republic; on the screens of staff they do not.
_document: ContextVar[bool] = ContextVar("document", default=False)


@contextmanager
def as_document() -> Iterator[None]:
    """What is written within is a document: `day_said` and `said` write as documents do."""
    token = _document.set(True)
    try:
        yield
    finally:
        _document.reset(token)


def day_word(at: datetime, now: datetime, to: Reader | None = None) -> str:
    """`今天`, `昨天`, `明天`, `3月2日`, `2025年3月2日`."""
    return _day_word(clock.local(at).date(), now, to or reader())


def _day_word(there: date, now: datetime, to: Reader) -> str:
    here = clock.local(now).date()
    away = (there - here).days
    if -1 <= away <= 1:
        _ = to.say
        return _("昨天") if away < 0 else _("明天") if away else _("今天")
    this_year = there.year == here.year
    if not to.chinese:
        return dateformat.format(there, "j M" if this_year else "j M Y")
    return ("" if this_year else f"{there.year}年") + f"{there.month}月{there.day}日"


def short(at: datetime, now: datetime, to: Reader | None = None) -> str:
    """`14:05` today, else `昨天 14:05`, `3月2日 14:05`."""
    to = to or reader()
    hour = clock.local(at).time().isoformat("minutes")
    word = day_word(at, now, to)
    return hour if word == to.say("今天") else f"{word} {hour}"


def due_short(due: datetime, now: datetime) -> str:
    """The same of a limit's end: midnight is 24:00 of the day before."""
    to = reader()
    day, hour = clock.due_parts(due)
    word = _day_word(day, now, to)
    return hour if word == to.say("今天") else f"{word} {hour}"


def day_said(day: date) -> str:
    """A whole day: on the screens of staff `2026年3月2日`, within a document `115年3月2日`."""
    if not _reads_chinese():
        return dateformat.format(day, "j M Y")
    return clock.roc_date(day) if _document.get() else f"{day.year}年{day.month}月{day.day}日"


def month_said(period: str) -> str:
    """A month kept as ``2026-03``: `2026年3月`, in English `Mar 2026`; within a document `115年3月`."""
    first = date.fromisoformat(f"{period}-01")
    if not _reads_chinese():
        return dateformat.format(first, "M Y")
    return f"{clock.roc_year(first) if _document.get() else first.year}年{first.month}月"


def said(at: datetime) -> str:
    """An instant to the minute with its whole day, as `day_said` writes that."""
    here = clock.local(at)
    return f"{day_said(here.date())} {here:%H:%M}"


def due_said(due: datetime) -> str:
    """The same of a limit's end: midnight is 24:00 of the day before."""
    day, hour = clock.due_parts(due)
    return f"{day_said(day)} {hour}"


def written(at: datetime) -> str:
    """An instant in a sheet for the file or for a citizen: in Chinese with the year of the Republic."""
    return clock.roc_datetime(at) if _reads_chinese() else clock.local(at).strftime("%Y-%m-%d %H:%M")


def due_written(due: datetime) -> str:
    """The same of a limit's end: midnight is 24:00 of the day before."""
    if _reads_chinese():
        return clock.roc_due(due)
    day, hour = clock.due_parts(due)
    return f"{day.isoformat()} {hour}"


def exact(at: datetime, to: Reader | None = None) -> str:
    """The instant itself, for hover and print; in Chinese with the year of the Republic."""
    there = clock.local(at)
    return _exact(there.date(), there.time().isoformat("seconds"), to or reader())


def due_exact(due: datetime, to: Reader | None = None) -> str:
    """The same of a limit's end: midnight is 24:00 of the day before."""
    day, hour = clock.due_parts(due)
    hour = hour if hour == "24:00" else clock.local(due).time().isoformat("seconds")
    return _exact(day, hour, to or reader())


def _exact(day: date, hour: str, to: Reader) -> str:
    there = f"{day.isoformat()} {hour}"
    return f"{there}（民國{clock.roc_date(day)}）" if to.chinese else there
