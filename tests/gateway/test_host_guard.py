"""The guard on the VLAN's interface of a host, against root in the container with a raw socket."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from shepherd.core.firewall.host_guard import guard_rules
from shepherd.edges.nft import Nft
from shepherd.lab.mark import Mark
from shepherd.model.network import LinkSeen
from shepherd.programs.node_network import NodeNetwork
from tests.core.sound_settings import node

pytestmark = pytest.mark.real
MAC, ADDRESS, GATEWAY = "02:42:0a:1b:02:14", "10.27.2.20", "10.27.0.1"
OTHER_MAC, OTHER = "02:42:0a:1b:02:15", "10.27.2.21"
SETTINGS = node(parent="em1.2512", flock_mac=MAC, flock_address=ADDRESS)
SEND = """
import contextlib, json, socket, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
line.bind((sys.argv[1], 0))
for frame in json.load(sys.stdin):
    with contextlib.suppress(OSError):  # a frame that the guard drops is an error to its sender
        line.send(bytes.fromhex(frame))
"""
HEAR = """
import select, socket, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind((sys.argv[1], 0))
print("ready", flush=True)
while select.select([line], [], [], 0.7)[0]:
    data, where = line.recvfrom(4096)
    if where[2] != socket.PACKET_OUTGOING and b"PROBE" in data:
        print(data.split(b"PROBE")[1][:4].decode(), flush=True)
"""


def bare(text: str) -> str:
    """An address without its colons."""
    return text.replace(":", "")


def octets(address: str) -> str:
    """An IPv4 address as hexadecimal digits."""
    return "".join(f"{int(part):02x}" for part in address.split("."))


def marked(number: int) -> str:
    """What a frame is known by, as hexadecimal digits."""
    return b"PROBE".hex() + f"{number:04d}".encode().hex()


def ip_frame(source_mac: str, source: str, to_mac: str, to: str, number: int, kind: str = "0800") -> str:
    """An IPv4 packet of no particular protocol; `kind` is the frame's type."""
    body = marked(number)
    head = f"4500{20 + len(body) // 2:04x}000000004099" + "0000" + octets(source) + octets(to)
    return bare(to_mac) + bare(source_mac) + kind + head + body


def arp_frame(source_mac: str, says_mac: str, says: str, asks: str, number: int) -> str:
    """A question who has an address, which says who asks."""
    body = "0001080006040001" + bare(says_mac) + octets(says) + "000000000000" + octets(asks)
    return "ffffffffffff" + bare(source_mac) + "0806" + body + marked(number)


GW_MAC, PARENT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
LEAVES = {
    "to the gateway": ip_frame(MAC, ADDRESS, GW_MAC, GATEWAY, 1),
    "beyond it": ip_frame(MAC, ADDRESS, GW_MAC, "8.8.8.8", 2),
    "a question for the gateway": arp_frame(MAC, MAC, ADDRESS, GATEWAY, 3),
    "a check for a conflict": arp_frame(MAC, MAC, ADDRESS, ADDRESS, 4),
}
NOBODY = "0.0.0.0"  # noqa: S104 - in a frame
STAYS = {
    "another's hardware address": ip_frame(OTHER_MAC, ADDRESS, GW_MAC, "8.8.8.8", 11),
    "another's address": ip_frame(MAC, OTHER, GW_MAC, "8.8.8.8", 12),
    "an address of the private network": ip_frame(MAC, "10.1.2.3", GW_MAC, "8.8.8.8", 13),
    "the gateway's address": ip_frame(MAC, GATEWAY, GW_MAC, "8.8.8.8", 14),
    "a neighbour": ip_frame(MAC, ADDRESS, OTHER_MAC, OTHER, 15),
    "a broadcast": ip_frame(MAC, ADDRESS, "ff:ff:ff:ff:ff:ff", "255.255.255.255", 16),
    "a multicast": ip_frame(MAC, ADDRESS, "01:00:5e:00:00:fb", "224.0.0.251", 17),
    "ARP as the gateway": arp_frame(MAC, MAC, GATEWAY, ADDRESS, 18),
    "ARP as a neighbour": arp_frame(MAC, MAC, OTHER, GATEWAY, 19),
    "ARP with another hardware address": arp_frame(MAC, OTHER_MAC, ADDRESS, GATEWAY, 20),
    "a search for neighbours": arp_frame(MAC, MAC, ADDRESS, OTHER, 21),
    "a probe for a conflict, as the gateway's hardware": arp_frame(GW_MAC, GW_MAC, NOBODY, ADDRESS, 27),
    "IPv6": ip_frame(MAC, ADDRESS, "33:33:00:00:00:01", GATEWAY, 22, kind="86dd"),
    "a VLAN tag": ip_frame(MAC, ADDRESS, GW_MAC, GATEWAY, 23, kind="81000001"),
    "a VLAN tag of a provider": ip_frame(MAC, ADDRESS, GW_MAC, GATEWAY, 24, kind="88a80001"),
    "spanning tree": "0180c2000000" + bare(MAC) + "0026424203" + marked(25),
    "LLDP": "0180c200000e" + bare(MAC) + "88cc" + marked(26),
}
COMES = {
    "from the gateway": ip_frame(GW_MAC, GATEWAY, MAC, ADDRESS, 31),
    "from beyond it": ip_frame(GW_MAC, "8.8.8.8", MAC, ADDRESS, 32),
    "the gateway's question": arp_frame(GW_MAC, GW_MAC, GATEWAY, ADDRESS, 33),
}
KEPT_OUT = {
    "a neighbour": ip_frame(OTHER_MAC, OTHER, MAC, ADDRESS, 41),
    "a neighbour's ARP": arp_frame(OTHER_MAC, OTHER_MAC, OTHER, ADDRESS, 42),
    "another's packet": ip_frame(GW_MAC, "8.8.8.8", MAC, OTHER, 43),
    "a broadcast": ip_frame(GW_MAC, GATEWAY, "ff:ff:ff:ff:ff:ff", ADDRESS, 44),
    "IPv6, a router's advertisement": ip_frame(GW_MAC, GATEWAY, "33:33:00:00:00:01", ADDRESS, 45, kind="86dd"),
    "a DHCP server's offer": ip_frame(GW_MAC, "10.27.0.9", "ff:ff:ff:ff:ff:ff", "255.255.255.255", 46),
}


class Wire:
    """A gateway, a host, and a container on a macvlan of the host: three namespaces."""

    def __init__(self) -> None:
        self.mark = Mark()
        self.names = {name: self.mark.netns(name) for name in ("gate", "host", "box")}

    def on(self, name: str, *argv: str, given: str = "") -> str:
        """Run a command in one of them; it must succeed."""
        enter = ("nsenter", f"--net=/run/netns/{self.names[name]}", "--")
        done = subprocess.run((*enter, *argv), input=given, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sh(self, name: str, line: str) -> None:
        """Run a line of shell in one of them; it must succeed."""
        self.on(name, "sh", "-c", line)

    def build(self) -> None:
        """Bring it up."""
        assert self.mark.claim()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "add", name], check=True)
        host = f"netns {self.names['host']}"
        self.sh("gate", f"ip link add vlan address {GW_MAC} type veth peer name em1.2512 address {PARENT_MAC} {host}")
        self.sh("gate", "ip link set vlan up")
        self.sh("host", "ip link set em1.2512 up")
        box = f"netns {self.names['box']}"
        self.sh("host", f"ip link add eth0 {box} link em1.2512 address {MAC} type macvlan mode bridge")
        self.sh("box", "ip link set eth0 promisc on up")

    def remove(self) -> None:
        """Take it down."""
        self.mark.remove()

    def through(self, sender: tuple[str, str], receiver: tuple[str, str], frames: Sequence[str]) -> set[int]:
        """Numbers of the frames that arrived."""
        enter = ("nsenter", f"--net=/run/netns/{self.names[receiver[0]]}", "--", sys.executable, "-c", HEAR)
        with subprocess.Popen((*enter, receiver[1]), stdout=subprocess.PIPE, text=True) as ear:
            assert ear.stdout is not None
            assert ear.stdout.readline() == "ready\n"
            self.on(sender[0], sys.executable, "-c", SEND, sender[1], given=json.dumps(frames))
            return {int(line) for line in ear.stdout}


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """With the guard's rules loaded twice, as a repair does."""
    made = Wire()
    try:
        made.build()
        for _ in range(2):
            made.on("host", "nft", "-f", "-", given=guard_rules(SETTINGS, PARENT_MAC))
        yield made
    finally:
        made.remove()


def number_of(frame: str) -> int:
    """The number in a frame."""
    return int(bytes.fromhex(frame.partition(b"PROBE".hex())[2][:8]))


def numbers(frames: dict[str, str]) -> set[int]:
    """The numbers of frames."""
    return set(map(number_of, frames.values()))


def test_only_what_bears_the_containers_own_addresses_leaves_the_host(wire: Wire) -> None:
    """A container took the gateway's address, and every other guest's traffic went through it."""
    sent = {**LEAVES, **STAYS}
    arrived = wire.through(("box", "eth0"), ("gate", "vlan"), list(sent.values()))
    assert {name for name, frame in sent.items() if number_of(frame) in arrived} == set(LEAVES)


def test_only_what_comes_by_the_gateway_reaches_the_container(wire: Wire) -> None:
    """A worm went from container to container on the VLAN, past the firewall."""
    sent = {**COMES, **KEPT_OUT}
    arrived = wire.through(("gate", "vlan"), ("box", "eth0"), list(sent.values()))
    assert {name for name, frame in sent.items() if number_of(frame) in arrived} == set(COMES)


def test_the_host_itself_says_nothing_on_the_vlan(wire: Wire) -> None:
    """The host's own IPv6 address on the VLAN answered guests."""
    own = [frame.replace(bare(MAC), bare("02:00:00:00:00:77"), 1) for frame in LEAVES.values()]
    wire.sh("host", "ip address add 10.27.9.9/16 dev em1.2512")
    try:
        assert wire.through(("host", "em1.2512"), ("gate", "vlan"), own) == set()
    finally:
        wire.sh("host", "ip address del 10.27.9.9/16 dev em1.2512")


@dataclasses.dataclass
class Links:
    """The host's interface, as `edges.netlink` tells of it."""

    def seen(self) -> Sequence[LinkSeen]:
        return (LinkSeen(name="em1.2512", mac=PARENT_MAC),)


def test_of_a_quarantined_container_nothing_passes_until_it_is_uncut(wire: Wire) -> None:
    """A container that was cut off at the gateway alone went on to answer the VLAN."""
    nft = Nft(10.0, ("nsenter", f"--net=/run/netns/{wire.names['host']}", "--"))
    network = NodeNetwork(settings=SETTINGS, links=Links(), engine=None, rules=nft, kernel=None, probe=None)  # type: ignore[arg-type]
    out, back = (("box", "eth0"), ("gate", "vlan")), (("gate", "vlan"), ("box", "eth0"))
    try:
        network.cut()
        assert wire.through(*out, list({**LEAVES, **STAYS}.values())) == set()
        assert wire.through(*back, list({**COMES, **KEPT_OUT}.values())) == set()
        wire.on("host", "nft", "delete", "table", "netdev", "shepherd_guard")
        network.hold_guard()
        assert wire.through(*out, list(LEAVES.values())) == set(), "mended as it is meant to be now"
    finally:
        network.uncut()
    assert wire.through(*out, list(LEAVES.values())) == numbers(LEAVES)
    assert wire.through(*back, list(COMES.values())) == numbers(COMES)


PROBE = "import sys; from shepherd.edges.arp import ArpProbe; print(ArpProbe().holder(*sys.argv[1:]))"


def test_whoever_has_the_containers_address_already_is_found(wire: Wire) -> None:
    """A printer had the address; half of the guests' packets went there."""

    def holder() -> str:
        return wire.on("host", sys.executable, "-c", PROBE, "em1.2512", ADDRESS).strip()

    assert holder() == ""
    wire.sh("gate", f"ip address add {ADDRESS}/16 dev vlan")
    try:
        assert holder() == GW_MAC
    finally:
        wire.sh("gate", f"ip address del {ADDRESS}/16 dev vlan")


SEEN = "from shepherd.edges.netlink import Netlink; [print(one) for one in Netlink().seen()]"


def test_interfaces_are_seen_as_the_kernel_has_them(wire: Wire) -> None:
    """A card that was down passed for one that was up, by its name."""
    wire.sh("host", "ip link add spare type veth peer name other && ip address add 10.9.0.1/24 dev spare")
    try:
        told = wire.on("host", sys.executable, "-c", SEEN)
    finally:
        wire.sh("host", "ip link del spare")
    lines = {line.split("'")[1]: line for line in told.splitlines()}
    assert "networks=('10.9.0.1/24',)" in lines["spare"]
    assert "is_up=False" in lines["spare"]
    assert "kind='veth'" in lines["em1.2512"]
    assert "is_up=True" in lines["em1.2512"]


def test_without_the_guard_all_of_it_passes(wire: Wire) -> None:
    """The test above would be green on a cut cable."""
    wire.on("host", "nft", "delete", "table", "netdev", "shepherd_guard")
    try:
        arrived = wire.through(("box", "eth0"), ("gate", "vlan"), list(STAYS.values()))
        came = wire.through(("gate", "vlan"), ("box", "eth0"), list(KEPT_OUT.values()))
        assert arrived == numbers(STAYS)
        assert came == numbers(KEPT_OUT)
    finally:
        wire.on("host", "nft", "-f", "-", given=guard_rules(SETTINGS, PARENT_MAC))
