"""E-mail over SMTP.

SMTP has no way to ask what became of a message. Its Message-ID is made from the notice's key, so that a
second copy, sent because the answer to the first was lost, is recognisable as the same letter; the receipt
then says that it was sent again.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from citycall.base import clock
from citycall.base.channels.protocol import ChannelDown, Message, Outcome, Receipt, Undeliverable

TIMEOUT_SECONDS = 10
Tls = Literal["none", "offered", "required", "implicit"]


@dataclass(frozen=True)
class EmailChannel:
    """One SMTP server: smtp://user:password@host:587?tls=required, smtps://host, smtp://127.0.0.1:25?tls=none."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "offered"
    name: str = "email"
    transactional: bool = False

    @classmethod
    def from_url(cls, url: str, sender: str) -> EmailChannel:
        """The channel that an address says. `tls`: none, offered, required."""
        parts = urlsplit(url)
        given = parse_qs(parts.query).get("tls", [""])[-1]
        words: dict[str, Tls] = {
            "none": "none",
            "0": "none",
            "offered": "offered",
            "required": "required",
            "1": "required",
        }
        tls: Tls
        if parts.scheme == "smtps":
            tls = "implicit"
        elif parts.scheme == "smtp" and (not given or given in words):
            # A password is never sent over a line that anybody may read, unless somebody says so.
            tls = words[given] if given else "required" if parts.username else "offered"
        else:
            raise ImproperlyConfigured(
                "CITYCALL_SMTP_URL is smtp://host[:port][?tls=none|offered|required] or smtps://host"
            )
        if not parts.hostname:
            raise ImproperlyConfigured("CITYCALL_SMTP_URL names no host")
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls == "implicit" else 25),
            sender=sender,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
        )

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        server: smtplib.SMTP | None = None
        down: ChannelDown | None = None
        try:
            for message in messages:
                if down is not None:
                    outcomes.append(ChannelDown(down.reason))
                    continue
                try:
                    server = server or self._connect()
                    outcome = self._one(server, message)
                except (OSError, smtplib.SMTPException) as error:
                    outcome = ChannelDown(_reason(error))
                outcomes.append(outcome)
                if isinstance(outcome, ChannelDown) and not outcome.only_this:
                    down = outcome
        finally:
            if server is not None:
                _leave(server)
        return outcomes

    def _connect(self) -> smtplib.SMTP:
        if self.tls == "implicit":
            secure = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
            server: smtplib.SMTP = secure
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            server.ehlo_or_helo_if_needed()
            if self.tls == "required" or (self.tls == "offered" and server.has_extn("starttls")):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _one(self, server: smtplib.SMTP, message: Message) -> Outcome:
        try:
            letter, message_id = self._letter(message)
        except ValueError as error:  # an address over several lines and the like
            return Undeliverable(str(error))
        code, answer = server.mail(parseaddr(self.sender)[1])
        if code >= 400:
            server.rset()
            return ChannelDown(f"{code} {_text(answer)}")
        code, answer = server.rcpt(message.to)
        if code >= 400:
            server.rset()
            return self._refused(code, _text(answer))
        try:
            code, answer = server.data(letter)
        except smtplib.SMTPDataError as error:  # refused before the letter was handed over
            server.rset()
            return self._refused(error.smtp_code, _text(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            return ChannelDown(_reason(error), uncertain=True)
        if code >= 400:
            return self._refused(code, _text(answer))
        return Receipt(
            reference=message_id,
            sent_again=message.uncertain_since is not None,
            detail=_text(answer),
        )

    @staticmethod
    def _refused(code: int, answer: str) -> Outcome:
        if code == 421:
            return ChannelDown(f"{code} {answer}")
        if code < 500:
            return ChannelDown(f"{code} {answer}", only_this=True)
        return Undeliverable(f"{code} {answer}")

    def _letter(self, message: Message) -> tuple[bytes, str]:
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        message_id = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:40]}@{domain}>"
        letter = EmailMessage(policy=SMTP)
        letter["Message-ID"] = message_id
        letter["Date"] = format_datetime(clock.local(clock.now()))
        letter["From"] = self.sender
        letter["To"] = message.to
        letter["Subject"] = " ".join(message.subject.split())
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.body, charset="utf-8", cte="base64")
        return letter.as_bytes(), message_id


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
