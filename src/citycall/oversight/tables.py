"""Tables as people keep them: CSV, ODS and XLSX, read and written as plain cells of text.

What is read comes from outside. A file is bounded in size, rows, columns and in what it unpacks to; a
document type in its XML is refused; what a reader chokes on is said, never an error of ours. What is written
is no formula: a cell that looks like one gets an apostrophe, taken off again when the table comes back.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _

FORMATS = ("csv", "ods", "xlsx")
MIME = {
    "csv": "text/csv; charset=utf-8",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 60 * 1024 * 1024
MOST_ROWS = 5000
MOST_COLUMNS = 60
LONGEST_CELL = 2000
# A cell that begins with one of these would be run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_BLANK = 200  # so many empty rows in succession are the end of a sheet


class TableError(ValueError):
    """A file that cannot be read as a table; the message is for the person who sent it."""


@dataclass(frozen=True)
class Table:
    """Rows with the number that the spreadsheet shows beside them; remarks on how it was read."""

    rows: list[tuple[int, list[str]]]
    remarks: list[str] = field(default_factory=list)


# --- writing ---------------------------------------------------------------------------------------------


def write(form: str, header: Sequence[Sequence[str]], rows: Iterable[Sequence[str]], title: str) -> bytes:
    """The file of a table: one or more rows of headings, then the rows."""
    cells = [[plain(cell) for cell in row] for row in (*header, *rows)]
    match form:
        case "csv":
            return _as_csv(cells)
        case "ods":
            return _as_ods(cells, title)
        case "xlsx":
            return _as_xlsx(cells, title, len(header))
    raise ValueError(f"no such form of table: {form}")


def plain(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if _like_formula(cell) else cell


def unplain(cell: str) -> str:
    """The text as it was before `plain`."""
    return cell[1:] if cell.startswith("'") and _like_formula(cell[1:]) else cell


def _like_formula(cell: str) -> bool:
    """Whether a spreadsheet would run it, or has what `plain` puts before such a cell."""
    return cell.lstrip("' \n").startswith(_FORMULA)


def _as_csv(cells: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(cells)
    return ("\ufeff" + out.getvalue()).encode()


def _as_ods(cells: list[list[str]], title: str) -> bytes:
    from odfdo import Document, Element

    def cell(text: str) -> str:
        if not text:
            return "<table:table-cell/>"
        said = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n"))
        return f'<table:table-cell office:value-type="string">{said}</table:table-cell>'

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in cells)
    width = max(map(len, cells), default=1)
    named = escape(title, {'"': "&quot;"})
    document = Document("spreadsheet")
    document.body.clear()
    document.body.append(
        Element.from_tag(
            f'<table:table table:name="{named}"><table:table-column table:number-columns-repeated="{width}"/>'
            f"{rows}</table:table>"
        )
    )
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _as_xlsx(cells: list[list[str]], title: str, headings: int) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = f"A{headings + 1}"
    for column in range(1, max(map(len, cells), default=1) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 16
    bold = Font(bold=True)
    for number, row in enumerate(cells):
        line = []
        for text in row:
            made = WriteOnlyCell(sheet, value=text or None)
            if text:
                made.data_type = "s"
            if number < headings:
                made.font = bold
            line.append(made)
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- reading ---------------------------------------------------------------------------------------------


def read(content: bytes) -> Table:
    """The table in a file, by what it holds and not by what it is called; raises TableError."""
    if len(content) > MOST_BYTES:
        raise TableError(_("檔案超過 %(mb)s MB。") % {"mb": MOST_BYTES // 1024 // 1024})
    if not content.strip():
        raise TableError(_("檔案是空的。"))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(_("這是舊式的 .xls 檔；請另存為 .xlsx、.ods 或 CSV。"))
    if content.startswith(b"PK\x03\x04"):
        rows = _unpacked(content)
        return Table(_bounded(rows))
    text, remarks = _decoded(content)
    return Table(_bounded(_csv_rows(text)), remarks)


def _bounded(rows: Iterable[Sequence[Any]]) -> list[tuple[int, list[str]]]:
    found: list[tuple[int, list[str]]] = []
    blank = 0
    for number, row in enumerate(rows, 1):
        cells = [_cell(value, number) for value in row[: MOST_COLUMNS + 1]]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise TableError(_("第 %(row)s 列超過 %(most)s 欄。") % {"row": number, "most": MOST_COLUMNS})
        blank = 0 if cells else blank + 1
        if blank > _BLANK:
            break
        if cells:
            found.append((number, cells))
        if len(found) > MOST_ROWS:
            raise TableError(_("超過 %(most)s 列。") % {"most": MOST_ROWS})
    return found


def _cell(value: Any, row: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            said = value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        case date():
            said = value.isoformat()
        case float() | Decimal():
            said = f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
        case _:
            said = unplain(str(value).strip()).strip()
    if len(said) > LONGEST_CELL:
        raise TableError(_("第 %(row)s 列有一格超過 %(most)s 字。") % {"row": row, "most": LONGEST_CELL})
    return said


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """The text of a CSV file. Spreadsheets in Taiwan still save it as Big5 (cp950): read, and said so."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(_("這個檔案是 UTF-16；請另存為「CSV UTF-8」。"))
    remarks = []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp950")
        except UnicodeDecodeError:
            raise TableError(_("讀不出文字：不是 UTF-8，也不是 Big5。請另存為「CSV UTF-8」。")) from None
        remarks.append(_("檔案以 Big5 儲存，已轉為 UTF-8；請核對罕用字。"))
    if "\0" in text:
        raise TableError(_("這不是表格檔；請用 CSV、ODS 或 XLSX。"))
    return text, remarks


def _csv_rows(text: str) -> Iterator[list[str]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",", "\t", ";", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise TableError(
            _("第 %(row)s 列不是 CSV：%(why)s") % {"row": reader.line_num, "why": error}
        ) from None


def _unpacked(content: bytes) -> Iterator[Sequence[Any]]:
    """The rows of a spreadsheet: a zip of XML, looked at before any reader of XML sees it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = _looked_at(packed)
    except TableError:
        raise
    except Exception as error:  # a damaged zip fails in many ways: zlib, struct, lzma, its own
        raise TableError(_("檔案損壞，無法開啟。")) from error
    if "xl/workbook.xml" in names:
        rows = _xlsx_rows(content)
    elif "content.xml" in names:
        rows = _ods_rows(content)
    else:
        raise TableError(_("這不是試算表；請用 CSV、ODS 或 XLSX。"))
    try:
        yield from rows
    except TableError:
        raise
    except Exception as error:  # whatever a broken file makes of a reader: the file is at fault
        raise TableError(_("試算表的內容無法讀取；請重新另存後再試。")) from error


def _looked_at(packed: zipfile.ZipFile) -> set[str]:
    left = MOST_UNPACKED
    names = set()
    for entry in packed.infolist():
        if entry.flag_bits & 1:
            raise TableError(_("檔案有密碼；請先取消密碼。"))
        names.add(entry.filename)
        with packed.open(entry) as member:
            part = member.read(left + 1)
        left -= len(part)
        if left < 0:
            raise TableError(_("檔案解開後太大。"))
        if entry.filename.endswith((".xml", ".rels", ".rdf")) and _declares(part):
            raise TableError(_("檔案內含不能使用的宣告（DOCTYPE）。"))
    return names


def _declares(part: bytes) -> bool:
    """Whether XML has a document type, in which entities could be; also where it is not UTF-8."""
    return b"<!DOCTYPE" in part or b"<!ENTITY" in part or part.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0"))


def _xlsx_rows(content: bytes) -> Iterator[Sequence[Any]]:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that it does not know
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
            sheet.reset_dimensions()
            yield from sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
        finally:
            book.close()


def _ods_rows(content: bytes) -> Iterator[Sequence[Any]]:
    from odfdo import Document

    sheet = Document(io.BytesIO(content)).body.tables[0]
    for row in sheet.traverse():
        cells: list[Any] = []
        for cell in row.traverse():
            cells.append(cell.text_recursive if cell.type == "string" else cell.value)
            if len(cells) > MOST_COLUMNS:
                break
        yield cells
