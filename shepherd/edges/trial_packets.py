"""Packets as bytes: what the trial sends, and what it understands of what comes back."""

import ipaddress
import struct
from collections.abc import Mapping
from typing import Any

ETHERNET_BYTES, IP_BYTES = 14, 20
IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"
SENDER = b"\x02\x00\x00\x00\x00\x01"
NO_OPERATION = b"\x01\x01\x01\x01"
ICMP, TCP, UDP = 1, 6, 17
FIRST_PORT = 1024
SYN, ACK = 0x02, 0x10
TTL = 64


def frame(mac: bytes, number: int, packet: Mapping[str, Any]) -> bytes:
    """An Ethernet frame to `mac` with a packet, numbered by IP id, and its connection's first packet by source port."""
    source, destination, protocol = packet["source"], packet["destination"], packet["protocol"]
    port = source_port(number if packet["goes_on"] < 0 else packet["goes_on"] + 1)
    body = transport(source, destination, protocol, port, packet["port"], number, packet["flags"])
    return addressed(mac, number, source, destination, protocol, body, options=packet["options"])


def reply(mac: bytes, number: int, source: str, destination: str, protocol: int, ports: tuple[int, int]) -> bytes:
    """A frame with the second packet of a connection, of TCP SYN and ACK, from and to these ports."""
    body = transport(source, destination, protocol, *ports, number, flags=SYN | ACK)
    return addressed(mac, number, source, destination, protocol, body, options=False)


def addressed(
    mac: bytes, number: int, source: str, destination: str, protocol: int, body: bytes, *, options: bool
) -> bytes:
    """Ethernet and IP around a body."""
    if ":" in source:
        head = struct.pack("!IHBB", 6 << 28 | number, len(body), protocol, TTL) + packed(source) + packed(destination)
        return mac + SENDER + IPV6 + head + body
    more = NO_OPERATION if options else b""
    words = (IP_BYTES + len(more)) // 4
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x40 | words, 0, 4 * words + len(body), number & 0xFFFF, 0, TTL, protocol, 0,
        packed(source), packed(destination),
    ) + more  # fmt: skip
    return mac + SENDER + IPV4 + head[:10] + checksum(head) + head[12:] + body


def transport(
    source: str, destination: str, protocol: int, sport: int, port: int, number: int, flags: int = 0x02
) -> bytes:
    """A TCP segment without data, a UDP datagram, an ICMP echo request, or 8 bytes of whatever else."""
    match protocol:
        case 6:
            bare = struct.pack("!HHIIBBHHH", sport, port, number, 0, 0x50, flags, 65535, 0, 0)
            return bare[:16] + checksum(pseudo(source, destination, TCP, len(bare)) + bare) + bare[18:]
        case 17:
            bare = struct.pack("!HHHH", sport, port, 8, 0)
            return bare[:6] + checksum(pseudo(source, destination, UDP, len(bare)) + bare)
        case 1:
            bare = struct.pack("!BBHHH", 8, 0, 0, sport, number & 0xFFFF)
            return bare[:2] + checksum(bare) + bare[4:]
        case _:
            return bytes(8)


def pseudo(source: str, destination: str, protocol: int, length: int) -> bytes:
    """The pseudo header of TCP and UDP (RFC 9293, RFC 8200): with these lengths both forms sum up alike."""
    return packed(source) + packed(destination) + struct.pack("!HH", protocol, length)


def source_port(number: int) -> int:
    """The source port of the packet with this number."""
    return FIRST_PORT + number % (65536 - FIRST_PORT)


def packed(address: str) -> bytes:
    """An address as bytes."""
    return ipaddress.ip_address(address).packed


def checksum(data: bytes) -> bytes:
    """The internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def answered(data: bytes) -> int | None:
    """Source port of the packet of ours that this frame answers; None if it answers none."""
    if data[12:14] != IPV4 or len(data) < ETHERNET_BYTES + IP_BYTES + 8:
        return None
    ip = data[ETHERNET_BYTES:]
    protocol, rest = ip[9], ip[IP_BYTES:]
    match protocol:
        case 6 | 17:
            return int(struct.unpack("!H", rest[2:4])[0])
        case 1 if rest[0] == 0:
            return int(struct.unpack("!H", rest[4:6])[0])
        case 1 if rest[0] == 3:
            return quoted_port(rest[8:])
        case _:
            return None


def quoted_port(ip: bytes) -> int:
    """The source port of the packet that an ICMP error quotes, by its IP id: not every protocol has ports."""
    return source_port(int(struct.unpack("!H", ip[4:6])[0])) if len(ip) >= IP_BYTES else 0
