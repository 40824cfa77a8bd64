"""What the API says when something cannot be done: one JSON shape for every refusal (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from citycall.base.commands import Refused

CONTENT_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why a request was refused. `code` is for programs and stays the same in every language."""

    status: int = Field(description="HTTP status")
    code: str = Field(description="For programs: invalid, unknown_item, place_outside …")
    message: str = Field(description="For people, in the language asked for (Accept-Language: zh-Hant or en)")
    fields: dict[str, str] = Field(description="What is wrong with which field, by its path")
    hint: str = Field(description="What to do about it; may be empty")
    info: dict[str, Any] = Field(description="What a program needs to go on")


def _hint(code: str) -> str:
    match code:
        case "unauthorized":
            return _("請以 Authorization: Bearer 送出本系統核發的權杖。")
        case "idempotency_key_required":
            return _("每一件新案件使用一個新的識別碼，例如 UUID；重送同一件時沿用原識別碼。")
        case "idempotency_conflict":
            return _("新的案件請使用新的識別碼。")
        case "unknown_item" | "closed_item":
            return _("可受理的服務項目列於 GET /api/v1/items。")
        case "place_outside" | "place_unclear":
            return _("請寫明行政區與路名、路口或地標。")
        case "identity_required":
            return _("請補填反映人資料，或改送 info.offer 所列的案件類別。")
        case "malformed":
            return _("請送出以 UTF-8 編碼的 JSON 物件。")
        case "not_permitted":
            return _("請向系統管理人員確認這個權杖所屬的職務。")
    return ""


def problem(
    status: int,
    code: str,
    message: str,
    *,
    fields: Mapping[str, str] | None = None,
    info: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """One refusal as an HTTP response."""
    body = {
        "status": status,
        "code": code,
        "message": message,
        "fields": dict(fields or {}),
        "hint": _hint(code),
        "info": dict(info or {}),
    }
    response = HttpResponse(orjson.dumps(body), content_type=CONTENT_TYPE, status=status)
    response["Content-Language"] = get_language() or ""
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def of_refusal(refused: Refused) -> HttpResponse:
    return problem(refused.status, refused.code, refused.message, fields=refused.fields, info=refused.info)


def unauthorized() -> HttpResponse:
    return problem(
        401,
        "unauthorized",
        _("沒有有效的權杖。"),
        headers={"WWW-Authenticate": 'Bearer realm="CityCall"'},
    )


def malformed(why: str) -> Refused:
    return Refused("malformed", why, status=400)


def not_found() -> HttpResponse:
    return problem(404, "not_found", _("沒有這個位址。"))


def method_not_allowed(allowed: str) -> HttpResponse:
    message = _("這個位址只接受：%s。") % allowed
    return problem(405, "method_not_allowed", message, headers={"Allow": allowed})


def busy() -> HttpResponse:
    return problem(503, "busy", _("系統忙碌中，請稍後再試。"), headers={"Retry-After": "2"})


def failed() -> HttpResponse:
    return problem(500, "failed", _("系統發生錯誤，已通知維護人員。"))
