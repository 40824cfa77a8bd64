"""Published tables, CSV or JSON, whatever their encoding: one record after the other, with its line."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CHUNK = 1 << 20
csv.field_size_limit(1 << 22)


class Unreadable(Exception):
    """The file as a whole cannot be used."""


@dataclass(frozen=True)
class Record:
    """One row of the table. `fault` says why it cannot be used, if it cannot."""

    line: int
    values: dict[str, str]
    fault: str = ""


@dataclass
class Table:
    """An open table. `done` grows to `size` while the records are read."""

    columns: list[str]
    size: int
    done: int
    _rows: Iterator[Record]
    _file: IO[str] | None = None

    def __iter__(self) -> Iterator[Record]:
        return self._rows

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def find_encoding(path: Path) -> str:
    """The first of UTF-8, UTF-16 (by its mark) and Big5 that reads the whole file."""
    with path.open("rb") as file:
        if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16"
        for encoding in ("utf-8-sig", "cp950"):
            file.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)()
            try:
                while block := file.read(_CHUNK):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return encoding
    return "utf-8-sig"


def open_table(path: Path, encoding: str | None = None, at: str | None = None) -> Table:
    """The table in `path`; `at` names the key of a JSON object under which the records are."""
    if not path.is_file():
        raise Unreadable(_("找不到檔案：%s") % path)
    encoding = encoding or find_encoding(path)
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise Unreadable(_("不認得的編碼：%s") % encoding) from None
    if path.suffix.lower() in {".json", ".jsonl", ".ndjson"}:
        return _json_table(path, encoding, at)
    return _csv_table(path, encoding)


def _csv_table(path: Path, encoding: str) -> Table:
    size = path.stat().st_size
    file = path.open(encoding=encoding, errors="replace", newline="")
    first = file.readline()
    delimiter = max(",;\t", key=first.count)
    file.seek(0)
    reader = csv.reader(file, delimiter=delimiter)
    columns = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
    if not any(columns):
        file.close()
        raise Unreadable(_("%s 沒有欄名") % path.name)
    if len(set(columns)) != len(columns):
        file.close()
        raise Unreadable(_("%s 的欄名重複") % path.name)
    table = Table(columns, size, 0, iter(()), file)
    table._rows = _csv_rows(file, reader, table)
    return table


def _csv_rows(file: IO[str], reader: Any, table: Table) -> Iterator[Record]:
    raw = getattr(file, "buffer", None)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Record(line, {}, _("這一列讀不懂：%s") % error)
            continue
        if raw is not None:
            table.done = raw.tell()
        if not any(cell.strip() for cell in cells):
            continue
        yield _checked(line, cells, table.columns)
    table.done = table.size


def _checked(line: int, cells: list[str], columns: list[str]) -> Record:
    values = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        spare = cells[len(columns) :]
        if spare:
            values["…"] = "|".join(spare)
        fault = _("欄數不符：應有 %(wanted)s 欄，實有 %(found)s 欄") % {
            "wanted": len(columns),
            "found": len(cells),
        }
        return Record(line, values, fault)
    return Record(line, values, _garbled(values))


def _garbled(values: dict[str, str]) -> str:
    for name, text in values.items():
        if _REPLACEMENT in text or "\0" in text:
            return _("「%s」有無法辨識的字元") % name
    return ""


def _json_table(path: Path, encoding: str, at: str | None) -> Table:
    text = path.read_bytes().decode(encoding, errors="replace").removeprefix("\ufeff")
    table = Table([], len(text), 0, iter(()))
    start = 0
    if at:
        start = _position_of(text, at)
        if start < 0:
            raise Unreadable(_("%(file)s 裡沒有「%(key)s」") % {"file": path.name, "key": at})
    records = _json_rows(text, start, table)
    ahead = []
    for record in records:  # the names of the columns are those of the first whole record
        ahead.append(record)
        if not record.fault:
            table.columns = list(record.values)
            break
    if not table.columns:
        raise Unreadable(ahead[0].fault if ahead else _("%s 沒有資料") % path.name)
    table._rows = _chained(ahead, records)
    return table


def _chained(ahead: list[Record], rest: Iterator[Record]) -> Iterator[Record]:
    yield from ahead
    yield from rest


def _position_of(text: str, key: str) -> int:
    found = text.find(json.dumps(key, ensure_ascii=False))
    return text.find("[", found) if found >= 0 else -1


def _json_rows(text: str, start: int, table: Table) -> Iterator[Record]:
    """Each object of an array, or of one after another; reads on behind one that is broken."""
    decoder = json.JSONDecoder()
    place, line = start, text.count("\n", 0, start) + 1
    while (begin := text.find("{", place)) >= 0:
        line += text.count("\n", place, begin)
        try:
            found, end = decoder.raw_decode(text, begin)
        except json.JSONDecodeError as error:
            end = _next_object(text, max(error.pos, begin + 1))
            yield Record(line, {"…": text[begin:end].strip()}, _("這一筆不是正確的 JSON：%s") % error.msg)
        else:
            values = {str(name): _as_text(value) for name, value in found.items()}
            yield Record(line, values, _garbled(values))
        line += text.count("\n", begin, end)
        place = table.done = end
    table.done = table.size


def _next_object(text: str, after: int) -> int:
    for mark in ("\n{", ",{", ", {", "},"):
        found = text.find(mark, after)
        if found >= 0:
            return found + 1
    return len(text)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rejects_file(path: Path, columns: list[str]) -> tuple[io.TextIOWrapper, Any]:
    """A CSV for the rows that were not taken: mended in a spreadsheet, it can be imported itself."""
    file = path.open("w", encoding="utf-8-sig", newline="")
    writer = csv.writer(file)
    writer.writerow([_("原列號"), _("退回原因"), *columns, "…"])
    return file, writer
