"""A database for one command: the installation's own if nothing runs it yet, or one that is thrown away."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from citycall.run.datadir import data_dir
from citycall.run.embedded import EmbeddedPostgres

# What is thrown away need not outlive a power cut, so nothing waits for the disk.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def of_the_installation() -> Iterator[None]:
    """The database of the data directory, started for this command unless `citycall run` has it running."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    data = data_dir()
    data.root.mkdir(parents=True, exist_ok=True)
    with data.lock.open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield  # it runs
            return
        lock.truncate(0)
        lock.write(f"a command, process {os.getpid()}\n")
        lock.flush()
        server = EmbeddedPostgres(data.postgres, data.socket_dir)
        try:
            server.start()
            server.make_database()
            yield
        finally:
            server.stop()
            lock.truncate(0)


@contextmanager
def thrown_away() -> Iterator[Path]:
    """An installation of its own, data and keys included, gone afterwards. Before Django reads its settings.

    With DATABASE_URL set, that server is used; the data directory is thrown away all the same.
    """
    root = Path(tempfile.mkdtemp(prefix="citycall-"))
    root.chmod(0o755)  # the database's account passes through
    server = EmbeddedPostgres(root / "postgres", root / "socket", options=_QUICK)
    try:
        os.environ["CITYCALL_DATA"] = str(root / "data")
        if not os.environ.get("DATABASE_URL"):
            server.start()
            server.make_database()
            os.environ["DATABASE_URL"] = server.url()
        from citycall.base import private

        private.create_key_file(root / "data" / "keys" / "keys.json", sample=True)
        yield root
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)
