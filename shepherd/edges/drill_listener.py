"""Hears a drill's connection: when it came, from which address and port, and its one line."""

import contextlib
import select
import socket
import time
from collections.abc import Iterator

from shepherd.errors import CommandFailed
from shepherd.model.drill import Heard

LINE_BYTES = 200
LINE_S = 5.0
"""Whoever connects and says nothing holds up the next one no longer than this."""


class DrillListener:
    """`programs.trace.drilling.Listener` over one TCP socket. Anybody may connect; only a line is read of anybody."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server

    def next(self, deadline_s: float) -> Heard | None:
        """The next connection with a whole line. `deadline_s` is of the monotonic clock."""
        while (left_s := deadline_s - time.monotonic()) > 0:
            ready, _, _ = select.select([self._server], [], [], left_s)
            if ready and (heard := self._heard()) is not None:
                return heard
        return None

    def _heard(self) -> Heard | None:
        try:
            connection, (address, port, *_) = self._server.accept()
        except OSError:
            return None
        at_s = time.time()
        with connection:
            return Heard(at_s=at_s, address=address, port=port, line=_line(connection))


@contextlib.contextmanager
def listening(address: str, port: int) -> Iterator[DrillListener]:
    """Listen there. Raises CommandFailed."""
    try:
        server = socket.create_server((address, port), family=socket.AF_INET, backlog=16)
    except OSError as exc:
        what = f"cannot listen at {address}:{port}: {exc.strerror}"
        raise CommandFailed(what, by_hand=f"ss -ltnp 'sport = :{port}'") from exc
    with server:
        yield DrillListener(server)


def _line(connection: socket.socket) -> str:
    """The first line, as far as it comes in time."""
    data, until_s = b"", time.monotonic() + LINE_S
    with contextlib.suppress(OSError):
        while b"\n" not in data and len(data) < LINE_BYTES and (left_s := until_s - time.monotonic()) > 0:
            connection.settimeout(left_s)
            if not (more := connection.recv(LINE_BYTES)):
                break
            data += more
    return data.partition(b"\n")[0].decode("ascii", errors="replace")
