"""Serving the site: one process, one port, until TERM."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from shepherd.errors import CommandFailed
from shepherd.ports import Watchdog

HEADER_BYTES = 16384
GRACE_S = 2
"""For answers under way at the end; pages that wait for changes ask again by themselves."""
CONNECTIONS = 1000
IDLE_S = 15
"""Of a connection: for a request's head, and until the next one."""


def bound(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> socket.socket:
    """The one socket. Raises CommandFailed."""
    made = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((str(address), port))
    except OSError as exc:
        made.close()
        raise CommandFailed(f"web.listen: {address} port {port} cannot be had: {exc.strerror}") from exc
    return made


def serve(app: ASGIApp, at: socket.socket, watchdog: Watchdog, feed_s: float | None) -> None:
    """Until TERM or INT. `watchdog` is told that it serves, and every `feed_s` seconds that its loop turns; None: it
    does not watch."""
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    asyncio.run(_until_told(Server(config, watchdog), at, feed_s))


class Patient(H11Protocol):
    """uvicorn waits for ever for a head that does not end, and counts connections only when one asks: whoever opened a
    thousand and was silent took all of the process's files."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hang up on one too many; on the others, as soon as they let wait for too long."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self.loop.call_later(IDLE_S, self._look, None)

    def _look(self, before: object) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is before and getattr(self.cycle, "response_complete", True):
            self.transport.close()
        else:
            self.loop.call_later(IDLE_S, self._look, self.cycle)


class Server(uvicorn.Server):
    """Ends well when it is told to: uvicorn's own would die of the signal once more, after it has ended."""

    def __init__(self, config: uvicorn.Config, watchdog: Watchdog) -> None:
        super().__init__(config)
        self.watchdog = watchdog

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so as soon as it answers."""
        await super().startup(sockets)
        if self.started:
            self.watchdog.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so before answers under way are waited for."""
        self.watchdog.stopping()
        await super().shutdown(sockets)

    async def feed(self, every_s: float) -> None:
        """For as long as the loop turns."""
        while True:
            self.watchdog.cycle_finished(f"serves, {len(self.server_state.connections)} connections")
            await asyncio.sleep(every_s)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Until it has ended."""
        loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


async def _until_told(server: Server, at: socket.socket, feed_s: float | None) -> None:
    feeding = asyncio.create_task(server.feed(feed_s)) if feed_s else None
    try:
        await server.serve(sockets=[at])
    finally:
        if feeding is not None:
            feeding.cancel()
