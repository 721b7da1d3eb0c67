"""The switch port of a machine that boots: what is tagged, what is not, and what is dropped."""

import contextlib
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.lab.addresses import FLOCK, PRIVATE
from shepherd.lab.command import kill_session, must
from shepherd.lab.eventually import eventually
from shepherd.lab.net import NETNS_DIR, SWITCH, Fabric, Leg, remove_namespaces
from shepherd.lab.rollout import trunk

pytestmark = pytest.mark.real
VLAN = 2512
OURS, EVERYBODY = bytes.fromhex("02420a1b0263"), b"\xff" * 6
ADDRESSES = {PRIVATE: "10.1.7.1", FLOCK: "10.27.7.1"}
ARP, ASKS, ANSWERS = 0x0806, 1, 2


def who_has(address: str) -> bytes:
    """A question by ARP for an address of the peer's."""
    sender = OURS + socket.inet_aton(address.rpartition(".")[0] + ".99")
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, ASKS) + sender + bytes(6) + socket.inet_aton(address)
    return EVERYBODY + OURS + struct.pack("!H", ARP) + body


class Port:
    """The machine's end of its cable."""

    def __init__(self, folder: Path, fabric: Fabric) -> None:
        self.counts, self._switch = folder / "counts.json", folder / "switch"
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(folder / "card"))
        self._line.settimeout(0.2)
        taps = fabric.add_trunk("m", {0: PRIVATE, VLAN: FLOCK})
        ports = [word for vlan, tap in taps.items() for word in ("--tap", str(vlan), tap)]
        ends = ("--own", str(self._switch), "--machine", str(folder / "card"), "--counts", str(self.counts))
        inside = ("nsenter", f"--net={NETNS_DIR / fabric.netns(SWITCH)}", sys.executable, "-IS", trunk.__file__)
        self.process = subprocess.Popen((*inside, *ports, *ends), start_new_session=True)
        eventually(self.counts.exists, 10, 0.05)

    def send(self, frame: bytes) -> None:
        """As the machine's card would."""
        self._line.sendto(frame, str(self._switch))

    def answer(self, within_s: float) -> tuple[int, str]:
        """VLAN and sender's address of the first answer by ARP to our address; (-1, "") if none comes."""
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            try:
                vlan, frame = trunk.untagged(self._line.recv(trunk.MOST))
            except TimeoutError:
                continue
            kind, operation = struct.unpack_from("!H6xH", frame, 12)
            if frame[:6] == OURS and (kind, operation) == (ARP, ANSWERS):
                return vlan, socket.inet_ntoa(frame[28:32])
        return -1, ""

    def datagrams(self) -> Iterator[bytes]:
        """UDP over IPv4 to us, without the frames around, of what has come."""
        with contextlib.suppress(TimeoutError):
            while True:
                frame = self._line.recv(trunk.MOST)
                if frame[:6] == OURS and frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP:
                    yield frame[14:]

    def close(self) -> None:
        kill_session(self.process)
        self._line.close()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    """A port of a switch that has one peer, with a leg in each of two segments."""
    fabric = Fabric(site_id="trunk0")
    remove_namespaces(fabric.site_id)
    fabric.build_switch()
    legs = [Leg(segment=name, interface=f"e-{name}", address=f"{at}/24") for name, at in ADDRESSES.items()]
    fabric.add_node("peer", legs)
    made = Port(tmp_path, fabric)
    try:
        yield made
    finally:
        made.close()
        remove_namespaces(fabric.site_id)


def test_each_segment_is_reached_by_its_own_tag_only(port: Port) -> None:
    """A container whose frames left the host without the tag was in the private network, whatever the rules said."""
    port.send(who_has(ADDRESSES[PRIVATE]))
    assert port.answer(5) == (0, ADDRESSES[PRIVATE])
    port.send(trunk.tagged(who_has(ADDRESSES[FLOCK]), VLAN))
    assert port.answer(5) == (VLAN, ADDRESSES[FLOCK])
    port.send(trunk.tagged(who_has(ADDRESSES[PRIVATE]), VLAN + 1))
    assert port.answer(1) == (-1, "")


def test_frames_are_counted_by_vlan_and_address(port: Port) -> None:
    """`It was tagged' must be what the switch saw, not what the host's settings say."""
    port.send(trunk.tagged(who_has(ADDRESSES[FLOCK]), VLAN))
    ours = OURS.hex(":")
    eventually(lambda: ["from", VLAN, ours, 1] in json.loads(port.counts.read_text()), 5, what="our frame is counted")
    assert not [row for row in json.loads(port.counts.read_text()) if row[:3] == ["from", 0, ours]]


SEGMENTED = """
import socket
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(socket.IPPROTO_UDP, 103, 1000)  # UDP_SEGMENT: one buffer, cut where the device cannot
out.sendto(b"x" * 3000, ("10.1.7.99", 9))
"""


def test_what_the_kernel_cuts_late_arrives_cut_and_with_checksums(port: Port) -> None:
    """With offloads a reader gets 64 kB at once, without checksums: connections to the machine stood still."""
    netns = Fabric(site_id="trunk0").netns("peer")
    must(("ip", "-n", netns, "neigh", "add", "10.1.7.99", "lladdr", OURS.hex(":"), "dev", f"e-{PRIVATE}"))
    must(("ip", "netns", "exec", netns, "python3", "-c", SEGMENTED))
    packets: list[bytes] = []

    def come() -> bool:
        packets.extend(port.datagrams())
        return len(packets) >= 3

    eventually(come, 10, 0.05, what="three packets came")
    assert [len(packet) for packet in packets] == [1028] * 3
    assert [checksum(packet) for packet in packets] == [0] * 3


def checksum(packet: bytes) -> int:
    """0 for a UDP packet over IPv4 that carries the right one."""
    pseudo = packet[12:20] + struct.pack("!HH", packet[9], len(packet) - 20)
    total: int = sum(struct.unpack(f"!{(len(packet) - 8) // 2}H", pseudo + packet[20:]))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
