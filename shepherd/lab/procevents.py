"""Every fork, exec and exit on the machine, from the kernel's process connector.

Why this and not another way: the kernel stamps each event itself (CLOCK_MONOTONIC, nanoseconds) at the moment it
happens, so the stamps stay exact however late they are read; nothing is attached to the watched processes, unlike
strace, which slows and changes them; and unlike polling /proc nothing short is missed. It needs the machine's own
network and process namespaces, CONFIG_PROC_EVENTS, and root. Lost messages are counted, never passed over in silence.
Layouts: linux/connector.h, linux/cn_proc.h.
"""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

from shepherd.errors import Unavailable

_NETLINK_CONNECTOR, _CN_IDX_PROC, _CN_VAL_PROC, _LISTEN = 11, 1, 1, 1
_NETLINK_HEADER, _CONNECTOR_HEADER = struct.Struct("=IHHII"), struct.Struct("=IIIIHH")
_EVENT = struct.Struct("=IIQ")
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 128 << 20


class Kind(Enum):
    """What happened; the values are the kernel's."""

    FORK = 0x1
    EXEC = 0x2
    EXIT = 0x80000000


@dataclass(frozen=True, kw_only=True)
class ProcEvent:
    """One event of a whole process (those of its further threads are left out). `parent` is given for forks only."""

    kind: Kind
    pid: int
    at_ns: int
    parent: int = 0


class ProcEvents:
    """A subscription; use as a context manager and call `read` until it yields nothing more."""

    def __init__(self) -> None:
        self.lost = 0
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_CONNECTOR)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            self._socket.bind((0, _CN_IDX_PROC))
            self._socket.send(_subscription())
        except OSError as exc:
            raise Unavailable(
                f"the kernel's process connector cannot be used ({exc}): it needs root, CONFIG_PROC_EVENTS and the "
                "machine's own network namespace"
            ) from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """For select and poll."""
        return self._socket.fileno()

    def read(self) -> Iterator[ProcEvent]:
        """All events that have arrived; does not wait."""
        while True:
            try:
                message = self._socket.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError as exc:
                if exc.errno != errno.ENOBUFS:
                    raise Unavailable(f"process connector: {exc}") from exc
                self.lost += 1
                continue
            with contextlib.suppress(ValueError):
                yield parse(message)


def _subscription() -> bytes:
    body = _CONNECTOR_HEADER.pack(_CN_IDX_PROC, _CN_VAL_PROC, 0, 0, 4, 0) + struct.pack("=I", _LISTEN)
    return _NETLINK_HEADER.pack(_NETLINK_HEADER.size + len(body), 3, 0, 0, os.getpid()) + body


def parse(message: bytes) -> ProcEvent:
    """Read one netlink message. Raises ValueError if it is about anything else than a whole process."""
    at = _NETLINK_HEADER.size + _CONNECTOR_HEADER.size
    number, _, at_ns = _EVENT.unpack_from(message, at)
    kind = Kind(number)
    first, second, third, fourth = struct.unpack_from("=IIII", message.ljust(at + 32, b"\0"), at + _EVENT.size)
    if kind is Kind.FORK:
        if third != fourth:
            raise ValueError("a thread")
        return ProcEvent(kind=kind, pid=fourth, at_ns=at_ns, parent=second)
    if kind is Kind.EXIT and first != second:
        raise ValueError("a thread")
    return ProcEvent(kind=kind, pid=second, at_ns=at_ns)
