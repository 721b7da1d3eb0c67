"""A container's network, the gateway's and the internet's: namespaces with NAT between them, and a flow log there."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shepherd.core.trace.lines import record_of
from shepherd.errors import TraceRefused
from shepherd.lab.mark import Mark
from shepherd.model.trace import FlowBegun, FlowEnded, Gap, TraceRecord

INSIDE, OTHER, GATE, NAT, FAR = "10.27.2.5", "10.27.2.6", "10.27.0.1", "198.51.100.7", "198.51.100.99"
ECHO, CLOSED = 4430, 4431
"""Ports of the far end: one that answers, by TCP and UDP, and one that refuses."""
SETTINGS = f"""\
vlan = "em1.2512"
outside = ["em2"]
nat_address = "{NAT}"
site_networks = ["203.0.113.0/24"]
udp_ports = ["1-65535"]
refused_ports = ["22"]
connections = 500000
new_per_s = 500000
check_s = 0.2
seal_s = 0.2
"""
WITHIN_S = 40.0
SERVER = f"""
import selectors, socket
tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
for one in (tcp, udp):
    one.bind(("", {ECHO}))
    one.setblocking(False)
tcp.listen(4096)
waiting = selectors.DefaultSelector()
waiting.register(tcp, 1), waiting.register(udp, 1)
print("ready", flush=True)
while True:
    for key, _ in waiting.select():
        try:
            if key.fileobj is tcp:
                line, _ = tcp.accept()
                waiting.register(line, 1)
            elif key.fileobj is udp:
                udp.sendto(b"answer", udp.recvfrom(2048)[1])
            elif data := key.fileobj.recv(65536):
                key.fileobj.sendall(data)
            else:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
        except OSError:
            pass
"""
CLIENT = """
import json, socket, sys
def tcp(address, port, own_port=0, size=1, hold=False):
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("", own_port))
        line.settimeout(5)
        try:
            line.connect((address, port))
        except OSError as exc:
            return [line.getsockname()[1], exc.strerror or type(exc).__name__]
        line.sendall(b"x" * size)
        left = size
        while left:
            left -= len(line.recv(65536))
        if hold:
            print(json.dumps([line.getsockname()[1], "holds"]), flush=True)
            sys.stdin.read()
        return [line.getsockname()[1], "echo"]
def udp(address, port, own_port=0, size=1, hold=False):
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.bind(("", own_port))
        line.settimeout(5)
        line.sendto(b"x" * size, (address, port))
        return [line.getsockname()[1], line.recv(99).decode()]
def spray(address, port, count, hold=False):
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.bind(("", 0))
        sent = 0
        for number in range(count):
            try:
                line.sendto(b"x", (address, port + number))
                sent += 1
            except OSError:
                pass
        return [line.getsockname()[1], str(sent)]
print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))), flush=True)
"""
ROUNDS = """
import socket, sys
for number in range(int(sys.argv[3])):
    with socket.socket() as line:
        line.connect((sys.argv[1], int(sys.argv[2])))
        line.sendall(b"x")
        line.recv(9)
"""


class Crossing:
    """Three namespaces in a row. `folder` has the gateway's settings and its spool."""

    def __init__(self, folder: Path) -> None:
        self.mark = Mark()
        self.inside, self.gate, self.far = map(self.mark.netns, ("in", "gate", "far"))
        self.settings, self.spool = folder / "gateway.toml", folder / "flows"
        self.settings.write_text(f'{SETTINGS}spool = "{self.spool}"\n')
        self.children: list[subprocess.Popen[str]] = []

    def build(self) -> None:
        """All of it, with the rules in force."""
        assert self.mark.claim()
        for name in (self.inside, self.gate, self.far):
            subprocess.run(["ip", "netns", "add", name], check=True)
            self.sh(name, "ip link set lo up")
        self.sh(self.inside, f"ip link add eth0 type veth peer name em1.2512 netns {self.gate}")
        self.sh(self.far, f"ip link add eth0 type veth peer name em2 netns {self.gate}")
        self.sh(self.inside, f"ip addr add {INSIDE}/16 dev eth0; ip addr add {OTHER}/16 dev eth0; ip link set eth0 up")
        self.sh(self.gate, f"ip addr add {GATE}/16 dev em1.2512; ip link set em1.2512 up")
        self.sh(self.gate, f"ip addr add 198.51.100.2/24 dev em2; ip addr add {NAT}/32 dev em2; ip link set em2 up")
        self.sh(self.inside, f"ip route add default via {GATE}")
        self.sh(self.far, f"ip addr add {FAR}/24 dev eth0; ip link set eth0 up")
        self.sh(self.inside, "sysctl -qw net.ipv4.ip_local_port_range='1100 65000'")
        self.must(self.gate, *self.shepherd("apply"))
        server = self.start(self.far, "/usr/bin/python3", "-c", SERVER)
        assert said(server) == "ready"

    def remove(self) -> None:
        """All of it."""
        for child in self.children:
            self.end(child)
        self.mark.remove()

    def shepherd(self, *words: str) -> tuple[str, ...]:
        """`shepherd gateway …`, as a command line."""
        return (sys.executable, "-m", "shepherd", "--settings", str(self.settings), "gateway", *words)

    def start(self, name: str, *argv: str) -> subprocess.Popen[str]:
        """A process there, with pipes to it."""
        enter = ("nsenter", f"--net=/run/netns/{name}", "--")
        child = subprocess.Popen((*enter, *argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def end(self, child: subprocess.Popen[str]) -> None:
        """Its input ends, and so does it."""
        self.children = [one for one in self.children if one is not child]
        with contextlib.suppress(OSError):
            child.kill()
        child.communicate()

    def must(self, name: str, *argv: str, given: str = "") -> str:
        """What a command there prints; it must succeed."""
        enter = ("nsenter", f"--net=/run/netns/{name}", "--")
        done = subprocess.run((*enter, *argv), capture_output=True, text=True, check=False, timeout=60, input=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sh(self, name: str, line: str) -> None:
        """A line of shell; it must succeed."""
        self.must(name, "sh", "-ec", line)

    def job(self, what: str, account: int = 0, **how: object) -> tuple[int, str]:
        """A connection from within; its own port, and what came of it."""
        how = {"address": FAR, "port": ECHO, **how}
        become = ("setpriv", "--reuid", str(account), "--regid", str(account), "--clear-groups", "--")
        client = (*become, "/usr/bin/python3", "-c", CLIENT, what, json.dumps(how))
        port, came = json.loads(self.must(self.inside, *client))
        return int(port), str(came)

    def held(self, **how: object) -> tuple[subprocess.Popen[str], int]:
        """A connection that lasts until `let_go`; and its own port."""
        how = {"address": FAR, "port": ECHO, "hold": True, **how}
        child = self.start(self.inside, "/usr/bin/python3", "-c", CLIENT, "tcp", json.dumps(how))
        return child, int(json.loads(said(child))[0])

    def let_go(self, child: subprocess.Popen[str]) -> None:
        """The client closes its connection."""
        self.children = [one for one in self.children if one is not child]
        child.communicate(timeout=20)

    def recording(self, *words: str) -> subprocess.Popen[str]:
        """The flow log by itself; it has begun when this returns."""
        child = self.start(self.gate, *self.shepherd("record", *words))
        assert "connections known" in said(child)
        os.set_blocking(child.stdout.fileno(), False) if child.stdout else None
        return child

    def stopped(self, child: subprocess.Popen[str]) -> None:
        """The flow log has written all, and ended."""
        self.children = [one for one in self.children if one is not child]
        child.communicate(timeout=20)
        assert child.returncode == 0

    def records(self) -> list[TraceRecord]:
        """All that was recorded, in order."""
        return list(records_in(self.spool))

    def spooled(self) -> int:
        """How many beginnings there are; quicker than to read them."""
        return sum(text.count('["FlowBegun"') for text in texts_in(self.spool))

    def eventually(self, question: Callable[["Story"], object], what: str) -> "Story":
        """The records, once the question is true of them."""
        until_s = time.monotonic() + WITHIN_S
        while not question(story := Story(self.records())):
            assert time.monotonic() < until_s, f"{what}: {story.records[-20:]}"
            time.sleep(0.1)
        return story


class Story:
    """What records tell."""

    def __init__(self, records: Sequence[TraceRecord]) -> None:
        self.records = records
        self.begun = [record for record in records if isinstance(record, FlowBegun)]
        self.ends = [record for record in records if isinstance(record, FlowEnded)]
        self.gaps = [record for record in records if isinstance(record, Gap)]

    def from_port(self, port: int) -> list[FlowBegun]:
        """Connections with this port of their own."""
        return [record for record in self.begun if record.port == port]

    def end_of(self, begun: FlowBegun) -> FlowEnded | None:
        """Its only end; None: there is none."""
        found = [one for one in self.ends if (one.flow, one.begun_s) == (begun.flow, begun.at_s)]
        assert len(found) <= 1, found
        return found[0] if found else None

    def ended(self, port: int) -> bool:
        """Whether there are such connections, and all of them are over."""
        return bool(found := self.from_port(port)) and all(map(self.end_of, found))


def records_in(spool: Path) -> Iterator[TraceRecord]:
    """All records of a spool's files, in order."""
    for text in texts_in(spool):
        for line in text.splitlines():
            with contextlib.suppress(TraceRefused):
                yield record_of(line)


def texts_in(spool: Path) -> list[str]:
    """A spool's files in their order, as they were in one moment: its writer goes on."""
    while True:
        before = sealed_in(spool)
        texts = [path.read_text() for path in before]
        opened = (spool / "open").read_text() if (spool / "open").exists() else ""
        if sealed_in(spool) == before:
            number = json.loads(opened.split("\n")[0])[3] if opened else 0
            is_sealed = spool / f"segment.{number}" in before
            return texts if is_sealed else [*texts, opened]


def sealed_in(spool: Path) -> list[Path]:
    """Sealed segments, in order."""
    return sorted(spool.glob("segment.*"), key=lambda path: int(path.suffix[1:]))


def said(child: subprocess.Popen[str]) -> str:
    """Its next line."""
    assert child.stdout is not None
    return child.stdout.readline().strip()
