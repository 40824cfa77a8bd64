"""The sample government of New Taipei, and programs with tokens that talk to it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

LAMP: dict[str, Any] = {
    "item": "streetlight",
    "description": "路燈不亮",
    "place": {"address": "新北市板橋區中山路一段161號"},
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Program:
    """A program with a token."""

    token: str = ""
    language: str = "zh-Hant"
    client: Client = field(default_factory=Client)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = "", **more: Any) -> Answer:
        """`body`: a value sent as JSON, or bytes sent as they are. `key=""` makes a new one."""
        headers = {"Accept-Language": self.language, **more.pop("headers", {})}
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if key == "" and method == "POST":
            key = uuid.uuid4().hex
        if key:
            headers["Idempotency-Key"] = key
        if "data" not in more:
            more["data"] = (
                body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            )
            more.setdefault("content_type", "application/json")
        response = getattr(self.client, method.lower())(path, headers=headers, **more)
        raw = response.content
        assert response["Content-Type"] in {"application/json", "application/problem+json"}, (
            response["Content-Type"],
            raw[:300],
        )
        return Answer(response.status_code, json.loads(raw), dict(response.headers))

    def establish(self, key: str | None = "", **changes: Any) -> Answer:
        return self.ask("POST", "/api/v1/cases", {**LAMP, **changes}, key=key)


ProgramOf = Callable[..., Program]


@pytest.fixture
def program(db: None) -> Iterator[ProgramOf]:
    """`program("works.intake_window")`: a program that acts for this post."""
    from citycall.base import policies
    from citycall.base.commands import SYSTEM, execute
    from citycall.people.queries import forget_tokens
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample("newtaipei", cases=False)

    def make(post: str = "call_centre.operator1", language: str = "zh-Hant") -> Program:
        made = execute("people.create_token", SYSTEM, {"name": f"program of {post}", "post": post})
        return Program(made.token, language)

    yield make
    forget_tokens()
    policies.refresh()


@pytest.fixture
def operator(program: ProgramOf) -> Program:
    return program()
