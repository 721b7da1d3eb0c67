"""The kernel's messages about connections, as they are written in linux/netfilter/nfnetlink_conntrack.h."""

import ipaddress
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.edges.conntrack.decode import messages, seen_of
from shepherd.edges.conntrack.filter import attach, passes, passing
from shepherd.model.flow import Ends, FlowChange, FlowSeen, Traffic

NESTED = 0x8000
NEW, DELETE, CREATE = 0x100, 0x102, 0x600
ADDRESS = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
PORT, COUNT = st.integers(0, 65535), st.integers(0, 2**40)
TIME_NS = st.integers(1, 2**61)


def attribute(kind: int, value: bytes, *, padded: bool = True) -> bytes:
    data = struct.pack("=HH", 4 + len(value), kind) + value
    return data + bytes(-len(data) % 4) if padded else data


def nested(kind: int, *values: bytes) -> bytes:
    return attribute(kind | NESTED, b"".join(values))


def tuple_of(kind: int, protocol: int, source: str, port: int, far: str, far_port: int) -> bytes:
    addresses = nested(1, attribute(1, socket.inet_aton(source)), attribute(2, socket.inet_aton(far)))
    ports = [attribute(2, struct.pack(">H", port)), attribute(3, struct.pack(">H", far_port))] if port >= 0 else []
    return nested(kind, addresses, nested(2, attribute(1, bytes([protocol])), *ports))


def message(kind: int, flags: int, *attributes: bytes) -> bytes:
    body = struct.pack("=BBH", socket.AF_INET, 0, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 0, 0) + body


def ends_of(ends: Ends) -> list[bytes]:
    return [
        tuple_of(1, ends.protocol, ends.address, ends.port, ends.far_address, ends.far_port),
        tuple_of(2, ends.protocol, ends.far_address, ends.far_port, ends.nat_address, ends.nat_port),
    ]


ENDS = st.builds(Ends, st.sampled_from([6, 17]), ADDRESS, PORT, ADDRESS, PORT, ADDRESS, PORT)


@given(ENDS, st.integers(0, 2**32 - 1), st.tuples(COUNT, COUNT, COUNT, COUNT), TIME_NS, st.integers(0, 9))
def test_the_kernels_last_word_says_ends_bytes_and_times(
    ends: Ends, flow: int, counts: tuple[int, int, int, int], begun_ns: int, state: int
) -> None:
    """One wrong byte, and the answer names another host's port."""
    counted = [
        nested(kind, attribute(1, struct.pack(">Q", packets)), attribute(2, struct.pack(">Q", size)))
        for kind, packets, size in ((9, *counts[:2]), (10, *counts[2:]))
    ]
    times = nested(20, attribute(1, struct.pack(">Q", begun_ns)), attribute(2, struct.pack(">Q", begun_ns + 5)))
    tcp = nested(4, nested(1, attribute(1, bytes([state]))))
    ident = attribute(12, struct.pack(">I", flow))
    data = message(DELETE, 0, *ends_of(ends), *counted, ident, attribute(8, struct.pack(">I", 3001)), times, tcp)
    assert seen_of(data, 0, len(data), 1.0) == FlowSeen(
        flow=flow,
        change=FlowChange.GONE,
        at_s=(begun_ns + 5) / 1e9,
        ends=ends,
        begun_s=begun_ns / 1e9,
        is_closed=state in {7, 8},
        is_opening=state == 2,
        mark=3001,
        traffic=Traffic(*counts),
    )


def test_what_the_kernel_does_not_say_is_not_known() -> None:
    """Kernels before 6.14 say no time of an event: it is when we read it."""
    ends = Ends(17, "10.27.2.5", 5000, "198.51.100.7", 1024, "192.0.2.9", 443)
    data = message(NEW, CREATE, *ends_of(ends), attribute(12, struct.pack(">I", 7)))
    assert seen_of(data, 0, len(data), 99.5) == FlowSeen(7, FlowChange.NEW, 99.5, ends)
    told = message(NEW, 0, *ends_of(ends), attribute(12, struct.pack(">I", 7)), attribute(27, struct.pack(">Q", 10**9)))
    assert seen_of(told, 0, len(told), 99.5) == FlowSeen(7, FlowChange.CHANGED, 1.0, ends)


def test_a_protocol_without_ports_has_the_port_0() -> None:
    """A ping ended the recorder."""
    ends = Ends(1, "10.27.2.5", -1, "10.27.2.5", -1, "10.27.0.1", -1)
    data = message(NEW, CREATE, *ends_of(ends), attribute(12, struct.pack(">I", 7)))
    seen = seen_of(data, 0, len(data), 1.0)
    assert seen is not None
    assert seen.ends == ends._replace(port=0, nat_port=0, far_port=0)


def test_what_is_not_of_ipv4_is_left_out() -> None:
    """The VLAN has no IPv6; the gateway's own interfaces may."""
    data = bytearray(message(NEW, CREATE, attribute(12, struct.pack(">I", 7))))
    data[16] = socket.AF_INET6
    assert seen_of(bytes(data), 0, len(data), 1.0) is None


@given(st.binary(max_size=120), st.integers(0, 140), ENDS)
def test_nonsense_is_refused_as_such(noise: bytes, at: int, ends: Ends) -> None:
    """A message that nobody understood went round for ever."""
    whole = message(DELETE, 0, *ends_of(ends), attribute(12, struct.pack(">I", 7)))
    data = whole[:at] + noise
    try:
        found = [seen_of(data, start, end, 1.0) for _, start, end in messages(data)]
    except (ValueError, LookupError, struct.error):
        found = []
    assert all(seen is None or seen.flow >= 0 for seen in found)


OUR, GATE, FAR = ipaddress.IPv4Network("10.27.0.0/16"), ipaddress.IPv4Address("10.27.0.1"), "192.0.2.9"


@pytest.mark.parametrize(
    ("source", "far", "passed"),
    [("10.27.2.5", FAR, True), ("10.27.0.1", FAR, False), ("10.28.2.5", FAR, False), ("10.27.2.5", "10.27.2.5", False)],
)
@pytest.mark.parametrize(("kind", "flags"), [(NEW, CREATE), (DELETE, 0)])
def test_the_filter_in_the_kernel_says_the_same_as_ours(
    source: str, far: str, kind: int, flags: int, *, passed: bool
) -> None:
    """The kernel let through what the list left out: such a connection ended at each look, and began again."""
    ends = Ends(17, source, 5000, source, 5000, far, 443)
    data = message(kind, flags, *ends_of(ends), attribute(12, struct.pack(">I", 7)))
    assert runs(data) is passed
    assert passes(OUR, GATE)(source, far) is passed


@pytest.mark.parametrize("state", range(1, 10))
def test_of_tcps_changes_only_those_that_begin_or_end_one_pass(state: int) -> None:
    """Seven events a connection filled the buffer twice as fast as four."""
    ends = Ends(6, "10.27.2.5", 5000, "198.51.100.7", 5000, FAR, 443)
    tcp = nested(4, nested(1, attribute(1, bytes([state]))))
    data = message(NEW, 0, *ends_of(ends), attribute(12, struct.pack(">I", 7)), tcp)
    assert runs(data) is (state == 2 or state >= 7)


def runs(data: bytes) -> bool:
    """What the kernel's own machine says of a message: the filter on one end of a pair of sockets."""
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        attach(receiver, passing(OUR, GATE))
        receiver.setblocking(False)
        sender.send(data)
        try:
            return receiver.recv(65536) == data
        except BlockingIOError:
            return False
