"""Taiwan's official calendars as the government published them, carried by the package `taiwan-holidays`."""

from __future__ import annotations

import csv
from datetime import date, datetime
from functools import cache
from pathlib import Path

import taiwan_holidays

DATA = Path(taiwan_holidays.__file__).parent / "data"


@cache
def official_days() -> dict[date, bool]:
    """Every day of the published calendars, and whether offices work on it (是否放假: 0 work, 2 off)."""
    days: dict[date, bool] = {}
    for path in sorted(DATA.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                day = datetime.strptime(row["西元日期"].strip(), "%Y%m%d").date()
                works = {"0": True, "2": False}[row["是否放假"].strip()]
                assert days.setdefault(day, works) == works, day
    return days
