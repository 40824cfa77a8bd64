"""Refused: whatever a user can do wrong, in words that the user understands."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails


class Refused(Exception):
    """A command did not happen, nothing was written, and this is why.

    `code` is for programs, `message` for people (translated), `fields` the message by the path of each
    input that is wrong, `info` what a client needs to go on (for example the offer of another case kind).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        status: int = 409,
        info: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = str(message)
        self.fields: dict[str, str] = dict(fields or {})
        self.status = status
        self.info: dict[str, Any] = dict(info or {})
        self.on_record = False  # whether the audit trail has it already

    def __str__(self) -> str:
        inside = "; ".join(f"{path}: {message}" for path, message in self.fields.items())
        return f"{self.code}: {self.message}" + (f" ({inside})" if inside else "")


def not_permitted(message: str | None = None) -> Refused:
    return Refused("not_permitted", message or _("您的職務不能執行這項作業。"), status=403)


def not_found(message: str | None = None) -> Refused:
    return Refused("not_found", message or _("查無資料。"), status=404)


def invalid(fields: Mapping[str, str]) -> Refused:
    """The input is wrong at these paths."""
    return Refused("invalid", _("輸入的資料有誤，請修正標示的欄位。"), fields=fields, status=422)


def from_validation(error: ValidationError) -> Refused:
    """Pydantic's errors in the reader's language, one message a path."""
    fields: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        path = ".".join(str(part) for part in detail["loc"]) or "input"
        fields.setdefault(path, explain(detail))
    return invalid(fields)


def explain(detail: ErrorDetails) -> str:
    """One pydantic error, said clearly."""
    kind = detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    if kind == "value_error":  # raised by our own validators, already in words
        return str(context.get("error", detail["msg"]))
    if kind == "control_characters":
        return _("含有不能使用的控制字元。")
    say = _MESSAGES.get(kind)
    if say is not None:
        return say(context)
    if kind.endswith(("_type", "_parsing", "_from_date_parsing", "_from_float")):
        return _("格式不正確。")
    return _("內容不正確。")


def _choices(context: dict[str, Any]) -> str:
    words = re.findall(r"'([^']*)'", context["expected"])
    return _("不是可選的項目，可選：%(choices)s。") % {"choices": "、".join(words)}


_MESSAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda c: _("必填。"),
    "extra_forbidden": lambda c: _("沒有這個欄位。"),
    "string_too_long": lambda c: _("太長，最多 %(n)s 個字。") % {"n": c["max_length"]},
    "string_too_short": lambda c: (
        _("必填。") if c["min_length"] == 1 else _("太短，至少 %(n)s 個字。") % {"n": c["min_length"]}
    ),
    "string_type": lambda c: _("應為文字。"),
    "string_unicode": lambda c: _("不是有效的文字編碼。"),
    "string_pattern_mismatch": lambda c: _("格式不正確。"),
    "int_type": lambda c: _("應為整數。"),
    "int_parsing": lambda c: _("應為整數。"),
    "int_parsing_size": lambda c: _("數字太大。"),
    "int_from_float": lambda c: _("應為整數。"),
    "float_type": lambda c: _("應為數字。"),
    "float_parsing": lambda c: _("應為數字。"),
    "finite_number": lambda c: _("應為數字。"),
    "decimal_type": lambda c: _("應為數字。"),
    "decimal_parsing": lambda c: _("應為數字。"),
    "bool_type": lambda c: _("應為是或否。"),
    "bool_parsing": lambda c: _("應為是或否。"),
    "greater_than": lambda c: _("應大於 %(n)s。") % {"n": c["gt"]},
    "greater_than_equal": lambda c: _("不得小於 %(n)s。") % {"n": c["ge"]},
    "less_than": lambda c: _("應小於 %(n)s。") % {"n": c["lt"]},
    "less_than_equal": lambda c: _("不得大於 %(n)s。") % {"n": c["le"]},
    "literal_error": lambda c: _choices(c),
    "enum": lambda c: _choices(c),
    "date_type": lambda c: _("應為日期，例如 2026-03-02。"),
    "date_parsing": lambda c: _("應為日期，例如 2026-03-02。"),
    "date_from_datetime_parsing": lambda c: _("應為日期，例如 2026-03-02。"),
    "datetime_type": lambda c: _("應為日期與時間，例如 2026-03-02T10:00+08:00。"),
    "datetime_parsing": lambda c: _("應為日期與時間，例如 2026-03-02T10:00+08:00。"),
    "datetime_from_date_parsing": lambda c: _("應為日期與時間，例如 2026-03-02T10:00+08:00。"),
    "timezone_aware": lambda c: _("時間須含時區。"),
    "list_type": lambda c: _("應為清單。"),
    "tuple_type": lambda c: _("應為清單。"),
    "too_long": lambda c: _("項目太多，最多 %(n)s 項。") % {"n": c["max_length"]},
    "too_short": lambda c: _("項目太少，至少 %(n)s 項。") % {"n": c["min_length"]},
    "model_type": lambda c: _("應為一組欄位。"),
    "model_attributes_type": lambda c: _("應為一組欄位。"),
    "dict_type": lambda c: _("應為一組欄位。"),
}
