"""What lies beyond the container's interface."""

import os
import socket
import struct

from .frame import PATIENCE_S, answer_of, fact, probe

NLMSG_REQUEST, RTM_NEWADDR, RTM_SETLINK = 1 | 4, 20, 19


def destination(ident: str, tries: str, fact_name: str) -> None:
    """A TCP connection to an ADDRESS:PORT that the audit knows to answer."""

    def reach() -> str:
        address, _, port = fact(fact_name).rpartition(":")
        return answer_of(address, int(port))

    probe(ident, tries)(reach)


destination("net-home-collector", "the home pool's collector, negotiator and schedds", "home_collector")
destination("net-storage", "storage on the private network", "storage")
destination("net-database", "a database on the private network", "database")
destination("net-host", "the host itself", "host")
destination("net-gateway", "a service of the gateway", "gateway_service")
destination("net-gateway-outside", "the same by its public address", "gateway_outside")
destination("net-flock-collector", "the flock pool's collector", "flock_collector")
destination("net-flock-collector-outside", "the same by its public address", "flock_collector_outside")
destination("net-neighbour", "another host's container", "neighbour")
destination("net-site", "the site's public network", "site")
destination("net-10", "private range 10/8", "ten")
destination("net-172", "private range 172.16/12", "onesevenytwo")
destination("net-192", "private range 192.168/16", "oneninetytwo")
destination("net-100", "carriers' range 100.64/10", "hundred")
destination("net-metadata", "the metadata address of clouds", "metadata")
destination("net-mail", "sending mail", "mail")
destination("net-ssh", "logging in elsewhere", "ssh")
destination("net-smb", "file shares elsewhere", "smb")
destination("net-dns-tcp", "a resolver of its own choice, by TCP", "foreign_dns")


@probe("net-dns-udp", "a resolver of its own choice, by UDP (what a named one lets through can still be a slow tunnel)")
def _() -> bool:
    address, _, port = fact("foreign_dns").rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as conversation:
        conversation.settimeout(PATIENCE_S)
        conversation.connect((address, int(port)))
        conversation.send(struct.pack("!6H", 1, 256, 1, 0, 0, 0) + b"\4test\0" + struct.pack("!2H", 1, 1))
        return bool(conversation.recv(512))


@probe("net-raw", "packets of its own making")
def _() -> bool:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP).close()
    return True


@probe("net-raw-icmp", "ICMP of its own making")
def _() -> bool:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    return True


@probe("net-packet", "frames of its own making: ARP and MAC spoofing")
def _() -> bool:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    return True


@probe("net-ipv6", "IPv6, which no rule looks at")
def _() -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as conversation:
        conversation.connect(("ff02::1%eth0", 9))
        return conversation.send(b"x") == 1


@probe("net-spoof", "packets from another address")
def _() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as conversation:
        conversation.setsockopt(socket.IPPROTO_IP, 19, 1)
        return True


@probe("net-low-port", "posing as a service of the host")
def _() -> bool:
    with socket.socket(socket.AF_INET) as server:
        server.bind((fact("own"), 111))
        return True


@probe("net-address", "giving the container another address")
def _() -> bool:
    address = socket.inet_aton(fact("neighbour").rpartition(":")[0])
    body = struct.pack("BBBBI", socket.AF_INET, 32, 0, 0, index()) + struct.pack("HH4s", 8, 2, address)
    return netlink(RTM_NEWADDR, 0x600, body)


@probe("net-hardware-address", "giving it another hardware address")
def _() -> bool:
    body = struct.pack("BxHiII", 0, 0, index(), 0, 0) + struct.pack("HH6sxx", 10, 1, bytes.fromhex("0200deadbeef"))
    return netlink(RTM_SETLINK, 0, body)


@probe("net-socket-kinds", "families of sockets that no batch job needs")
def _() -> str:
    kinds = {"ALG": 38, "VSOCK": 40, "KEY": 15, "BLUETOOTH": 31, "XDP": 44, "CAN": 29, "TIPC": 30, "RDS": 21, "SMC": 43}
    return " ".join(name for name, family in kinds.items() if opens(family))


@probe("net-netfilter", "the firewall by netlink")
def _() -> bool:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12).close()
    return True


@probe("net-rules-sysctl", "the container's own network settings")
def _() -> bool:
    os.close(os.open("/proc/sys/net/ipv4/ip_forward", os.O_WRONLY))
    return True


def index() -> int:
    """Of the container's interface."""
    return socket.if_nametoindex("eth0")


@probe("net-protocols", "protocols that load modules, or make sockets that belong to no account")
def _() -> str:
    kinds = {"SCTP": (1, 132), "SMC": (1, 256), "MPTCP": (1, 262), "UDPLITE": (2, 136), "DCCP": (6, 33)}
    found = []
    for name, (kind, protocol) in kinds.items():
        try:
            socket.socket(socket.AF_INET, kind, protocol).close()
        except OSError:
            continue
        found.append(name)
    return " ".join(found)


def opens(family: int) -> bool:
    """Whether a socket of that family can be had."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind, 0).close()
        except OSError:
            continue
        return True
    return False


def netlink(kind: int, flags: int, body: bytes) -> bool:
    """A request to the kernel; True if it says yes."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as conversation:
        conversation.settimeout(PATIENCE_S)
        conversation.send(struct.pack("IHHII", 16 + len(body), kind, NLMSG_REQUEST | flags, 1, 0) + body)
        (error,) = struct.unpack_from("i", conversation.recv(4096), 16)
    if error:
        raise OSError(-error, os.strerror(-error))
    return True
