"""What a change of the rules changes, and the pack that comes of it.

A change is kept as what was meant, not as files: new values of settings and readings, cells of the table of
items, and, for what nothing else reaches, whole files. So it can be made again on another base.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from citycall.base import clock, policies
from citycall.base.policies import PolicyVersion
from citycall.policy import Pack
from citycall.policy.load import FILES, ITEM_COLUMNS
from citycall.policy.rewrite import put
from citycall.policy.source import Source

VALUES = {"settings": "settings.yaml", "readings": "readings.yaml"}
ITEMS = "items.csv"
HEAD = "pack.yaml"


class ValueEdit(BaseModel):
    """The new value of a setting or a reading, and its words; None leaves the words as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Any = None
    zh: str | None = None
    en: str | None = None


class Edits(BaseModel):
    """All that one change changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: dict[str, ValueEdit] = Field(default_factory=dict)
    readings: dict[str, ValueEdit] = Field(default_factory=dict)
    items: dict[str, dict[str, str]] = Field(default_factory=dict)  # code -> column -> cell
    files: dict[str, str] = Field(default_factory=dict)
    document: str = ""  # number of the document that announces it; makes an edition of the pack

    def values(self, table: str) -> dict[str, ValueEdit]:
        return self.settings if table == "settings" else self.readings

    @property
    def names(self) -> list[str]:
        """What is changed, each as `settings.SLUG`, `readings.NAME`, `items.CODE`, `files.NAME`."""
        tables = ("settings", "readings", "items", "files")
        return [f"{table}.{name}" for table in tables for name in getattr(self, table)]

    def without(self, names: Iterable[str]) -> Edits:
        """The same but for what is named so."""
        gone = set(names)
        kept = {
            table: {name: one for name, one in getattr(self, table).items() if f"{table}.{name}" not in gone}
            for table in ("settings", "readings", "items", "files")
        }
        return self.model_copy(update=kept)


def table_in_force(base: PolicyVersion, name: str) -> str:
    """The text of a table as the pack has it: its own, or that of the nearest pack it extends."""
    folder, seen = base.folder, set[str]()
    while folder not in seen:
        seen.add(folder)
        found = base.files.get(f"{folder}/{name}")
        if found is not None:
            return str(found)
        head = Source().yaml_text(str(base.files.get(f"{folder}/{HEAD}", "")), HEAD, ())
        folder = str((head.get("extends") if isinstance(head, dict) else None) or folder)
    return ""


def own_files(base: PolicyVersion) -> dict[str, str]:
    """The files of the pack's own folder, in the order in which they are read."""
    own = {name: base.files.get(f"{base.folder}/{name}") for name in FILES}
    return {name: str(text) for name, text in own.items() if text is not None}


def texts(base: PolicyVersion, pack: Pack, edits: Edits) -> dict[str, str]:
    """The changed files of the pack's own folder: name -> new text. Raises PackError for what is no YAML."""
    made: dict[str, str] = dict(edits.files)
    for table, name in VALUES.items():
        for slug, edit in edits.values(table).items():
            text = made.get(name, base.files.get(f"{base.folder}/{name}", ""))
            made[name] = _with_value(str(text), table, slug, edit, pack)
    if edits.items:
        made[ITEMS] = items_text(made.get(ITEMS) or table_in_force(base, ITEMS), edits.items)
    return made


def draft_files(base: PolicyVersion, pack: Pack, edits: Edits) -> dict[str, str]:
    """All files of the changed pack."""
    return policies.changed(base, texts(base, pack, edits))


def _with_value(text: str, table: str, slug: str, edit: ValueEdit, pack: Pack) -> str:
    own = Source().yaml_text(text, VALUES[table], ())
    if not isinstance(own, dict) or slug not in own:
        text = put(text, (slug,), _entry(table, slug, pack))  # so far said by the pack it extends, or by none
    text = put(text, (slug, "value"), edit.value)
    if edit.zh is not None or edit.en is not None:
        before = getattr(pack, table).get(slug)
        says = before.says if before is not None else None
        zh = edit.zh if edit.zh is not None else says.zh if says else ""
        en = edit.en if edit.en is not None else says.en if says else ""
        text = put(text, (slug, "says"), {"zh": zh, "en": en or zh})
    return text


def _entry(table: str, slug: str, pack: Pack) -> dict[str, Any]:
    """The whole entry as the pack has it now."""
    found = getattr(pack, table).get(slug)
    if found is None:
        return {"value": None if table == "settings" else {}}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.model_dump(mode="json", exclude_defaults=True).items()
    } or {"value": None}


# --- the table of items ----------------------------------------------------------------------------------


def item_rows(text: str) -> list[dict[str, str]]:
    """The rows of a table of items, every column of it."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [
        {name.strip(): (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        for row in reader
        if any(isinstance(value, str) and value.strip() for value in row.values())
    ]


def items_text(text: str, edits: Mapping[str, Mapping[str, str]]) -> str:
    """The table with these cells changed; rows that are new stand at its end."""
    rows = item_rows(text)
    known = {row.get("code", ""): row for row in rows}
    for code, cells in edits.items():
        row = known.get(code)
        if row is None:
            row = known[code] = {"code": code}
            rows.append(row)
        row.update(cells)
    header = [name.strip() for name in next(csv.reader(io.StringIO(text.removeprefix("\ufeff"))), [])]
    used = {name for row in rows for name, cell in row.items() if cell}
    header += [name for name in ITEM_COLUMNS if name in used and name not in header]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n", extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# --- the head --------------------------------------------------------------------------------------------


def next_version(base: PolicyVersion, since: datetime) -> str:
    """The name of the version after this one: after 2026.1 comes 2026.2, and 2027.1 in the next year."""
    year = clock.local(since).year
    taken = set(PolicyVersion.objects.filter(code=base.code).values_list("version", flat=True))
    found = re.fullmatch(r"(\d{4})\.(\d+)", base.version)
    if found is None:
        number = 2
        while (name := f"{base.version}-{number}") in taken:
            number += 1
        return name
    number = int(found[2]) + 1 if int(found[1]) >= year else 1
    first = max(int(found[1]), year)
    while (name := f"{first}.{number}") in taken:
        number += 1
    return name


def with_head(text: str, version: str, since: datetime, edits: Edits, title: str, pack: Pack) -> str:
    """The head of the pack with its new version, and the edition where a document announces it (KM-0b)."""
    text = put(text, ("version",), version)
    if not edits.document:
        return text
    head = Source().yaml_text(text, HEAD, ())
    day = clock.local(since).date()
    said = head.get("editions")
    before = said if isinstance(said, list) else [_edition(one) for one in pack.editions]
    edition = {"since": day, "document": edits.document, "note": {"zh": title, "en": title}}
    return put(text, ("editions",), [*before, edition])


def _edition(edition: Any) -> dict[str, Any]:
    found: dict[str, Any] = edition.model_dump(exclude_defaults=True)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
