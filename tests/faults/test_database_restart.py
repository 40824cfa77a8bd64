"""The database server is restarted under a running web process and a running worker: both go on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.faults.processes import environment, until, web, worker
from tests.guards.worlds import LAMP

from citycall.run.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


@dataclass
class Office:
    """An installation with a database server of its own, which may be stopped."""

    server: EmbeddedPostgres
    token: str

    @property
    def url(self) -> str:
        return self.server.url()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def establish(self, port: int, key: str) -> tuple[int, dict[str, Any]]:
        """Status and body of a request that a program makes; 0 when there is no answer."""
        given = {name: value for name, value in LAMP.items() if name != "kind"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/cases",
            json.dumps(given).encode(),
            {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")
        except OSError:
            return 0, {}


@pytest.fixture
def office() -> Iterator[Office]:
    root = Path(tempfile.mkdtemp(prefix="citycall-restart-"))
    root.chmod(0o755)  # the database's account passes through
    server = EmbeddedPostgres(root / "postgres", root / "socket", options={"fsync": "off"})
    try:
        server.start()
        server.make_database()
        made = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("furnish.py"))],
            env=environment(server.url()),
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        yield Office(server, made.stdout.strip())
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def test_web_and_worker_recover(office: Office, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def all_sent(number: int) -> bool:
        return office.ask("SELECT count(*) FROM base_notice WHERE state = 'sent'") == [(number,)]

    with worker(log, office.url) as working, web(log, office.url) as (serving, port):
        status, before = until(lambda: (made := office.establish(port, "before"))[0] == 201 and made)
        until(lambda: all_sent(2))

        office.server.stop()
        status, answer = office.establish(port, "meanwhile")
        assert (status, answer["code"]) == (503, "busy"), answer
        assert "psycopg" not in json.dumps(answer)
        office.server.start()

        # The client says it again under the same key until it is told that it is done.
        status, after = until(lambda: (made := office.establish(port, "meanwhile"))[0] == 201 and made)
        assert after["number"] != before["number"]
        assert office.establish(port, "before")[1]["number"] == before["number"]
        until(lambda: all_sent(4), seconds=30)
        assert office.ask("SELECT count(*) FROM cases_case") == [(2,)]
        unchained = (
            "SELECT count(*) FROM base_auditentry WHERE id NOT IN (SELECT entry_id FROM base_auditlink)"
        )
        until(lambda: office.ask(unchained) == [(0,)])
        assert (working.poll(), serving.poll()) == (None, None)
