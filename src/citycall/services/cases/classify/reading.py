"""Reports to learn from: the city's own closed cases, or a published file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from citycall.base.policies import in_force_or_none, pack_of
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
ENCODINGS = ("utf-8-sig", "cp950")  # UTF-8 with or without a mark, then Big5 as Windows writes it
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
SEPARATORS = ",;\t"


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
    text = _text(path)
    head = text.split("\n", 1)[0]
    if not text.strip():
        raise FileError("the file is empty")
    rows = csv.reader(StringIO(text, newline=""), delimiter=max(SEPARATORS, key=head.count), strict=True)
    try:
        return _reports(rows)
    except csv.Error as error:
        raise FileError(f"line {rows.line_num}: {error} (a quotation mark that is not closed?)") from error


def _text(path: Path) -> str:
    """The file as text: as its first bytes say, else in the first encoding that reads all of it."""
    raw = path.read_bytes()
    marked = MARKS.get(raw[:2])
    for encoding in (marked,) if marked else ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise FileError("not a text in UTF-8, UTF-16 or Big5: save it as CSV UTF-8")


def _reports(rows: Iterator[list[str]]) -> Read:
    there = {name.strip().casefold(): n for n, name in reversed(list(enumerate(next(rows, []))))}
    places = {
        field: next((there[one.casefold()] for one in known if one.casefold() in there), None)
        for field, known in COLUMNS.items()
    }
    missing = [
        f"{field} ({' or '.join(COLUMNS[field])})"
        for field in ("item", "agency", "description")
        if places[field] is None
    ]
    if missing:
        raise FileError(f"no column for {'; '.join(missing)}. Found: {', '.join(sorted(there))[:500]}")
    at = {field: place for field, place in places.items() if place is not None}
    reports: list[Report] = []
    without_item = without_description = 0
    for row in rows:
        if not any(row):
            continue
        given = {field: row[n].strip() for field, n in at.items() if n < len(row)}
        report = Report(**{"description": "", **given})
        if not report.item:
            without_item += 1
        elif not report.description:
            without_description += 1
        else:
            reports.append(report)
    if not reports:
        raise FileError(
            f"no report to use: {without_item} rows without an item,"
            f" {without_description} without a description"
        )
    return Read(reports, without_item, without_description)


def from_cases() -> list[Report]:
    """The city's closed cases, oldest first: what was said, where, which item, whose it was in the end."""
    return list(_cases())


def item_names() -> dict[str, str]:
    """What the items are called, by code, in the policy in force."""
    pack = in_force_or_none()
    return {code: item.name.zh for code, item in pack.items.items()} if pack is not None else {}


def _cases() -> Iterator[Report]:
    closed = Case.objects.filter(status=Status.CLOSED).exclude(item="").order_by("-id")[:MOST]
    fields = ("description", "address", "district", "item", "agency", "policy_version_id", "established_at")
    for said, address, code, item, agency, version, at in reversed(list(closed.values_list(*fields))):
        district = pack_of(version).district(code)
        name = district.name.zh if district is not None else ""
        bare = address.removeprefix(pack_of(version).city.zh)
        yield Report(said, bare, name, item, agency, at.date().isoformat())
