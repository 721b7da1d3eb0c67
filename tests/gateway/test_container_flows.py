"""A container's connections with their accounts, as its host hears them: the real rules and the real kernel."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shepherd.core.firewall.pilot_guard import NEW_PER_S, TABLE, pilot_rules
from shepherd.edges.shield import NamespaceShield
from shepherd.model.trace import EndSeen, FlowBegun, FlowEnded, Gap, TraceRecord
from shepherd.programs.flow_wiring import host_flows
from tests.gateway.crossing import ECHO, FAR, GATE, INSIDE, ROUNDS, Crossing, said

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]
PILOT, ALICE, BOB = 0, 3001, 3002
WITHIN_S = 15.0
RULES = pilot_rules(ALICE, 4, f"{GATE}:9619")
LISTENER = """
import socket, sys
server = socket.create_server((sys.argv[1], 7777), backlog=1024)
print("ready", flush=True)
while True:
    line, _ = server.accept()
    line.recv(9), line.send(b"x"), line.close()
"""


class Container(Crossing):
    """Its network, with the pilot's rules, and a first process in it."""

    def build(self) -> None:
        super().build()
        self.must(self.inside, "nft", "-f", "-", given=RULES)
        self.first = self.start(self.inside, "sh", "-c", "echo here; exec sleep 1000")
        assert said(self.first) == "here"
        self.watch = host_flows("p205", INSIDE, self.spool)
        self.watch.follow(self.first.pid)
        self.told: list[TraceRecord] = list(self.watch.records())

    def remove(self) -> None:
        self.watch.follow(None)
        super().remove()

    def hears(self, question: Callable[[], object], what: str) -> None:
        """With a deadline."""
        until_s = time.monotonic() + WITHIN_S
        self.told += self.watch.records()
        while not question():
            assert time.monotonic() < until_s, f"{what}: {self.told[-20:]}"
            time.sleep(0.05)
            self.told += self.watch.records()

    def uids(self) -> dict[int, int]:
        """Accounts by the connection's own port."""
        return {one.port: one.uid for one in self.told if isinstance(one, FlowBegun)}

    def ended(self) -> list[FlowEnded]:
        return [one for one in self.told if isinstance(one, FlowEnded)]

    def gaps(self) -> list[Gap]:
        return [one for one in self.told if isinstance(one, Gap)]


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    made = Container(tmp_path)
    try:
        made.build()
        yield made
    finally:
        made.remove()


def test_jobs_of_two_accounts_and_the_pilot_are_told_apart_on_one_address(container: Container) -> None:
    """All jobs of a host share its address: a complaint about one of them was about all."""
    ports = {account: container.job("tcp", account, size=9000) for account in (ALICE, BOB, PILOT)}
    assert {came for _, came in ports.values()} == {"echo"}
    udp, _ = container.job("udp", BOB)
    container.hears(lambda: len(container.ended()) >= 3 and udp in container.uids(), "four connections")
    assert container.uids() == {**{port: account for account, (port, _) in ports.items()}, udp: BOB}
    assert all(end.sent_bytes > 9000 and end.how is EndSeen.SEEN for end in container.ended())
    assert container.gaps() == []


def test_one_udp_port_that_two_accounts_use_in_turn_is_two_connections(container: Container) -> None:
    """The second job's packets were the first one's: the kernel takes both for one conversation."""
    for account in (ALICE, BOB):
        assert container.job("udp", account, own_port=7000)[1] == "answer"
    container.hears(lambda: len([1 for one in container.told if isinstance(one, FlowBegun)]) == 2, "both accounts")
    begun = [one for one in container.told if isinstance(one, FlowBegun)]
    assert [(one.port, one.uid) for one in begun] == [(7000, ALICE), (7000, BOB)]
    assert [end.begun_s for end in container.ended()] == [begun[0].at_s]


@pytest.mark.parametrize("address", ["127.0.0.1", INSIDE])
def test_what_stays_within_the_container_is_not_recorded_and_drowns_nothing(
    container: Container, address: str
) -> None:
    """A job talked to itself in a loop, and what others did was lost."""
    become = ("setpriv", "--reuid", str(ALICE), "--clear-groups", "--")
    server = container.start(container.inside, *become, "/usr/bin/python3", "-c", LISTENER, address)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    container.must(container.inside, *become, "/usr/bin/python3", "-c", ROUNDS, address, "7777", "3000")
    port, _ = container.job("tcp", BOB)
    container.hears(lambda: port in container.uids(), "the other account's connection")
    assert container.uids() == {port: BOB}
    assert container.gaps() == []


def test_a_job_that_sprays_is_slowed_down_and_hides_nobody(container: Container) -> None:
    """A spray of packets to everywhere filled the record, and the disk."""
    _, sent = container.job("spray", ALICE, port=10_000, count=20_000)
    port, _ = container.job("tcp", BOB)
    container.hears(lambda: port in container.uids(), "the other account's connection")
    sprayed = [one for one in container.told if isinstance(one, FlowBegun) and one.uid == ALICE]
    assert 2 * NEW_PER_S <= len(sprayed) <= int(sent) <= 5 * NEW_PER_S
    assert container.gaps() == []
    assert NamespaceShield(RULES, TABLE, 20.0).problem(container.first.pid, RULES) == ""


def test_what_a_container_did_before_it_died_is_read_after_its_death(container: Container) -> None:
    """The container died at once, and what its jobs had just done was nowhere."""
    port, _ = container.job("tcp", ALICE)
    child, held = container.held()
    container.first.kill()
    container.first.wait()
    container.end(child)
    subprocess.run(["ip", "netns", "delete", container.inside], check=True)
    assert container.uids() == {}
    container.watch.follow(None)
    container.hears(lambda: len(container.uids()) == 2, "both connections")
    assert container.uids() == {port: ALICE, held: PILOT}
    assert len(container.ended()) == 2
    assert all(end.sent_packets > 0 for end in container.ended())
    subprocess.run(["ip", "netns", "add", container.inside], check=True)


def test_a_keeper_that_restarts_tells_what_it_missed(container: Container) -> None:
    """An upgrade of the keeper hid what jobs did meanwhile."""
    child, held = container.held()
    container.hears(lambda: held in container.uids(), "what lasts")
    container.watch.records()
    container.watch.close()
    container.watch = host_flows("p205", INSIDE, container.spool)
    port, _ = container.job("tcp", BOB)
    container.watch.follow(container.first.pid)
    container.hears(lambda: port in container.uids(), "what was missed")
    assert len([one for one in container.told if isinstance(one, FlowBegun) and one.port == held]) == 1
    (gap,) = container.gaps()
    assert gap.what == "flows"
    container.let_go(child)
    container.hears(lambda: len(container.ended()) == 2, "both ends")


def test_the_far_end_is_who_was_asked_for(container: Container) -> None:
    """The record of a host had no far end to compare with the gateway's."""
    container.job("tcp", ALICE)
    container.hears(container.uids, "a connection")
    (begun,) = [one for one in container.told if isinstance(one, FlowBegun)]
    assert (begun.source, begun.address, begun.far_address, begun.far_port) == ("p205", INSIDE, FAR, ECHO)
    assert (begun.nat_address, begun.nat_port) == ("", 0)
