"""Closures: days, or halves of days, on which offices are closed beyond the official calendar.

Staff declare them, for the whole city, a district or one agency, beforehand or afterwards, and may withdraw
them. Which of them stop clocks the pack says (`clock_calendar.suspension`; TP-5-5-1b, TP-5-5-1c), so whoever
counts time about a case asks `calendar_of` and never the pack alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from citycall.base import policies

if TYPE_CHECKING:  # reading the rules takes half a second, which a process that starts others does not have
    from citycall.policy import Pack, calendars

CHECK_EVERY = 1.0  # seconds for which a process trusts what it knows of closures
CITY = "all"
AGENCY = "agency:"
_MOST_CALENDARS = 5000


class Closure(models.Model):
    """A day, or half of one, on which an area does not work; withdrawn ones stay on record."""

    SUBJECT_KIND = "closure"

    class Part(models.TextChoices):
        ALL = "all", _("全日")
        MORNING = "morning", _("上午")
        AFTERNOON = "afternoon", _("下午")

    class Cause(models.TextChoices):
        DISASTER = "disaster", _("天然災害")
        OTHER = "other", _("其他原因")

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("停班日"))
    part = models.CharField(_("停班時段"), max_length=9, choices=Part, default=Part.ALL)
    area = models.CharField(_("停班範圍"), max_length=80, default=CITY)  # all, a district, agency:CODE
    cause = models.CharField(_("停班原因"), max_length=8, choices=Cause, default=Cause.DISASTER)
    reason = models.CharField(_("停班事由"), max_length=200)
    declared_by = models.BigIntegerField(null=True)
    declared_at = models.DateTimeField(_("宣告時間"))
    withdrawn_by = models.BigIntegerField(null=True)
    withdrawn_at = models.DateTimeField(_("撤回時間"), null=True)
    withdraw_reason = models.CharField(_("撤回理由"), max_length=200, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["day", "area", "part"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="base_closure_once",
            ),
        )
        indexes = (models.Index(fields=["-day", "-id"], name="base_closure_newest"),)

    def __str__(self) -> str:
        return f"{self.day} {self.area} {self.part}"


@dataclass(frozen=True)
class Stand:
    """A closure as the calendars see it."""

    day: date
    part: Literal["all", "morning", "afternoon"] = "all"
    area: str = CITY
    cause: str = "disaster"

    @classmethod
    def of(cls, row: Closure) -> Stand:
        return cls(row.day, row.part, row.area, row.cause)  # type: ignore[arg-type]

    @property
    def reach(self) -> Literal["city", "district", "agency"]:
        """What kind of area it is, as the pack's `suspension` names it."""
        if self.area == CITY:
            return "city"
        return "agency" if self.area.startswith(AGENCY) else "district"

    def covers(self, other: Stand) -> bool:
        """Whether nothing of the other would be left to close."""
        return self.day == other.day and self.part in ("all", other.part) and self.area in (CITY, other.area)

    def meets(self, other: Stand) -> bool:
        """Whether both close the same hours of the same area."""
        alike = self.part == other.part or "all" in (self.part, other.part)
        return self.day == other.day and self.area == other.area and alike


def stops_clocks(pack: Pack, stand: Stand) -> bool:
    """Whether the pack lets such a closure stop clocks: by its area and its cause (TP-5-5-1b, TP-5-5-1c)."""
    suspension = pack.clock_calendar.suspension
    return stand.reach in suspension.areas and stand.cause in suspension.causes


# --- what this process knows --------------------------------------------------------------------------------


class _Known:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.checked_at = float("-inf")
        self.standing: frozenset[Stand] = frozenset()
        self.by_place: dict[tuple[frozenset[Stand], str, str, str], calendars.Calendar] = {}
        self.by_days: dict[tuple[str, frozenset[calendars.Closure]], calendars.Calendar] = {}


_known = _Known()


@policies.on_refresh
def refresh() -> None:
    """Forget which closures stand (one was declared or withdrawn here; another database)."""
    with _known.lock:
        _known.checked_at = float("-inf")


def standing() -> frozenset[Stand]:
    """The closures that stand; the database is asked at most once a second."""
    moment = time.monotonic()
    if moment - _known.checked_at < CHECK_EVERY:
        return _known.standing
    rows = Closure.objects.filter(withdrawn_at=None).only("day", "part", "area", "cause")
    found = frozenset(Stand.of(row) for row in rows)
    with _known.lock:
        if found == _known.standing:
            found = _known.standing
        else:
            _known.by_place = {}
        _known.standing, _known.checked_at = found, moment
    return found


def changed() -> None:
    """To be called by who declares or withdraws one: this process knows it now, and again at the commit."""
    refresh()
    transaction.on_commit(refresh)


def calendar_of(pack: Pack, district: str | None = None, agency: str | None = None) -> calendars.Calendar:
    """The calendar by which clocks of cases of this place and agency are counted, closures included."""
    stand = standing()
    if not stand:
        return pack.calendar()
    # By what stands too: who read it before a change must leave nothing behind for those who read it after.
    places, key = _known.by_place, (stand, pack.digest or str(id(pack)), district or "", agency or "")
    found = places.get(key)
    if found is None:
        if len(places) > _MOST_CALENDARS:
            places.clear()
        found = places[key] = calendar_with(pack, stand, district, agency)
    return found


def calendar_with(
    pack: Pack, stands: Iterable[Stand], district: str | None = None, agency: str | None = None
) -> calendars.Calendar:
    """The same with these closures, whatever stands: for a look at what a closure would do."""
    days = closed_for(pack, stands, district, agency)
    if not days:
        return pack.calendar()
    key = (pack.digest or str(id(pack)), days)
    found = _known.by_days.get(key)
    if found is None:
        if len(_known.by_days) > _MOST_CALENDARS:
            _known.by_days.clear()
        found = _known.by_days[key] = pack.calendar(days)
    return found


def closed_for(
    pack: Pack, stands: Iterable[Stand], district: str | None = None, agency: str | None = None
) -> frozenset[calendars.Closure]:
    """Those of the closures that stop clocks of cases of this place and agency, as calendars take them."""
    from citycall.policy import calendars

    areas = {CITY, district or CITY, f"{AGENCY}{agency}" if agency else CITY}
    return frozenset(
        calendars.Closure(one.day, one.part)
        for one in stands
        if one.area in areas and stops_clocks(pack, one)
    )


def closed_already(stand: Stand, others: Iterable[Closure]) -> Closure | None:
    """The first of the others that closes the same, or all of it."""
    for one in others:
        known = Stand.of(one)
        if known.covers(stand) or known.meets(stand):
            return one
    return None
