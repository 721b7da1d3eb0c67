"""The site's logger: RFC 5424 messages by UDP, TCP, TLS or this machine's own socket, sent by a thread of their own."""

import collections
import contextlib
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable

from shepherd.model.syslog import LoggerAddress, Severity, SyslogMessage, Transport, framed, line_of

MOST_WAITING = 1000
TIMEOUT_S = 10.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
APP = "shepherd"


class SiteLogger:
    """`ports_trace.SiteLog`. `send` never waits: what cannot be kept is dropped, the oldest first, and counted.

    After an outage the logger is told how many were lost.
    """

    def __init__(self, address: LoggerAddress, ca_file: str = "", *, wall_s: Callable[[], float]) -> None:
        """`ca_file`: authority of a TLS logger's certificate; empty: those of the system. Nothing is opened yet."""
        self._address, self._ca_file, self._wall_s = address, ca_file, wall_s
        self._waiting: collections.deque[SyslogMessage] = collections.deque()
        self._changed = threading.Condition()
        self._socket: socket.socket | None = None
        self._ended = False
        self.lost = 0
        """Messages that were dropped since the start."""
        self._untold = 0
        self.problem = ""
        """Why it cannot be reached; empty: it can, as far as is known."""
        self._thread = threading.Thread(target=self._run, name="site logger", daemon=True)
        self._thread.start()

    def send(self, message: SyslogMessage) -> None:
        """Have it sent. Never waits, never raises."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.lost += 1
                self._untold += 1
            self._waiting.append(message)
            self._changed.notify()

    def close(self, wait_s: float = 1.0) -> None:
        """Send what waits, for so long at most. Idempotent."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(wait_s)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while (message := self._next()) is not None:
            try:
                self._deliver(message)
            except (OSError, ValueError) as exc:
                self._drop_socket()
                self.problem = f"the site's logger {self._address} cannot be reached: {exc}"
                if self._ends_within(pause_s):
                    return
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self.problem, pause_s = "", FIRST_PAUSE_S
                self._done(message)
        self._drop_socket()

    def _next(self) -> SyslogMessage | None:
        """The oldest that waits; it stays there until it was sent. None: the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            return self._waiting[0] if self._waiting else None

    def _done(self, message: SyslogMessage) -> None:
        with self._changed:
            if self._waiting and self._waiting[0] is message:
                self._waiting.popleft()

    def _ends_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, seconds)

    def _deliver(self, message: SyslogMessage) -> None:
        if self._socket is not None and is_closed(self._socket, self._address.transport):
            self._drop_socket()
        if self._socket is None:
            self._socket = connected(self._address, self._ca_file)
        untold = self._untold
        if untold:
            text = f"{untold} messages to this logger were lost"
            self._put(SyslogMessage(at_s=self._wall_s(), msgid="lost", text=text, severity=Severity.WARNING))
            with self._changed:
                self._untold -= untold
        self._put(message)

    def _put(self, message: SyslogMessage) -> None:
        line = line_of(message, host=socket.gethostname(), app=APP, pid=os.getpid())
        if self._socket is None:
            raise OSError("not connected")
        if self._address.transport in {Transport.TCP, Transport.TLS}:
            self._socket.sendall(framed([line]))
        elif self._socket.type == socket.SOCK_STREAM:
            self._socket.sendall(line.encode("utf-8", "backslashreplace") + b"\n")
        else:
            self._socket.send(line.encode("utf-8", "backslashreplace"))

    def _drop_socket(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def connected(address: LoggerAddress, ca_file: str) -> socket.socket:
    """A socket to the logger. Raises OSError; a certificate that does not fit is one, too."""
    match address.transport:
        case Transport.UNIX:
            return local(address.path)
        case Transport.UDP:
            family, kind, protocol, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            opened = socket.socket(family, kind, protocol)
            opened.connect(place)
            return opened
        case Transport.TCP:
            return socket.create_connection((address.host, address.port), TIMEOUT_S)
        case Transport.TLS:
            raw = socket.create_connection((address.host, address.port), TIMEOUT_S)
            try:
                return verifying(ca_file).wrap_socket(raw, server_hostname=address.host)
            except BaseException:
                raw.close()
                raise


def local(path: str) -> socket.socket:
    """This machine's own; most take datagrams, some a stream. Raises OSError."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        opened = socket.socket(socket.AF_UNIX, kind)
        opened.settimeout(TIMEOUT_S)
        try:
            opened.connect(path)
        except OSError:
            opened.close()
            if kind is socket.SOCK_STREAM:
                raise
        else:
            return opened
    raise OSError(f"{path} takes neither datagrams nor streams")


def verifying(ca_file: str) -> ssl.SSLContext:
    """TLS that knows who it talks to. Raises OSError."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:  # a site's own authority may be of an old tool; chain and name are verified as ever
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def is_closed(opened: socket.socket, transport: Transport) -> bool:
    """Whether the logger has hung up. It never says anything else."""
    if transport not in {Transport.TCP, Transport.TLS}:
        return False
    readable, _, _ = select.select([opened], [], [], 0)
    if not readable:
        return False
    opened.settimeout(0)
    try:
        return opened.recv(1) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        opened.settimeout(TIMEOUT_S)
