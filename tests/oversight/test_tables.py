"""Tables that come from outside: read whatever wrote them, and never an error of ours."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from citycall.oversight import tables
from citycall.oversight.tables import TableError

CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)
ROWS = st.lists(st.lists(CELL, min_size=1, max_size=6), min_size=1, max_size=8)


def cells(table: tables.Table) -> list[list[str]]:
    return [row for _number, row in table.rows]


def trimmed(rows: list[list[str]]) -> list[list[str]]:
    found = []
    for row in rows:
        row = list(row)
        while row and not row[-1]:
            row.pop()
        if row:
            found.append(row)
    return found


@pytest.mark.parametrize("form", tables.FORMATS)
@given(rows=ROWS)
@example(rows=[["'=", "''-", "'"]])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_written_is_read_again(form: str, rows: list[list[str]]) -> None:
    rows = [["code", "name"], *rows]
    content = tables.write(form, rows[:1], rows[1:], "項目")
    assert cells(tables.read(content)) == trimmed(rows)


@pytest.mark.parametrize("form", tables.FORMATS)
def test_no_cell_is_a_formula(form: str) -> None:
    for danger in ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "＝1", " =1", "'=", "''+1"):
        content = tables.write(form, [["code"]], [[danger]], "x")
        assert cells(tables.read(content))[1] == [danger.strip()]
        if form == "csv":
            assert f"'{danger}" in content.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空"),
        (b"  \n ", "空"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, ".xls"),
        ("a,b".encode("utf-16"), "UTF-16"),
        (b"code,name\n\xff\xfe\xfd,\x81", "Big5"),
        (b"a,b\n\0,1", "表格檔"),
        (b'a,b\n"1,2', "CSV"),
        (b"PK\x03\x04" + b"nonsense" * 20, "損壞"),
        (b"x" * (tables.MOST_BYTES + 1), "MB"),
        (b"a\n" + b"1\n" * (tables.MOST_ROWS + 2), "列"),
        (b",".join([b"1"] * 70), "欄"),
        (b"a," + b"x" * 3000, "字"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        tables.read(content)


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (packed(hello_xml=b"<x/>"), "試算表"),
        (packed(content_xml=BOMB), "DOCTYPE"),
        (packed(xl__workbook_xml=BOMB), "DOCTYPE"),
        (packed(content_xml="<x/>".encode("utf-16")), "DOCTYPE"),
        (packed(content_xml=b"0" * (tables.MOST_UNPACKED + 10)), "太大"),
        (packed(content_xml=b"<x/>"), "無法讀取"),
        (packed(xl__workbook_xml=b"<x/>"), "無法讀取"),
    ],
)
def test_a_spreadsheet_with_something_wrong_in_it(content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        tables.read(content)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    with contextlib.suppress(TableError):
        tables.read(content)


# A spreadsheet carries the time it was written, and its length moves with it: one of each kind is
# written once, and a place in it is drawn as a number of its own, so that what is tried never
# depends on the clock.
SOUND = {form: tables.write(form, [["code"]], [["路燈"]] * 3, "x") for form in ("ods", "xlsx")}


@given(
    st.sampled_from(sorted(SOUND)),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_spreadsheet_is_read_or_refused(form: str, damage: list[tuple[int, int]]) -> None:
    content = bytearray(SOUND[form])
    for place, value in damage:
        content[place % len(content)] = value
    with contextlib.suppress(TableError):
        tables.read(bytes(content))


def test_numbers_and_days_of_a_spreadsheet_are_as_people_write_them() -> None:
    from datetime import date, datetime

    from openpyxl import Workbook

    book = Workbook()
    sheet: Any = book.active
    sheet.append(["code", "radius_m", "active_from", "sample", "share"])
    sheet.append(["x", 100, date(2026, 5, 1), True, 0.5])
    sheet.append(["y", 100.0, datetime(2026, 5, 1), False, 1e6])
    out = io.BytesIO()
    book.save(out)
    assert cells(tables.read(out.getvalue()))[1:] == [
        ["x", "100", "2026-05-01", "yes", "0.5"],
        ["y", "100", "2026-05-01", "no", "1000000"],
    ]


def test_an_endless_sheet_ends() -> None:
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="x"><table:table-row><table:table-cell office:value-type="string">'
        "<text:p>code</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048575">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    real = io.BytesIO(tables.write("ods", [["code"]], [], "x"))
    out = io.BytesIO()
    with zipfile.ZipFile(real) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, content if name == "content.xml" else before.read(name))
    assert cells(tables.read(out.getvalue())) == [["code"]]


def test_big5_is_read_and_said() -> None:
    table = tables.read("code,name_zh\r\nlamp,路燈故障\r\n".encode("cp950"))
    assert cells(table)[1] == ["lamp", "路燈故障"]
    assert "Big5" in table.remarks[0]


@pytest.mark.parametrize("text", ["code;name\na;b\n", "code\tname\na\tb\n", "\ufeffcode,name\na,b\n"])
def test_other_delimiters_and_a_byte_order_mark(text: str) -> None:
    assert cells(tables.read(text.encode())) == [["code", "name"], ["a", "b"]]
