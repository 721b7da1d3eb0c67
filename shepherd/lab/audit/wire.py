"""Frames of the audit's own making, sent from a container's network by somebody with all rights: the host guard's work.

`wire.py send INTERFACE KIND OWN_MAC OWN_IP TARGET_MAC TARGET_IP` or `wire.py hear INTERFACE SECONDS`, which prints the
kinds that arrived. Runs on a node's own Python; standard library only.
"""

import contextlib
import socket
import struct
import sys
import time

MARK = b"shepherd-audit:"
FOREIGN_MAC, FOREIGN_IP = "02:00:de:ad:be:ef", "10.27.9.9"
ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, 0x8100
KINDS = ("honest", "hardware-address", "address", "arp", "ipv6", "vlan", "neighbour")


def raw(mac: str) -> bytes:
    """A hardware address as bytes."""
    return bytes.fromhex(mac.replace(":", ""))


def checksum(header: bytes) -> int:
    """Of an IPv4 header."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source: str, target: str, kind: str) -> bytes:
    """A UDP packet that names its kind."""
    body = MARK + kind.encode()
    udp = struct.pack("!4H", 40000, 9, 8 + len(body), 0) + body
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    bare = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + addresses
    return bare[:10] + struct.pack("!H", checksum(bare)) + bare[12:] + udp


def frame(kind: str, mac: str, address: str, to_mac: str, to_address: str) -> bytes:
    """One frame of a kind."""
    head = raw(to_mac) + raw(mac)
    match kind:
        case "hardware-address":
            return raw(to_mac) + raw(FOREIGN_MAC) + struct.pack("!H", IPV4) + ipv4(address, to_address, kind)
        case "address":
            return head + struct.pack("!H", IPV4) + ipv4(FOREIGN_IP, to_address, kind)
        case "arp":
            stolen = struct.pack("!HHBBH6s4s", 1, IPV4, 6, 4, 2, raw(mac), socket.inet_aton(FOREIGN_IP))
            return head + struct.pack("!H", ARP) + stolen + raw(to_mac) + socket.inet_aton(to_address) + MARK + b"arp"
        case "ipv6":
            body = MARK + b"ipv6"
            addresses = socket.inet_pton(socket.AF_INET6, "fe80::1") + socket.inet_pton(socket.AF_INET6, "ff02::1")
            return head + struct.pack("!HIHBB", IPV6, 6 << 28, len(body), 59, 1) + addresses + body
        case "vlan":
            return head + struct.pack("!HHH", VLAN, 7, IPV4) + ipv4(address, to_address, kind)
        case _:
            return head + struct.pack("!H", IPV4) + ipv4(address, to_address, kind)


def send(interface: str, kind: str, *addresses: str) -> None:
    """Send it three times."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        for _ in range(3):
            with contextlib.suppress(OSError):  # the guard's refusal comes back as "no buffer space"
                wire.send(frame(kind, *addresses))
            time.sleep(0.05)


def hear(interface: str, seconds: float) -> set[str]:
    """The kinds that arrive."""
    heard: set[str] = set()
    until_s = time.monotonic() + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as wire:
        wire.bind((interface, 0))
        print("ready", flush=True)
        while (left_s := until_s - time.monotonic()) > 0:
            wire.settimeout(left_s)
            try:
                data, told = wire.recvfrom(2048)
            except TimeoutError:
                break
            if MARK in data and told[2] != socket.PACKET_OUTGOING:
                name = data.partition(MARK)[2].decode(errors="replace")
                heard |= {kind for kind in KINDS if name.startswith(kind)}
    return heard


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(*sys.argv[2:])
    else:
        print(*hear(sys.argv[2], float(sys.argv[3])), flush=True)
