"""Text messages by Mitake (三竹簡訊), its HTTP interface SmSend and SmQuery.

The gateway knows a message by our `clientid` for twelve hours: the same one again is answered with
`Duplicate=Y` and the first message's id, and nothing is sent. So after a lost answer the message is simply
handed over again; only when that is longer ago than the gateway remembers can it arrive twice, and the
receipt says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import httpx
from django.core.exceptions import ImproperlyConfigured

from citycall.base import clock
from citycall.base.channels.protocol import ChannelDown, Message, Outcome, Receipt, Undeliverable

TIMEOUT_SECONDS = 10.0
REMEMBERS = timedelta(hours=11, minutes=30)  # twelve by its documents; a little less to be sure
ACCEPTED = frozenset("0124")
# Waiting does not help: 5 content, 6 and v number, 7 stopped for this number, 8 not reached, 9 called off,
# t too old, u no words.
HOPELESS = frozenset("56789tuv")


@dataclass(frozen=True)
class MitakeChannel:
    """mitake://user:password@smsapi.mitake.com.tw; mitake+http://… only for a gateway on this machine."""

    base: str
    user: str
    password: str = field(repr=False)
    name: str = "sms"
    transactional: bool = False

    @classmethod
    def from_url(cls, url: str) -> MitakeChannel:
        """The channel that an address says."""
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme == "mitake+http" and local:
            scheme = "http"
        elif parts.scheme == "mitake":
            scheme = "https"
        else:
            raise ImproperlyConfigured("CITYCALL_SMS_URL is mitake://user:password@host")
        if not parts.hostname or not parts.username or not parts.password:
            raise ImproperlyConfigured("CITYCALL_SMS_URL needs user, password and host")
        port = f":{parts.port}" if parts.port else ""
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(f"{scheme}://{host}{port}", unquote(parts.username), unquote(parts.password))

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        down: ChannelDown | None = None
        with httpx.Client(base_url=self.base, timeout=TIMEOUT_SECONDS) as client:
            for message in messages:
                if down is not None:
                    outcomes.append(ChannelDown(down.reason))
                    continue
                outcome = self._one(client, message)
                outcomes.append(outcome)
                if isinstance(outcome, ChannelDown) and not outcome.only_this:
                    down = outcome
        return outcomes

    def query(self, msgids: Sequence[str]) -> dict[str, str]:
        """The gateway's status of messages that it accepted, by its ids; unknown ones are left out."""
        with httpx.Client(base_url=self.base, timeout=TIMEOUT_SECONDS) as client:
            return self._query(client, msgids)

    def _one(self, client: httpx.Client, message: Message) -> Outcome:
        try:
            answer = client.post(
                "/api/mtk/SmSend",
                params={"CharsetURL": "UTF-8"},
                data={
                    **self._account(),
                    "dstaddr": message.to,
                    "smbody": message.body.replace("\n", "\x06"),  # Mitake's sign for a line end
                    "clientid": hashlib.sha256(message.key.encode()).hexdigest()[:36],
                },
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return ChannelDown(_reason(error))
        except httpx.HTTPError as error:
            return ChannelDown(_reason(error), uncertain=True)
        if answer.status_code != 200:
            return ChannelDown(f"HTTP {answer.status_code}", uncertain=answer.status_code >= 500)
        fields = _fields(answer.text)
        status = fields.get("statuscode", "")
        if status in ACCEPTED and fields.get("msgid"):
            return self._receipt(client, message, fields)
        if status in HOPELESS:
            return Undeliverable(f"{status} {fields.get('Error', '')}".strip())
        if not status:
            return ChannelDown("an answer without a status", uncertain=True)
        return ChannelDown(f"{status} {fields.get('Error', '')}".strip())

    def _receipt(self, client: httpx.Client, message: Message, fields: dict[str, str]) -> Receipt:
        msgid, status = fields["msgid"], fields["statuscode"]
        duplicate = fields.get("Duplicate") == "Y"
        since = message.uncertain_since
        forgotten = since is not None and clock.now() - since > REMEMBERS
        if duplicate:
            # The answer itself has decided; the finer status is only for the record.
            with suppress(httpx.HTTPError):
                status = self._query(client, [msgid]).get(msgid, status)
        return Receipt(
            reference=msgid,
            duplicate=duplicate,
            sent_again=forgotten and not duplicate,
            detail=f"status {status}",
        )

    def _query(self, client: httpx.Client, msgids: Sequence[str]) -> dict[str, str]:
        answer = client.post("/api/mtk/SmQuery", data={**self._account(), "msgid": ",".join(msgids)})
        answer.raise_for_status()
        found: dict[str, str] = {}
        for line in answer.text.splitlines():
            columns = line.split("\t")
            if len(columns) >= 2 and columns[0] in msgids:
                found[columns[0]] = columns[1]
        return found

    def _account(self) -> dict[str, str]:
        return {"username": self.user, "password": self.password}


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
