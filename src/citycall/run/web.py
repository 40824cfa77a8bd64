"""One web process: uvicorn on a listening socket that it was given."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import cast

import click
import django
import uvicorn

# Seconds for which a process leaves the next connection to the others: more the more it has.
PAUSE, PAUSE_MOST = 0.001, 8
GRACE = 3  # seconds that open requests (and live updates) get when it is asked to end


class ReadyServer(uvicorn.Server):
    """Says when it serves, to the pipe that it was given. Takes its turn with the other web processes."""

    ready_fd: int | None = None
    _resume: asyncio.TimerHandle | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._connecting: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        for listener in sockets or []:
            listener.setblocking(False)
            self._listen(listener)
        if self.ready_fd is not None and self.started:
            with contextlib.suppress(BrokenPipeError):  # the other one said so first
                os.write(self.ready_fd, b"1")
            os.close(self.ready_fd)
            self.ready_fd = None

    def _listen(self, listener: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        """Take one connection, then leave the next to the process that has fewer.

        The processes listen on one socket. uvicorn takes whatever waits there, so that of eight connections
        one process may have seven, and keeps them for as long as they are used.
        """
        loop = asyncio.get_running_loop()
        accepted: socket.socket | None
        try:
            accepted, _address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was faster; or who knocked has gone
        except OSError:  # no file left for it
            accepted = None
        loop.remove_reader(listener)
        pause = PAUSE * min(1 + len(self.server_state.connections), PAUSE_MOST)
        self._resume = loop.call_later(pause if accepted else 1, self._listen, listener)
        if accepted is not None:
            self._connecting.add(task := loop.create_task(self._connect(accepted)))
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(self._protocol, accepted)

    def _protocol(self) -> asyncio.Protocol:
        protocol = cast(Callable[..., asyncio.Protocol], self.config.http_protocol_class)
        return protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from citycall.web import live

        for listener in sockets or []:
            asyncio.get_running_loop().remove_reader(listener)
        if self._resume is not None:
            self._resume.cancel()
        live.close_all()  # a stream that stays open for ever would use up the whole grace
        await super().shutdown(sockets)


def _check_installation() -> None:
    from django.db import connection

    from citycall.people import sample_guard

    sample_guard.check_installation()
    connection.close()


@click.command()
@click.option("--fd", type=int, required=True, help="The listening socket.")
@click.option("--ready-fd", type=int, default=None, help="A pipe to write to when it serves.")
def main(fd: int, ready_fd: int | None) -> None:
    django.setup()
    _check_installation()
    server = ReadyServer(configuration())
    server.ready_fd = ready_fd
    server.run(sockets=[socket.socket(fileno=fd)])


def configuration() -> uvicorn.Config:
    """How a web process serves."""
    from django.conf import settings

    return uvicorn.Config(
        "citycall.asgi:application",
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=64 * 1024,
        proxy_headers=True,
        forwarded_allow_ips=settings.CITYCALL_PROXIES,
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citycall.settings")
    main()
