"""A switch's trunk port as a program: a machine's frames in two segments, one untagged and one tagged with a VLAN.

The kernel below the lab need not know 802.1Q. Run in the network namespace of the site's switch; standard library only.
Two taps stand for the segments, a pair of datagram sockets for the machine's cable. A tap without offloads hands out
whole frames with checksums. Frames of any other VLAN are dropped, as a switch does, and counted.
"""

import argparse
import collections
import contextlib
import fcntl
import json
import os
import socket
import struct
import threading
import time
from pathlib import Path

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
MOST = 65536
TAG = 0x8100
COUNT_S = 0.5
SEND_S = 0.2
"""A machine that takes no frames for so long loses them, as behind a full switch port."""


def tagged(frame: bytes, vlan: int) -> bytes:
    """The frame with an 802.1Q tag."""
    return frame[:12] + struct.pack("!HH", TAG, vlan) + frame[12:]


def untagged(frame: bytes) -> tuple[int, bytes]:
    """The VLAN of a frame, 0 if it has no tag, and the frame without it."""
    kind, rest = struct.unpack_from("!HH", frame, 12)
    return (rest & 0xFFF, frame[:12] + frame[16:]) if kind == TAG else (0, frame)


def tap(name: str) -> int:
    """The descriptor of a tap that is there already."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return file


class Trunk:
    """The port. `segments` are taps by VLAN, 0 for what is untagged."""

    def __init__(self, segments: dict[int, int], cable: socket.socket, machine: str) -> None:
        self._segments, self._cable, self._machine = segments, cable, machine
        self._seen: collections.Counter[tuple[str, int, str]] = collections.Counter()
        self._guard = threading.Lock()

    def start(self) -> None:
        """One thread for each direction."""
        works = [threading.Thread(target=self._to_machine, args=(vlan,), daemon=True) for vlan in self._segments]
        for work in [*works, threading.Thread(target=self._from_machine, daemon=True)]:
            work.start()

    def _to_machine(self, vlan: int) -> None:
        while True:
            frame = os.read(self._segments[vlan], MOST)
            self._count("to", vlan, frame)
            with contextlib.suppress(OSError):  # it is switched off, or takes none now
                self._cable.sendto(tagged(frame, vlan) if vlan else frame, self._machine)

    def _from_machine(self) -> None:
        while True:
            with contextlib.suppress(OSError):  # nothing came within SEND_S, or the segment's tap is down
                vlan, frame = untagged(self._cable.recv(MOST))
                self._count("from", vlan, frame)
                if vlan in self._segments:
                    os.write(self._segments[vlan], frame)

    def _count(self, way: str, vlan: int, frame: bytes) -> None:
        who = frame[6:12] if way == "from" else frame[:6]
        with self._guard:
            self._seen[way, vlan, who.hex(":")] += 1

    def counted(self) -> list[list[object]]:
        """`[from|to, VLAN, hardware address of the machine's side, frames]`."""
        with self._guard:
            return [[*key, frames] for key, frames in sorted(self._seen.items())]


def main() -> None:
    """Forward for ever; what was counted is kept in a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tap", action="append", nargs=2, metavar=("VLAN", "NAME"), required=True)
    parser.add_argument("--own", type=Path, required=True, help="our end of the machine's cable")
    parser.add_argument("--machine", required=True, help="its end")
    parser.add_argument("--counts", type=Path, required=True)
    chosen = parser.parse_args()
    cable = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    cable.settimeout(SEND_S)
    chosen.own.unlink(missing_ok=True)
    cable.bind(str(chosen.own))
    trunk = Trunk({int(vlan): tap(name) for vlan, name in chosen.tap}, cable, chosen.machine)
    trunk.start()
    while True:
        aside = chosen.counts.with_suffix(".new")
        aside.write_text(json.dumps(trunk.counted()))
        aside.rename(chosen.counts)
        time.sleep(COUNT_S)


if __name__ == "__main__":
    main()
