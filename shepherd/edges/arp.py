"""The AddressProbe port: a question by ARP. A packet socket for all protocols sees answers before any firewall does."""

import contextlib
import ipaddress
import select
import socket
import struct
import time

from shepherd.errors import CommandFailed

ETH_P_ALL, ETH_P_ARP, REQUEST = 0x0003, 0x0806, 1
PROBES, WAIT_S = 3, 0.35
BROADCAST, NOBODY = b"\xff" * 6, bytes(6)
BODY = struct.Struct("!HHBBH6s4s6s4s")
SOL_PACKET, ADD_MEMBERSHIP, UNICAST = 263, 1, 3
MEMBERSHIP = struct.Struct("iHH8s")
"""`struct packet_mreq` (linux/if_packet.h): interface, kind, length and hardware address."""


class ArpProbe:
    """`ports_node.AddressProbe`."""

    def holder(self, interface: str, address: str) -> str:
        """See the port."""
        wanted = ipaddress.IPv4Address(address).packed
        try:
            with contextlib.closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))) as line:
                line.bind((interface, 0))
                own = bytes(line.getsockname()[4])
                for _ in range(PROBES):
                    line.send(probe(own, wanted))
                    if found := answer(line, wanted, WAIT_S):
                        return found.hex(":")
        except OSError as exc:
            raise CommandFailed(f"no ARP probe on {interface}: {exc.strerror}") from exc
        return ""


class WayOutProbe:
    """`ports_checkup.WayOut`. The host guard lets nobody ask but the container, so it is asked as that."""

    def answerer(self, interface: str, address: str, mac: str, own: str) -> str:
        """See the port. The card listens for `mac` while this lasts."""
        wanted, hardware = ipaddress.IPv4Address(address).packed, bytes.fromhex(mac.replace(":", ""))
        try:
            with contextlib.closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))) as line:
                line.bind((interface, 0))
                also = MEMBERSHIP.pack(socket.if_nametoindex(interface), UNICAST, len(hardware), hardware)
                line.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, also)
                for _ in range(PROBES):
                    line.send(probe(hardware, wanted, ipaddress.IPv4Address(own).packed))
                    if found := answer(line, wanted, WAIT_S):
                        return found.hex(":")
        except OSError as exc:
            raise CommandFailed(f"no ARP question on {interface}: {exc.strerror}") from exc
        return ""


def probe(own: bytes, wanted: bytes, from_address: bytes = bytes(4)) -> bytes:
    """A frame that asks who has an address; without `from_address` it claims none (RFC 5227, 2.1.1)."""
    body = BODY.pack(1, 0x0800, 6, 4, REQUEST, own, from_address, NOBODY, wanted)
    return BROADCAST + own + struct.pack("!H", ETH_P_ARP) + body


def answer(line: socket.socket, wanted: bytes, within_s: float) -> bytes:
    """The hardware address of whoever says to have the address; empty if nobody does in time."""
    until_s = time.monotonic() + within_s
    while (left_s := until_s - time.monotonic()) > 0 and select.select([line], [], [], left_s)[0]:
        data, where = line.recvfrom(2048)
        if where[1] != ETH_P_ARP or where[2] == socket.PACKET_OUTGOING or len(data) < 14 + BODY.size:
            continue
        *_, sender, says, _, _ = BODY.unpack_from(data, 14)
        if says == wanted:
            return bytes(sender)
    return b""
