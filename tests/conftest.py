"""The ground of all tests: one database server for the session, nothing reached outside this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django
import pytest

from citycall.run import grounds

_session = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before Django is set up."""
    _block_sockets()
    if config.getoption("numprocesses", None):
        # The processes that run the tests have a server each: the audit chain waits for the oldest
        # transaction of the whole server, and that of another process would keep it waiting.
        return
    _make_installation()
    django.setup()


def _make_installation() -> None:
    os.environ["CITYCALL_PLAIN_STATIC"] = "1"
    os.environ["DJANGO_SETTINGS_MODULE"] = "citycall.settings"
    _session.enter_context(grounds.thrown_away())


def pytest_unconfigure(config: pytest.Config) -> None:
    _session.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What neither is slow nor needs a browser or the database is quick, without being marked so."""
    for item in items:
        slow = any(item.get_closest_marker(name) for name in ("slow", "browser", "django_db"))
        if not slow and not {"db", "transactional_db"} & set(getattr(item, "fixturenames", [])):
            item.add_marker(pytest.mark.quick)


def _block_sockets() -> None:
    """Connections of Python to other machines fail, so no test can depend on one."""
    real = socket.socket.connect, socket.socket.connect_ex

    def check(connecting: socket.socket, address: Any) -> None:
        if not isinstance(address, tuple):
            return
        host = str(address[0])
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
        connecting.close()
        raise AssertionError(f"a test tried to reach {address}; only this machine may be reached")

    def connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        real[0](self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return real[1](self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The data directory of the session: files, keys and mailbox are below it."""
    return Path(os.environ["CITYCALL_DATA"])


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return port
