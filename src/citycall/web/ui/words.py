"""Times said as people say them. `static/ui/clock.js` says the same words, from `clock_words()`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import dateformat
from django.utils.translation import get_language, gettext

from citycall.base import clock

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def named(value: Any) -> str:
    """A name that is kept in both languages, a pack's Text or a (zh, en) pair, in the reader's."""
    if value is None:
        return ""
    language = get_language() or "zh-hant"
    if isinstance(value, tuple):
        return str(value[1] if language.startswith("en") else value[0])
    return str(value.get(language))


def span(length: timedelta) -> str:
    """`6 分鐘`, `2 小時 5 分`, `3 天`: rounded down, never more than two units."""
    seconds = max(0, int(length.total_seconds()))
    if seconds >= 2 * _DAY:
        return gettext("{n} 天").format(n=seconds // _DAY)
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    if hours >= 6 or (hours and not minutes):
        return gettext("{n} 小時").format(n=hours)
    if hours:
        return gettext("{h} 小時 {m} 分").format(h=hours, m=minutes)
    if minutes:
        return gettext("{n} 分鐘").format(n=minutes)
    return gettext("{n} 秒").format(n=seconds)


def remaining(due: datetime, now: datetime) -> str:
    """`還有 6 分鐘` or `逾期 2 小時`."""
    if due >= now:
        return gettext("還有 {span}").format(span=span(due - now))
    if now - due < timedelta(minutes=1):
        return gettext("剛逾期")
    return gettext("逾期 {span}").format(span=span(now - due))


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
    return (get_language() or "zh-hant").startswith("zh")


def day_word(at: datetime, now: datetime) -> str:
    """`今天`, `昨天`, `明天`, `3月2日`, `2025年3月2日`."""
    there, here = clock.local(at), clock.local(now)
    days = (there.date() - here.date()).days
    near = {0: gettext("今天"), -1: gettext("昨天"), 1: gettext("明天")}.get(days)
    if near is not None:
        return near
    this_year = there.year == here.year
    if not _reads_chinese():
        return dateformat.format(there, "j M" if this_year else "j M Y")
    return ("" if this_year else f"{there.year}年") + f"{there.month}月{there.day}日"


def short(at: datetime, now: datetime) -> str:
    """`14:05` today, else `昨天 14:05`, `3月2日 14:05`."""
    hour = clock.local(at).strftime("%H:%M")
    word = day_word(at, now)
    return hour if word == gettext("今天") else f"{word} {hour}"


def written(at: datetime) -> str:
    """An instant in a sheet for the file: in Chinese with the year of the Republic."""
    return clock.roc_datetime(at) if _reads_chinese() else clock.local(at).strftime("%Y-%m-%d %H:%M")


def exact(at: datetime) -> str:
    """The instant itself, for hover and print; in Chinese with the year of the Republic."""
    there = clock.local(at).strftime("%Y-%m-%d %H:%M:%S")
    if _reads_chinese():
        return f"{there}（民國{clock.roc_date(at)}）"
    return there
