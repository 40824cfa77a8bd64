"""The time. Nothing else in the house asks the machine for it, so a rehearsal runs a month in seconds.

Virtual time belongs to the whole process: it stands still until it is set again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
ROC_EPOCH = 1911

_virtual: datetime | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _virtual if _virtual is not None else datetime.now(UTC)


def is_virtual() -> bool:
    return _virtual is not None


def set_virtual(instant: datetime) -> None:
    """Stop the clock of this process at an instant (aware)."""
    global _virtual
    if instant.tzinfo is None:
        raise ValueError("the clock wants an aware datetime")
    _virtual = instant.astimezone(UTC)


def clear_virtual() -> None:
    """Back to the real time."""
    global _virtual
    _virtual = None


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Virtual time within a block; what was before comes back after it."""
    global _virtual
    before = _virtual
    set_virtual(instant)
    try:
        yield
    finally:
        _virtual = before


def local(instant: datetime) -> datetime:
    """The same instant as people in Taiwan read it."""
    return instant.astimezone(TAIPEI)


def today() -> date:
    """The local date."""
    return local(now()).date()


def roc_year(day: date) -> int:
    return day.year - ROC_EPOCH


def roc_date(day: date | datetime) -> str:
    """民國 date as documents write it: 115年3月2日. An instant is read in local time."""
    if isinstance(day, datetime):
        day = local(day).date()
    return f"{roc_year(day)}年{day.month}月{day.day}日"


def roc_datetime(instant: datetime) -> str:
    """115年3月2日 10:05, local."""
    return f"{roc_date(instant)} {local(instant):%H:%M}"


def due_parts(instant: datetime) -> tuple[date, str]:
    """The local day and time at which a limit ends: midnight is the end of the day before, 24:00."""
    here = local(instant)
    if here.time() == time():
        return here.date() - timedelta(days=1), "24:00"
    return here.date(), here.time().isoformat("minutes")


def roc_due(instant: datetime) -> str:
    """115年3月2日 24:00: when a limit ends, as documents write it."""
    day, at = due_parts(instant)
    return f"{roc_date(day)} {at}"
