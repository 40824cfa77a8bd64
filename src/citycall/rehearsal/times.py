"""Times as people and systems in Taiwan write them: 2016/9/10 下午 10:51:24, 105年9月10日, ISO 8601."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, time, timedelta, tzinfo

# Before this year a number is a year of the Republic (民國): 105 is 2016.
_FIRST_WESTERN_YEAR = 1000
_ROC_OFFSET = 1911
_BELIEVABLE = range(1950, 2150)

_DATE = (
    r"(?:民國|中華民國)?\s*(?P<y>\d{2,4})\s*(?:年|[/.\-])\s*(?P<m>\d{1,2})\s*(?:月|[/.\-])"
    r"\s*(?P<d>\d{1,2})\s*日?"
)
_COMPACT = r"(?:民國|中華民國)?\s*(?P<y>\d{3,4})(?P<m>\d{2})(?P<d>\d{2})"
_HALF = r"(?P<half>上午|下午|凌晨|早上|中午|晚上|[AaPp]\.?[Mm]\.?)"
_TIME = (
    r"(?P<h>\d{1,2})\s*(?:時|點|:)\s*(?P<min>\d{1,2})\s*分?"
    r"(?:\s*:?\s*(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,9}))?\s*秒?)?"
)
_ZONE = r"(?P<zone>Z|[+-]\d{2}:?\d{2})"
_AFTER = _HALF.replace("half", "after")
_WHOLE = [
    re.compile(rf"\s*{date}(?:[T\s]*{_HALF})?(?:[T\s]*{_TIME}(?:\s*{_AFTER})?)?\s*{_ZONE}?\s*")
    for date in (_DATE, _COMPACT)
]
_AFTERNOON = {"下午", "中午", "晚上", "PM"}


class NotATime(ValueError):
    """The text is no time that can be read with certainty."""


def parse(text: str, zone: tzinfo) -> datetime:
    """The instant, in UTC, that `text` names; a time without an offset is local to `zone`."""
    clean = unicodedata.normalize("NFKC", text).strip()
    for pattern in _WHOLE:
        found = pattern.fullmatch(clean)
        if found:
            return _instant(found, zone)
    raise NotATime(text)


def _instant(found: re.Match[str], zone: tzinfo) -> datetime:
    part = found.groupdict()
    year = int(part["y"])
    if year < _FIRST_WESTERN_YEAR:
        year += _ROC_OFFSET
    if year not in _BELIEVABLE:
        raise NotATime(found.string)
    half = (part["half"] or part["after"] or "").upper().replace(".", "")
    hour = int(part["h"] or 0)
    if half:
        if not 0 <= hour <= 12:
            raise NotATime(found.string)
        if half == "晚上" and hour == 12:  # midnight, but of which day
            raise NotATime(found.string)
        if half != "中午" or hour < 11:  # 中午 11:30 is before noon
            hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    fraction = (part["f"] or "").ljust(6, "0")[:6]
    try:
        moment = datetime.combine(
            datetime(year, int(part["m"]), int(part["d"]), tzinfo=UTC).date(),
            time(hour, int(part["min"] or 0), int(part["s"] or 0), int(fraction)),
        )
    except ValueError:
        raise NotATime(found.string) from None
    offset = part["zone"]
    if not offset:
        return moment.replace(tzinfo=zone).astimezone(UTC)
    if offset == "Z":
        return moment.replace(tzinfo=UTC)
    sign = -1 if offset[0] == "-" else 1
    digits = offset[1:].replace(":", "")
    return (moment - sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))).replace(tzinfo=UTC)
