"""Reports to learn from: the city's own closed cases, or a published file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from citycall.base.policies import pack_of
from citycall.services.cases.classify.features import Report
from citycall.services.cases.models import Case, Status

# The columns of a file, by the names that published tables of 1999 cases use; the first that is there counts.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "item": ("item", "InformDesc_", "InformDesc"),
    "agency": ("agency", "UnitName_", "UnitName"),
    "district": ("district", "ZipName_", "ZipName"),
    "address": ("address", "address_", "Address_"),
    "description": ("description", "BeforeDesc_", "BeforeDesc"),
    "day": ("established_at", "Cre_Date_", "Cre_Date"),
}
MOST = 300_000


class FileError(ValueError):
    """A file that cannot be learned from, in words for people."""


@dataclass(frozen=True)
class Read:
    """The reports of a file, and how many rows could not be used, and why."""

    reports: list[Report]
    without_item: int = 0
    without_description: int = 0

    @property
    def left_out(self) -> int:
        return self.without_item + self.without_description


def from_file(path: Path) -> Read:
    """The reports of a CSV file with the columns above; rows without description or item are only counted."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        there = set(rows.fieldnames or ())
        names = {field: next((one for one in known if one in there), "") for field, known in COLUMNS.items()}
        missing = [field for field in ("item", "agency", "description") if not names[field]]
        if missing:
            raise FileError(f"{path}: no column for {', '.join(missing)} (found {', '.join(sorted(there))})")
        try:
            found = [
                Report(**{field: (row.get(name) or "").strip() for field, name in names.items() if name})
                for row in rows
            ]
        except csv.Error as error:
            raise FileError(f"{path}: {error}") from error
    return Read(
        [report for report in found if report.description and report.item],
        without_item=sum(not report.item for report in found),
        without_description=sum(bool(report.item) and not report.description for report in found),
    )


def from_cases() -> list[Report]:
    """The city's closed cases, oldest first: what was said, where, which item, whose it was in the end."""
    return list(_cases())


def _cases() -> Iterator[Report]:
    closed = Case.objects.filter(status=Status.CLOSED).exclude(item="").order_by("-id")[:MOST]
    fields = ("description", "address", "district", "item", "agency", "policy_version_id", "established_at")
    for said, address, code, item, agency, version, at in reversed(list(closed.values_list(*fields))):
        district = pack_of(version).district(code)
        name = district.name.zh if district is not None else ""
        bare = address.removeprefix(pack_of(version).city.zh)
        yield Report(said, bare, name, item, agency, at.date().isoformat())
