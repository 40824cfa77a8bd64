"""A whole installation for the time of a benchmark: its own database with default durability, web processes,
workers, the sample government, a token. Nothing of it is left afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from citycall.run.embedded import EmbeddedPostgres

PACK = "newtaipei"
WEB_PROCESSES = 2


@dataclass
class House:
    root: Path
    postgres: EmbeddedPostgres
    port: int = 0
    token: str = ""
    web: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def database_pid(self) -> int:
        assert self.postgres.process is not None
        return self.postgres.process.pid

    def groups(self) -> dict[str, list[int]]:
        found = {"web": [process.pid for process in self.web], "database": [self.database_pid]}
        if self.workers:
            found["worker"] = [process.pid for process in self.workers]
        return found

    def sql(self, statement: str, *arguments: Any, superuser: bool = False) -> list[tuple[Any, ...]]:
        """Straight to the database, beside the program."""
        url = self.postgres.url(role="postgres") if superuser else self.postgres.url()
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement, arguments or None)
            return cursor.fetchall() if cursor.description else []

    def start_worker(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", "citycall.cli", "worker"])
        self.workers.append(process)
        return process

    def stop_workers(self) -> None:
        while self.workers:
            end(self.workers.pop())

    def forget_statements(self) -> None:
        self.sql("SELECT pg_stat_statements_reset()", superuser=True)

    def statements(self) -> list[tuple[str, int, float]]:
        """What the database was asked since `forget_statements`: text, calls, milliseconds in all."""
        return [
            (text, calls, spent)
            for text, calls, spent in self.sql(
                "SELECT query, calls, total_exec_time FROM pg_stat_statements s JOIN pg_database d"
                " ON d.oid = s.dbid WHERE d.datname = 'citycall' AND query NOT LIKE '%pg_stat_statements%'"
                " ORDER BY total_exec_time DESC",
                superuser=True,
            )
        ]


@contextmanager
def open_house(*, web: bool = True, database: Mapping[str, str] | None = None) -> Iterator[House]:
    """Make the installation and, if wanted, serve it. `database`: settings of its server beside the usual."""
    root = Path(tempfile.mkdtemp(prefix="citycall-bench-"))
    root.chmod(0o755)  # the database's account passes through
    os.environ["CITYCALL_DATA"] = str(root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citycall.settings")
    os.environ["CITYCALL_LOG_LEVEL"] = "WARNING"
    (root / "static").mkdir()
    options = {"shared_preload_libraries": "pg_stat_statements"} | dict(database or {})
    postgres = EmbeddedPostgres(root / "postgres", root / "socket", options=options)
    house = House(root, postgres)
    try:
        postgres.start()
        postgres.make_database()
        os.environ["DATABASE_URL"] = postgres.url()
        house.sql("CREATE EXTENSION pg_stat_statements", superuser=True)
        house.token = _furnish(root)
        if web:
            _serve(house)
        yield house
    finally:
        for process in house.workers + house.web:
            end(process)
        postgres.stop()
        shutil.rmtree(root, ignore_errors=True)


def _furnish(root: Path) -> str:
    """Schema, keys, sample government, a token that may take cases."""
    import django

    from citycall.base import private

    private.create_key_file(root / "keys" / "keys.json", sample=True)
    django.setup()
    from django.core.management import call_command

    from citycall.base.commands import SYSTEM, execute
    from citycall.rehearsal.sample import load_sample

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    load_sample(pack=PACK, cases=False)
    made = execute("people.create_token", SYSTEM, {"name": "bench", "post": "call_centre.operator1"})
    return str(made.token)


def _serve(house: House) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    house.port = listener.getsockname()[1]
    os.set_inheritable(listener.fileno(), True)
    for _number in range(WEB_PROCESSES):
        house.web.append(
            subprocess.Popen(
                [sys.executable, "-m", "citycall.run.web", f"--fd={listener.fileno()}"],
                pass_fds=[listener.fileno()],
            )
        )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", house.port), timeout=5) as probe:
                probe.sendall(b"GET /api/v1/openapi.json HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if b" 200 " in probe.recv(64):
                    break
        except OSError:
            pass
        time.sleep(0.1)
    else:
        raise RuntimeError("the web processes do not answer")
    listener.close()


def end(process: subprocess.Popen[bytes], patience: float = 15) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
