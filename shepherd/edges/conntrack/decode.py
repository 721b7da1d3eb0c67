"""Messages of the kernel's connection tracking (linux/netfilter/nfnetlink_conntrack.h), read.

By hand: pyroute2 takes 27 µs for one and knows nothing of event times, and thousands a second come from one job. Events
begin with both tuples, which have one fixed form for TCP and UDP over IPv4.
"""

import functools
import socket
import struct
from collections.abc import Iterator

from shepherd.model.flow import Ends, FlowChange, FlowSeen, Traffic

HEADER = struct.Struct("=IHHII")
"""Length, type, flags, sequence number, sender."""
ATTRIBUTE = struct.Struct("=HH")
"""Length and type."""
TYPE_MASK = 0x3FFF
SUBSYSTEM = 1
NEW, GET, DELETE = 0, 1, 2
CREATE = 0x400
"""NLM_F_CREATE: the message tells of something new."""
BODY = 20
"""The first attribute, after the header and nfnetlink's own."""
TUPLE_ORIGINAL, TUPLE_REPLY, PROTOINFO, MARK, ID, TIMESTAMP, EVENT_TIMESTAMP = 1, 2, 4, 8, 12, 20, 27
COUNTERS_ORIGINAL, COUNTERS_REPLY = 9, 10
FIRST, SECOND, THIRD = 1, 2, 3
"""Types of nested attributes, which are numbered from 1 in each."""
TUPLE = struct.Struct(">12x4s4x4s8xB3x4xH2x4xH2x")
"""A tuple of TCP or UDP over IPv4: source, destination, protocol, source port, destination port."""
TUPLE_SIZE, PROTOCOL_AT = TUPLE.size, 32
USUAL = ATTRIBUTE.pack(TUPLE_SIZE, TUPLE_ORIGINAL | 0x8000), ATTRIBUTE.pack(TUPLE_SIZE, TUPLE_REPLY | 0x8000)
PORTED = {socket.IPPROTO_TCP, socket.IPPROTO_UDP}
SYN_RECV, TIME_WAIT, CLOSE = 2, 7, 8
"""States of a TCP connection (linux/netfilter/nf_conntrack_tcp.h)."""
NS = 1e9

text_of = functools.lru_cache(maxsize=8192)(socket.inet_ntoa)
Span = tuple[int, int]
Attributes = dict[int, Span]


def seen_of(message: bytes, start: int, end: int, now_s: float, *, listed: bool = False) -> FlowSeen | None:
    """What one message tells; None: nothing of IPv4. `start`, `end`: where it lies. Raises ValueError, IndexError,
    KeyError, struct.error if it is none."""
    _, kind, flags, _, _ = HEADER.unpack_from(message, start)
    if message[start + HEADER.size] != socket.AF_INET or kind >> 8 != SUBSYSTEM:
        return None
    found = attributes(message, start + BODY, end)
    at_s = time_in(message, found.get(EVENT_TIMESTAMP)) or now_s
    begun_s, ended_s = times(message, found.get(TIMESTAMP))
    tcp = state(message, found[PROTOINFO]) if PROTOINFO in found else 0
    return FlowSeen(
        flow=number(message, found[ID]),
        change=FlowChange.LISTED if listed else change_of(kind & 0xFF, flags),
        at_s=ended_s or at_s,
        ends=ends_of(message, start, found),
        begun_s=begun_s,
        is_closed=tcp in {TIME_WAIT, CLOSE},
        is_opening=tcp == SYN_RECV,
        mark=number(message, found[MARK]) if MARK in found else 0,
        traffic=traffic_of(message, found) if COUNTERS_ORIGINAL in found else None,
    )


def change_of(kind: int, flags: int) -> FlowChange:
    """What happened."""
    if kind == DELETE:
        return FlowChange.GONE
    return FlowChange.NEW if flags & CREATE else FlowChange.CHANGED


def messages(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each message in what was received."""
    start = 0
    while start + HEADER.size <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, start)
        if not HEADER.size <= length <= len(data) - start:
            raise ValueError("a netlink message that is cut off")
        yield kind, start, start + length
        start += length + 3 & ~3


def attributes(data: bytes, start: int, end: int) -> Attributes:
    """Attributes by type, with where their values lie."""
    found: Attributes = {}
    while start + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(data, start)
        if length < ATTRIBUTE.size:
            raise ValueError("a netlink attribute without length")
        found[kind & TYPE_MASK] = start + ATTRIBUTE.size, start + length
        start += length + 3 & ~3
    return found


def ends_of(data: bytes, start: int, found: Attributes) -> Ends:
    """Both tuples."""
    first, second = start + BODY, start + BODY + TUPLE_SIZE
    if (data[first : first + 4], data[second : second + 4]) == USUAL and data[first + PROTOCOL_AT] in PORTED:
        source, far, protocol, port, far_port = TUPLE.unpack_from(data, first)
        _, nat, _, _, nat_port = TUPLE.unpack_from(data, second)
    else:
        source, far, protocol, port, far_port = tuple_of(data, found[TUPLE_ORIGINAL])
        _, nat, _, _, nat_port = tuple_of(data, found[TUPLE_REPLY])
    return Ends(protocol, text_of(source), port, text_of(nat), nat_port, text_of(far), far_port)


def tuple_of(data: bytes, span: Span) -> tuple[bytes, bytes, int, int, int]:
    """A tuple of whatever form."""
    outer = attributes(data, *span)
    addresses, protocol = attributes(data, *outer[FIRST]), attributes(data, *outer[SECOND])
    source, far = (data[slice(*addresses[kind])] for kind in (FIRST, SECOND))
    ports = (number(data, protocol[kind]) if kind in protocol else 0 for kind in (SECOND, THIRD))
    return source, far, number(data, protocol[FIRST]), *ports  # type: ignore[return-value]


def traffic_of(data: bytes, found: Attributes) -> Traffic:
    """Packets and bytes of both directions."""
    sent, received = (
        attributes(data, *found[kind]) if kind in found else {} for kind in (COUNTERS_ORIGINAL, COUNTERS_REPLY)
    )
    numbers = (counted.get(kind) for counted in (sent, received) for kind in (FIRST, SECOND))
    return Traffic(*(number(data, span) if span else 0 for span in numbers))


def times(data: bytes, span: Span | None) -> tuple[float | None, float | None]:
    """Beginning and end, if the kernel says them."""
    if span is None:
        return None, None
    found = attributes(data, *span)
    return time_in(data, found.get(FIRST)), time_in(data, found.get(SECOND))


def time_in(data: bytes, span: Span | None) -> float | None:
    """Epoch seconds."""
    return number(data, span) / NS if span else None


def state(data: bytes, span: Span) -> int:
    """A TCP connection's state; 0 for other protocols."""
    tcp = attributes(data, *span).get(FIRST)
    found = attributes(data, *tcp) if tcp else {}
    return data[found[FIRST][0]] if FIRST in found else 0


def number(data: bytes, span: Span) -> int:
    """A number of the network's order, of any size."""
    return int.from_bytes(data[slice(*span)], "big")
