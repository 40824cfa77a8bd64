"""Servers on this machine that behave like the real ones: SMTP, Mitake over HTTP, a gateway to e公務."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from citycall.base.channels.egov import EgovChannel, signature
from citycall.base.channels.email import EmailChannel
from citycall.base.channels.sms_mitake import MitakeChannel


@dataclass
class Arrived:
    """One message that reached somebody."""

    to: str
    subject: str
    body: str
    id: str


class SmtpGateway:
    """A mail server. Every message that it takes has arrived, twice if it is sent twice."""

    GOOD, BAD = "wang@example.com", "nobody@example.com"

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.lose_answers = False
        self.busy_for: set[str] = set()
        self._controller: Controller | None = None
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.up()

    def channel(self) -> EmailChannel:
        return EmailChannel.from_url(f"smtp://127.0.0.1:{self.port}?tls=none", "1999 <1999@ntpc.example>")

    def up(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def down(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.BAD:
            return "550 no such mailbox"
        if address in self.busy_for:
            return "450 mailbox busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        body = letter.get_content().replace("\r\n", "\n")
        self.arrived.append(Arrived(envelope.rcpt_tos[0], letter["Subject"], body, letter["Message-ID"]))
        if self.lose_answers:
            assert server.transport is not None
            server.transport.close()
        return "250 taken"


@dataclass
class MitakeGateway:
    """Mitake as its documents say: SmSend with `clientid` kept for 12 hours, SmQuery by msgid."""

    GOOD = "0912345678"
    BAD = "0900000000"
    arrived: list[Arrived] = field(default_factory=list)
    lose_answers: bool = False
    points: int = 1000
    forgets: bool = False
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    def __post_init__(self) -> None:
        self.up()

    def channel(self) -> MitakeChannel:
        return MitakeChannel.from_url(f"mitake+http://user:pass%40word@127.0.0.1:{self.port}")

    def up(self) -> None:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                raw = parse_qs(self.rfile.read(length).decode("utf-8"), keep_blank_values=True)
                text = gateway.answer(self.path, {key: values[0] for key, values in raw.items()})
                if gateway.lose_answers:
                    self.close_connection = True
                    return
                body = text.encode("utf-8")
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def down(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str, given: dict[str, str]) -> str:
        if (given.get("username"), given.get("password")) != ("user", "pass@word"):
            return "[1]\r\nstatuscode=e\r\nError=帳號、密碼錯誤\r\n"
        if path.startswith("/api/mtk/SmQuery"):
            known = [m.id for m in self.arrived]
            return "".join(f"{i}\t4\t20260302100500\r\n" for i in given["msgid"].split(",") if i in known)
        if not path.startswith("/api/mtk/SmSend?CharsetURL=UTF-8"):
            return "[1]\r\nstatuscode=y\r\nError=參數錯誤\r\n"
        if given["dstaddr"] == self.BAD:
            return "[1]\r\nstatuscode=v\r\nError=無效的手機號碼\r\n"
        if self.points == 0:
            return "[1]\r\nstatuscode=s\r\nError=帳務處理失敗\r\n"
        earlier = [m for m in self.arrived if m.subject == given["clientid"]]
        if earlier and not self.forgets:
            known = f"msgid={earlier[0].id}\r\nstatuscode=1\r\nAccountPoint={self.points}\r\nDuplicate=Y"
            return f"[1]\r\n{known}\r\n"
        self.points -= 1
        made = Arrived(
            given["dstaddr"], given["clientid"], given["smbody"].replace("\x06", "\n"), f"#{self.points}"
        )
        self.arrived.append(made)
        return f"[1]\r\nmsgid={made.id}\r\nstatuscode=1\r\nAccountPoint={self.points}\r\n"


@dataclass
class EgovGateway:
    """A city's gateway to its e公務 server: it takes what is signed, and keeps the keys that it knows."""

    GOOD = "works.intake_window"
    BAD = "nobody.here"
    arrived: list[Arrived] = field(default_factory=list)
    lose_answers: bool = False
    busy: bool = False
    says: str | None = None
    forgets: bool = False
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    def __post_init__(self) -> None:
        self.up()

    def channel(self) -> EgovChannel:
        return EgovChannel.from_url(f"egov+http://citycall:s%3Acret@127.0.0.1:{self.port}/messages")

    def up(self) -> None:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = gateway.answer(self.path, self.headers, content)
                if gateway.lose_answers:
                    self.close_connection = True
                    return
                body = (gateway.says or json.dumps(answer)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def down(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str, headers: Any, content: bytes) -> tuple[int, dict[str, Any]]:
        at, key = headers["X-CityCall-Time"], headers["Idempotency-Key"]
        signed = f"sha256={signature('s:cret', at, key, content)}"
        if headers["X-CityCall-Key"] != "citycall" or headers["X-CityCall-Signature"] != signed:
            return 401, {"error": "簽章不符"}
        if path != "/messages":
            return 400, {"error": "沒有這個介面"}
        if self.busy:
            return 429, {"error": "稍後再試"}
        given = json.loads(content)
        if given["to"] == self.BAD:
            return 422, {"error": "查無帳號"}
        earlier = [m for m in self.arrived if m.id == key]
        if earlier and not self.forgets:
            return 200, {"id": f"egov-{self.arrived.index(earlier[0])}", "duplicate": True}
        self.arrived.append(Arrived(given["to"], given["subject"], given["body"], key))
        return 202, {"id": f"egov-{len(self.arrived) - 1}", "duplicate": False}
