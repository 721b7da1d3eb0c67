"""Packets as bytes: what the trial sends, and what it understands of what comes back."""

import ipaddress
import struct

ETHERNET_BYTES, IP_BYTES = 14, 20
IPV4 = b"\x08\x00"
ICMP, TCP, UDP = 1, 6, 17
FIRST_PORT = 1024
SYN, RST = 0x02, 0x04
TTL = 64


def frame(mac: bytes, number: int, source: str, destination: str, protocol: int, port: int) -> bytes:
    """An Ethernet frame to `mac` with the first packet of a connection, numbered by IP id and source port."""
    body = transport(number, source, destination, protocol, port)
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, IP_BYTES + len(body), number & 0xFFFF, 0, TTL, protocol, 0,
        packed(source), packed(destination),
    )  # fmt: skip
    head = head[:10] + checksum(head) + head[12:]
    return mac + b"\x02\x00\x00\x00\x00\x01" + IPV4 + head + body


def transport(number: int, source: str, destination: str, protocol: int, port: int) -> bytes:
    """TCP's SYN, a UDP datagram, an ICMP echo request, or 8 bytes of whatever else."""
    sport = source_port(number)
    pseudo = packed(source) + packed(destination)
    match protocol:
        case 6:
            bare = struct.pack("!HHIIBBHHH", sport, port, number, 0, 0x50, SYN, 65535, 0, 0)
            summed = checksum(pseudo + struct.pack("!BBH", 0, TCP, len(bare)) + bare)
            return bare[:16] + summed + bare[18:]
        case 17:
            return struct.pack("!HHHH", sport, port, 8, 0)
        case 1:
            bare = struct.pack("!BBHHH", 8, 0, 0, sport, number & 0xFFFF)
            return bare[:2] + checksum(bare) + bare[4:]
        case _:
            return bytes(8)


def source_port(number: int) -> int:
    """The source port of the packet with this number."""
    return FIRST_PORT + number % (65536 - FIRST_PORT)


def packed(address: str) -> bytes:
    """Four bytes."""
    return ipaddress.IPv4Address(address).packed


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
