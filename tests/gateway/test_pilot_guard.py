"""Rules within a container: jobs of different accounts, and HTCondor, on one loopback."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from shepherd.core.firewall.pilot_guard import BANNED, TABLE, pilot_rules
from shepherd.lab.mark import Mark

pytestmark = pytest.mark.real
PILOT, ALICE, BOB, NOBODY = 0, 3001, 3002, 65534
GATE, POOL_PORT, WEB_PORT = "10.27.0.1", 9619, 443
CONTAINER, BROADCAST = "10.27.2.5", "10.27.255.255"
EVERY_ADDRESS = ""
SERVER = """
import socket, sys
kind = socket.SOCK_DGRAM if sys.argv[3] == "udp" else socket.SOCK_STREAM
server = socket.socket(socket.AF_INET, kind)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[1], int(sys.argv[2])))
kind == socket.SOCK_STREAM and server.listen()
print("ready", flush=True)
while True:
    if sys.argv[3] == "udp":
        print(server.recvfrom(99), flush=True)
    else:
        server.accept()[0].send(b"hello")
"""
CLIENT = """
import json, socket, sys
told = {}
for name, address, port in json.loads(sys.argv[1]):
    try:
        with socket.create_connection((address, port), 0.6) as line:
            told[name] = line.recv(9).decode()
    except OSError as exc:
        told[name] = type(exc).__name__ if exc.errno is None else exc.strerror
print(json.dumps(told))
"""
HEAR = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
line, _ = server.accept()
for word in line.makefile():
    print(word, end="", flush=True)
"""
TALK = """
import socket, sys, time
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as line:
    for number in range(9999):
        line.send(b"%d\\n" % number)
        time.sleep(0.02)
"""


class Box:
    """A container's namespace beside a gateway's, with a server of each account in it."""

    def __init__(self) -> None:
        self.mark = Mark()
        self.box, self.gate = map(self.mark.netns, ("box", "gate"))
        self.servers: list[subprocess.Popen[str]] = []

    def build(self) -> None:
        """Both namespaces, and who listens."""
        assert self.mark.claim()
        for name in (self.box, self.gate):
            subprocess.run(["ip", "netns", "add", name], check=True)
        self.sh(self.box, f"ip link set lo up && ip link add eth0 type veth peer name vlan netns {self.gate}")
        self.sh(self.box, f"ip address add {CONTAINER}/16 brd + dev eth0 && ip link set eth0 up")
        self.sh(self.gate, f"ip address add {GATE}/16 dev vlan && ip link set vlan up && ip link set lo up")
        for account in (PILOT, ALICE, BOB):
            self.serve(self.box, account, EVERY_ADDRESS, 7000 + account)
        for port in (POOL_PORT, WEB_PORT):
            self.serve(self.gate, PILOT, GATE, port)

    def remove(self) -> None:
        """All of it."""
        for server in self.servers:
            server.kill()
            server.wait()
            if server.stdout:
                server.stdout.close()
        self.mark.remove()

    def enter(self, name: str, account: int) -> list[str]:
        """The command line that goes there as that account."""
        become = ["setpriv", "--reuid", str(account), "--regid", str(account), "--clear-groups"]
        return ["nsenter", f"--net=/run/netns/{name}", "--", *become, "--", "/usr/bin/python3", "-c"]

    def sh(self, name: str, line: str) -> None:
        """A line of shell; it must succeed."""
        subprocess.run(["nsenter", f"--net=/run/netns/{name}", "--", "sh", "-c", line], check=True, timeout=20)

    def load(self, rules: str) -> None:
        """Load rules in the container's namespace."""
        enter = ["nsenter", f"--net=/run/netns/{self.box}", "--", "nft", "-f", "-"]
        subprocess.run(enter, input=rules, text=True, check=True, timeout=20)

    def serve(self, name: str, account: int, address: str, port: int, kind: str = "tcp") -> subprocess.Popen[str]:
        """Somebody who listens and says hello."""
        argv = [*self.enter(name, account), SERVER, address, str(port), kind]
        server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        return server

    def ask(self, account: int, **whom: tuple[str, int]) -> dict[str, str]:
        """What an account hears from each."""
        listed = json.dumps([(name, *place) for name, place in whom.items()])
        done = subprocess.run(
            [*self.enter(self.box, account), CLIENT, listed], capture_output=True, text=True, check=True, timeout=30
        )
        told: dict[str, str] = json.loads(done.stdout)
        return told


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """With the rules loaded twice, as a repair does."""
    made = Box()
    try:
        made.build()
        for _ in range(2):
            made.load(pilot_rules(ALICE, 4, f"{GATE}:{POOL_PORT}"))
        yield made
    finally:
        made.remove()


def everybody(address: str) -> dict[str, tuple[str, int]]:
    """All servers of the container, by this address of its."""
    return {"pilot": (address, 7000 + PILOT), "alice": (address, 7000 + ALICE), "bob": (address, 7000 + BOB)}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", CONTAINER])
def test_a_job_reaches_its_own_servers_and_nobody_elses(box: Box, address: str) -> None:
    """One guest's job read another's from a notebook server that listened on the loopback."""
    assert box.ask(ALICE, **everybody(address)) == {"pilot": "TimeoutError", "alice": "hello", "bob": "TimeoutError"}
    assert box.ask(BOB, **everybody(address)) == {"pilot": "TimeoutError", "alice": "TimeoutError", "bob": "hello"}


def test_the_pilot_reaches_all(box: Box) -> None:
    """HTCondor's own daemons could not talk to each other, and no job ever started."""
    assert set(box.ask(PILOT, **everybody("127.0.0.1")).values()) == {"hello"}


def test_where_nobody_listens_a_job_is_told_so_at_once(box: Box) -> None:
    """A program that looks for a free port waited a minute at each."""
    assert box.ask(ALICE, nobody=("127.0.0.1", 7777)) == {"nobody": "Connection refused"}


def test_the_flock_pool_is_the_pilots_alone(box: Box) -> None:
    """A job advertised a startd of its own, with a token it had found, and got other users' jobs."""
    outside = {"pool": (GATE, POOL_PORT), "web": (GATE, WEB_PORT)}
    assert box.ask(PILOT, **outside) == {"pool": "hello", "web": "hello"}
    assert box.ask(ALICE, **outside) == {"pool": "No route to host", "web": "hello"}


def test_no_datagram_of_a_job_reaches_anybody_on_the_loopback(box: Box) -> None:
    """A datagram needs no answer to do harm."""
    server = box.serve(box.box, BOB, "127.0.0.1", 7999, "udp")
    send = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'{}', ('127.0.0.1', 7999))"
    for account, word in ((ALICE, "alice"), (PILOT, "pilot")):
        subprocess.run([*box.enter(box.box, account), send.format(word)], check=False, timeout=20, capture_output=True)
    assert server.stdout is not None
    assert "pilot" in server.stdout.readline()


def test_an_account_of_no_slot_reaches_nothing(box: Box) -> None:
    """HTCondor found no account for slot 257, and ran its job as `nobody`, whom no rule named."""
    told = box.ask(NOBODY, pool=(GATE, POOL_PORT), pilot=("127.0.0.1", 7000 + PILOT))
    assert "hello" not in told.values()


@pytest.mark.parametrize("address", [BROADCAST, "255.255.255.255", "224.0.0.77"])
def test_no_datagram_to_all_reaches_other_jobs(box: Box, address: str) -> None:
    """The loopback was shut; the kernel handed each broadcast to every job of the container all the same."""
    server = box.serve(box.box, BOB, "0.0.0.0", 7998, "udp")  # noqa: S104 - in a namespace
    send = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(1, 6, 1); "
    for account, word, to in ((ALICE, "alice", address), (PILOT, "pilot", "127.0.0.1")):
        script = f"{send} s.sendto(b'{word}', ('{to}', 7998))"
        subprocess.run([*box.enter(box.box, account), script], check=False, timeout=20, capture_output=True)
    assert server.stdout is not None
    assert "pilot" in server.stdout.readline()
    server.kill()
    server.wait()


def test_what_a_banned_job_has_queued_does_not_leave_when_it_is_killed(box: Box) -> None:
    """Its packets were dropped for as long as it lived; when it was killed the kernel sent all that was left, as
    nobody's."""
    place = (GATE, "8443")
    with subprocess.Popen([*box.enter(box.gate, PILOT), HEAR, *place], stdout=subprocess.PIPE, text=True) as hears:
        try:
            assert hears.stdout is not None
            assert hears.stdout.readline() == "ready\n"
            with subprocess.Popen([*box.enter(box.box, ALICE), TALK, *place]) as talks:
                assert hears.stdout.readline() == "0\n", "it is heard"
                box.load(f"add element inet {TABLE} {BANNED} {{ {ALICE} timeout 2s }}\n")
                time.sleep(1.0)
                talks.kill()
            time.sleep(3.0)
        finally:
            hears.kill()
        heard = hears.stdout.read().split()
    assert int(heard[-1] if heard else 0) < 25, "what it said after it was banned"
    assert box.ask(ALICE, web=(GATE, WEB_PORT)) == {"web": "hello"}, "the account's next job is nobody banned"


def test_without_the_rules_everybody_reaches_everybody(box: Box) -> None:
    """The tests above would be green where nothing listens."""
    box.sh(box.box, "nft delete table inet shepherd_pilot")
    try:
        told = box.ask(ALICE, **everybody("127.0.0.1"), pool=(GATE, POOL_PORT))
        assert set(told.values()) == {"hello"}
    finally:
        box.load(pilot_rules(ALICE, 4, f"{GATE}:{POOL_PORT}"))
