"""One web process: uvicorn on a listening socket that it was given."""

from __future__ import annotations

import contextlib
import os
import socket

import click
import django
import uvicorn

GRACE = 3  # seconds that open requests (and live updates) get when it is asked to end


class ReadyServer(uvicorn.Server):
    """Says when it serves, to the pipe that it was given."""

    ready_fd: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready_fd is not None and self.started:
            with contextlib.suppress(BrokenPipeError):  # the other one said so first
                os.write(self.ready_fd, b"1")
            os.close(self.ready_fd)
            self.ready_fd = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from citycall.web import live

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
