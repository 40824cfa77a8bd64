"""The OpenAPI description: the commands' own input and result schemas, under ninja's paths."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from django.http import HttpRequest
from ninja import Schema
from ninja.security import HttpBearer
from pydantic import BaseModel

from citycall.api.problems import CONTENT_TYPE, Problem
from citycall.base.commands import Actor, commands
from citycall.services.cases.commands.establish import Established
from citycall.services.cases.commands.inputs import Done

DESCRIPTION = """\
成案、查詢、簽收、承辦、辦畢。每一個動作就是一個指令：規則、權限與紀錄都和畫面上所做的相同。

- 權杖：`Authorization: Bearer TOKEN`；由 `citycall token` 核發，代表一個職務。
- 語言：`Accept-Language: zh-Hant`（預設）或 `en`。
- 重送：`Idempotency-Key`。同一識別碼、同一內容，得到原來的答覆，不會成立第二件。
- 拒絕：一律是 `application/problem+json`，見 Problem。
"""
ESTABLISHED = Established
DONE = Done
SET_BY_THE_API = frozenset({"channel", "call_id"})  # the operator's desk says these; a program does not
_REF = "#/components/schemas/"


class ServiceItem(Schema):
    code: str
    name: str
    kind: str
    agency: str
    active_from: str | None
    active_until: str | None


class Items(Schema):
    policy: str
    version: str
    items: list[ServiceItem]


class Token(HttpBearer):
    """The bearer scheme for the description; who the token stands for is asked of the people room."""

    def __init__(self, find: Any) -> None:
        super().__init__()
        self._find = find

    def __call__(self, request: HttpRequest) -> Actor | None:
        found: Actor | None = self._find(request)
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        raise NotImplementedError  # `__call__` reads the header itself


def refusals(*statuses: int) -> dict[int, type[BaseModel]]:
    return dict.fromkeys(statuses, Problem)


@cache
def _input_schema(command: str) -> dict[str, Any]:
    return commands()[command].input.model_json_schema(ref_template=_REF + "{model}")


def body_of(command: str, *, hidden: Collection[str] = (), key: str) -> dict[str, Any]:
    """The request body of an operation, told later from the command's input (rooms may not be loaded yet)."""
    header = {
        "in": "header",
        "name": "Idempotency-Key",
        "required": key == "required",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    }
    return {"x-command": command, "x-hidden": sorted(hidden), "parameters": [header]}


def photos_body() -> dict[str, Any]:
    files = {"type": "array", "minItems": 1, "maxItems": 10, "items": {"type": "string", "format": "binary"}}
    caption = {"type": "string", "maxLength": 120}
    form = {"type": "object", "required": ["files"], "properties": {"files": files, "caption": caption}}
    found = body_of("", key="optional")
    return {
        "parameters": found["parameters"],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
    }


def completed(schema: Any) -> Any:
    """Ninja's description with request bodies filled in and refusals under their own content type."""
    components = schema["components"]["schemas"]
    for operations in schema["paths"].values():
        for operation in operations.values():
            command = operation.pop("x-command", None)
            hidden = operation.pop("x-hidden", [])
            if command:
                operation["requestBody"] = _request_body(command, hidden, components)
            for status, response in operation["responses"].items():
                content = response.get("content")
                if int(status) >= 400 and content and "application/json" in content:
                    content[CONTENT_TYPE] = content.pop("application/json")
    return schema


def _request_body(command: str, hidden: Collection[str], components: dict[str, Any]) -> dict[str, Any]:
    found = dict(_input_schema(command))
    components.update(found.pop("$defs", {}))
    found["properties"] = {
        name: shape for name, shape in found.get("properties", {}).items() if name not in hidden
    }
    found["required"] = [name for name in found.get("required", []) if name not in hidden]
    if not found["required"]:
        del found["required"]
    return {
        "required": bool(found.get("required")),
        "content": {"application/json": {"schema": found}},
    }
