"""How the columns of a published file become cases: a small YAML, checked, with the pack's own names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AbcMapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from citycall.policy import Pack
from citycall.rehearsal import times
from citycall.rehearsal.models import Standing


class MappingError(Exception):
    """The mapping does not fit its schema, the file or the pack."""


class BadRow(Exception):
    """A row that cannot be understood; the message says why, for people."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pattern(_Part):
    match: re.Pattern[str]
    value: str


class Source(_Part):
    """Where one field comes from: a column, several joined, or a constant; then what it is turned into."""

    column: str = ""
    columns: tuple[str, ...] = ()
    join: str = ""
    value: str | None = None
    map: dict[str, str] = {}
    patterns: tuple[Pattern, ...] = ()
    lookup: Literal["item", "district"] | None = None
    default: str = ""

    @model_validator(mode="before")
    @classmethod
    def _a_column_alone(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if sum([bool(self.column), bool(self.columns), self.value is not None]) != 1:
            raise ValueError("needs exactly one of column, columns, value")
        return self

    def named(self) -> tuple[str, ...]:
        return (self.column,) if self.column else self.columns


class CaseFields(_Part):
    number: Source
    received_at: Source
    established_at: Source | None = None
    acknowledged_at: Source | None = None
    completed_at: Source | None = None
    item: Source
    agency: Source | None = None
    district: Source | None = None
    address: Source
    description: Source
    reporter_name: Source | None = None
    reporter_phone: Source | None = None
    standing: Source | None = None
    finding: Source | None = None
    result: Source | None = None


class StepFields(_Part):
    number: Source
    at: Source
    standing: Source
    agency: Source | None = None


class Mapping(_Part):
    """`sightings`: the steps are what was seen at a time; only a change between two of them is a fact."""

    source: str
    title: str = ""
    timezone: str = "Asia/Taipei"
    encoding: str | None = None
    records_at: str | None = None
    cases: CaseFields
    steps: StepFields | None = None
    sightings: bool = False

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no such time zone: {name}") from None
        return name

    @field_validator("source")
    @classmethod
    def _short(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
            raise ValueError("lower-case letters, digits and hyphens, at most 40")
        return name


def load(path: Path) -> Mapping:
    """The mapping in a YAML file; errors name the key."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Mapping.model_validate(found)
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: {error}") from error
    except ValidationError as error:
        said = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise MappingError(f"{path}: " + "; ".join(said)) from error


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace("台", "臺").replace(" ", "")


@dataclass
class Reader:
    """Reads the fields of one row, with the names that the pack gives things."""

    mapping: Mapping
    pack: Pack
    _names: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.mapping.timezone)
        items: dict[str, str] = {}
        for code, item in self.pack.items.items():
            items |= {_plain(code): code, _plain(item.name.zh): code}
        districts: dict[str, str] = {}
        for district in self.pack.districts:
            districts |= {
                _plain(district.code): district.code,
                _plain(district.name.zh): district.code,
            }
        self._names = {"item": items, "district": districts}
        self._check_constants()

    def _check_constants(self) -> None:
        """What the mapping itself names must exist: a slip there would refuse every row."""
        for fields in (self.mapping.cases, self.mapping.steps):
            for name in type(fields).model_fields if fields else ():
                source = getattr(fields, name)
                if source is None:
                    continue
                outcomes = {*source.map.values(), *(one.value for one in source.patterns)}
                outcomes |= {text for text in (source.value, source.default) if text}
                known: set[str] | None = None
                if name == "standing":
                    known = set(Standing.values)
                elif name == "finding":
                    known = {choice.code for kind in self.pack.kinds.values() for choice in kind.findings}
                elif source.lookup:
                    known = set(self._names[source.lookup].values())
                    outcomes = set(source.map.values())
                if known is not None and outcomes - known:
                    unknown = ", ".join(sorted(outcomes - known))
                    raise MappingError(f"{name}: {unknown} is not known to {self.pack.code}")

    def check_columns(self, fields: CaseFields | StepFields, columns: list[str]) -> None:
        """Every column that the mapping names is in the file."""
        wanted = [
            column
            for name in type(fields).model_fields
            if (source := getattr(fields, name)) is not None
            for column in source.named()
        ]
        missing = [column for column in dict.fromkeys(wanted) if column not in columns]
        if missing:
            raise MappingError(
                _("檔案沒有這些欄位：%(missing)s；檔案有：%(found)s")
                % {"missing": "、".join(missing), "found": "、".join(columns)}
            )

    def text(self, source: Source | None, row: AbcMapping[str, str], label: str) -> str:
        """The field as text, mapped and looked up; empty if the row says nothing."""
        if source is None:
            return ""
        if source.value is not None:
            return source.value
        raw = source.join.join(row.get(column, "").strip() for column in source.named()).strip()
        if not raw and source.default:
            return source.default
        if not raw and not source.map:
            return ""
        if raw in source.map:
            return source.map[raw]
        for pattern in source.patterns:
            if pattern.match.search(raw):
                return pattern.value
        if source.patterns:
            return source.default
        if source.lookup:
            code = self._names[source.lookup].get(_plain(raw))
            if code is None:
                raise BadRow(_("%(label)s「%(value)s」不在規則包裡") % {"label": label, "value": raw})
            return code
        if source.map:
            if not raw:
                return ""
            raise BadRow(_("%(label)s「%(value)s」不在對照表裡") % {"label": label, "value": raw})
        return raw

    def required(self, source: Source, row: AbcMapping[str, str], label: str, longest: int) -> str:
        text = self.text(source, row, label)
        if not text:
            raise BadRow(_("%s是空的") % label)
        return self.fitting(text, label, longest)

    def fitting(self, text: str, label: str, longest: int) -> str:
        if len(text) > longest:
            raise BadRow(
                _("%(label)s太長（%(length)s 字，至多 %(longest)s 字）")
                % {"label": label, "length": len(text), "longest": longest}
            )
        return text

    def time(self, source: Source | None, row: AbcMapping[str, str], label: str) -> datetime | None:
        text = self.text(source, row, label)
        if not text:
            return None
        try:
            return times.parse(text, self.zone)
        except times.NotATime:
            raise BadRow(
                _("%(label)s「%(value)s」不是看得懂的時間") % {"label": label, "value": text}
            ) from None
