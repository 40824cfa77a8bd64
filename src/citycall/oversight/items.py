"""The table of items as people keep it: its columns, what comes out, and what comes in, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from pydantic import ValidationError

from citycall.oversight import tables
from citycall.oversight.edits import item_rows
from citycall.oversight.tables import TableError
from citycall.policy import Item, Limit, Pack
from citycall.policy.basics import is_code
from citycall.policy.limits import as_typed
from citycall.policy.load import ITEM_COLUMNS

LABELS: dict[str, Promise] = {
    "code": lazy("項目代碼"),
    "name_zh": lazy("項目名稱"),
    "name_en": lazy("英文名稱"),
    "kind": lazy("案件種類"),
    "agency": lazy("權責機關代碼"),
    "cause_group": lazy("同因群組"),
    "stage1": lazy("第一階段時限"),
    "stage2_max": lazy("第二階段上限"),
    "public_safety": lazy("涉及公共安全"),
    "resources": lazy("涉及資源"),
    "evidence": lazy("須附證明"),
    "handler": lazy("承辦職務代碼"),
    "place_kinds": lazy("地點種類"),
    "keywords": lazy("民眾會說的話"),
    "radius_m": lazy("同地點半徑（公尺）"),
    "active_from": lazy("受理起日"),
    "active_until": lazy("受理迄日"),
    "sample": lazy("示範資料"),
}
EXPECTED: dict[str, Promise] = {
    "code": lazy("小寫英文、數字與 . _ -，不可重複，之後不能更改"),
    "name_zh": lazy("1 至 40 字"),
    "kind": lazy("規則中的案件種類代碼"),
    "agency": lazy("機關名冊中的機關代碼"),
    "stage1": lazy("數字加單位，例如 4 小時、1 日、6 個工作日、4 hours"),
    "stage2_max": lazy("數字加單位，例如 14 日"),
    "public_safety": lazy("yes 或 no（是或否）"),
    "resources": lazy("yes 或 no（是或否）"),
    "evidence": lazy("yes 或 no（是或否）"),
    "sample": lazy("yes 或 no（是或否）"),
    "radius_m": lazy("0 至 5000 的整數"),
    "active_from": lazy("日期，例如 2026-05-01"),
    "active_until": lazy("日期，例如 2026-12-31，不早於受理起日"),
}
NEEDED = ("code", "name_zh", "agency", "stage1", "stage2_max")
MOST_PROBLEMS = 50
_YES_NO = {
    "yes": "yes",
    "true": "yes",
    "1": "yes",
    "是": "yes",
    "no": "no",
    "false": "no",
    "0": "no",
    "否": "no",
}


@dataclass(frozen=True)
class Problem:
    """One cell that cannot be taken: where it stands in the file, and what was expected."""

    row: int
    column: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = LABELS.get(self.column, self.column)
        return _("第 %(row)s 列「%(column)s」：%(found)s；應為：%(expected)s") % {
            "row": self.row,
            "column": f"{where} {self.column}".strip() if str(where) != self.column else where,
            "found": self.found or _("空白"),
            "expected": self.expected,
        }


@dataclass
class Sheet:
    """What a file of items says: each row's cells by column, with its number in the file."""

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def export(pack_text: str, form: str, *, described: bool, title: str) -> bytes:
    """The whole table, every column: the names that come back in; below them, if wanted, what they mean."""
    header = [list(ITEM_COLUMNS)]
    if described:
        header.append([str(LABELS.get(name, name)) for name in ITEM_COLUMNS])
    rows = [[row.get(name, "") for name in ITEM_COLUMNS] for row in item_rows(pack_text)]
    return tables.write(form, header, rows, title)


def read(content: bytes) -> Sheet:
    """A file of items as it was sent; raises TableError where it is no table of items at all."""
    table = tables.read(content)
    sheet = Sheet(remarks=list(table.remarks))
    at, header = _header(table.rows)
    unknown = [name for name in header if name and name not in ITEM_COLUMNS]
    if unknown:
        known = ", ".join(ITEM_COLUMNS)
        raise TableError(_("不認得的欄位：%(names)s。可用的欄位：%(known)s。")
                         % {"names": ", ".join(unknown[:5]), "known": known})  # fmt: skip
    double = sorted({name for name in header if name and header.count(name) > 1})
    if double:
        raise TableError(_("欄位重複：%(names)s。") % {"names": ", ".join(double)})
    for number, cells in table.rows[at + 1 :]:
        row = {name: cell for name, cell in zip(header, cells, strict=False) if name}
        if not any(row.values()) or _describes(row):
            continue
        if len(cells) > len(header) and any(cells[len(header) :]):
            expected = _("不多於標題列的 %(n)s 欄") % {"n": len(header)}
            sheet.problems.append(Problem(number, "", cells[len(header)], expected))
        sheet.rows.append((number, {**{name: "" for name in header if name}, **row}))
    if not sheet.rows:
        raise TableError(_("表中沒有項目。"))
    return sheet


def _header(rows: list[tuple[int, list[str]]]) -> tuple[int, list[str]]:
    """The first row that names columns, by their names or by what they mean."""
    meant = _meant()
    for at, (_number, cells) in enumerate(rows[:20]):
        named = [_bare(cell) for cell in cells]
        found = [name if name in ITEM_COLUMNS else meant.get(name, name) for name in named]
        if "code" in found and len(set(found) & set(ITEM_COLUMNS)) >= 2:
            return at, found
    raise TableError(_("找不到標題列；標題列要有 code 與其他欄位，例如 %(some)s。")
                     % {"some": ", ".join(ITEM_COLUMNS[:7])})  # fmt: skip


@cache
def _meant() -> dict[str, str]:
    """What the columns mean, in every language that a table may have been written in: name by words."""
    found: dict[str, str] = {}
    for language in ("en", "zh-hant"):
        with translation.override(language):
            found |= {_bare(str(label)): name for name, label in LABELS.items()}
    return found


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _describes(row: Mapping[str, str]) -> bool:
    """Whether a row only says what the columns mean."""
    return row.get("code") == "code" or _meant().get(_bare(row.get("code", ""))) == "code"


# --- checking --------------------------------------------------------------------------------------------


def changes(
    sheet: Sheet, before: Mapping[str, Mapping[str, str]], pack: Pack, agencies: Collection[str]
) -> dict[str, dict[str, str]]:
    """The cells that differ from the table as it is; what cannot be taken goes to the sheet's problems."""
    seen: dict[str, int] = {}
    made: dict[str, dict[str, str]] = {}
    for number, raw in sheet.rows:
        code = raw.get("code", "")
        if not is_code(code):
            _problem(sheet, number, "code", code)
            continue
        if code in seen:
            text = _("%(code)s 已在第 %(row)s 列") % {"code": code, "row": seen[code]}
            sheet.problems.append(Problem(number, "code", text, str(EXPECTED["code"])))
            continue
        seen[code] = number
        row = {name: _tidied(name, cell) for name, cell in raw.items()}
        old = before.get(code, {})
        new = {
            name: cell
            for name, cell in row.items()
            if name != "code" and _tidied(name, old.get(name, "")) != cell and _counts(name, cell, old)
        }
        _check(sheet, number, {**old, **row}, new, raw, pack, agencies, added=code not in before)
        if new or code not in before:
            made[code] = new
    return made


def _counts(name: str, cell: str, old: Mapping[str, str]) -> bool:
    """Whether it makes a difference: a flag left empty is a flag not set."""
    if name in _FLAGS:
        return (cell or "no") != (_tidied(name, old.get(name, "")) or "no")
    return True


_FLAGS = ("public_safety", "resources", "evidence", "sample")


def _tidied(name: str, cell: str) -> str:
    """A cell as the table keeps it."""
    if name in (*_FLAGS, "active_from", "active_until", "radius_m"):
        cell = as_typed(cell)
    if name in _FLAGS:
        return _YES_NO.get(cell.lower(), cell)
    if name in ("active_from", "active_until") and (
        found := re.fullmatch(r"([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})", cell)
    ):
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    if name in ("stage1", "stage2_max"):
        try:
            return str(Limit.model_validate(cell)) if cell else cell
        except ValidationError:
            return cell
    if name in ("keywords", "place_kinds"):
        return " ".join(cell.split())
    return cell


def _check(
    sheet: Sheet,
    number: int,
    row: Mapping[str, str],
    new: Mapping[str, str],
    typed: Mapping[str, str],
    pack: Pack,
    agencies: Collection[str],
    *,
    added: bool,
) -> None:
    kind = pack.kinds.get(row.get("kind") or Item.model_fields["kind"].default)
    if kind is None and ("kind" in new or added):
        _problem(sheet, number, "kind", row.get("kind", ""), ", ".join(pack.kinds))
    for name in NEEDED if added else [name for name in NEEDED if name in new]:
        if not row.get(name):
            _problem(sheet, number, name, "")
    for name, cell in new.items():
        fits = _FITS.get(name)
        if cell and fits is not None and not fits(cell):
            _problem(sheet, number, name, typed.get(name) or cell)
    if row.get("agency") and row["agency"] not in agencies and ("agency" in new or added):
        _problem(sheet, number, "agency", row["agency"])
    for name, stage in (("stage1", "first"), ("stage2_max", "second")):
        rule = kind.stages.get(stage) if kind is not None else None  # type: ignore[call-overload]
        if rule is None or name not in new or not _limit(row[name]):
            continue
        if not Limit.model_validate(row[name]).within(rule.min, rule.max):
            bounds = _("%(least)s 至 %(most)s") % {
                "least": rule.min.words(get_language()) if rule.min else "—",
                "most": rule.max.words(get_language()) if rule.max else "—",
            }
            _problem(sheet, number, name, typed.get(name) or row[name], bounds)
    begins, ends = row.get("active_from", ""), row.get("active_until", "")
    if _day(begins) and _day(ends) and ends < begins and {"active_from", "active_until"} & set(new):
        _problem(sheet, number, "active_until", ends)


def _problem(sheet: Sheet, row: int, column: str, found: str, expected: str = "") -> None:
    said = expected or str(EXPECTED.get(column, _("有內容")))
    if len(sheet.problems) < MOST_PROBLEMS:
        sheet.problems.append(Problem(row, column, found, said))


def _limit(cell: str) -> bool:
    try:
        Limit.model_validate(cell)
    except ValidationError:
        return False
    return True


def _day(cell: str) -> bool:
    try:
        date.fromisoformat(cell)
    except ValueError:
        return False
    return len(cell) == 10


_FITS: dict[str, Callable[[str], bool]] = {
    "name_zh": lambda cell: len(cell) <= 40,
    "name_en": lambda cell: len(cell) <= 80,
    "stage1": _limit,
    "stage2_max": _limit,
    "radius_m": lambda cell: cell.isascii() and cell.isdigit() and int(cell) <= 5000,
    "active_from": _day,
    "active_until": _day,
    **{name: lambda cell: cell in ("yes", "no") for name in _FLAGS},
}


def by_code(rows: Iterable[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Rows of the table by their codes."""
    return {row.get("code", ""): dict(row) for row in rows}
