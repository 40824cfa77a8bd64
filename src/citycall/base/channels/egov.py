"""Messages to civil servants' e公務 accounts, by the gateway that a city runs before its e公務 server.

The product itself publishes no interface. So the gateway's is ours, and small: one signed POST of JSON a
message, answered with the id under which the gateway keeps it.

    POST <path>                                      {"to": account, "subject": …, "body": …}
    Idempotency-Key: <64 hex digits>                 the same however often it is tried
    X-CityCall-Key: <name of the key>
    X-CityCall-Time: 2026-03-02T02:00:00Z
    X-CityCall-Signature: sha256=<HMAC of time, key and body, joined by line ends>

    200, 201, 202 {"id": "…", "duplicate": false}    taken; duplicate: this key was known, nothing was sent
    404, 410, 422 {"error": "…"}                     no such account: never
    anything else                                    not now

A gateway remembers a key for at least a day; beyond that the receipt says that a message was sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from django.core.exceptions import ImproperlyConfigured

from citycall.base import clock
from citycall.base.channels.protocol import ChannelDown, Message, Outcome, Receipt, Undeliverable

TIMEOUT_SECONDS = 10.0
REMEMBERS = timedelta(hours=23)  # a day is asked of it; a little less to be sure
TAKEN = frozenset({200, 201, 202})
HOPELESS = frozenset({404, 410, 422})
ANSWER_AT_MOST = 300


@dataclass(frozen=True)
class EgovChannel:
    """egov://key:secret@gateway.example/messages; egov+http://… only for a gateway on this machine."""

    address: str
    key: str
    secret: str = field(repr=False)
    name: str = "egov"
    transactional: bool = False

    @classmethod
    def from_url(cls, url: str) -> EgovChannel:
        """The channel that an address says."""
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme == "egov+http" and local:
            scheme = "http"
        elif parts.scheme == "egov":
            scheme = "https"
        else:
            raise ImproperlyConfigured("CITYCALL_EGOV_URL is egov://key:secret@host/path")
        if not parts.hostname or not parts.username or not parts.password:
            raise ImproperlyConfigured("CITYCALL_EGOV_URL needs key, secret and host")
        port = f":{parts.port}" if parts.port else ""
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(
            f"{scheme}://{host}{port}{parts.path or '/'}", unquote(parts.username), unquote(parts.password)
        )

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        down: ChannelDown | None = None
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            for message in messages:
                if down is not None:
                    outcomes.append(ChannelDown(down.reason))
                    continue
                outcome = self._one(client, message)
                outcomes.append(outcome)
                if isinstance(outcome, ChannelDown) and not outcome.only_this:
                    down = outcome
        return outcomes

    def _one(self, client: httpx.Client, message: Message) -> Outcome:
        body = json.dumps(
            {"to": message.to, "subject": message.subject, "body": message.body}, ensure_ascii=False
        ).encode()
        try:
            answer = client.post(self.address, content=body, headers=self._headers(message, body))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return ChannelDown(_reason(error))
        except httpx.HTTPError as error:
            return ChannelDown(_reason(error), uncertain=True)
        said = _answered(answer)
        detail = f"HTTP {answer.status_code} {said.get('error', '')}".strip()[:ANSWER_AT_MOST]
        if answer.status_code in TAKEN:
            return self._receipt(message, said, detail)
        if answer.status_code in HOPELESS:
            return Undeliverable(detail)
        return ChannelDown(detail, uncertain=answer.status_code >= 500)

    def _receipt(self, message: Message, said: dict[str, Any], detail: str) -> Outcome:
        reference = str(said.get("id") or "")
        if not reference:
            return ChannelDown(f"{detail}: an answer without an id", uncertain=True)
        duplicate = said.get("duplicate") is True
        since = message.uncertain_since
        forgotten = since is not None and clock.now() - since > REMEMBERS
        return Receipt(
            reference=reference, duplicate=duplicate, sent_again=forgotten and not duplicate, detail=detail
        )

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        at = clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = hashlib.sha256(message.key.encode()).hexdigest()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "X-CityCall-Key": self.key,
            "X-CityCall-Time": at,
            "X-CityCall-Signature": f"sha256={signature(self.secret, at, key, body)}",
        }


def signature(secret: str, at: str, key: str, body: bytes) -> str:
    """What proves to the gateway that a message is the city's own, of this time and under this key."""
    signed = b"\n".join((at.encode(), key.encode(), body))
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _answered(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
