"""The FlowEvents port: the kernel's connection tracking, asked and heard by netlink sockets of our own.

Not by `conntrack -E`: its times are those of its reading and its beginnings' whole seconds, it says nowhere in its
output where something is missing, and Debian's (1.4.7) sets the buffer of another socket than it reads from. This one
hears 150 000 events a second on one core, and the kernel counts for it what did not fit.
"""

import contextlib
import errno
import ipaddress
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from shepherd.edges.conntrack.decode import (
    BODY,
    GET,
    HEADER,
    SUBSYSTEM,
    TUPLE_ORIGINAL,
    attributes,
    messages,
    seen_of,
)
from shepherd.edges.conntrack.filter import attach, passes, passing
from shepherd.edges.network_namespace import within
from shepherd.errors import CommandFailed
from shepherd.model.flow import FlowChange, FlowSeen

NETFILTER, GROUPS = 12, 0b111
"""NETLINK_NETFILTER, and its groups of new, changed and destroyed connections."""
BUFFER_BYTES = 64 << 20
"""An event takes 1280 of them."""
RECEIVE_BUFFER_FORCE, MEMORY_INFO, DROPS_AT = 33, 55, 32
"""SO_RCVBUFFORCE, SO_MEMINFO, and where that has what was dropped (SK_MEMINFO_DROPS; in /proc/net/netlink: Drops)."""
REQUEST, ALL = 0x1, 0x300
ERROR, DONE = 2, 3
AT_ONCE = 4096
"""Events of one call."""
ANSWER_S = 10.0
LARGEST = 1 << 18
RECORDING = {"nf_conntrack_acct": "1", "nf_conntrack_timestamp": "1", "nf_conntrack_events": "1"}
"""Bytes, times; and events also of connections that began while nobody listened (2 would be: only while)."""


class Conntrack:
    """`ports_trace.FlowEvents`."""

    def __init__(
        self, network: str, but: str = "", *, pid: int | None = None, buffer_bytes: int = BUFFER_BYTES
    ) -> None:
        """Connections that come from `network`, but not from the address `but`. `pid`: in this process's network
        namespace, whose kernel settings for it are set; None: in ours. Raises CommandFailed.

        The namespace lives as long as this: what its last process did can still be read after its death.
        """
        self._buffer_bytes = buffer_bytes
        self._of = ipaddress.IPv4Network(network), ipaddress.IPv4Address(but) if but else None
        self._passes = passes(*self._of)
        self._dropped = self._number = 0
        try:
            self._told, self._asked = self._sockets() if pid is None else within(pid, self._prepared)
        except (OSError, ValueError) as exc:
            raise CommandFailed(f"the kernel's connection tracking cannot be heard: {exc}") from exc

    def events(self) -> Sequence[FlowSeen]:
        """See the port; at most AT_ONCE."""
        with asking():
            return list(self._heard())

    def lost(self) -> int:
        """See the port."""
        with asking():
            info = self._told.getsockopt(socket.SOL_SOCKET, MEMORY_INFO, DROPS_AT + 4)
        dropped: int = struct.unpack_from("=I", info, DROPS_AT)[0]
        more, self._dropped = (dropped - self._dropped) & 0xFFFFFFFF, dropped
        return more

    def listed(self) -> Sequence[FlowSeen]:
        """See the port."""
        with asking():
            return self._answers(b"", ALL, time.time())

    def close(self) -> None:
        """See the port."""
        self._told.close()
        self._asked.close()

    def _prepared(self) -> tuple[socket.socket, socket.socket]:
        for name, value in RECORDING.items():
            with contextlib.suppress(FileNotFoundError):
                Path("/proc/sys/net/netfilter", name).write_text(value, encoding="ascii")
        return self._sockets()

    def _sockets(self) -> tuple[socket.socket, socket.socket]:
        """To be told by, and to ask by: an answer must not wait behind events."""
        told, asked = (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER) for _ in range(2))
        try:
            attach(told, passing(*self._of))
            told.setsockopt(socket.SOL_SOCKET, RECEIVE_BUFFER_FORCE, self._buffer_bytes // 2)
            told.bind((0, GROUPS))
            told.setblocking(False)  # noqa: FBT003
            asked.settimeout(ANSWER_S)
            asked.bind((0, 0))
        except BaseException:
            told.close()
            asked.close()
            raise
        return told, asked

    def _heard(self) -> Iterator[FlowSeen]:
        for _ in range(AT_ONCE):
            try:
                data = self._told.recv(LARGEST)
            except BlockingIOError:
                return
            except OSError as exc:
                if exc.errno != errno.ENOBUFS:
                    raise
                continue
            seen = seen_of(data, 0, len(data), time.time())
            if seen is not None:
                yield self._counted(seen, data)

    def _counted(self, seen: FlowSeen, data: bytes) -> FlowSeen:
        """With its bytes, for which one must ask: the kernel tells them at its end only, two minutes after a close.
        If another has come to the same ends since, its own end is waiting to be read, with its bytes."""
        if not seen.is_closed or seen.change is not FlowChange.CHANGED:
            return seen
        start, end = attributes(data, BODY, len(data))[TUPLE_ORIGINAL]
        for one in self._answers(data[start - 4 : end], 0, seen.at_s):
            if one.flow == seen.flow and (one.begun_s or 0.0) <= seen.at_s:
                return seen._replace(traffic=one.traffic, begun_s=one.begun_s)
        return seen

    def _answers(self, about: bytes, flags: int, now_s: float) -> list[FlowSeen]:
        """What the kernel has about one connection, or all. Its answer about one says that more will come, and none
        does."""
        self._number += 1
        header = HEADER.pack(BODY + len(about), SUBSYSTEM << 8 | GET, REQUEST | flags, self._number, 0)
        self._asked.send(header + struct.pack("=BBH", socket.AF_INET, 0, 0) + about)
        found: list[FlowSeen] = []
        while True:
            data = self._asked.recv(LARGEST)
            for kind, start, end in messages(data):
                if HEADER.unpack_from(data, start)[3] != self._number:
                    continue
                if kind == ERROR:
                    refuse(data, start)
                if kind in {ERROR, DONE}:
                    return found
                found += self._wanted(seen_of(data, start, end, now_s, listed=True))
                if not flags & ALL:
                    return found

    def _wanted(self, seen: FlowSeen | None) -> list[FlowSeen]:
        return [seen] if seen is not None and self._passes(seen.ends.address, seen.ends.far_address) else []


def refuse(data: bytes, start: int) -> None:
    """What the kernel complains of. Raises OSError, unless it is that there is no such connection."""
    number = -struct.unpack_from("=i", data, start + HEADER.size)[0]
    if number not in {0, errno.ENOENT}:
        raise OSError(number, errno.errorcode.get(number, str(number)))


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """The kernel's complaints, translated."""
    try:
        yield
    except (OSError, ValueError, LookupError, struct.error) as exc:
        raise CommandFailed(f"the kernel's connection tracking: {exc}") from exc
