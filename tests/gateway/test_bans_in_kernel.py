"""A ban at the gateway on real connections: a container, a gateway and two places outside, in network namespaces."""

import contextlib
import ctypes
import dataclasses
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from shepherd.core.firewall.gateway import BANNED, TABLE, gateway_rules
from shepherd.core.stop.at_gateway import filling
from shepherd.edges.conntrack.cut import Conntrack
from shepherd.edges.nft import Nft
from shepherd.lab.mark import namespaces
from tests.gateway.kernel import GATEWAY

pytestmark = [pytest.mark.real, pytest.mark.limit(60)]
EVIL, GOOD = "203.0.113.7", "203.0.113.8"
CONTAINER = "10.27.2.5"
PORT = 7000
NEW_NET = 0x40000000
SETTINGS = dataclasses.replace(GATEWAY, vlan="vlan0", outside=("out0",), inside=())


def run(*argv: str) -> str:
    """One command; it must succeed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def within(space: str) -> Iterator[None]:
    """This thread's sockets are made in a network namespace."""
    with Path("/proc/thread-self/ns/net").open() as here, Path("/run/netns", space).open() as there:
        enter(there.fileno())
        try:
            yield
        finally:
            enter(here.fileno())


def enter(namespace: int) -> None:
    """setns(2) of this thread."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Net:
    """Three machines in a row."""

    def __init__(self, names: Sequence[str]) -> None:
        self.inside, self.gateway, self.outside = names
        self.enter = ("nsenter", f"--net=/run/netns/{self.gateway}", "--")
        self.nft, self.flows = Nft(20, self.enter), Conntrack(20, self.enter)

    def make(self) -> None:
        """Cables, addresses, routes and rules."""
        for space in (self.inside, self.gateway, self.outside):
            run("ip", "-n", space, "link", "set", "lo", "up")
        self._cable(self.inside, "eth0", f"{CONTAINER}/16", "vlan0", "10.27.0.1/16")
        self._cable(self.outside, "eth0", f"{EVIL}/24", "out0", "203.0.113.1/24")
        run("ip", "-n", self.outside, "address", "add", f"{GOOD}/24", "dev", "eth0")
        run("ip", "-n", self.inside, "route", "add", "default", "via", "10.27.0.1")
        run("ip", "-n", self.outside, "route", "add", "198.51.100.7", "via", "203.0.113.1")
        run("ip", "-n", self.gateway, "address", "add", "198.51.100.7/32", "dev", "out0")
        run(*self.enter, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.nft.load(gateway_rules(SETTINGS))

    def _cable(self, space: str, near: str, address: str, far: str, gateway: str) -> None:
        run("ip", "-n", space, "link", "add", near, "type", "veth", "peer", "name", far, "netns", self.gateway)
        for where, interface, one in ((space, near, address), (self.gateway, far, gateway)):
            run("ip", "-n", where, "address", "add", one, "dev", interface)
            run("ip", "-n", where, "link", "set", interface, "up")

    def ban(self, *addresses: str) -> int:
        """As the gateway's program does; how many connections there were."""
        self.nft.load(filling(BANNED, dict.fromkeys(addresses), TABLE, 0.0))
        return self.flows.cut(addresses)

@pytest.fixture
def net() -> Iterator[Net]:
    """A network with nobody banned."""
    with namespaces("in", "gw", "out") as names:
        made = Net(names)
        made.make()
        yield made


@pytest.fixture
def talk(net: Net) -> Iterator[Callable[[str], socket.socket]]:
    """Connections of a job to servers that send back what they get."""
    opened: list[socket.socket] = []
    for address in (EVIL, GOOD):
        with within(net.outside):
            server = socket.create_server((address, PORT))
        opened.append(server)
        threading.Thread(target=echo, args=(server,), daemon=True).start()

    def connect(address: str) -> socket.socket:
        with within(net.inside):
            made = socket.create_connection((address, PORT), timeout=2)
        opened.append(made)
        return made

    yield connect
    for one in opened:
        one.close()


def echo(server: socket.socket) -> None:
    """Until it is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=answer, args=(client,), daemon=True).start()


def answer(client: socket.socket) -> None:
    """One of its clients."""
    with contextlib.suppress(OSError), client:
        while said := client.recv(100):
            client.sendall(said)


def passes(connection: socket.socket, timeout_s: float = 1.0) -> bool:
    """Whether something goes there and comes back."""
    connection.settimeout(timeout_s)
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b"x"
    except OSError:
        return False


def test_a_ban_cuts_an_open_connection_and_new_ones_and_no_others(
    net: Net, talk: Callable[[str], socket.socket]
) -> None:
    """An established connection passed by the first rule, and a banned schedd's job went on sending for days."""
    evil, good = talk(EVIL), talk(GOOD)
    assert passes(evil)
    assert passes(good)
    assert net.ban(EVIL) == 1
    assert not passes(evil)
    assert passes(good)
    with pytest.raises(OSError, match=r"timed out|prohibited|No route"):
        talk(EVIL)
    assert passes(talk(GOOD))
    net.ban()
    assert passes(talk(EVIL))


def test_a_connection_that_is_forgotten_begins_again_unless_it_is_refused(
    net: Net, talk: Callable[[str], socket.socket]
) -> None:
    """Deleting entries of the table alone was taken for a cut: the next packet made them anew."""
    evil = talk(EVIL)
    assert passes(evil)
    assert net.flows.cut([EVIL]) == 1
    assert passes(evil, 3.0)
    assert net.flows.cut(["192.0.2.1"]) == 0


def test_bans_with_an_end_end_in_the_kernel_without_us(net: Net, talk: Callable[[str], socket.socket]) -> None:
    """The program was dead, and a ban for an hour lasted a week."""
    net.nft.load(filling(BANNED, {EVIL: 2.0}, TABLE, 0.0))
    with pytest.raises(OSError, match=r"timed out|prohibited|No route"):
        talk(EVIL)
    assert passes(talk(EVIL))


def sets_of(net: Net, names: Sequence[str]) -> dict[str, frozenset[str]]:
    """What is in them."""
    return {name: net.nft.elements(TABLE, name) for name in names}


def test_what_is_put_in_a_set_is_read_back(net: Net) -> None:
    """An element with a timeout was read as none, and put in again every ten seconds."""
    net.nft.load(filling(BANNED, {EVIL: 50.0, GOOD: None}, TABLE, 0.0))
    assert sets_of(net, [BANNED]) == {BANNED: frozenset({EVIL, GOOD})}
